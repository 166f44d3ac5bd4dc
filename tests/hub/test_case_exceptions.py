"""Escalation, and what policy refused and a person granted."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, casework
from handoff.cases import exception_kinds
from handoff.errors import BadInput, IllegalMove, NotAllowed, PermanentDeliveryError, TemporaryDeliveryError
from handoff.events import CaseEscalated, ExceptionAsked
from handoff.models import Agent, Case, CaseEvent, CaseException, CaseWatcher, ExceptionState, Fact, OutboxItem, Role
from handoff.package import ActionTried, Reason
from tests.hub.caring import Story

PICKUP = {"account_number": "10042", "line1": "14 Elm Street", "city": "Alder Falls", "postcode": "48106"}
REFUSAL = "Pickup is only possible where the box was installed."


async def _case(story: Story, **parts: object) -> str:
    conversation_id = await story.customer("The box is at my old flat, 20 lb of it, and I live elsewhere now.")
    return await story.hands_over(conversation_id, reason_code=Reason.POLICY_EXCEPTION, reason_text=REFUSAL, **parts)


async def _agent(story: Story, name: str, role: Role = Role.AGENT, teams: tuple[str, ...] = ("returns",)) -> Agent:
    made = await story.desk.agent(name, teams)

    async def promote(session: AsyncSession) -> Agent:
        agent = await session.get_one(Agent, made.id)
        agent.role = role
        return agent

    return await story.desk.write(promote)


async def _read(story: Story, ref: str) -> tuple[Case, list[CaseEvent]]:
    async with story.desk.database.read() as session:
        case = await cases.get(session, ref)
        return case, list(await cases.history(session, case.id))


async def _ask(story: Story, ref: str, agent: Agent, kind: str, **parts: object) -> CaseException:
    def step(session: AsyncSession) -> object:
        return cases.ask_exception(session, ref, agent, kind, "Nine calls already.", **parts)  # type: ignore[arg-type]

    made = await story.desk.write(step)  # type: ignore[arg-type]
    await story.settles()
    return await _again(story, made.id)


async def _again(story: Story, exception_id: str) -> CaseException:
    async with story.desk.database.read() as session:
        return await session.get_one(CaseException, exception_id)


async def _decide(story: Story, made: CaseException, agent: Agent, *, grant: bool, note: str = "") -> CaseException:
    await story.desk.write(lambda session: cases.decide_exception(session, made.id, agent, grant, note))
    await story.settles()
    return await _again(story, made.id)


async def test_an_escalated_case_goes_to_the_supervisor_and_stays_in_sight(story: Story) -> None:
    dana, sam = await _agent(story, "Dana"), await _agent(story, "Sam", Role.SUPERVISOR, ("care",))
    ref = await _case(story)
    await story.desk.write(lambda session: cases.assign(session, ref, cases.Actor.of(dana), dana))
    await story.desk.write(lambda session: cases.escalate(session, ref, dana, "Nine calls.", agent_id=sam.id))
    case, history = await _read(story, ref)
    assert (case.assignee_id, case.team, case.priority) == (sam.id, "returns", "high")
    assert history[-1].kind == "escalated"
    assert history[-1].data["reason"] == "Nine calls."
    replayed = cases.replay(history)
    assert replayed == {"status": "open", "priority": "high", "team": "returns", "assignee_id": sam.id}
    async with story.desk.database.read() as session:
        watching = set(await session.scalars(select(CaseWatcher.agent_id).where(CaseWatcher.case_id == case.id)))
    assert watching == {dana.id}
    told = [one for one in story.desk.database.told if isinstance(one, CaseEscalated)]  # type: ignore[attr-defined]
    assert [(one.ref, one.agent_id, one.by) for one in told] == [(ref, sam.id, "Dana")]


async def test_escalating_to_another_team_leaves_nobody_assigned(story: Story) -> None:
    dana = await _agent(story, "Dana")
    ref = await _case(story)
    await story.desk.write(lambda session: cases.escalate(session, ref, dana, "About money.", team="billing"))
    case, history = await _read(story, ref)
    assert (case.team, case.assignee_id) == ("billing", None)
    assert cases.replay(history)["team"] == "billing"


@pytest.mark.parametrize("to", [{}, {"team": "returns"}, {"team": "nowhere"}, {"peer": True}, {"self": True}])
async def test_escalating_to_the_same_hands_is_refused(story: Story, to: dict[str, object]) -> None:
    dana, peer = await _agent(story, "Dana"), await _agent(story, "Pat")
    chosen = {"peer": {"agent_id": peer.id}, "self": {"agent_id": dana.id}}.get(next(iter(to), ""), to)
    ref = await _case(story)
    with pytest.raises(BadInput):
        await story.desk.write(lambda session: cases.escalate(session, ref, dana, "Help.", **chosen))  # type: ignore[arg-type]


async def test_who_may_not_work_on_a_case_may_not_escalate_it(story: Story) -> None:
    stranger = await _agent(story, "Noor", teams=("network",))
    ref = await _case(story)
    with pytest.raises(NotAllowed):
        await story.desk.write(lambda session: cases.escalate(session, ref, stranger, "Mine!", team="network"))


async def test_within_the_limit_it_is_granted_at_once_and_done_by_the_company(story: Story) -> None:
    dana = await _agent(story, "Dana")
    ref = await _case(story)
    made = await _ask(story, ref, dana, "pickup_anywhere", details=PICKUP)
    assert (made.state, made.decided_by, made.refused_by) == (ExceptionState.DONE, dana.id, REFUSAL)
    [order] = story.desk.company.orders
    assert (order.key, order.account_number, order.approved_by, order.case_ref) == (made.id, "10042", "Dana", ref)
    assert order.details["line1"] == "14 Elm Street"
    case, history = await _read(story, ref)
    kinds = [one.kind for one in history if one.kind.startswith("exception")]
    assert kinds == ["exception_asked", "exception_granted", "exception_done"]
    async with story.desk.database.read() as session:
        [fact] = await session.scalars(select(Fact).where(Fact.name == "exception_number"))
    assert (fact.case_id, fact.is_validated) == (case.id, True)


async def test_above_the_limit_it_waits_for_whoever_may(story: Story) -> None:
    dana, sam = await _agent(story, "Dana"), await _agent(story, "Sam", Role.SUPERVISOR)
    ref = await _case(story)
    made = await _ask(story, ref, dana, "credit", amount_cents=4000, details={"account_number": "10042"})
    assert made.state == ExceptionState.ASKED
    assert story.desk.company.orders == []
    [told] = [one for one in story.desk.database.told if isinstance(one, ExceptionAsked)]  # type: ignore[attr-defined]
    assert told.agent_ids == (sam.id,)
    async with story.desk.database.read() as session:
        assert [one.id for one in await cases.asked_exceptions(session, sam)] == [made.id]
        assert await cases.asked_exceptions(session, dana) == []
    with pytest.raises(NotAllowed):
        await _decide(story, made, dana, grant=True)
    made = await _decide(story, made, sam, grant=True)
    assert (made.state, made.decided_by) == (ExceptionState.DONE, sam.id)
    assert story.desk.company.orders[0].approved_by == "Sam"
    with pytest.raises(IllegalMove):
        await _decide(story, made, sam, grant=False, note="No.")


async def test_a_denied_one_says_why_and_asks_the_company_nothing(story: Story) -> None:
    dana, sam = await _agent(story, "Dana"), await _agent(story, "Sam", Role.SUPERVISOR)
    made = await _ask(story, await _case(story), dana, "credit", amount_cents=4000, details={"account_number": "10042"})
    with pytest.raises(BadInput):
        await _decide(story, made, sam, grant=False, note=" ")
    made = await _decide(story, made, sam, grant=False, note="Twice this year already.")
    assert (made.state, made.result) == (ExceptionState.DENIED, "Twice this year already.")
    assert story.desk.company.orders == []


async def _order_left(story: Story) -> OutboxItem:
    """A company that is away leaves its order in the outbox."""
    async with story.desk.database.read() as session:
        [left] = await session.scalars(select(OutboxItem).where(OutboxItem.lane == "company"))
    return left


async def test_the_company_is_asked_again_under_the_same_key_until_it_answers(story: Story) -> None:
    dana = await _agent(story, "Dana")
    ref = await _case(story)
    story.desk.company.problems = [TemporaryDeliveryError("Down.")]
    with pytest.raises(TemporaryDeliveryError):
        await _ask(story, ref, dana, "pickup_anywhere", details=PICKUP)
    left = await _order_left(story)
    for _ in range(2):
        await story.jobs[left.job](left)
    made = await _again(story, left.body["exception_id"])
    assert made.state == ExceptionState.DONE
    assert [order.key for order in story.desk.company.orders] == [made.id, made.id]


async def test_a_refusal_of_the_company_is_on_the_case_and_can_be_tried_again(story: Story) -> None:
    dana = await _agent(story, "Dana")
    ref = await _case(story)
    story.desk.company.problems = [PermanentDeliveryError("There is no account 10042.")]
    made = await _ask(story, ref, dana, "pickup_anywhere", details=PICKUP)
    assert (made.state, made.result) == (ExceptionState.FAILED, "There is no account 10042.")
    assert (await _read(story, ref))[1][-1].data["result"] == "There is no account 10042."
    await story.desk.write(lambda session: cases.try_exception_again(session, made.id, dana))
    await story.settles()
    assert (await _again(story, made.id)).state == ExceptionState.DONE


async def test_what_the_company_needs_comes_from_the_facts_or_is_asked_for(story: Story) -> None:
    dana = await _agent(story, "Dana")
    conversation_id = await story.customer("My account number is 10042 and I am cross.")
    ref = await story.hands_over(conversation_id)
    made = await _ask(story, ref, dana, "heavier_label")
    assert made.details == {"account_number": "10042"}
    with pytest.raises(BadInput, match="street and number, town, postcode"):
        await _ask(story, ref, dana, "pickup_anywhere")
    with pytest.raises(BadInput, match="amount"):
        await _ask(story, ref, dana, "credit")
    with pytest.raises(BadInput, match="There is no exception"):
        await _ask(story, ref, dana, "moon_on_a_stick")


async def test_what_a_refused_action_said_is_offered_when_no_sentence_was(story: Story) -> None:
    conversation_id = await story.customer("I want to return it late.")
    tried = [ActionTried(name="returns.create", outcome="refused", error_code="policy_refused")]
    ref = await story.hands_over(conversation_id, actions_tried=tried)
    async with story.desk.database.read() as session:
        case = await cases.get(session, ref)
        assert await cases.refusal_of(session, case.id) == "returns.create was refused: policy_refused"


async def test_a_repeated_wish_is_one_exception(story: Story) -> None:
    dana = await _agent(story, "Dana")
    ref = await _case(story)
    one = await _ask(story, ref, dana, "pickup_anywhere", details=PICKUP, idempotency_key="once")
    two = await _ask(story, ref, dana, "pickup_anywhere", details=PICKUP, idempotency_key="once")
    assert one.id == two.id
    assert len(story.desk.company.orders) == 1


async def test_limits_can_be_changed_and_the_others_stay(story: Story) -> None:
    dana = await _agent(story, "Dana")
    ref = await _case(story)
    await story.desk.write(
        lambda session: exception_kinds.set_limit(session, "credit", "agent", may=True, amount_cents=9900)
    )
    async with story.desk.database.read() as session:
        known = await exception_kinds.limits(session)
    assert known == {**exception_kinds.BUILT_IN, ("credit", "agent"): 9900}
    made = await _ask(story, ref, dana, "credit", amount_cents=9000, details={"account_number": "10042"})
    assert made.state == ExceptionState.DONE
    await story.desk.write(
        lambda session: exception_kinds.set_limit(session, "credit", "agent", may=False, amount_cents=None)
    )
    made = await _ask(story, ref, dana, "credit", amount_cents=1, details={"account_number": "10042"})
    assert made.state == ExceptionState.ASKED


async def test_an_order_given_up_on_is_a_failed_exception(story: Story) -> None:
    dana = await _agent(story, "Dana")
    ref = await _case(story)
    story.desk.company.problems = [TemporaryDeliveryError("Down.")]
    with pytest.raises(TemporaryDeliveryError):
        await _ask(story, ref, dana, "pickup_anywhere", details=PICKUP)

    left = await _order_left(story)
    await story.desk.write(lambda session: casework.when_given_up(session, left))
    assert (await _read(story, ref))[1][-1].kind == "exception_failed"
