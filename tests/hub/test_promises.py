"""Promises: who made them, who is reminded, and what becomes of them."""

from datetime import UTC, datetime, timedelta

import pytest

from handoff.care import promises
from handoff.errors import BadInput, IllegalMove, NotAllowed
from handoff.models import Agent, Promise, PromiseState
from handoff.package import Promise as Promised
from handoff.settings import settings
from tests.hub.caring import MONDAY, Story

FRIDAY_EVENING = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


async def a_case(story: Story) -> tuple[str, str, Agent]:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("where is my label?")
    ref = await story.hands_over(thread)
    await story.accepts(dana, thread)
    return ref, thread, dana


async def promised(story: Story, ref: str) -> list[tuple[str, str]]:
    return [(one.text, one.state) for one in await all_of(story, ref)]


async def all_of(story: Story, ref: str) -> list[Promise]:
    case = await story.case(ref)
    async with story.desk.database.read() as session:
        return list(await promises.of_case(session, case.id))


async def make(story: Story, ref: str, agent: Agent, text: str, **parts: object) -> Promise:
    return await story.desk.write(lambda session: promises.make(session, ref, agent, text, **parts))  # type: ignore[arg-type]


async def test_a_day_in_the_words_is_when_it_is_due(story: Story) -> None:
    ref, _, dana = await a_case(story)
    assert (await make(story, ref, dana, "a label by Friday")).due_at == FRIDAY_EVENING
    assert (await make(story, ref, dana, "a call tomorrow")).due_at == datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    assert (await make(story, ref, dana, "an answer today")).due_at == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


async def test_a_promise_without_a_day_is_refused_with_what_to_write(story: Story) -> None:
    ref, _, dana = await a_case(story)
    with pytest.raises(BadInput, match="by when"):
        await make(story, ref, dana, "a label soon")
    with pytest.raises(BadInput, match="has passed"):
        await make(story, ref, dana, "a label", due_at=MONDAY - timedelta(days=1))


async def test_a_promise_nobody_keeps_is_reminded_of_and_then_broken(story: Story) -> None:
    ref, _, dana = await a_case(story)
    await make(story, ref, dana, "a label by Friday")
    await story.passes(days=4, hours=5, minutes=59)
    assert [event.kind for event in await story.history(ref)].count("promise_reminded") == 0
    await story.passes(minutes=2)
    reminded = [event for event in await story.history(ref) if event.kind == "promise_reminded"]
    assert [event.data["reminded"] for event in reminded] == ["Dana"]
    async with story.desk.database.read() as session:
        assert [one.text for one, _ in await promises.pressing(session, dana.id)] == ["a label by Friday"]
    await story.passes(hours=3)
    assert await promised(story, ref) == [("a label by Friday", PromiseState.BROKEN)]
    assert (await story.effort(ref)).broken_promises == 1
    assert [event.kind for event in await story.history(ref)].count("promise_broken") == 1


async def test_a_promise_that_was_kept_is_neither_reminded_of_nor_broken(story: Story) -> None:
    ref, _, dana = await a_case(story)
    made = await make(story, ref, dana, "a label by Friday")
    await story.desk.write(lambda session: promises.keep(session, made.id, dana))
    await story.passes(days=7)
    assert await promised(story, ref) == [("a label by Friday", PromiseState.KEPT)]
    assert not {"promise_reminded", "promise_broken"} & {event.kind for event in await story.history(ref)}
    with pytest.raises(IllegalMove, match="kept already"):
        await story.desk.write(lambda session: promises.keep(session, made.id, dana))


async def test_a_broken_promise_can_still_be_kept_late(story: Story) -> None:
    ref, _, dana = await a_case(story)
    made = await make(story, ref, dana, "a label by Friday")
    await story.passes(days=7)
    await story.desk.write(lambda session: promises.keep(session, made.id, dana))
    kept = [event for event in await story.history(ref) if event.kind == "promise_kept"]
    assert [event.data["is_late"] for event in kept] == [True]


async def test_taking_a_promise_back_needs_a_reason(story: Story) -> None:
    ref, _, dana = await a_case(story)
    made = await make(story, ref, dana, "a label by Friday")
    with pytest.raises(BadInput):
        await story.desk.write(lambda session: promises.withdraw(session, made.id, dana, " "))
    await story.desk.write(lambda session: promises.withdraw(session, made.id, dana, "Picked up instead."))
    assert await promised(story, ref) == [("a label by Friday", PromiseState.WITHDRAWN)]


async def test_only_who_works_on_the_case_promises_something_about_it(story: Story) -> None:
    ref, _, _ = await a_case(story)
    omar = await story.desk.agent("Omar", ("billing",))
    with pytest.raises(NotAllowed):
        await make(story, ref, omar, "a label by Friday")


async def test_what_a_handback_promises_is_kept_track_of_and_known_to_the_assistant(story: Story) -> None:
    ref, thread, dana = await a_case(story)
    told = [Promised(text="A label by Friday"), Promised(text="A call back")]
    await story.gives_back(dana, thread, promises=told)
    found = {one.text: one.due_at for one in await all_of(story, ref)}
    assert found["A label by Friday"] == FRIDAY_EVENING
    assert timedelta(hours=23) < found["A call back"] - story.now <= timedelta(hours=24)
    await story.customer("when will my label come?")
    known = story.desk.assistant.requests[-1].metadata["open_cases"][0]
    assert {one["text"] for one in known["promises"]} == {"A label by Friday", "A call back"}


async def test_the_answer_promised_out_of_hours_is_kept_by_a_persons_word(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLONCE_OPENING_HOURS", "mon-fri 12:00-20:00")
    settings.cache_clear()
    dana = await story.desk.agent("Dana")
    thread = await story.customer("where is my label?")
    ref = await story.hands_over(thread)
    assert [(one.text, one.due_at) for one in await all_of(story, ref)] == [(promises.ANSWER, MONDAY.replace(hour=14))]
    await story.passes(hours=3)
    await story.takes_over(dana, thread)
    await story.agent(dana, thread, "Good afternoon.")
    assert await promised(story, ref) == [(promises.ANSWER, PromiseState.KEPT)]
