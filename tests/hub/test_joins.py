"""Handles that are one person's: joined by proof, suggested by facts, and parted again without losing a word."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, conversations, customers, events, facts, floor, handovers, joins
from handoff.assistants.scripted import saying
from handoff.errors import BadInput, Conflict, NotAllowed
from handoff.finding import search
from handoff.handovers import hand_over
from handoff.models import (
    Agent,
    Attachment,
    Case,
    Conversation,
    Customer,
    Fact,
    Identity,
    Join,
    Message,
    OutboxItem,
    Role,
    Turn,
)
from handoff.package import HandoverRequest, Issue
from handoff.ports import Attached, Floor, FoundFact, TurnRequest, TurnResult
from tests.hub.caring import Story
from tests.hub.conftest import Desk, an_empty_database
from tests.hub.people import People


@pytest.fixture
def people(desk: Desk) -> People:
    return People(desk)


async def waiting(desk: Desk, conversation_id: str, team: str = "billing") -> str:
    """Ask for a person; back with the case."""
    request = HandoverRequest(
        conversation_id=conversation_id,
        idempotency_key=f"wait-{conversation_id}",
        reason_code="asked",
        issue=Issue(title="My bill"),
        team=team,
    )
    return (await desk.write(lambda session: hand_over(session, request))).case_ref


async def confirmed(desk: Desk, conversation_id: str, name: str, value: str) -> None:
    """What the company's systems say."""

    async def step(session: AsyncSession) -> None:
        from handoff import floor

        conversation = await floor.hold(session, conversation_id)
        await facts.put(session, conversation, [FoundFact(name, value, validated=True)], set_by="action")

    await desk.write(step)


async def test_a_joined_handle_speaks_in_the_conversation_and_keeps_its_channel(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "hello")
    await people.joined("maya@console", web)
    assert await people.says("maya@console", "from elsewhere") == web
    words = await people.ledger(web)
    assert [(one.channel, one.text) for one in words] == [("web", "hello"), ("console", "from elsewhere")]
    conversation = await desk.conversation(web)
    assert conversation.channel == "console"


async def test_words_sent_again_across_a_join_are_stored_once(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "hello")
    old = await people.says("maya@console", "already said", ref="same-reference")
    await people.joined("maya@console", web)
    await people.says("maya@console", "already said", ref="same-reference")
    assert await people.words(web) == ["hello"]
    assert await people.words(old, "customer") == ["already said"]


async def test_parting_gives_each_side_its_own_words_files_facts_and_turns(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "Hello, order F-20418")
    await desk.run_outbox()
    made = await people.joined("sam@console", web)
    photo = (Attached(source="photo-1", name="box.jpg", media_type="image/jpeg", size_bytes=10),)
    await people.says("sam@console", "mine is order F-33333", attachments=photo)
    await desk.run_outbox()
    await people.says("maya@web", "and F-20419 too")
    await people.parted(made, dana)
    own = await people.conversation("sam@console")
    assert own is not None
    assert own.id != web
    assert await people.words(own.id, "customer") == ["mine is order F-33333"]
    assert await people.words(web, "customer") == ["Hello, order F-20418", "and F-20419 too"]
    assert (await people.facts(own.id))["order_number"] == "F-33333"
    async with desk.database.read() as session:
        orders = await session.scalars(
            select(Fact.value).where(Fact.conversation_id == web, Fact.name == "order_number")
        )
        assert set(orders) == {"F-20418", "F-20419"}
        assert (await session.scalars(select(Attachment.conversation_id))).all() == [own.id]
        turns = await session.execute(select(Turn.conversation_id, Message.text).join(Message))
        assert {text: where for where, text in turns}["mine is order F-33333"] == own.id
    assert await people.says("sam@console", "still here") == own.id
    assert await people.says("maya@web", "me too") == web
    assert (await desk.conversation(web)).channel == "web"


