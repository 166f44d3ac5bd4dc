"""kill -9 of the hub: nothing acknowledged is lost, doubled or reordered, and every message is answered once.

The named steps are reached from outside: a hanging Rasa, a locked database, a window that hears nothing. No product
code knows of them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import httpx
import pytest

from tests.journeys.breakable import Breakable
from tests.support.customer import Customer
from tests.support.waiting import until

CHATTING_WITH_THE_BOT, WAITING_FOR_A_PERSON = 4, 16
KILLS = 5
SMALL_TALK = ("hello", "thanks a lot", "what can you do?", "are you a bot?")


@dataclass
class Account:
    """What became of every message. A message is lost when it was acknowledged or stored and did not arrive."""

    sent: int = 0
    acknowledged: int = 0
    stored: int = 0
    delivered: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in asdict(self).items())


async def test_five_kills_under_load_lose_double_and_reorder_nothing(
    stack: Breakable, several: Callable[[int], Awaitable[list[Customer]]], capsys: pytest.CaptureFixture[str]
) -> None:
    customers = await several(CHATTING_WITH_THE_BOT + WAITING_FOR_A_PERSON)
    for customer in customers[CHATTING_WITH_THE_BOT:]:
        await customer.asks_for_a_person()
        await customer.has_the_floor_with("queue")
    is_over = asyncio.Event()
    talks = [_talks(one, is_over, of=index) for index, one in enumerate(customers)]
    talking = asyncio.gather(*talks)
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(0.5, 2.0))
        await stack.dies("hub")
        await stack.comes_back("hub")
    is_over.set()
    await talking
    await _nothing_is_waiting(stack)

    account = Account()
    for customer in customers:
        await _adds_up(stack, customer, account)
    with capsys.disabled():
        print(f"\n{KILLS} kills: {account}")
    assert account.sent == account.acknowledged == account.stored > KILLS * len(customers) // 2
    assert (account.lost, account.doubled, account.reordered) == (0, 0, 0)


async def _talks(customer: Customer, is_over: asyncio.Event, of: int) -> None:
    """Below the 120 messages a minute that one browser may send."""
    is_with_bot = of < CHATTING_WITH_THE_BOT
    number = 0
    while not is_over.is_set():
        await customer.says(SMALL_TALK[number % len(SMALL_TALK)] if is_with_bot else f"word {number} of customer {of}")
        number += 1
        await asyncio.sleep(random.uniform(1.0, 1.6) if is_with_bot else random.uniform(0.5, 0.8))


async def _nothing_is_waiting(stack: Breakable) -> None:
    async def look() -> bool:
        return not stack.rows("SELECT 1 FROM outbox WHERE lane = 'turn' AND NOT is_dead")

    await until(look, "the outbox to be empty")


async def _adds_up(stack: Breakable, customer: Customer, account: Account) -> None:
    conversation = await customer.conversation()
    everything = stack.rows(
        "SELECT id, client_ref, seq, author, in_reply_to, text FROM messages"
        " WHERE conversation_id = ? AND audience = 'everyone' ORDER BY seq",
        conversation,
    )
    await customer.has_read_up_to(everything[-1][2])
    by_ref = Counter(row[1] for row in everything if row[1] in set(customer.sent))
    order = [row[1] for row in everything if row[1] in by_ref]
    arrived = [one.id for one in customer.arrived]
    seqs = [one.seq for one in customer.arrived]
    answers = Counter((row[4], row[5]) for row in everything if row[4])
    account.sent += len(customer.sent)
    account.acknowledged += len(customer.acknowledged)
    account.stored += len(by_ref)
    account.delivered += len({row[0] for row in everything} & set(arrived))
    account.lost += len(set(customer.acknowledged) - set(by_ref)) + len({row[0] for row in everything} - set(arrived))
    account.doubled += (
        sum(count - 1 for count in [*by_ref.values(), *answers.values()]) + len(arrived) - len(set(arrived))
    )
    account.reordered += (order != customer.sent) + (seqs != sorted(seqs))
    _is_answered_or_owned(stack, conversation)


def _is_answered_or_owned(stack: Breakable, conversation: str) -> None:
    [(floor,)] = stack.rows("SELECT floor FROM conversations WHERE id = ?", conversation)
    unanswered = stack.rows("SELECT id FROM turns WHERE conversation_id = ? AND status <> 'answered'", conversation)
    assert floor == "queue" or not unanswered


async def test_killed_after_a_message_was_received_and_before_it_is_stored(stack: Breakable, maya: Customer) -> None:
    await maya.says("hello")
    await maya.is_answered()
    conversation = await maya.conversation()
    with stack.locked():
        saying = asyncio.create_task(maya.says("what can you do?"))
        # Nothing shows from outside that the frame is inside; half a second is ample, and less would only test less.
        await asyncio.sleep(0.5)
        await stack.dies("hub")
    assert not _stored(stack, "what can you do?", conversation)
    await stack.comes_back("hub")
    await saying
    await _is_there_and_answered_once(stack, maya, "what can you do?")


async def test_killed_after_a_message_was_stored_and_before_it_is_acknowledged(
    stack: Breakable, maya: Customer
) -> None:
    await maya.says("hello")
    await maya.is_answered()
    maya.is_deaf = True
    saying = asyncio.create_task(maya.says("what can you do?"))
    await stack.has_row("SELECT 1 FROM messages WHERE client_ref = ?", await maya.last_sent())
    await stack.dies("hub")
    maya.is_deaf = False
    await stack.comes_back("hub")
    await saying
    await _is_there_and_answered_once(stack, maya, "what can you do?")


async def test_killed_after_a_turn_was_claimed(stack: Breakable, maya: Customer) -> None:
    await maya.says("hello")
    await maya.is_answered()
    async with stack.frozen("rasa"):
        await maya.says("what can you do?")
        await stack.is_asking_the_assistant(maya)
        await stack.dies("hub")
    await stack.comes_back("hub")
    await _is_there_and_answered_once(stack, maya, "what can you do?")


async def test_killed_after_the_bot_answered_and_before_the_answer_is_stored(stack: Breakable, maya: Customer) -> None:
    """The turn that makes a return: it is made once, and the customer hears its number once."""
    await maya.says("I want to return my TV Box 4K, account 10006, postcode 48106, we don't need it any more")
    await maya.hears("how should it get back")
    await maya.says("pick it up at 14 Elm Street, Brightwater 48210")
    await maya.hears("when suits you")
    await maya.presses("08:00 to 12:00")
    await maya.hears("shall I set it up")
    [(session,)] = stack.rows("SELECT assistant_session FROM conversations WHERE id = ?", await maya.conversation())
    said_so_far = len(_bot_events(stack, session))
    with ExitStack() as held:
        async with stack.frozen("rasa"):
            await maya.presses("Yes, set it up")
            await stack.is_asking_the_assistant(maya)
            held.enter_context(stack.locked())
        # Rasa goes on, for it has a database of its own; the hub can store nothing.
        await until(lambda: _has_more(stack, session, said_so_far), "Rasa to have answered")
        await stack.dies("hub")
    await stack.comes_back("hub")
    done = await maya.hears("your return number is RN-")
    await _nothing_is_waiting(stack)
    assert len(_stored(stack, "Yes, set it up", await maya.conversation())) == 1
    assert len([one for one in maya.arrived if "your return number is" in one.text.lower()]) == 1
    assert done.link
    await _has_one_return(stack, "10006")
    assert maya.floors == ["bot"]


async def test_killed_after_an_answer_was_stored_and_before_it_is_sent(stack: Breakable, maya: Customer) -> None:
    await maya.says("hello")
    await maya.is_answered()
    acknowledged = await maya.says("what can you do?", and_hears_no_more=True)
    await stack.has_row("SELECT 1 FROM messages WHERE in_reply_to = ?", acknowledged["message_id"])
    await stack.dies("hub")
    assert not maya.replies
    maya.is_deaf = False
    await stack.comes_back("hub")
    await _is_there_and_answered_once(stack, maya, "what can you do?")


async def test_killed_after_an_answer_was_sent_and_before_its_turn_is_marked_as_done(
    stack: Breakable, maya: Customer
) -> None:
    await maya.says("hello")
    await maya.is_answered()
    conversation = await maya.conversation()
    stack.change("CREATE TRIGGER keep BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'kept'); END")
    try:
        await maya.says("what can you do?")
        await maya.is_answered()
        await stack.dies("hub")
    finally:
        stack.change("DROP TRIGGER keep")
    assert stack.rows("SELECT 1 FROM outbox WHERE conversation_id = ?", conversation)
    await stack.comes_back("hub")
    await _is_there_and_answered_once(stack, maya, "what can you do?")


async def _is_there_and_answered_once(stack: Breakable, maya: Customer, text: str) -> None:
    await maya.is_answered()
    await _nothing_is_waiting(stack)
    conversation = await maya.conversation()
    [(message_id,)] = _stored(stack, text, conversation)
    answers = stack.rows("SELECT id, text FROM messages WHERE in_reply_to = ?", message_id)
    assert answers
    assert len({words for _, words in answers}) == len(answers), answers
    assert len([one for one in maya.arrived if one.text == text]) == 1
    assert {one.id for one in maya.arrived} >= {answer for answer, _ in answers}
    assert [one.seq for one in maya.arrived] == sorted(one.seq for one in maya.arrived)
    _is_answered_or_owned(stack, conversation)
    assert maya.floors == ["bot"], maya.transcript


def _stored(stack: Breakable, text: str, conversation: str) -> list[tuple[str]]:
    return stack.rows("SELECT id FROM messages WHERE conversation_id = ? AND text = ?", conversation, text)


def _bot_events(stack: Breakable, session: str) -> list[tuple[str]]:
    query = "SELECT id FROM events WHERE sender_id = ? AND action_name = 'action_listen'"
    return stack.rows(query, session, file="tracker.db")


async def _has_more(stack: Breakable, session: str, than: int) -> bool:
    return len(_bot_events(stack, session)) > than


async def _has_one_return(stack: Breakable, account: str) -> None:
    async with httpx.AsyncClient(base_url=stack.ports.urls["company"], trust_env=False) as company:
        found = (await company.get("/returns", params={"account_number": account})).raise_for_status().json()
    made = found["returns"] if isinstance(found, dict) else found
    assert len(made) == 1, made
