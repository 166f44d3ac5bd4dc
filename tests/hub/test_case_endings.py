"""How cases end and begin again: said once, in words, and never twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, facts, handbacks, handovers
from handoff.cases.actors import Actor
from handoff.errors import IllegalMove
from handoff.models import Case, CaseStatus, CaseTag, CaseWatcher
from tests.hub.case_moves import a_case, again, kinds, one_person, replayed_as_stored, system_words, texts
from tests.hub.conftest import Desk

DAY = timedelta(days=1)


class Calendar:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

    def pass_by(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture
def calendar() -> Iterator[Calendar]:
    calendar = Calendar()
    clock.use(lambda: calendar.now)
    yield calendar
    clock.use(None)


async def catch_up(desk: Desk) -> None:
    runner = desk.runner()
    while await desk.write(lambda session: runner.take_steps(session)):
        pass


async def resolved(desk: Desk, case: Case, words: str = "We sent a new box.") -> None:
    await desk.write(lambda session: cases.resolve(session, case.ref, cases.SYSTEM, words))


async def reopened(desk: Desk, case: Case, key: str | None = None) -> Case:
    return await desk.write(
        lambda session: cases.reopen_or_follow_up(session, case.ref, cases.ASSISTANT, "Broken again", key)
    )


async def test_the_customer_reads_what_was_done_once(desk: Desk) -> None:
    said = await desk.customer_says("My box is broken")
    case = await a_case(desk, said.conversation_id, "Broken box")
    await resolved(desk, case)
    told = await system_words(desk, said.conversation_id)
    assert told == [f"{case.ref}, “Broken box”, is solved: We sent a new box."]


async def test_an_agent_who_talks_says_it_and_nobody_else_does(desk: Desk) -> None:
    dana = await desk.agent()
    said = await desk.customer_says("My box is broken")
    case = await a_case(desk, said.conversation_id, "Broken box")
    await desk.write(lambda session: handovers.take_over(session, said.conversation_id, dana))
    await desk.write(lambda session: handbacks.resolve(session, said.conversation_id, dana, "We sent a new box."))
    told = [one for one in await system_words(desk, said.conversation_id) if "We sent a new box." in one]
    assert len(told) == 1
    assert (await again(desk, case)).status == CaseStatus.RESOLVED


async def test_broken_again_opens_a_case_that_was_resolved_lately(desk: Desk, calendar: Calendar) -> None:
    said = await desk.customer_says("My box is broken")
    case = await a_case(desk, said.conversation_id)
    await resolved(desk, case)
    calendar.pass_by(13 * DAY)
    await desk.customer_says("It is broken again, write to maya@example.com")
    goes_on = await reopened(desk, case)
    assert goes_on.id == case.id
    assert (await again(desk, case)).status == CaseStatus.OPEN
    assert await texts(desk, case) == ["My box is broken", "It is broken again, write to maya@example.com"]
    async with desk.database.read() as session:
        assert [one.value for one in await cases.facts_of(session, case.id)] == ["maya@example.com"]
    assert await replayed_as_stored(desk, case)


async def test_after_that_a_new_case_goes_on_with_what_is_known(desk: Desk, calendar: Calendar) -> None:
    said = await desk.customer_says("My box is broken, order FB-204417")
    case = await a_case(desk, said.conversation_id, "Broken box", team="returns")
    await resolved(desk, case)
    calendar.pass_by(15 * DAY)
    later = await desk.customer_says("It is broken again")
    goes_on = await reopened(desk, case, key="k1")
    same = await reopened(desk, case, key="k1")
    still = await reopened(desk, case, key="k2")
    assert goes_on.id == same.id == still.id != case.id
    assert (goes_on.title, goes_on.team, goes_on.topic) == ("Broken box", "returns", case.topic)
    assert goes_on.customer_id == case.customer_id
    assert (await again(desk, case)).status == CaseStatus.RESOLVED
    assert await texts(desk, goes_on) == ["It is broken again"]
    async with desk.database.read() as session:
        known = [(fact.value, fact.set_by) for fact in await cases.facts_of(session, goes_on.id)]
        links = [(one.word, one.ref) for one in await cases.links_of(session, goes_on.id)]
    if later.conversation_id != said.conversation_id:
        assert [value for value, set_by in known if set_by == "carried"]
    assert links == [("follows up", case.ref)]
    assert (await kinds(desk, goes_on)).count("opened") == 1


async def test_a_follow_up_carries_everything_and_copies_no_fact_its_conversation_has(
    desk: Desk, calendar: Calendar
) -> None:
    """From another conversation, which knows the order already and not the e-mail address."""
    dana, sam = await desk.agent(), await desk.agent("Sam")
    said = await desk.customer_says("My box is broken, order FB-204417, write to maya@example.com", who="maya")
    case = await a_case(desk, said.conversation_id, "Broken box", team="returns", priority="high", skills=("boxes",))

    async def more(session: AsyncSession) -> None:
        held = await cases.hold(session, case.ref)
        held.fields, held.language = {"serial": "S-1"}, "fr"
        session.add(CaseTag(case_id=case.id, tag="vip"))
        for agent in (dana, sam):
            await cases.watch(session, case.ref, agent)

    await desk.write(more)
    await resolved(desk, case)
    calendar.pass_by(15 * DAY)
    later = await desk.customer_says("Order FB-204417 is broken again", who="maya-phone")
    await one_person(desk, said.conversation_id, later.conversation_id)
    goes_on = await reopened(desk, case)
    for name in ("title", "topic", "team", "priority", "language", "skills", "fields", "customer_id"):
        assert getattr(goes_on, name) == getattr(await again(desk, case), name), name
    async with desk.database.read() as session:
        copied = [
            (one.value, one.source_message_id)
            for one in await cases.facts_of(session, goes_on.id)
            if one.set_by == "carried"
        ]
        known = [one.value for one in await facts.current(session, later.conversation_id)]
        tags = list(await session.scalars(select(CaseTag.tag).where(CaseTag.case_id == goes_on.id)))
        watching = set(await session.scalars(select(CaseWatcher.agent_id).where(CaseWatcher.case_id == goes_on.id)))
    assert copied == [("maya@example.com", said.message_id)]
    assert sorted(known) == ["FB-204417", "maya@example.com"]
    assert (tags, watching) == (["vip"], {dana.id, sam.id})


async def test_a_follow_up_in_the_same_conversation_copies_nothing(desk: Desk, calendar: Calendar) -> None:
    said = await desk.customer_says("My box is broken, order FB-204417")
    case = await a_case(desk, said.conversation_id)
    await resolved(desk, case)
    calendar.pass_by(15 * DAY)
    later = await desk.customer_says("It is broken again")
    assert later.conversation_id == said.conversation_id
    goes_on = await reopened(desk, case)
    async with desk.database.read() as session:
        assert list(await cases.facts_of(session, goes_on.id)) == []
        assert [one.value for one in await facts.current(session, said.conversation_id)] == ["FB-204417"]


async def test_a_case_that_became_part_of_another_reopens_that_one(desk: Desk) -> None:
    dana = await desk.agent()
    said = await desk.customer_says("My box is broken")
    first, second = [await a_case(desk, said.conversation_id, title) for title in ("Box", "Box again")]
    await desk.write(lambda session: cases.join(session, first.ref, second.ref, dana))
    await resolved(desk, second)
    assert (await reopened(desk, first)).id == second.id
    assert (await again(desk, second)).status == CaseStatus.OPEN


async def test_a_case_nobody_answers_is_closed_and_told_a_day_before(desk: Desk, calendar: Calendar) -> None:
    dana = await desk.agent()
    said = await desk.customer_says("My box is broken")
    case = await a_case(desk, said.conversation_id)
    await desk.write(lambda session: cases.wait_for(session, case.ref, Actor.of(dana), "customer"))
    await catch_up(desk)
    calendar.pass_by(5 * DAY)
    await catch_up(desk)
    assert await system_words(desk, said.conversation_id) == []
    calendar.pass_by(1.5 * DAY)
    await catch_up(desk)
    assert [("closed tomorrow" in one) for one in await system_words(desk, said.conversation_id)] == [True]
    calendar.pass_by(1.5 * DAY)
    await catch_up(desk)
    told = await system_words(desk, said.conversation_id)
    assert (await again(desk, case)).status == CaseStatus.RESOLVED
    assert len(told) == 2
    assert "opened again" in told[1]


async def test_a_customer_who_writes_is_no_longer_waited_for(desk: Desk, calendar: Calendar) -> None:
    dana = await desk.agent()
    said = await desk.customer_says("My box is broken")
    case = await a_case(desk, said.conversation_id)
    await desk.write(lambda session: cases.wait_for(session, case.ref, Actor.of(dana), "customer"))
    await catch_up(desk)
    calendar.pass_by(3 * DAY)
    await desk.customer_says("Here is the number")
    await catch_up(desk)
    calendar.pass_by(10 * DAY)
    await catch_up(desk)
    stored = await again(desk, case)
    assert (stored.status, stored.waiting_for) == (CaseStatus.OPEN, None)
    assert await system_words(desk, said.conversation_id) == []
    assert await replayed_as_stored(desk, case)


async def test_a_resolved_case_is_not_resolved_again(desk: Desk) -> None:
    said = await desk.customer_says("My box is broken")
    case = await a_case(desk, said.conversation_id)
    await resolved(desk, case)
    with pytest.raises(IllegalMove, match="already"):
        await resolved(desk, case)
