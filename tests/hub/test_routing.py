"""Where a case goes and to whom, with the reasons somebody at the desk reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, floor, handovers, offers, staff
from handoff.cases import Actor
from handoff.errors import BadInput, Conflict, NotAllowed
from handoff.models import Agent, Case, CaseEvent, Conversation, Handover, HandoverState, Role, Route, Team
from handoff.ports import Client
from handoff.routing import calendars, closing, looking, routes, skills, teams
from handoff.routing.choosing import Choice, pick
from tests.hub.conftest import Desk
from tests.hub.test_handovers import hand_over

TUESDAY = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _a_tuesday(monkeypatch: pytest.MonkeyPatch) -> Any:
    clock.use(lambda: TUESDAY)
    yield
    clock.use(None)


async def a_case(desk: Desk, who: str = "maya", words: str = "Hello", locale: str = "en", **parts: Any) -> Case:
    receipt = await desk.customer_says(words, who, client=Client(locale=locale))

    async def step(session: AsyncSession) -> Case:
        conversation = await floor.hold(session, receipt.conversation_id)
        told = {"title": words, "topic": "general", "actor": cases.ASSISTANT, **parts}
        return await cases.open_case(session, conversation, **told)

    return await desk.write(step)


async def a_route(desk: Desk, team: str, *conditions: tuple[str, str, Any], **parts: Any) -> Route:
    raw = [{"field": field, "op": op, "value": value} for field, op, value in conditions]
    told = {"name": f"To {team}", "team": team, "raw_conditions": raw, **parts}
    return await desk.write(lambda session: routes.put(session, None, **told))


async def agent_who(desk: Desk, name: str, **what: Any) -> Agent:
    hired = await desk.agent(name, teams=what.pop("teams", ("care",)))

    async def step(session: AsyncSession) -> Agent:
        agent = await session.get_one(Agent, hired.id)
        for key, value in what.items():
            setattr(agent, key, value)
        return agent

    return await desk.write(step)


async def choice_for(desk: Desk, case: Case, team: str = "care", declined: tuple[str, ...] = ()) -> Choice:
    async with desk.database.read() as session:
        return await pick(session, team, await session.get_one(Case, case.id), declined)


async def routed(desk: Desk, case: Case) -> list[dict[str, Any]]:
    async with desk.database.read() as session:
        history = await cases.history(session, case.id)
        assert cases.replay(history)["team"] == (await session.get_one(Case, case.id)).team
    return [event.data for event in history if event.kind == "routed"]


# The team


async def test_the_first_route_that_is_on_and_fits_decides_and_says_why(desk: Desk) -> None:
    off = await a_route(desk, "network", ("topic", "is", "return_start"))
    await desk.write(lambda session: routes.switch(session, off.id, is_on=False))
    await a_route(desk, "billing", ("topic", "starts_with", "bill"))
    await a_route(desk, "returns", ("topic", "is", "return_start"))
    await a_route(desk, "retention", ("topic", "is", "return_start"))
    case = await a_case(desk, topic="return_start")
    assert case.team == "returns"
    [event] = await routed(desk, case)
    assert event["because"] == ["The team is Returns, because the topic is return_start (route “To returns”)."]


async def test_without_a_route_it_goes_where_it_was_asked_to_or_to_the_default_team(desk: Desk) -> None:
    asked = await a_case(desk, "maya", team="network")
    nowhere = await a_case(desk, "noah", team="moon")
    plain = await a_case(desk, "ines")
    assert [asked.team, nowhere.team, plain.team] == ["network", "care", "care"]
    assert "because it was asked for" in (await routed(desk, asked))[0]["because"][0]
    assert "there is no team “moon”" in (await routed(desk, nowhere))[0]["because"][0]
    assert "the default team, because no route fits" in (await routed(desk, plain))[0]["because"][0]


async def test_what_a_person_chose_stays_whatever_the_routes_say(desk: Desk) -> None:
    await a_route(desk, "returns")
    dana = await desk.agent("Dana")
    case = await a_case(desk, team="billing", actor=Actor.of(dana))
    assert case.team == "billing"
    assert (await routed(desk, case))[0]["because"] == ["The team is Billing, because Dana chose it."]


@pytest.mark.parametrize(
    ("asked", "says", "becomes"),
    [("normal", "urgent", "urgent"), ("normal", "low", "low"), ("urgent", "low", "urgent"), ("high", None, "high")],
)
async def test_a_route_never_takes_urgency_away(desk: Desk, asked: str, says: str | None, becomes: str) -> None:
    await a_route(desk, "returns", priority=says)
    case = await a_case(desk, priority=asked)
    assert case.priority == becomes
    async with desk.database.read() as session:
        assert cases.replay(await cases.history(session, case.id))["priority"] == becomes


async def test_routes_are_tried_in_the_order_supervisors_give_them(desk: Desk) -> None:
    await a_route(desk, "returns")
    second = await a_route(desk, "billing")
    assert (await a_case(desk, "maya")).team == "returns"
    await desk.write(lambda session: routes.move(session, second.id, "up"))
    assert (await a_case(desk, "noah")).team == "billing"


async def test_a_trial_says_where_a_case_would_go_and_changes_nothing(desk: Desk) -> None:
    case = await a_case(desk, topic="return_start")
    await a_route(desk, "returns", ("topic", "is", "return_start"))
    before = await routed(desk, case)
    async with desk.database.read() as session:
        trial = await looking.trial(session, case.ref)
    assert (trial.team, trial.would_go_to) == ("Customer care", "Returns")
    assert trial.because[-1] == "Nobody of Returns is at the desk; whoever comes first is asked."
    assert await routed(desk, case) == before


# The agent


async def test_whoever_speaks_the_language_and_has_the_skills_is_asked_first(desk: Desk) -> None:
    await desk.write(lambda session: skills.add(session, "Billing disputes"))
    await agent_who(desk, "Ana")
    ben = await agent_who(desk, "Ben", skills=["billing_disputes"], languages=["en", "de-AT"])
    await a_route(desk, "care", needs=["billing_disputes"])
    case = await a_case(desk, locale="de")
    choice = await choice_for(desk, case)
    assert choice.agent is not None
    assert choice.agent.id == ben.id
    assert choice.because[0] == "Ben is at the desk, speaks German and has the skill Billing disputes."


async def test_without_a_full_fit_the_closest_is_asked_and_it_is_said(desk: Desk) -> None:
    await desk.write(lambda session: skills.add(session, "Fraud"))
    full = await agent_who(desk, "Ben", skills=["fraud"], capacity=0)
    ana = await agent_who(desk, "Ana")
    case = await a_case(desk, skills=["fraud"])
    choice = await choice_for(desk, case)
    assert choice.agent is not None
    assert choice.agent.id == ana.id
    assert choice.because[0] == "Nobody free fits fully; Ana comes closest, but lacks the skill Fraud."
    assert choice.because[-1] == "Ben has what it takes, but is full (0 of 0)."
    assert full.capacity == 0


async def test_who_knows_the_customer_is_asked_before_who_has_less_to_do(desk: Desk) -> None:
    ana = await agent_who(desk, "Ana")
    receipt = await desk.customer_says("person please", "maya")
    await hand_over(desk, receipt.conversation_id, team="care")
    await desk.accept(receipt.conversation_id, ana)
    await desk.write(lambda session: _forget_the_floor(session, receipt.conversation_id))
    await agent_who(desk, "Aaron")
    for other in ("noah", "ines"):
        busy = await desk.customer_says("person please", other)
        await hand_over(desk, busy.conversation_id, team="care")
        await desk.accept(busy.conversation_id, ana)
    clock.use(lambda: TUESDAY + timedelta(days=2))
    await desk.write(lambda session: _everybody_is_here(session))
    case = await a_case(desk, "maya", words="again")
    choice = await choice_for(desk, case)
    assert choice.agent is not None
    assert choice.agent.id == ana.id
    assert "Ana had this customer on Tuesday." in choice.because
    assert choice.because[-1] == "Ana has 2 of 4 conversations."
    clock.use(lambda: TUESDAY + timedelta(days=31))
    await desk.write(lambda session: _everybody_is_here(session))
    later = await choice_for(desk, case)
    assert later.agent is not None
    assert later.agent.name == "Aaron"


async def _everybody_is_here(session: AsyncSession) -> None:
    for agent in await session.scalars(select(Agent)):
        agent.seen_at = clock.now()


async def _forget_the_floor(session: AsyncSession, conversation_id: str) -> None:
    """The conversation ended; its handover is over."""
    conversation = await session.get_one(Conversation, conversation_id)
    conversation.floor, conversation.agent_id = "bot", None
    for handover in await session.scalars(select(Handover).where(Handover.conversation_id == conversation_id)):
        handover.state = HandoverState.FINISHED
        case = await session.get_one(Case, handover.case_id)
        await cases.assign(session, case.ref, cases.SYSTEM, None)


async def test_whoever_declined_is_not_asked_again_and_it_is_said(desk: Desk) -> None:
    ana = await agent_who(desk, "Ana")
    case = await a_case(desk)
    choice = await choice_for(desk, case, declined=(ana.id,))
    assert choice.agent is None
    assert choice.because == ("Nobody of Customer care is free: Ana declined it. It waits where everybody sees it.",)


async def test_every_offer_is_explained_once_on_the_case(desk: Desk) -> None:
    ana, ben = await agent_who(desk, "Ana"), await agent_who(desk, "Ben")
    receipt = await desk.customer_says("person please")
    answer = await hand_over(desk, receipt.conversation_id, team="care")
    async with desk.database.read() as session:
        case = await cases.get(session, answer.case_ref)
        handover = await handovers.current(session, receipt.conversation_id)
    assert handover is not None
    for _ in range(6):
        await desk.write(lambda session: _expire(session, handover.id))
    told = [event["agent_id"] for event in await routed(desk, case) if "handover_id" in event]
    assert sorted(filter(None, told)) == sorted([ana.id, ben.id])
    assert len(told) <= 3


async def _expire(session: AsyncSession, handover_id: str) -> None:
    handover = await session.get_one(Handover, handover_id)
    await offers.expire(session, handover_id, handover.offered_to)


# Hours


async def test_out_of_the_teams_hours_a_promise_is_made_by_its_own_calendar(desk: Desk) -> None:
    async def step(session: AsyncSession) -> None:
        made = await calendars.put(
            session, None, name="Mornings", time_zone="Europe/Berlin", hours="mon-fri 06:00-09:00", holidays=()
        )
        await teams.put(session, "returns", name="Returns", calendar_id=made.id)

    await desk.write(step)
    returns = await desk.customer_says("person please", "maya")
    closed = await hand_over(desk, returns.conversation_id, team="returns")
    care = await desk.customer_says("person please", "noah")
    opened = await hand_over(desk, care.conversation_id, team="care")
    assert (closed.state, opened.state) == ("out_of_hours", "queued")
    assert closed.opens_at == datetime(2026, 7, 8, 4, tzinfo=UTC)
    assert closed.promised_at == datetime(2026, 7, 8, 6, tzinfo=UTC)


# Teams and people


async def test_exactly_one_team_is_the_default(desk: Desk) -> None:
    made = await desk.write(lambda session: teams.put(session, None, name="Front desk", is_default=True))
    async with desk.database.read() as session:
        found = await teams.all_of(session)
    assert [one.id for one in found if one.is_default] == [made.id] == ["front_desk"]
    assert {"care", "returns", "network", "billing", "retention"} < {one.id for one in found}
    assert (await a_case(desk)).team == "front_desk"
    with pytest.raises(BadInput, match="Make another team the default instead"):
        await desk.write(lambda session: teams.put(session, "front_desk", name="Front desk", is_default=False))


async def test_a_team_with_open_cases_is_asked_where_they_go(desk: Desk) -> None:
    dana = await desk.agent("Dana")
    case = await a_case(desk, team="returns")
    await desk.write(lambda session: cases.assign(session, case.ref, cases.SYSTEM, dana))
    waiting = await desk.customer_says("person please", "noah")
    await hand_over(desk, waiting.conversation_id, team="returns")
    await a_route(desk, "returns", ("topic", "is", "return_start"))
    with pytest.raises(Conflict, match=r"2 open cases and 1 routes\. Say which"):
        await desk.write(lambda session: closing.deactivate(session, "returns", dana))
    with pytest.raises(BadInput, match="default team"):
        await desk.write(lambda session: closing.deactivate(session, "care", dana, "returns"))
    await desk.write(lambda session: closing.deactivate(session, "returns", dana, "billing"))
    async with desk.database.read() as session:
        assert await closing.open_cases(session, "returns") == 0
        moved = await session.get_one(Case, case.id)
        handover = await handovers.current(session, waiting.conversation_id)
        history = await cases.history(session, case.id)
        assert "returns" not in await teams.names(session)
    assert (moved.team, moved.assignee_id) == ("billing", dana.id)
    assert cases.replay(history)["assignee_id"] == dana.id
    assert handover is not None
    assert handover.team == "billing"
    assert (await a_case(desk, "ines", topic="return_start")).team == "billing"
    assert (await a_case(desk, "omar", team="returns")).team == "care"


async def test_what_agents_can_do_is_set_by_supervisors_and_checked(desk: Desk) -> None:
    priya = await agent_who(desk, "Priya", role=Role.SUPERVISOR)
    sam = await agent_who(desk, "Sam")
    told: dict[str, Any] = {"role": Role.AGENT, "teams": ["billing"], "skills": [], "languages": ["en"], "capacity": 2}

    async def change(agent: Agent, **parts: Any) -> Agent:
        return await desk.write(lambda session: staff.change(session, priya, agent.id, **{**told, **parts}))

    assert (await change(sam, languages=["en", " de-AT "])).languages == ["en", "de-AT"]
    for wrong, named in (
        ({"teams": []}, "needs a team"),
        ({"teams": ["moon"]}, "There is no team 'moon'"),
        ({"skills": ["juggling"]}, "There is no skill 'juggling'"),
        ({"languages": ["german!"]}, "is no language code"),
        ({"capacity": 50}, "between 0 and 20"),
    ):
        with pytest.raises(BadInput, match=named):
            await change(sam, **wrong)
    with pytest.raises(NotAllowed, match="Only an admin"):
        await change(sam, role=Role.ADMIN)
    with pytest.raises(NotAllowed, match="about themselves"):
        await change(priya, role=Role.AGENT)
    with pytest.raises(NotAllowed, match="about themselves"):
        await desk.write(lambda session: staff.deactivate(session, priya, priya.id))
    await desk.write(lambda session: staff.deactivate(session, priya, sam.id))
    case = await a_case(desk)
    assert (await choice_for(desk, case, "billing")).agent is None


async def test_a_skill_that_a_route_asks_for_stays_and_others_leave_everyone(desk: Desk) -> None:
    await desk.write(lambda session: skills.add(session, "Fraud"))
    await desk.write(lambda session: skills.add(session, "Fibre"))
    ana = await agent_who(desk, "Ana", skills=["fraud", "fibre"])
    await a_route(desk, "care", needs=["fraud"])
    with pytest.raises(Conflict, match="asks for Fraud"):
        await desk.write(lambda session: skills.remove(session, "fraud"))
    await desk.write(lambda session: skills.remove(session, "fibre"))
    async with desk.database.read() as session:
        assert (await session.get_one(Agent, ana.id)).skills == ["fraud"]


async def test_the_built_in_teams_hold_until_others_are_written_down(desk: Desk) -> None:
    async with desk.database.read() as session:
        assert await session.scalar(select(Team.id).limit(1)) is None
        assert (await teams.default(session), len(await teams.all_of(session))) == ("care", 5)
        assert await session.scalar(select(CaseEvent.id).limit(1)) is None
