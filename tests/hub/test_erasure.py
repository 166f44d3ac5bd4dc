"""The right to be forgotten: a person is nowhere any more, the numbers still add up."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, conversations, floor
from handoff.errors import IllegalMove, NotAllowed, NotFound
from handoff.models import (
    Agent,
    Attachment,
    Base,
    Case,
    CaseEvent,
    Conversation,
    Customer,
    Delivery,
    Identity,
    Message,
    Role,
    Survey,
    Turn,
)
from handoff.ports import Inbound
from handoff.settings import settings
from handoff.store import Store
from handoff.uploads import Sweeper
from tests.hub.caring import Story
from tests.hub.test_redaction import CANARY, _told_story, found_in


async def _boss(story: Story, role: Role = Role.SUPERVISOR) -> Agent:
    made = await story.desk.agent("Sam", ("care",))

    async def promote(session: AsyncSession) -> Agent:
        agent = await session.get_one(Agent, made.id)
        agent.role = role
        return agent

    return await story.desk.write(promote)


async def _erase(story: Story, conversation_id: str, agent: Agent) -> cases.Erased:
    conversation = await story.desk.conversation(conversation_id)
    done = await story.desk.write(lambda session: cases.erase_customer(session, conversation.customer_id, agent))
    await story.settles()
    return done


async def _numbers(story: Story) -> list[int]:
    async with story.desk.database.read() as session:
        counted = [select(func.count()).select_from(kind) for kind in (Message, Turn, Delivery, Survey)]
        return [int(await session.scalar(one) or 0) for one in counted]


async def test_an_erased_customer_is_in_no_table_no_file_and_no_store(story: Story) -> None:
    boss = await _boss(story)
    conversation_id, ref, _ = await _told_story(story)
    store = Store(settings().attachments_url)
    key = attachments.new_key(conversation_id)
    story.jobs["forget_file"] = Sweeper(story.desk.database, store).forget_file
    await store.put(key, f"This is {CANARY}.".encode())

    async def more(session: AsyncSession) -> None:
        conversation = await session.get_one(Conversation, conversation_id)
        customer = await session.get_one(Customer, conversation.customer_id)
        customer.name, customer.account_number = f"Maya {CANARY}", f"10042-{CANARY}"
        identity = await session.get_one(Identity, conversation.identity_id)
        identity.external_id = f"browser-{CANARY}"
        await attachments.keep(session, conversation, attachments.check(f"{CANARY}.txt", CANARY.encode()), key)
        await cases.add_note(session, ref, cases.Actor.of(boss), f"Maya said {CANARY} to me.")
        await cases.ask_exception(
            session, ref, boss, "credit", f"Because {CANARY}.", amount_cents=500, details={"account_number": CANARY}
        )

    await story.desk.write(more)
    await story.settles()
    await story.accepts(boss, conversation_id)
    await story.agent(boss, conversation_id, f"I see, {CANARY} it is.")
    before = await _numbers(story)
    async with story.desk.database.read() as session:
        events_before = await session.scalar(select(func.count()).select_from(CaseEvent))
    erased = await _erase(story, conversation_id, boss)
    assert await found_in(story.desk.database, CANARY) == []
    assert await _numbers(story) == before
    assert (erased.customers, erased.conversations, erased.messages) == (1, 1, before[0])
    async with story.desk.database.read() as session:
        case = await cases.get(session, ref)
        history = await cases.history(session, case.id)
        files = list(await session.scalars(select(Attachment)))
        conversation = await conversations.get(session, conversation_id)
    assert (case.title, case.status, history[-1].kind) == ("Erased", "resolved", "erased")
    assert len(history) == (events_before or 0) + 1
    assert cases.replay(history)["status"] == "resolved"
    assert (conversation.floor, conversation.carried, conversation.agent_id) == ("closed", {}, None)
    assert [file.state for file in files] == ["redacted"]
    assert len(story.desk.assistant.forgotten) == 1


async def test_the_same_browser_is_somebody_new_afterwards(story: Story) -> None:
    boss = await _boss(story)
    conversation_id, _, _ = await _told_story(story)
    await _erase(story, conversation_id, boss)
    again = await story.customer("Hello.")
    assert again != conversation_id
    async with story.desk.database.read() as session:
        old, new = await conversations.get(session, conversation_id), await conversations.get(session, again)
    assert old.customer_id != new.customer_id


async def test_everybody_who_is_this_person_is_erased_and_nobody_else(story: Story) -> None:
    boss = await _boss(story)
    conversation_id, _, _ = await _told_story(story)
    phone = await story.customer(f"It is me, {CANARY}.", who="778", channel="telegram")
    other = await story.customer("I am somebody else.", who="jonas")

    async def same(session: AsyncSession) -> None:
        from handoff import customers

        identity = await conversations.identity_for(session, Inbound("telegram", "778", "x", "x"))
        conversation = await floor.hold(session, conversation_id)
        await customers.join(session, identity, conversation.customer_id, "agent", boss)

    await story.desk.write(same)
    erased = await _erase(story, phone, boss)
    assert (erased.customers, erased.conversations) == (2, 2)
    assert await found_in(story.desk.database, CANARY) == []
    assert ("customer", "everyone", "I am somebody else.") in await story.desk.words(other)


async def test_every_session_the_assistant_ever_had_of_them_is_forgotten(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLONCE_ASSISTANT_SESSION_TURNS", "1")
    settings.cache_clear()
    boss = await _boss(story)
    known_as = []
    for words in ("My box is broken.", "It blinks red.", "And now it is dark."):
        conversation_id = await story.customer(words)
        known_as.append((await story.desk.conversation(conversation_id)).assistant_session)
    await story.hands_over(conversation_id)
    await story.accepts(boss, conversation_id)
    await story.gives_back(boss, conversation_id)
    known_as.append((await story.desk.conversation(conversation_id)).assistant_session)
    asked = [one.sender for one in story.desk.assistant.requests]
    assert len({*asked, *known_as}) > 3
    await _erase(story, conversation_id, boss)
    assert {*asked, *known_as} <= set(story.desk.assistant.forgotten)
    story.desk.assistant.forgotten.clear()
    await story.passes(minutes=2)
    assert known_as[-1] in story.desk.assistant.forgotten, "what a late turn wrote is forgotten, too"


async def test_nothing_begins_again_with_an_erased_customer(story: Story) -> None:
    boss = await _boss(story)
    conversation_id = await story.customer("My box is broken, and my bill is wrong.")
    first = await story.hands_over(conversation_id)
    await story.customer("The bill is too high.")
    await story.customer("The box blinks.")
    async with story.desk.database.read() as session:
        *_, chosen, _ = await cases.words_of(session, (await cases.get(session, first)).id)
    new = await story.desk.write(lambda session: cases.split(session, first, boss, [chosen.id], title="Bill"))
    joined = await story.desk.write(lambda session: cases.join(session, new.ref, first, boss))
    await _erase(story, conversation_id, boss)
    for step in (
        lambda session: cases.undo(session, joined.id, boss),
        lambda session: cases.split(session, first, boss, [chosen.id], title="Again"),
        lambda session: cases.reopen(session, first, cases.SYSTEM, "Broken again"),
        lambda session: cases.reopen_or_follow_up(session, first, cases.ASSISTANT, "Broken again"),
    ):
        with pytest.raises(IllegalMove, match="was erased"):
            await story.desk.write(step)
    await story.passes(days=30)
    with pytest.raises(IllegalMove, match="was erased"):
        await story.desk.write(lambda session: cases.reopen_or_follow_up(session, first, cases.ASSISTANT, "Again"))
    async with story.desk.database.read() as session:
        states = list(await session.scalars(select(Case.status).order_by(Case.id)))
    assert states == ["resolved", "joined"]


async def test_only_supervisors_erase(story: Story) -> None:
    dana = await _boss(story, Role.AGENT)
    conversation_id, _, _ = await _told_story(story)
    with pytest.raises(NotAllowed):
        await _erase(story, conversation_id, dana)
    assert await found_in(story.desk.database, CANARY) != []


async def test_erasing_nobody_is_refused(story: Story) -> None:
    boss = await _boss(story)
    with pytest.raises(NotFound):
        await story.desk.write(lambda session: cases.erase_customer(session, "nobody", boss))


KNOWN = {
    "case_tags", "articles", "agents", "agent_sessions", "api_tokens", "canned_answers", "calendars", "teams", "skills",
    "routes", "triggers", "clock_targets", "clocks", "case_fields", "saved_views", "partners", "endpoints",
    "webhooks_seen", "exception_limits", "joins", "case_conversations", "case_links", "case_watchers",
}  # fmt: skip
"""Tables that hold nothing a customer said: what the company set up, and what is only ids and numbers."""


def test_every_table_is_erased_from_or_known_to_hold_nobody() -> None:
    from pathlib import Path

    source = Path("handoff/cases/erasures.py").read_text(encoding="utf-8")
    mapped = {mapper.local_table.name: mapper.class_.__name__ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
    forgotten = {table for table, name in mapped.items() if name not in source} - KNOWN - {"case_texts"}
    assert forgotten == set()
