import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, cases, facts, handbacks, handovers, offers
from handoff.assistants.scripted import saying
from handoff.desk import understood
from handoff.desk.pages import AlsoView
from handoff.errors import FloorTaken, IllegalMove
from handoff.models import Case
from handoff.package import Handback, HandoverAnswer, HandoverPackage, HandoverRequest, Issue
from handoff.ports import TurnRequest, TurnResult
from handoff.settings import settings
from tests.hub.conftest import Desk


def a_request(conversation_id: str, **parts: object) -> HandoverRequest:
    told = {
        "conversation_id": conversation_id,
        "idempotency_key": f"key-{conversation_id}-{parts.pop('number', 1)}",
        "reason_code": "asked",
        "issue": Issue(title="Return a cable box", type="returns"),
        "team": "returns",
        **parts,
    }
    return HandoverRequest.model_validate(told)


async def hand_over(desk: Desk, conversation_id: str, **parts: object) -> HandoverAnswer:
    request = a_request(conversation_id, **parts)
    return await desk.write(lambda session: handovers.hand_over(session, request))


async def test_the_package_holds_the_whole_transcript_and_every_fact_with_its_source(desk: Desk) -> None:
    first = await desk.customer_says("I want to return order F-20418, mail maya@example.com")
    await desk.run_outbox()
    await hand_over(desk, first.conversation_id)
    async with desk.database.read() as session:
        handover = await handovers.current(session, first.conversation_id)
    assert handover is not None
    package = HandoverPackage.model_validate(handover.package)
    assert package.transcript.count == 2
    assert {(fact.name, fact.value, fact.source_message_id) for fact in package.facts} == {
        ("order_number", "F-20418", first.message_id),
        ("email", "maya@example.com", first.message_id),
    }


TWO_THINGS = {"waiting_topics": [{"intent": "return_start", "text": "I want to return the box", "entities": []}]}


@pytest.mark.parametrize("how", ["taken over", "assistant down"])
async def test_a_package_the_hub_makes_by_itself_names_what_else_was_asked_for(desk: Desk, how: str) -> None:
    desk.assistant.script = lambda request: saying("Your bill is $40.", slots=TWO_THINGS)
    receipt = await desk.customer_says("my bill is wrong and I want to return the box")
    await desk.run_outbox()
    if how == "taken over":
        dana = await desk.agent()
        await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    else:
        desk.assistant.is_down = True
        await desk.customer_says("and?")
        await desk.run_outbox()
    async with desk.database.read() as session:
        handover = await handovers.current(session, receipt.conversation_id)
    assert handover is not None
    assert handover.package["open_questions"] == ["Also asked for, not started yet: “I want to return the box”."]


async def test_the_desk_shows_what_else_was_asked_for(desk: Desk) -> None:
    desk.assistant.script = lambda request: saying("Your bill is $40.", slots=TWO_THINGS)
    receipt = await desk.customer_says("my bill is wrong and I want to return the box")
    await desk.run_outbox()
    assert understood.also(await desk.conversation(receipt.conversation_id)) == (
        AlsoView("return_start", "I want to return the box"),
    )


async def test_asking_twice_opens_one_case_and_one_handover(desk: Desk) -> None:
    receipt = await desk.customer_says("person please")
    one = await hand_over(desk, receipt.conversation_id)
    two = await hand_over(desk, receipt.conversation_id)
    three = await hand_over(desk, receipt.conversation_id, number=2)
    assert one.handover_id == two.handover_id == three.handover_id
    assert (one.already, two.already, three.already) == (False, True, True)
    assert one.queue_position == 1


async def test_a_customer_learns_whether_anybody_is_at_the_desk(desk: Desk) -> None:
    receipt = await desk.customer_says("person please")
    alone = await hand_over(desk, receipt.conversation_id)
    await desk.agent("Dana")
    async with desk.database.read() as session:
        now = await handovers.answer_for(session, receipt.conversation_id)
    assert now is not None
    assert (alone.is_staffed, now.is_staffed) == (False, True)
    assert "Nobody is at the desk" in handovers.spoken(alone)
    assert "number 1 in line" in handovers.spoken(now)


async def test_the_first_to_accept_wins_and_the_other_sees_who(desk: Desk) -> None:
    dana, sam = await desk.agent("Dana"), await desk.agent("Sam")
    receipt = await desk.customer_says("person please")
    await hand_over(desk, receipt.conversation_id)
    outcomes = await asyncio.gather(
        desk.accept(receipt.conversation_id, dana), desk.accept(receipt.conversation_id, sam), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, FloorTaken)]
    assert len(refused) == 1
    holder = (await desk.conversation(receipt.conversation_id)).agent_id
    assert {dana.id: "Dana", sam.id: "Sam"}[str(holder)] in refused[0].message


