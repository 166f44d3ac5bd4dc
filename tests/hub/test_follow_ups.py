"""Follow-ups: when they are asked, where, and what an answer does."""

from datetime import UTC, datetime, timedelta

import pytest

from handoff import cases, ledger
from handoff.care import asking, follow_ups
from handoff.care.follow_ups import Answered
from handoff.errors import BadInput, IllegalMove
from handoff.models import AskedState, CaseStatus, FollowUp
from handoff.ports import Client, Floor
from tests.hub.caring import MONDAY, Story

PICKUP = "Did the pickup go well?"
CUSTOMER = cases.Actor("customer")


async def a_solved_case(story: Story, **parts: object) -> tuple[str, str]:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("please pick up my box", **parts)
    ref = await story.hands_over(thread)
    await story.accepts(dana, thread)
    await story.resolves(dana, thread)
    return ref, thread


async def plan(story: Story, ref: str, cause: str | None = None, **after: float) -> str:
    async def step(session):  # type: ignore[no-untyped-def]
        case = await cases.hold(session, ref)
        return await follow_ups.plan(session, case, PICKUP, timedelta(**after).total_seconds(), cause)

    planned: FollowUp = await story.desk.write(step)
    return planned.id


async def look(story: Story, planned: str) -> FollowUp:
    async with story.desk.database.read() as session:
        return await session.get_one(FollowUp, planned)


async def answer(story: Story, planned: str, went_well: bool, words: str = "") -> Answered:
    return await story.desk.write(
        lambda session: follow_ups.answer(session, planned, CUSTOMER, went_well=went_well, words=words)
    )


async def test_it_is_asked_in_the_conversation_by_the_assistant_with_two_buttons(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, days=1)
    await story.passes(hours=23)
    assert (await look(story, planned)).state == AskedState.PLANNED
    await story.passes(hours=2)
    asked = await story.newest(thread)
    assert (asked.author, asked.case_id, [one["title"] for one in asked.buttons]) == (
        "assistant",
        (await story.case(ref)).id,
        ["Yes", "No"],
    )
    assert PICKUP in asked.text
    assert ref in asked.text
    assert (await look(story, planned)).message_id == asked.id
    assert (await story.desk.conversation(thread)).floor == Floor.BOT


async def test_the_same_cause_plans_one_follow_up(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    assert await plan(story, ref, "trigger-1", days=1) == await plan(story, ref, "trigger-1", days=1)


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 9), ("America/Chicago", 15), ("Asia/Tokyo", 0), ("Nowhere/Atall", 9)]
)
async def test_nobody_is_asked_at_night_where_they_are(story: Story, zone: str, hour: int) -> None:
    """Due at three in the morning UTC: at nine there, in winter; in Tokyo it is noon then."""
    ref, _ = await a_solved_case(story, client=Client(timezone=zone))
    planned = await plan(story, ref, hours=17)
    await story.passes(hours=40)
    asked_at = (await story.message((await look(story, planned)).message_id)).created_at
    due = MONDAY + timedelta(hours=17)
    wanted = due if zone == "Asia/Tokyo" else datetime(2026, 11, 24, hour, tzinfo=UTC)
    assert timedelta(0) <= asked_at - wanted < timedelta(minutes=1)


async def test_it_waits_while_somebody_talks_with_the_customer(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, minutes=10)
    dana = await story.agent_named("Dana")
    await story.takes_over(dana, thread)
    await story.passes(hours=2)
    assert (await look(story, planned)).state == AskedState.PLANNED
    await story.resolves(dana, thread, "Told them when it comes.")
    await story.passes(minutes=31)
    assert (await look(story, planned)).state == AskedState.ASKED


async def test_words_that_were_answered_with_the_end_do_not_keep_it_waiting(story: Story) -> None:
    """The customer wrote last, and the agent answered by marking it as solved."""
    ref, thread = await a_solved_case(story)
    dana = await story.agent_named("Dana")
    await story.customer("is the courier booked now?")
    await story.takes_over(dana, thread)
    await story.customer("hello?")
    await story.resolves(dana, thread, "The courier is booked.")
    assert (await story.desk.conversation(thread)).waiting_since is None
    planned = await plan(story, ref, days=1)
    await story.passes(days=1, minutes=1)
    assert (await look(story, planned)).state == AskedState.ASKED


async def test_it_is_dropped_when_the_case_is_open_again_or_the_customer_wrote_since(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, days=1)
    await story.passes(hours=2)
    await story.customer("by the way, what do I owe?")
    await story.passes(days=1)
    dropped = await look(story, planned)
    assert (dropped.state, dropped.detail) == (AskedState.DROPPED, asking.ARE_WRITING)
    again = await plan(story, ref, days=1)
    await story.desk.write(lambda session: cases.reopen(session, ref, cases.SYSTEM, "Not picked up."))
    await story.passes(days=2)
    assert (await look(story, again)).detail == follow_ups.OPEN_AGAIN
    assert not any(PICKUP in text for text in await story.heard(thread))


