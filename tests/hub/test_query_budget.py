"""What a message, a list and a page cost in statements: the same with a thousand rows as with ten."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from bench.cases.data import fill, reference
from handoff import cases, casework, clock, demo, handovers
from handoff.assistants.scripted import saying
from handoff.desk import case_list_reads, case_panels, case_reads, lists, message_reads, reads
from handoff.desk.pages import Me, Queue
from handoff.models import Case, Message, OutboxItem, new_id
from tests.hub.caring import Story
from tests.hub.conftest import Desk
from tests.hub.statements import counted

RECEIVE, RECEIVE_WITH_FACTS, SAY, LIST, OPEN, OPEN_CASE = 6, 8, 6, 5, 8, 8
PANELS = 15
"""What stands beside a case with nothing in its panels: the second request of an opened page."""
FULL_PANELS = 20
"""The same for the fullest case of the demo day. The bar is one statement a panel; not reached yet."""


@pytest.fixture(params=[10, 1000])
async def busy(request: pytest.FixtureRequest, desk: Desk) -> tuple[Desk, str]:
    """A conversation with an answered turn and so many messages behind it."""
    desk.assistant.script = lambda request: saying("What is your order number?", question="order_number")
    receipt = await desk.customer_says("hello")
    await desk.run_outbox()
    now, conversation_id = clock.now(), receipt.conversation_id
    rows = [
        {
            "id": new_id(),
            "conversation_id": conversation_id,
            "seq": number,
            "author": "customer",
            "text": f"word {number}",
            "buttons": [],
            "channel": "web",
            "epoch": 1,
            "created_at": now,
        }
        for number in range(3, request.param)
    ]

    async def fill(session: Any) -> None:
        await session.execute(insert(Message), rows)
        conversation = await session.get_one(type(await desk.conversation(conversation_id)), conversation_id)
        conversation.last_seq = request.param - 1

    await desk.write(fill)
    return desk, conversation_id


async def test_a_message_is_received_within_its_budget(busy: tuple[Desk, str]) -> None:
    desk, _ = busy
    with counted(desk.database) as seen:
        await desk.customer_says("My internet is slow")
    assert len(seen) <= RECEIVE, seen
    with counted(desk.database) as seen:
        await desk.customer_says("It is F-20418")
    assert len(seen) <= RECEIVE_WITH_FACTS, seen


async def test_an_agent_speaks_within_the_budget(busy: tuple[Desk, str]) -> None:
    desk, conversation_id = busy
    dana = await desk.agent()
    await desk.write(lambda session: handovers.take_over(session, conversation_id, dana))
    seq = (await desk.conversation(conversation_id)).last_seq
    with counted(desk.database) as seen:
        await desk.agent_says(dana, conversation_id, "One moment", client_ref="agent-ref-1", seen_seq=seq)
    assert len(seen) <= SAY, seen


async def test_pages_are_read_within_their_budget(busy: tuple[Desk, str]) -> None:
    desk, conversation_id = busy
    dana = await desk.agent()
    await desk.write(lambda session: handovers.take_over(session, conversation_id, dana))
    me = Me(dana.id, dana.name, dana.role, tuple(dana.teams), dana.presence, dana.capacity, "csrf")
    async with desk.database.read() as session:
        with counted(desk.database) as listing:
            await lists.conversations(session, me, Queue.MINE, "word")
        with counted(desk.database) as opening:
            page = await reads.conversation(session, me, conversation_id, Queue.MINE, "Fern")
    assert len(listing) <= LIST, listing
    assert len(opening) <= OPEN, opening
    assert len(page.messages) <= message_reads.MESSAGES


LISTS = (
    {},
    {"status": "any", "team": "mine", "sort": "unchanged"},
    {"assignee": "nobody", "due": "today"},
    {"tag": "vip", "status": "any"},
    {"search": "router", "status": "any"},
    {"search": "rout", "status": "any", "tag": "vip"},
)


@pytest.fixture(params=[10, 16_000])
async def many(request: pytest.FixtureRequest, desk: Desk) -> tuple[Desk, Me, str]:
    """So many cases, of which 16,000 have more than 100,000 rows, and one of them."""
    dana = await desk.agent()
    await fill(desk.database, request.param)
    me = Me(dana.id, dana.name, dana.role, tuple(dana.teams), dana.presence, dana.capacity, "csrf")
    return desk, me, reference(1)


async def test_a_list_of_cases_costs_the_same_however_many_there_are(many: tuple[Desk, Me, str]) -> None:
    desk, me, _ = many
    for address in LISTS:
        async with desk.database.read() as session:
            with counted(desk.database) as seen:
                await case_list_reads.listed(session, me, address)
        assert len(seen) <= LIST, (address, seen)


async def test_a_case_is_opened_and_answered_at_the_same_cost_however_many_there_are(
    many: tuple[Desk, Me, str],
) -> None:
    desk, me, ref = many
    async with desk.database.read() as session:
        with counted(desk.database) as opening:
            await case_reads.one(session, me, ref, assistant="Fern", with_panels=False)
        case = await cases.get(session, ref)
        conversation_id = (await cases.conversation_ids(session, case))[0]
    async with desk.database.read() as session:
        with counted(desk.database) as panels:
            await case_panels.one(session, me, ref)
    assert len(opening) <= OPEN_CASE, opening
    assert len(panels) <= PANELS, panels
    dana = await desk.agent("Dana Again")
    await desk.write(lambda session: handovers.take_over(session, conversation_id, dana))
    with counted(desk.database) as saying:
        await desk.agent_says(dana, conversation_id, "One moment", client_ref="agent-ref-1")
    assert len(saying) <= SAY, saying


async def test_a_case_with_everything_in_it_is_opened_within_the_budget(desk: Desk) -> None:
    await demo.seed_all(desk.database)
    dana = await desk.agent("Dana Again")
    me = Me(dana.id, dana.name, dana.role, tuple(dana.teams), dana.presence, dana.capacity, "csrf")
    async with desk.database.read() as session:
        refs = list(await session.scalars(select(Case.ref)))
    for ref in refs:
        async with desk.database.read() as session:
            with counted(desk.database) as opening:
                await case_reads.one(session, me, ref, assistant="Fern", with_panels=False)
        async with desk.database.read() as session:
            with counted(desk.database) as panels:
                await case_panels.one(session, me, ref)
        assert len(opening) <= OPEN_CASE, (ref, opening)
        assert len(panels) <= FULL_PANELS, (ref, panels)


FOLLOW_WORDS, FOLLOW_FIRST_WORDS, FOLLOW_ANSWER = 6, 11, 9
"""What follows from a customer's words while a reply clock runs, from those that begin one, and from an answer that
ends it: the clock, the ledger of effort and the text the case is found by."""


async def _followed(story: Story) -> list[tuple[str, Any]]:
    """The statements that follow what was just stored."""
    waiting = select(OutboxItem).where(OutboxItem.lane == "case").order_by(OutboxItem.id)
    async with story.desk.database.read() as session:
        (item,) = await session.scalars(waiting)
    with counted(story.desk.database) as seen:
        await story.desk.write(lambda session: casework.follow(session, item))
    await story.settles()
    return seen


async def test_what_follows_from_a_message_is_done_within_its_budget(story: Story) -> None:
    dana = await story.desk.agent()
    thread = await story.customer("my router blinks, account 10077")
    await story.hands_over(thread)
    await story.accepts(dana, thread)
    await story.agent(dana, thread, "Let me look.")
    for budget, words in ((FOLLOW_FIRST_WORDS, "is there any news?"), (FOLLOW_WORDS, "it is order F-20418")):
        await story.passes(minutes=1)
        await story.desk.customer_says(words)
        seen = await _followed(story)
        assert len(seen) <= budget, seen
    await story.passes(minutes=1)
    await story.desk.agent_says(dana, thread, "It works again.")
    seen = await _followed(story)
    assert len(seen) <= FOLLOW_ANSWER, seen