async def test_words_of_a_slow_turn_become_a_note_after_a_take_over(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("Hello")
    desk.assistant.hold.clear()
    running = asyncio.create_task(desk.run_outbox())
    await desk.assistant.asked.wait()
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    desk.assistant.hold.set()
    await running
    said = await desk.words(receipt.conversation_id)
    assert [author for author, audience, _ in said if audience == "everyone"] == ["customer", "system"]
    assert said[-1][:2] == ("assistant", "desk")


async def test_the_turn_that_asked_for_a_person_may_still_announce_it(desk: Desk) -> None:
    handed: list[HandoverAnswer] = []

    def script(request: TurnRequest) -> TurnResult:
        return saying("I am passing you on.")

    desk.assistant.script = script
    receipt = await desk.customer_says("person please")
    desk.assistant.hold.clear()
    running = asyncio.create_task(desk.run_outbox())
    await desk.assistant.asked.wait()
    turn_id = desk.assistant.requests[0].metadata["turn_id"]
    handed.append(await hand_over(desk, receipt.conversation_id, turn_id=turn_id))
    desk.assistant.hold.set()
    await running
    assert (await desk.words(receipt.conversation_id))[-1] == ("assistant", "everyone", "I am passing you on.")


async def test_a_dead_assistant_leads_to_a_person_and_the_customer_is_told_once(desk: Desk) -> None:
    desk.assistant.is_down = True
    receipt = await desk.customer_says("My bill is wrong")
    await desk.run_outbox()
    conversation = await desk.conversation(receipt.conversation_id)
    assert conversation.floor == "queue"
    said = [text for author, _, text in await desk.words(receipt.conversation_id) if author == "assistant"]
    assert len(said) == 1
    assert "person" in said[0]


async def test_two_silent_turns_lead_to_a_person(desk: Desk) -> None:
    desk.assistant.script = lambda request: saying()
    receipt = await desk.customer_says("mumble")
    await desk.run_outbox()
    assert (await desk.conversation(receipt.conversation_id)).floor == "bot"
    await desk.customer_says("mumble again")
    await desk.run_outbox()
    assert (await desk.conversation(receipt.conversation_id)).floor == "queue"


async def test_give_back_tells_the_assistant_what_was_done_in_a_new_session(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("person please")
    before = (await desk.conversation(receipt.conversation_id)).assistant_session
    await desk.run_outbox()
    await hand_over(desk, receipt.conversation_id)
    await desk.accept(receipt.conversation_id, dana)
    handback = Handback(outcome="resolved", summary="A courier comes on Friday.")
    await desk.write(lambda session: handbacks.give_back(session, receipt.conversation_id, dana, handback))
    await desk.run_outbox()
    asked = desk.assistant.requests[-1]
    assert asked.text == "/handback"
    assert asked.metadata["handback"]["summary"] == "A courier comes on Friday."
    assert asked.sender != before
    async with desk.database.read() as session:
        case = (await cases.of_conversation(session, receipt.conversation_id))[0]
    assert (case.status, case.resolution) == ("resolved", "A courier comes on Friday.")


async def test_five_handovers_and_returns_in_one_chat(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("hello")
    for number in range(5):
        await desk.customer_says(f"person please {number}")
        await desk.run_outbox()
        answer = await hand_over(desk, receipt.conversation_id, number=number)
        assert not answer.already
        await desk.accept(receipt.conversation_id, dana)
        handback = Handback(outcome="partly", summary=f"Did part {number}.")
        await desk.write(
            lambda session, handback=handback: handbacks.give_back(session, receipt.conversation_id, dana, handback)
        )
        await desk.run_outbox()
        assert (await desk.conversation(receipt.conversation_id)).floor == "bot"
    async with desk.database.read() as session:
        assert len(await cases.of_conversation(session, receipt.conversation_id)) == 1


async def test_out_of_hours_the_case_is_opened_with_a_promise_and_the_bot_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLONCE_OPENING_HOURS", "")
    settings.cache_clear()
    receipt = await desk.customer_says("person please")
    answer = await hand_over(desk, receipt.conversation_id)
    again = await hand_over(desk, receipt.conversation_id, number=2)
    assert (answer.state, answer.already) == ("out_of_hours", False)
    assert (again.handover_id, again.already) == (answer.handover_id, True)
    assert (await desk.conversation(receipt.conversation_id)).floor == "bot"


async def test_a_promise_made_out_of_hours_ends_when_a_person_takes_it_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana = await desk.agent()
    monkeypatch.setenv("TELLONCE_OPENING_HOURS", "")
    settings.cache_clear()
    receipt = await desk.customer_says("person please")
    promised = await hand_over(desk, receipt.conversation_id)
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    async with desk.database.read() as session:
        assert (await handovers.get(session, promised.handover_id)).state == "finished"


async def test_an_offer_that_is_not_answered_goes_to_the_next_agent(desk: Desk) -> None:
    dana, sam = await desk.agent("Dana"), await desk.agent("Sam")
    receipt = await desk.customer_says("person please")
    await hand_over(desk, receipt.conversation_id)
    async with desk.database.read() as session:
        first = (await handovers.current(session, receipt.conversation_id)).offered_to
        handover_id = (await handovers.current(session, receipt.conversation_id)).id
    assert first in (dana.id, sam.id)
    await desk.write(lambda session: offers.expire(session, handover_id, first))
    async with desk.database.read() as session:
        second = (await handovers.current(session, receipt.conversation_id)).offered_to
    assert {first, second} == {dana.id, sam.id}


async def test_nothing_can_be_accepted_that_does_not_wait(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("hello")
    with pytest.raises(IllegalMove):
        await desk.accept(receipt.conversation_id, dana)


async def test_case_events_replayed_give_the_stored_state(desk: Desk) -> None:
    dana, sam = await desk.agent("Dana"), await desk.agent("Sam", teams=("billing",))
    receipt = await desk.customer_says("person please")
    await hand_over(desk, receipt.conversation_id)
    await desk.accept(receipt.conversation_id, dana)
    await desk.write(
        lambda session: handovers.transfer(session, receipt.conversation_id, dana, "billing", "It is a bill.")
    )
    await desk.accept(receipt.conversation_id, sam)
    await desk.write(lambda session: handbacks.resolve(session, receipt.conversation_id, sam, "Credited."))

    async def both(session: AsyncSession) -> tuple[dict[str, object], Case]:
        case = (await cases.of_conversation(session, receipt.conversation_id))[0]
        return cases.replay(await cases.history(session, case.id)), case

    replayed, case = await desk.write(both)
    assert replayed == {
        "status": case.status,
        "priority": case.priority,
        "team": case.team,
        "assignee_id": case.assignee_id,
    }
    assert (await desk.conversation(receipt.conversation_id)).floor == "closed"


async def test_facts_are_read_while_a_person_has_the_floor(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("hello")
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    await desk.agent_says(dana, receipt.conversation_id, "What is your account number?")
    told = await desk.customer_says("10042")
    async with desk.database.read() as session:
        known = await facts.current(session, receipt.conversation_id)
    assert [(fact.name, fact.value, fact.source_message_id) for fact in known] == [
        ("account_number", "10042", told.message_id)
    ]
    assert facts.already_answered("Could you tell me your account number?", known) == known
    assert facts.already_answered("Thanks, I see your account number.", known) == []


async def test_a_customer_who_writes_after_the_end_wakes_the_assistant(desk: Desk) -> None:
    dana = await desk.agent()
    receipt = await desk.customer_says("hello")
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    await desk.write(lambda session: handbacks.resolve(session, receipt.conversation_id, dana, "Done."))
    await desk.customer_says("hello again")
    await desk.run_outbox()
    assert (await desk.words(receipt.conversation_id))[-1] == ("assistant", "everyone", "You said: hello again")


async def test_a_customer_of_an_agent_who_left_goes_back_to_the_queue(desk: Desk) -> None:
    dana, sam = await desk.agent("Dana"), await desk.agent("Sam")
    receipt = await desk.customer_says("hello")
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    await desk.customer_says("are you there?")
    await desk.write(lambda session: handovers.look_after(session, receipt.conversation_id))
    assert (await desk.conversation(receipt.conversation_id)).floor == "agent"
    await desk.write(lambda session: agents.left(session, dana.id))
    await desk.write(lambda session: handovers.look_after(session, receipt.conversation_id))
    assert (await desk.conversation(receipt.conversation_id)).floor == "queue"
    async with desk.database.read() as session:
        assert (await handovers.current(session, receipt.conversation_id)).offered_to == sam.id