async def test_it_goes_to_the_channel_the_customer_wrote_from_last(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    await story.goes_on("maya-phone", "telegram", thread)
    await story.customer("thanks", "maya-phone", "telegram")
    planned = await plan(story, ref, days=1)
    await story.passes(days=2)
    message = await story.message((await look(story, planned)).message_id)
    assert message.channel == "telegram"


async def test_a_handle_that_cannot_be_reached_is_passed_by_for_a_verified_one(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    await story.goes_on("maya-phone", "telegram", thread)
    await story.customer("thanks", "maya-phone", "telegram")
    await story.blocks("maya-phone", "telegram")
    planned = await plan(story, ref, days=1)
    await story.passes(days=2)
    assert (await look(story, planned)).detail == asking.NO_WAY
    await story.verifies("maya", "web")
    again = await plan(story, ref, days=1)
    await story.passes(days=2)
    assert (await story.message((await look(story, again)).message_id)).channel == "web"


async def test_a_good_answer_is_recorded_and_the_case_stays_solved(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    planned = await plan(story, ref, days=1)
    await story.passes(days=1)
    await answer(story, planned, True, "all good, thanks")
    assert (await story.case(ref)).status == CaseStatus.RESOLVED
    told = [event.data for event in await story.history(ref) if event.kind == "follow_up_answered"]
    assert [(one["went_well"], one["text"]) for one in told] == [(True, "all good, thanks")]


async def test_a_bad_answer_opens_the_case_again_with_what_was_said(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, days=1)
    await story.passes(days=1)
    await story.customer("no it never came")
    assert story.desk.assistant.requests[-1].metadata["asking"] == {
        "kind": "follow_up",
        "id": planned,
        "case_ref": ref,
        "step": "went_well",
        "question": PICKUP,
    }
    came_of_it = await answer(story, planned, False, "no it never came")
    assert came_of_it.case.ref == ref
    assert (await story.case(ref)).status == CaseStatus.OPEN
    reasons = [event.data["reason"] for event in await story.history(ref) if event.kind == "reopened"]
    assert reasons == [f"Asked “{PICKUP}”, the customer said: no it never came"]
    assert (await story.desk.conversation(thread)).case_id == came_of_it.case.id


async def test_an_answer_takes_no_words_of_another_customer_along(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    planned = await plan(story, ref, hours=1)
    await story.passes(hours=2)
    thread = await story.customer("My bill is wrong", who="marta")
    async with story.desk.database.read() as session:
        theirs = (await ledger.messages(session, thread))[0]
    assert theirs.case_id is None

    async def step(session):  # type: ignore[no-untyped-def]
        return await follow_ups.answer(session, planned, CUSTOMER, went_well=True, message_id=theirs.id)

    await story.desk.write(step)
    assert (await story.message(theirs.id)).case_id is None


async def test_an_answer_given_twice_opens_the_case_once(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    planned = await plan(story, ref, days=1)
    await story.passes(days=1)
    for _ in range(2):
        await answer(story, planned, False, "no")
    kinds = [event.kind for event in await story.history(ref)]
    assert (kinds.count("follow_up_answered"), kinds.count("reopened")) == (1, 1)


async def test_long_after_a_bad_answer_makes_a_case_that_goes_on(story: Story) -> None:
    ref, thread = await a_solved_case(story)
    planned = await plan(story, ref, days=40)
    await story.passes(days=41)
    came_of_it = await answer(story, planned, False, "it broke again")
    assert came_of_it.case.ref != ref
    assert (await story.desk.conversation(thread)).case_id == came_of_it.case.id


async def test_answering_us_is_no_contact_of_theirs(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    planned = await plan(story, ref, days=1)
    await story.passes(days=2)
    await story.customer("yes it did")
    await answer(story, planned, True)
    await story.settles()
    assert (await story.effort(ref)).contacts == 1
    assert (await look(story, planned)).went_well is True


async def test_what_was_not_asked_yet_cannot_be_answered_and_what_was_asked_not_dropped(story: Story) -> None:
    ref, _ = await a_solved_case(story)
    dana = await story.agent_named("Dana")
    planned = await plan(story, ref, days=1)
    with pytest.raises(IllegalMove, match="not asked"):
        await answer(story, planned, True)
    await story.passes(days=2)
    with pytest.raises(IllegalMove, match="already"):
        await story.desk.write(lambda session: follow_ups.drop(session, planned, dana, "No."))
    with pytest.raises(BadInput, match="passed"):
        await story.desk.write(lambda session: follow_ups.plan_by(session, ref, dana, PICKUP, MONDAY))
