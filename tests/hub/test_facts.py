"""Facts: what the ledger's words become, with what was asked in mind."""

from typing import Any

from handoff import facts, handovers, ledger
from handoff.assistants.scripted import Scripted, saying
from handoff.masking import MASK
from handoff.models import Fact
from tests.hub.conftest import Desk


async def known(desk: Desk, conversation_id: str) -> dict[str, list[str]]:
    """Values by name, newest first."""
    async with desk.database.read() as session:
        rows: list[Fact] = await facts.current(session, conversation_id)
    found: dict[str, list[str]] = {}
    for fact in rows:
        found.setdefault(fact.name, []).append(fact.value)
    return found


def asking(question: str | None, words: str = "Go on?", **parts: Any) -> Scripted:
    return Scripted(lambda request: saying(words, question=question, **parts))


async def test_the_bots_question_names_a_bare_answer(desk: Desk) -> None:
    desk.turns.assistant = asking("account_postcode")
    receipt = await desk.customer_says("hello")
    await desk.run_outbox()
    await desk.customer_says("10042")

    assert await known(desk, receipt.conversation_id) == {"postcode": ["10042"]}


async def test_an_agents_question_names_a_bare_answer_though_the_bot_asked_before(desk: Desk) -> None:
    desk.turns.assistant = asking("account_postcode")
    dana = await desk.agent()
    receipt = await desk.customer_says("hello")
    await desk.run_outbox()
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    await desk.agent_says(dana, receipt.conversation_id, "Hello! What's your account number?")
    await desk.customer_says("10042")

    assert await known(desk, receipt.conversation_id) == {"account_number": ["10042"]}


async def test_both_postcodes_of_a_move_stay_in_sight(desk: Desk) -> None:
    receipt = await desk.customer_says("I move from zip 48103")
    await desk.customer_says("to zip 48422")

    assert await known(desk, receipt.conversation_id) == {"postcode": ["48422", "48103"]}


async def test_the_assistant_gets_the_newest_of_several(desk: Desk) -> None:
    receipt = await desk.customer_says("zip 48103")
    await desk.customer_says("no, zip 48422")
    async with desk.database.read() as session:
        told = facts.for_assistant(await facts.current(session, receipt.conversation_id))

    assert told["postcode"]["value"] == "48422"


async def test_a_reference_gets_its_name_later_and_keeps_its_source(desk: Desk) -> None:
    receipt = await desk.customer_says("7304418265")
    await desk.customer_says("order number 7304418265")
    async with desk.database.read() as session:
        (fact,) = await facts.current(session, receipt.conversation_id)

    assert (fact.name, fact.source_message_id) == ("order_number", receipt.message_id)


async def test_a_slot_with_a_known_value_is_not_a_second_fact(desk: Desk) -> None:
    desk.turns.assistant = asking(None, slots={"account_number": "10042", "account_postcode": "48103"})
    receipt = await desk.customer_says("account 10042 in 48103")
    await desk.run_outbox()

    assert await known(desk, receipt.conversation_id) == {"postcode": ["48103"], "account_number": ["10042"]}


async def test_a_card_number_in_two_messages_is_never_whole_in_the_ledger(desk: Desk) -> None:
    receipt = await desk.customer_says("4111 1111")
    await desk.run_outbox()
    await desk.customer_says("1111 1111")

    words = [text for author, _, text in await desk.words(receipt.conversation_id) if author == "customer"]
    assert words == ["4111 1111", MASK]


async def test_a_card_number_reaches_neither_ledger_nor_assistant_nor_facts(desk: Desk) -> None:
    receipt = await desk.customer_says("pay with ４１１１-1111 1111\u200b1111 please")
    await desk.run_outbox()
    async with desk.database.read() as session:
        (message,) = await ledger.messages(session, receipt.conversation_id, limit=1)

    assert (message.text, message.is_masked) == (f"pay with {MASK} please", True)
    assert [request.text for request in desk.assistant.requests] == [message.text]
    assert await known(desk, receipt.conversation_id) == {}


def test_a_question_asks_for_the_facts_its_words_name() -> None:
    assert facts.names_asked("What's your account number?") == ["account_number"]
    assert facts.names_asked("Please give me the zip and your e-mail.") == ["email", "postcode"]
    assert facts.names_asked("Which e-mail address is it under?") == ["email"]
    assert facts.names_asked("I see your account number. Is there more?") == []