async def test_what_both_told_stays_with_both(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    made = await people.joined("sam@console", web)
    await people.says("sam@console", "order F-20418")
    await people.says("maya@web", "yes, order F-20418")
    await people.parted(made, dana)
    own = await people.conversation("sam@console")
    assert own
    assert (await people.facts(own.id))["order_number"] == (await people.facts(web))["order_number"] == "F-20418"


async def test_an_account_only_the_newcomer_proved_leaves_with_them(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    await desk.run_outbox()
    made = await people.joined("sam@console", web)
    desk.assistant.script = lambda request: saying(
        "Thanks, Sam.", facts=(FoundFact("account_number", "10077", validated=True),)
    )
    await people.says("sam@console", "my bill please")
    await desk.run_outbox()
    own = await people.conversation("sam@console")
    assert own
    assert own.id == web
    await people.parted(made, dana)
    own = await people.conversation("sam@console")
    assert own
    async with desk.database.read() as session:
        assert (await session.get_one(Customer, own.customer_id)).account_number == "10077"
        assert (await session.get_one(Customer, (await desk.conversation(web)).customer_id)).account_number is None
    assert "account_number" not in await people.facts(web)


async def test_unanswered_words_that_move_are_answered_where_they_went(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    await desk.run_outbox()
    made = await people.joined("sam@console", web)
    await people.says("sam@console", "is anybody there?")
    await people.parted(made, dana)
    await desk.run_outbox()
    own = await people.conversation("sam@console")
    assert own
    assert len(await people.words(own.id, "assistant")) == 1
    assert len(await people.words(web, "assistant")) == 1


async def test_a_late_answer_to_words_that_moved_is_not_said_on_the_wrong_side(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    await desk.run_outbox()
    made = await people.joined("sam@console", web)
    await people.says("sam@console", "a secret of mine")

    async def answer(request: TurnRequest) -> TurnResult:
        await people.parted(made, dana)
        return saying("About your secret: …")

    desk.assistant.answer = answer  # type: ignore[method-assign]
    (item,) = [one for one in await desk.pending() if one.job == "ask_assistant"]
    await desk.turns.ask(item)
    assert not any("secret" in text for text in await people.words(web))


async def test_open_pages_of_both_sides_are_told(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    old = await people.says("sam@console", "hi")
    made = await people.joined("sam@console", web)
    await people.says("sam@console", "more")
    desk.database.told.clear()  # type: ignore[attr-defined]
    await people.parted(made, dana)
    told = desk.database.told  # type: ignore[attr-defined]
    assert {one.conversation_id for one in told if isinstance(one, events.WordsMoved)} == {web, old}
    assert {one.conversation_id for one in told if isinstance(one, events.PersonChanged)} == {web, old}


async def test_whoever_waited_on_the_other_side_goes_along_with_their_place(desk: Desk, people: People) -> None:
    await desk.agent()
    web = await people.says("maya@web", "hello")
    old = await people.says("maya@console", "a person please")
    ref = await waiting(desk, old)
    async with desk.database.read() as session:
        since = (await handovers.current(session, old)).created_at  # type: ignore[union-attr]
    await people.joined("maya@console", web)
    assert (await desk.conversation(old)).floor == Floor.CLOSED
    assert (await desk.conversation(web)).floor == Floor.QUEUE
    async with desk.database.read() as session:
        now = await handovers.current(session, web)
        assert now
        assert (now.team, now.created_at) == ("billing", since)
        assert [one.ref for one in await cases.of_conversation(session, web)] == [ref]


async def test_parting_puts_whoever_waited_back_in_line(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    old = await people.says("sam@console", "a person please")
    ref = await waiting(desk, old)
    made = await people.joined("sam@console", web)
    await people.parted(made, dana)
    assert (await desk.conversation(old)).floor == Floor.QUEUE
    async with desk.database.read() as session:
        assert [one.ref for one in await cases.of_conversation(session, old)] == [ref]
        assert list(await cases.of_conversation(session, web)) == []


async def test_an_agent_on_the_other_side_goes_along(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    old = await people.says("maya@console", "a person please")
    await waiting(desk, old)
    await desk.accept(old, dana)
    await people.joined("maya@console", web)
    now = await desk.conversation(web)
    assert (now.floor, now.agent_id) == (Floor.AGENT, dana.id)
    assert (await desk.conversation(old)).floor == Floor.CLOSED


async def test_two_desks_at_once_are_told_and_neither_loses_its_customer(desk: Desk, people: People) -> None:
    dana, sam = await desk.agent(), await desk.agent("Sam")
    web = await people.says("maya@web", "hello")
    old = await people.says("maya@console", "a person please")
    for conversation_id, agent in ((web, dana), (old, sam)):
        await waiting(desk, conversation_id)
        await desk.accept(conversation_id, agent)
    await people.joined("maya@console", web)
    assert (await desk.conversation(web)).agent_id == dana.id
    assert any("Sam had them there" in text for text in await people.words(web))
    assert any("goes on in another conversation" in text for text in await people.words(old))


async def test_a_person_the_newcomer_asked_for_is_asked_for_on_their_side(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    await desk.run_outbox()
    made = await people.joined("sam@console", web)
    await people.says("sam@console", "a person please")
    ref = await waiting(desk, web)
    await people.parted(made, dana)
    own = await people.conversation("sam@console")
    assert own
    assert own.floor == Floor.QUEUE
    assert (await desk.conversation(web)).floor == Floor.BOT
    async with desk.database.read() as session:
        (case,) = await cases.of_conversation(session, own.id)
        assert (case.ref, case.customer_id) == (ref, own.customer_id)


async def test_a_claimed_number_alone_suggests_nobody(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "my account number is 10042")
    await people.says("sam@console", "my account number is 10042")
    conversation = await desk.conversation(web)
    async with desk.database.read() as session:
        assert await joins.suggest(session, conversation) == ()


async def test_a_number_confirmed_on_one_side_is_suggested_with_its_reason(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "my account number is 10042")
    other = await people.says("sam@console", "my account number is 10042")
    await confirmed(desk, other, "account_number", "10042")
    async with desk.database.read() as session:
        (one,) = await joins.suggest(session, await desk.conversation(web))
    assert one.because == "Same account number 10042, confirmed by our systems there and only told here."
    await confirmed(desk, web, "account_number", "10042")
    async with desk.database.read() as session:
        (one,) = await joins.suggest(session, await desk.conversation(web))
    assert "in both" in one.because


async def test_two_customers_confirmed_as_one_are_shown_together_and_apart_again(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "my account number is 10042")
    other = await people.says("maya@console", "my account number is 10042")
    await confirmed(desk, other, "account_number", "10042")
    ref = await waiting(desk, other)
    here, there = await desk.conversation(web), await desk.conversation(other)
    (made,) = await desk.write(lambda session: joins.confirm(session, web, there.customer_id, dana))
    async with desk.database.read() as session:
        assert [one.ref for one in await cases.of_customer(session, here.customer_id)] == [ref]
        assert len(await customers.handles(session, here.customer_id)) == 2
        assert (await customers.known(session, here.customer_id)).account_number == "10042"
        assert await joins.suggest(session, here) == ()
    assert (await people.says("maya@web", "more"), await people.says("maya@console", "more")) == (web, other)
    await people.parted(made, dana)
    async with desk.database.read() as session:
        assert list(await cases.of_customer(session, here.customer_id)) == []
        (again,) = await joins.suggest(session, here)
    assert "parted again" in again.because


async def test_an_agent_may_bring_the_others_live_conversation_here(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "my account number is 10042")
    other = await people.says("maya@console", "my account number is 10042")
    await confirmed(desk, other, "account_number", "10042")
    customer = (await desk.conversation(other)).customer_id
    await desk.write(lambda session: joins.confirm(session, web, customer, dana, one_conversation=True))
    assert await people.says("maya@console", "here now") == web


async def test_nobody_joins_what_nothing_suggests(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web, other = await people.says("maya@web", "hello"), await people.says("sam@console", "hello")
    customer = (await desk.conversation(other)).customer_id
    with pytest.raises(BadInput):
        await desk.write(lambda session: joins.confirm(session, web, customer, dana))


async def test_an_agent_without_access_to_the_other_side_confirms_and_undoes_nothing(
    desk: Desk, people: People
) -> None:
    sam, kim = await desk.agent("Sam", ("network",)), await desk.agent("Kim", ("billing",))
    web = await people.says("maya@web", "my account number is 10042")
    other = await people.says("maya@console", "my account number is 10042")
    await confirmed(desk, other, "account_number", "10042")
    await waiting(desk, other, "billing")
    customer = (await desk.conversation(other)).customer_id
    with pytest.raises(NotAllowed):
        await desk.write(lambda session: joins.confirm(session, web, customer, sam))
    (made,) = await desk.write(lambda session: joins.confirm(session, web, customer, kim))
    with pytest.raises(NotAllowed):
        await desk.write(lambda session: joins.undo(session, made.id, sam))
    sam.role = Role.SUPERVISOR
    await desk.write(lambda session: joins.undo(session, made.id, sam))


async def test_a_conversation_another_agent_has_is_not_taken_from_them(desk: Desk, people: People) -> None:
    dana, sam = await desk.agent(), await desk.agent("Sam")
    web = await people.says("maya@web", "my account number is 10042")
    other = await people.says("maya@console", "my account number is 10042")
    await confirmed(desk, other, "account_number", "10042")
    await waiting(desk, other)
    await desk.accept(other, sam)
    customer = (await desk.conversation(other)).customer_id
    with pytest.raises(NotAllowed):
        await desk.write(lambda session: joins.confirm(session, web, customer, dana, one_conversation=True))


async def test_a_join_that_others_rest_on_is_undone_last(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    first, second = await people.says("maya@web", "one"), await people.says("sam@web", "two")
    made = await people.joined("maya@console", first)
    later = await people.joined("maya@console", second)
    with pytest.raises(Conflict):
        await people.parted(made, dana)
    await people.parted(later, dana)
    await people.parted(made, dana)
    await people.parted(made, dana)


# Every order of words

WHO = ("maya@web", "sam@console")
talk = st.lists(st.tuples(st.sampled_from(WHO), st.booleans(), st.integers(0, 3)), max_size=8)


class Together:
    """One desk on its own loop; hypothesis calls `part` from outside it."""

    def __init__(self, loop: asyncio.Runner, url: str) -> None:
        self.loop, self.url, self.numbers, self.stack = loop, url, count(), AsyncExitStack()

    async def open(self) -> None:
        database = await self.stack.enter_async_context(an_empty_database(self.url))
        self.desk = Desk(database)
        self.people = People(self.desk)
        self.dana = await self.desk.agent()

    def part(self, before: Any, during: Any, after: Any) -> None:
        self.loop.run(self._part(next(self.numbers), before, during, after))

    async def _part(self, number: int, before: Any, during: Any, after: Any) -> None:
        # Deliveries are nobody's here, and would crowd out turns.
        await self.desk.write(lambda session: session.execute(delete(OutboxItem)))
        names = {who: f"{number}-{who}" for who in WHO}
        self.said: dict[str, list[str]] = {who: [] for who in WHO}
        web = await self.people.says(names[WHO[0]], await self._next(WHO[0], 0))
        await self._talk(names, before)
        made = await self.people.joined(names[WHO[1]], web)
        await self._talk(names, during)
        together = await self.people.words(web, "customer")
        assert sorted(together) == sorted(set(together))
        await self.people.parted(made, self.dana)
        await self._talk(names, after)
        await self.desk.run_outbox()
        for who in WHO:
            await self._check(who, names[who])

    async def _next(self, who: str, order: int) -> str:
        words = f"{who} {len(self.said[who])}" + (f" order F-2041{order}" if order else "")
        self.said[who].append(words)
        return words

    async def _talk(self, names: dict[str, str], moves: Any) -> None:
        for who, is_answered, order in moves:
            await self.people.says(names[who], await self._next(who, order))
            if is_answered:
                await self.desk.run_outbox()

    async def _check(self, who: str, name: str) -> None:
        conversation = await self.people.conversation(name)
        assert conversation is not None or not self.said[who]
        if conversation is None:
            return
        rows = await self.people.ledger(conversation.id)
        assert [one.text for one in rows if one.author == "customer"] == self.said[who]
        assert [one.seq for one in rows] == sorted({one.seq for one in rows})
        assert all(one.channel == who.split("@")[1] for one in rows if one.author == "customer")
        answered = {one.in_reply_to for one in rows if one.author == "assistant"}
        assert answered == {one.id for one in rows if one.author == "customer"}
        orders = {words.split(" order ")[1] for words in self.said[who] if " order " in words}
        async with self.desk.database.read() as session:
            query = select(Fact.value).where(Fact.conversation_id == conversation.id, Fact.name == "order_number")
            assert set(await session.scalars(query)) == orders


def with_a_desk(url: str, body: Callable[[Together], None]) -> None:
    with asyncio.Runner() as loop:
        together = Together(loop, url)
        loop.run(together.open())
        try:
            body(together)
        finally:
            loop.run(together.stack.aclose())


def test_joining_and_parting_gives_each_side_exactly_its_own_in_order(database_url: str) -> None:
    examples = 40 if database_url.startswith("sqlite") else 10

    def body(together: Together) -> None:
        trying = settings(
            max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
        )
        trying(given(talk, talk, talk)(together.part))()

    with_a_desk(database_url, body)


async def test_after_a_parting_nobodys_words_stand_in_a_strangers_case(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    here = await people.says("maya@web", "I want to return a box")

    async def open_it(session: AsyncSession) -> Case:
        conversation = await floor.hold(session, here)
        return await cases.open_case(
            session, conversation, title="Box", topic="returns", actor=cases.ASSISTANT, first_seq=1
        )

    case = await desk.write(open_it)
    await people.says("noor@console", "Something else altogether")
    made = await people.joined("noor@console", here)
    await people.says("noor@console", "My account is 10042")
    await people.says("maya@web", "The box is heavy")
    await people.parted(made, dana)
    async with desk.database.read() as session:
        words = [one.text for one in await cases.words_of(session, case.id) if one.author == "customer"]
        told = [one.value for one in await cases.facts_of(session, case.id)]
        theirs = await conversations.of_identity(session, "console", "noor")
    assert words == ["I want to return a box", "The box is heavy"]
    assert "10042" not in told
    assert theirs is not None
    assert theirs.case_id is None


async def test_after_a_parting_a_case_neither_is_found_by_nor_counts_the_words_of_somebody_else(story: Story) -> None:
    dana = await story.desk.agent()
    here, there = await story.customer("my box is broken"), await story.customer("hello", who="noor")
    ref = await story.hands_over(here)
    made = await story.desk.write(lambda session: _taken_for(session, there, here, dana))
    await story.desk.write(lambda session: cases.talk_about(session, there, ref, dana))
    await story.customer("My account is 10042", who="noor")
    assert await _found(story, "10042") == [ref]
    assert (await story.case(ref)).contacts == 2
    await story.desk.write(lambda session: joins.undo(session, made.id, dana))
    assert await _found(story, "10042") == []
    await story.settles()
    assert await _found(story, "10042") == []
    assert await _found(story, "broken") == [ref]


async def _taken_for(session: AsyncSession, here: str, there: str, agent: Agent) -> Join:
    """Whoever writes in one conversation is the customer of the other, says an agent."""
    first, second = [await session.get_one(Conversation, one) for one in (here, there)]
    identity = await session.get_one(Identity, first.identity_id)
    made = await customers.join(session, identity, second.customer_id, "agent", agent)
    assert made is not None
    return made


async def _found(story: Story, typed: str) -> list[str]:
    async with story.desk.database.read() as session:
        return [one.ref for one in await search.find(session, typed)]


async def test_a_join_of_cases_falls_with_the_link_between_their_people(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    handles = [await people.says(name, "My box") for name in ("maya@web", "sam@console", "noor@web")]

    async def known_as(here: str, there: str) -> Join:
        return await desk.write(lambda session: _taken_for(session, here, there, dana))

    async def case_of(conversation_id: str) -> Case:
        async def step(session: AsyncSession) -> Case:
            conversation = await floor.hold(session, conversation_id)
            return await cases.open_case(
                session, conversation, title="Box", topic="returns", actor=cases.ASSISTANT, first_seq=1
            )

        return await desk.write(step)

    maya, sam, noor = handles
    await known_as(maya, sam)
    through_sam = await known_as(sam, noor)
    mayas, noors = await case_of(maya), await case_of(noor)
    await desk.write(lambda session: cases.join(session, mayas.ref, noors.ref, dana))
    await desk.write(lambda session: joins.undo(session, through_sam.id, dana))
    async with desk.database.read() as session:
        case = await cases.get(session, mayas.ref)
        words = [one.text for one in await cases.words_of(session, case.id) if one.author == "customer"]
    assert (case.status, case.joined_into_id, words) == ("open", None, ["My box"])
