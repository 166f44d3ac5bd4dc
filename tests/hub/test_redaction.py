"""Redaction: words and files that are gone for good, wherever they were carried."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, edits, facts, floor, ledger
from handoff.cases import Actor
from handoff.cases.traces import Traces, blank
from handoff.channels.web import frames
from handoff.db import Database
from handoff.errors import NotAllowed
from handoff.events import AttachmentChanged, MessageChanged
from handoff.finding import case_fields
from handoff.models import Agent, Attachment, Base, Conversation, Handover, Message, OutboxItem, Role
from handoff.package import Nlu
from handoff.ports import Attached, Floor, FoundFact
from handoff.settings import settings
from handoff.store import Store
from handoff.uploads import Sweeper
from tests.hub.caring import Story

CANARY = "zanzibarquill"
SAID = f"My door opens with the word {CANARY} and the order is F-20418"


async def found_in(database: Database, canary: str) -> list[str]:
    """Every column of every table that still says it, and every file the database is made of."""
    wanted, found = canary.casefold(), []
    async with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in (await connection.execute(text(f'SELECT * FROM "{table.name}"'))).mappings():  # noqa: S608
                found += [
                    f"{table.name}.{name}: {value}" for name, value in row.items() if wanted in str(value).casefold()
                ]
    if database.is_sqlite:
        home = Path(str(database.engine.url.database)).parent
        found += [
            str(file) for file in home.rglob("*") if file.is_file() and wanted.encode() in file.read_bytes().lower()
        ]
    return found


async def test_the_search_for_a_canary_finds_one(story: Story) -> None:
    await story.customer(SAID)
    places = await found_in(story.desk.database, CANARY)
    assert any(place.startswith("messages.text") for place in places)


async def _agent(
    story: Story, name: str = "Dana", role: Role = Role.AGENT, teams: tuple[str, ...] = ("returns",)
) -> Agent:
    made = await story.desk.agent(name, teams)

    async def promote(session: AsyncSession) -> Agent:
        agent = await session.get_one(Agent, made.id)
        agent.role = role
        return agent

    return await story.desk.write(promote)


async def _message(story: Story, conversation_id: str, says: str = CANARY) -> Message:
    async with story.desk.database.read() as session:
        rows = await ledger.messages(session, conversation_id)
    return next(row for row in rows if says in row.words and row.author == "customer")


async def _write(story: Story, step: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    done = await story.desk.write(step)
    await story.settles()
    return done


async def _told_story(story: Story) -> tuple[str, str, Message]:
    """A canary that was edited, handed over with a package, kept as a fact, and searched for."""
    conversation_id = await story.customer(SAID)
    said = await _message(story, conversation_id)

    async def learn(session: AsyncSession) -> None:
        conversation = await floor.hold(session, conversation_id)
        message = await session.get_one(Message, said.id)
        await edits.edit(session, message, f"{SAID}, or {CANARY}2 on Sundays", client_ref="e1")
        await facts.put(session, conversation, [FoundFact("word", f"the {CANARY}")], set_by="customer", source=message)
        conversation.carried = {"word": f"the {CANARY} and the order", "return_method": "pickup"}

    await _write(story, learn)
    ref = await story.hands_over(
        conversation_id,
        issue={"title": SAID[:34], "type": "returns", "summary_for_agent": f"Says: {SAID}."},
        reason_text=f"They said: {SAID}",
        nlu=Nlu(latest_text=SAID, entities=[{"entity": "word", "value": CANARY, "start": 29, "end": 42}]),
        open_questions=[SAID],
    )
    return conversation_id, ref, said


async def test_redacted_words_are_in_no_table_and_no_file(story: Story) -> None:
    dana = await _agent(story)
    conversation_id, ref, said = await _told_story(story)
    before = await story.desk.conversation(conversation_id)
    await _write(story, lambda session: cases.redact_message(session, said.id, dana))
    assert await found_in(story.desk.database, CANARY) == []
    async with story.desk.database.read() as session:
        message = await session.get_one(Message, said.id)
        assert (message.words, message.redacted_at is not None) == ("", True)
        assert frames.message(message)["message"]["text"] == frames.REMOVED
        history = await cases.history(session, (await cases.get(session, ref)).id)
        handover = (await session.scalars(select(Handover))).one()
        rows = await ledger.messages(session, conversation_id)
    assert history[-1].kind == "redacted"
    assert (history[-1].data["message_id"], history[-1].actor_name) == (said.id, "Dana")
    assert story.desk.assistant.forgotten == [before.assistant_session]
    told = [one for one in story.desk.database.told if isinstance(one, MessageChanged)]  # type: ignore[attr-defined]
    assert said.id in {one.message_id for one in told}
    packed = handover.package["transcript"]
    within = [row for row in rows if packed["first_seq"] <= row.seq <= packed["last_seq"]]
    assert packed["sha256"] == ledger.digest(within)


async def test_redacting_twice_changes_nothing(story: Story) -> None:
    dana = await _agent(story)
    _, ref, said = await _told_story(story)
    for _ in range(2):
        await _write(story, lambda session: cases.redact_message(session, said.id, dana))
    async with story.desk.database.read() as session:
        history = await cases.history(session, (await cases.get(session, ref)).id)
    assert [one.kind for one in history].count("redacted") == 1


async def test_a_redacted_message_takes_no_new_words(story: Story) -> None:
    dana = await _agent(story)
    _, _, said = await _told_story(story)
    await _write(story, lambda session: cases.redact_message(session, said.id, dana))

    async def edit(session: AsyncSession) -> bool:
        return await edits.edit(session, await session.get_one(Message, said.id), f"again {CANARY}")

    assert await _write(story, edit) is False


async def test_who_may_not_work_on_the_case_may_not_redact(story: Story) -> None:
    stranger = await _agent(story, "Noor", teams=("network",))
    _, _, said = await _told_story(story)
    with pytest.raises(NotAllowed):
        await _write(story, lambda session: cases.redact_message(session, said.id, stranger))


async def test_redaction_follows_a_split_and_a_join_and_their_undoing(story: Story) -> None:
    boss = await _agent(story, "Sam", Role.SUPERVISOR)
    conversation_id, ref, said = await _told_story(story)
    await story.customer("And my bill is wrong.")
    new = await _write(
        story, lambda session: cases.split(session, ref, boss, [said.id], title=f"About {SAID}", topic="returns")
    )
    moved = await _write(story, lambda session: cases.join(session, new.ref, ref, boss))
    await _write(story, lambda session: cases.redact_message(session, said.id, boss))
    assert await found_in(story.desk.database, CANARY) == []
    await _write(story, lambda session: cases.undo(session, moved.id, boss))
    assert await found_in(story.desk.database, CANARY) == []
    async with story.desk.database.read() as session:
        kept = await session.get_one(Message, said.id)
        assert kept.redacted_at is not None
        assert kept.conversation_id == conversation_id


async def test_a_fact_the_customer_said_again_stays_with_the_other_words(story: Story) -> None:
    dana = await _agent(story)
    conversation_id, _, said = await _told_story(story)
    await story.customer("Once more: order F-20418")
    await _write(story, lambda session: cases.redact_message(session, said.id, dana))
    async with story.desk.database.read() as session:
        known = {fact.name: fact for fact in await facts.current(session, conversation_id)}
    assert known["order_number"].value == "F-20418"
    assert known["order_number"].source_message_id != said.id
    assert "word" not in known


async def test_words_of_others_that_repeat_it_are_named_not_removed(story: Story) -> None:
    dana = await _agent(story)
    conversation_id, _, said = await _told_story(story)
    await story.accepts(dana, conversation_id)
    repeated = await story.desk.agent_says(dana, conversation_id, f"You said: {SAID}")
    done = await _write(story, lambda session: cases.redact_message(session, said.id, dana))
    assert done.repeated_in == (repeated.id,)
    await _write(story, lambda session: cases.redact_message(session, repeated.id, dana))
    assert await found_in(story.desk.database, CANARY) == []


async def test_our_own_words_are_taken_back_where_the_channel_lets_us(story: Story) -> None:
    dana = await _agent(story)
    conversation_id = await story.customer("Hello?", who="42:778", channel="telegram")
    await story.hands_over(conversation_id)
    await story.accepts(dana, conversation_id)
    async with story.desk.database.read() as session:
        theirs = (await ledger.messages(session, conversation_id))[0]
    said = await story.desk.agent_says(dana, conversation_id, f"The word is {CANARY}.")
    await story.settles()
    for message_id, taken_back in ((said.id, [said.id]), (theirs.id, [])):
        await story.desk.write(lambda session, one=message_id: cases.redact_message(session, one, dana))
        async with story.desk.database.read() as session:
            jobs = await session.scalars(select(OutboxItem).where(OutboxItem.job == "withdraw_delivered"))
            assert [item.body["message_id"] for item in jobs] == taken_back
        await story.settles()
    assert await found_in(story.desk.database, CANARY) == []


async def _with_file(story: Story) -> tuple[str, Attachment, Store]:
    store = Store(settings().attachments_url)
    conversation_id = await story.customer("Look at this.")
    content = f"This is {CANARY}.".encode()
    key = attachments.new_key(conversation_id)
    await store.put(key, content)

    async def keep(session: AsyncSession) -> Attachment:
        conversation = await session.get_one(Conversation, conversation_id)
        return await attachments.keep(session, conversation, attachments.check(f"{CANARY}.txt", content), key)

    kept = await story.desk.write(keep)
    await story.customer("Here.", attachments=(Attached(kept.id),))
    return conversation_id, kept, store


def _stored(home: Path) -> list[Path]:
    return [file for file in home.rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()]


async def test_a_redacted_file_is_in_no_store_and_its_name_nowhere(story: Story) -> None:
    dana = await _agent(story)
    conversation_id, kept, store = await _with_file(story)
    await story.hands_over(conversation_id)
    home = Path(settings().attachments_url)
    assert len(_stored(home)) == 1
    story.jobs["forget_file"] = Sweeper(story.desk.database, store).forget_file
    await _write(story, lambda session: cases.redact_file(session, kept.id, dana))
    assert _stored(home) == []
    assert await found_in(story.desk.database, CANARY) == []
    async with story.desk.database.read() as session:
        gone = await session.get_one(Attachment, kept.id)
        handover = (await session.scalars(select(Handover))).one()
    assert (gone.state, gone.name, gone.sha256, gone.store_key) == ("redacted", "removed", None, None)
    assert [one["state"] for one in handover.package["attachments"]] == ["redacted"]
    told = [one for one in story.desk.database.told if isinstance(one, AttachmentChanged)]  # type: ignore[attr-defined]
    assert [one.attachment_id for one in told] == [kept.id]


@pytest.mark.parametrize(
    ("carried", "left"),
    [
        ("He said my password is hummingbird blue at home.", "He said"),
        ("My password is hummingbird blu", ""),
        ("The router is broken.", "The router is broken."),
        ("My password works.", "My password works."),
    ],
)
def test_what_is_cut_is_what_only_these_words_say(carried: str, left: str) -> None:
    traces = Traces.of(["My password is hummingbird blue at home", ""], ["router"])
    assert traces.out_of(carried) == left


def test_what_is_the_products_own_word_is_never_cut() -> None:
    package = {"priority": "normal", "routing": {"team": "care"}, "title": "normal care"}
    assert Traces.of(["normal", "normal care"]).out_of_json(package) == {**package, "title": ""}


async def test_words_leave_fields_whatever_the_company_calls_them(story: Story) -> None:
    dana, boss = await _agent(story), await _agent(story, "Priya", Role.SUPERVISOR)
    _, ref, said = await _told_story(story)

    async def fill(session: AsyncSession) -> None:
        for name in ("name", "door_id", "told_at"):
            await case_fields.define(session, boss, topic="*", name=name, label="Said", kind="text")
            await case_fields.put(session, ref, Actor.of(dana), {name: SAID})
        other = await cases.open_case(
            session, await floor.hold(session, said.conversation_id), title="Two", topic="returns", actor=cases.SYSTEM
        )
        await cases.join(session, ref, other.ref, boss)

    await _write(story, fill)
    await _write(story, lambda session: cases.redact_message(session, said.id, boss))
    assert await found_in(story.desk.database, CANARY) == []


def test_erased_fields_are_empty_whatever_they_are_called() -> None:
    before = {"gained": {"fields": [{"name": SAID}, {"door_id": SAID}]}, "from": {"status": "open"}}
    assert blank(before) == {"gained": {"fields": [{"name": ""}, {"door_id": ""}]}, "from": {"status": "open"}}


async def _told_on(story: Story, later: str = "Hello again") -> tuple[str, str, Message]:
    """What was told in one conversation and carried into the next: both, and the message."""
    first = await story.customer(SAID)
    said = await _message(story, first)

    async def learn(session: AsyncSession) -> None:
        conversation = await floor.hold(session, first)
        message = await session.get_one(Message, said.id)
        known = [FoundFact("word", f"the {CANARY}", validated=True)]
        await facts.put(session, conversation, known, set_by="customer", source=message)
        conversation.floor, conversation.agent_id = Floor.CLOSED, None

    await _write(story, learn)
    await story.passes(days=3)
    second = await story.customer(later)
    assert second != first
    await story.hands_over(second)
    return first, second, said


async def test_what_was_carried_into_the_next_conversation_goes_there_too(story: Story) -> None:
    boss = await _agent(story, "Priya", Role.SUPERVISOR)
    _, second, said = await _told_on(story)
    before = await story.desk.conversation(second)
    await _write(story, lambda session: cases.redact_message(session, said.id, boss))
    assert await found_in(story.desk.database, CANARY) == []
    assert before.assistant_session in story.desk.assistant.forgotten


async def test_what_the_customer_said_again_in_the_next_conversation_stays_there(story: Story) -> None:
    boss = await _agent(story, "Priya", Role.SUPERVISOR)
    _, second, said = await _told_on(story, f"As I said, the {CANARY}")
    await _write(story, lambda session: cases.redact_message(session, said.id, boss))
    async with story.desk.database.read() as session:
        left = await facts.current(session, second)
    assert [one.value for one in left if one.name == "word"] == [f"the {CANARY}"]
