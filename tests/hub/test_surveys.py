"""Surveys: once for a case, never at night, and "not solved" is heard."""

from datetime import timedelta

import pytest

from handoff import cases
from handoff.care import follow_ups, surveys
from handoff.care.surveys import Answered
from handoff.errors import BadInput, IllegalMove
from handoff.models import AskedState, CaseStatus, Survey
from tests.hub.caring import Story
from tests.hub.test_follow_ups import a_solved_case

CUSTOMER = cases.Actor("customer")


async def plan(story: Story, ref: str, **after: float) -> str:
    async def step(session):  # type: ignore[no-untyped-def]
        return await surveys.plan(session, await cases.hold(session, ref), timedelta(**after).total_seconds())

    planned: Survey = await story.desk.write(step)
    return planned.id


async def look(story: Story, planned: str) -> Survey:
    async with story.desk.database.read() as session:
        return await session.get_one(Survey, planned)


async def answer(story: Story, planned: str, **parts: object) -> Answered:
    return await story.desk.write(lambda session: surveys.answer(session, planned, CUSTOMER, **parts))  # type: ignore[arg-type]


async def test_a_case_is_surveyed_once_however_often_it_is_planned(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    first = await plan(story, ref, hours=1)
    assert await plan(story, ref, hours=1) == first
    await story.passes(days=2)
    assert await plan(story, ref, hours=1) == first
    await story.passes(days=2)
    assert sum("Is it solved?" in text for text in await story.heard(thread)) == 1
    dana = await story.agent_named("Dana")
    with pytest.raises(IllegalMove, match="nobody is asked twice"):
        await story.desk.write(lambda session: surveys.plan_by(session, ref, dana))


async def test_it_waits_for_the_morning(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    planned = await plan(story, ref, hours=12)
    await story.passes(hours=22, minutes=59)
    assert (await look(story, planned)).state == AskedState.PLANNED
    await story.passes(minutes=2)
    assert (await look(story, planned)).state == AskedState.ASKED


async def test_its_questions_follow_one_another(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    planned = await plan(story, ref, hours=1)
    await story.passes(hours=2)
    assert (await answer(story, planned, is_solved=True)).ask_next == "ease"
    assert (await answer(story, planned, ease=4)).ask_next == "words"
    assert (await answer(story, planned, words="quick and kind")).ask_next is None
    found = await look(story, planned)
    assert (found.state, found.is_solved, found.ease, found.words) == (AskedState.ANSWERED, True, 4, "quick and kind")
    with pytest.raises(BadInput, match="from 1"):
        await answer(story, planned, ease=6)


async def test_not_solved_opens_the_case_again_and_asks_no_more(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, hours=1)
    await story.passes(hours=2)
    came_of_it = await answer(story, planned, is_solved=False, words="the light still blinks")
    assert (came_of_it.ask_next, came_of_it.case.ref) == (None, ref)
    assert (await story.case(ref)).status == CaseStatus.OPEN
    reasons = [event.data["reason"] for event in await story.history(ref) if event.kind == "reopened"]
    assert reasons == ["Asked whether it is solved, the customer said: the light still blinks"]
    assert (await story.desk.conversation(thread)).case_id == came_of_it.case.id


async def test_a_case_that_is_open_again_is_not_surveyed(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, hours=3)
    await story.desk.write(lambda session: cases.reopen(session, ref, cases.SYSTEM, "Not picked up."))
    await story.passes(days=1)
    found = await look(story, planned)
    assert (found.state, found.detail) == (AskedState.DROPPED, follow_ups.OPEN_AGAIN)
    assert not any("Is it solved?" in text for text in await story.heard(thread))


async def test_a_survey_waits_a_day_after_a_follow_up_that_is_still_open(story: Story) -> None:
    ref, _ = await a_solved_case(story)

    async def step(session):  # type: ignore[no-untyped-def]
        await follow_ups.plan(session, await cases.hold(session, ref), "Did the pickup go well?", 3600)

    await story.desk.write(step)
    planned = await plan(story, ref, hours=2)
    await story.passes(hours=8)
    assert (await look(story, planned)).state == AskedState.PLANNED
    await story.passes(days=2)
    assert (await look(story, planned)).state == AskedState.ASKED


async def test_an_open_case_is_not_surveyed_by_hand(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("please pick up my box")
    ref = await story.hands_over(thread)
    with pytest.raises(IllegalMove, match="Resolve the case first"):
        await story.desk.write(lambda session: surveys.plan_by(session, ref, dana))


async def test_a_survey_gives_way_to_a_follow_up_that_is_due_in_the_same_moment(story: Story) -> None:
    """A rule and the survey are both a day after: what was asked about this very case comes first."""
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, hours=24)

    async def step(session):  # type: ignore[no-untyped-def]
        await follow_ups.plan(session, await cases.hold(session, ref), "Did the pickup go well?", 24 * 3600)

    await story.desk.write(step)
    await story.passes(hours=25)
    assert (await look(story, planned)).state == AskedState.PLANNED
    assert "Did the pickup go well?" in (await story.newest(thread)).text
    await story.passes(hours=26)
    assert (await look(story, planned)).state == AskedState.ASKED
