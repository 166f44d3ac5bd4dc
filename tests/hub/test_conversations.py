import pytest

from handoff import conversations, handovers, ledger
from handoff.assistants.scripted import saying
from handoff.errors import BadInput, FloorTaken, StaleView
from handoff.ports import Audience, Button, Inbound, Wish, Words
from tests.hub.conftest import Desk


async def test_a_repeated_message_is_stored_once_and_asks_the_assistant_once(desk: Desk) -> None:
    first = await desk.customer_says("My router is dead", ref="r-1")
    again = await desk.customer_says("My router is dead", ref="r-1")
    assert (again.message_id, again.seq, again.is_new) == (first.message_id, first.seq, False)
    assert len(await desk.pending()) == 1


async def test_messages_of_a_conversation_are_numbered_without_gaps(desk: Desk) -> None:
    receipts = [await desk.customer_says(f"word {number}") for number in range(5)]
    assert [receipt.seq for receipt in receipts] == [1, 2, 3, 4, 5]


async def test_the_assistant_answers_and_the_customer_no_longer_waits(desk: Desk) -> None:
    receipt = await desk.customer_says("Hello")
    assert (await desk.conversation(receipt.conversation_id)).waiting_since is not None
    await desk.run_outbox()
    assert await desk.words(receipt.conversation_id) == [
        ("customer", "everyone", "Hello"),
        ("assistant", "everyone", "You said: Hello"),
    ]
    assert (await desk.conversation(receipt.conversation_id)).waiting_since is None


async def test_a_leading_slash_never_reaches_the_assistant_as_a_command(desk: Desk) -> None:
    await desk.customer_says("/restart")
    await desk.run_outbox()
    assert not desk.assistant.requests[0].text.lstrip().startswith("/")
    assert "restart" in desk.assistant.requests[0].text


async def test_only_a_button_the_hub_issued_can_be_pressed(desk: Desk) -> None:
    receipt = await desk.customer_says("Hello")
    with pytest.raises(BadInput, match="no longer there"):
        await desk.customer_says("", pressed=(receipt.message_id, 0))


async def test_empty_and_endless_words_are_refused_with_what_to_do(desk: Desk) -> None:
    with pytest.raises(BadInput, match="empty"):
        await desk.customer_says("   ")
    with pytest.raises(BadInput, match="in parts"):
        await desk.customer_says("x" * 4001)


async def test_a_card_number_is_gone_before_anything_is_stored(desk: Desk) -> None:
    receipt = await desk.customer_says("charge my card 4111 1111 1111 1111 please")
    assert "4111" not in receipt.text
    await desk.run_outbox()
    assert "1111" not in desk.assistant.requests[0].text


async def test_an_agent_without_the_floor_cannot_speak(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("Hello")
    with pytest.raises(FloorTaken):
        await desk.agent_says(dana, receipt.conversation_id, "Hi")


async def test_a_reply_on_a_stale_view_is_refused_and_names_what_came(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("I want a person", wish=Wish.PERSON)
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    seen = (await desk.conversation(receipt.conversation_id)).last_seq
    await desk.customer_says("It is urgent")
    with pytest.raises(StaleView, match="It is urgent"):
        await desk.agent_says(dana, receipt.conversation_id, "How can I help?", seen_seq=seen)
    said = await desk.agent_says(dana, receipt.conversation_id, "How can I help?")
    assert said.author == "agent"


async def test_sending_the_same_agent_words_twice_stores_them_once(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("Hello")
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    first = await desk.agent_says(dana, receipt.conversation_id, "Hi", client_ref="a-1")
    again = await desk.agent_says(dana, receipt.conversation_id, "Hi", client_ref="a-1")
    assert first.id == again.id


async def test_notes_are_never_for_the_customer(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("Hello")
    speaker = ledger.Speaker.of(dana)
    await desk.write(lambda session: ledger.note(session, receipt.conversation_id, speaker, "careful"))
    async with desk.database.read() as session:
        shown = await ledger.messages(session, receipt.conversation_id, audience=Audience.EVERYONE)
    assert [row.text for row in shown] == ["Hello"]


async def test_two_browsers_are_two_conversations(desk: Desk) -> None:
    one = await desk.customer_says("Hello", who="maya")
    other = await desk.customer_says("Hello", who="noor")
    assert one.conversation_id != other.conversation_id


async def test_a_forged_button_of_another_conversation_is_refused(desk: Desk) -> None:
    words = Words("Which?", (Button("Credit me", "/credit"),))
    desk.assistant.script = lambda request: saying("x", messages=(words,))
    mine = await desk.customer_says("Hello", who="maya")
    await desk.run_outbox()
    async with desk.database.read() as session:
        issued = (await ledger.messages(session, mine.conversation_id))[-1]
    pressed = Inbound("web", "maya", "press-1", pressed=(issued.id, 0))
    receipt = await desk.write(lambda session: conversations.receive(session, pressed))
    assert receipt.text == "Credit me"
    await desk.run_outbox()
    assert desk.assistant.requests[-1].text == "/credit"
    stolen = Inbound("web", "noor", "press-2", pressed=(issued.id, 0))
    with pytest.raises(BadInput):
        await desk.write(lambda session: conversations.receive(session, stolen))
