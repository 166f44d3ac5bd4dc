"""Finding out who is asking: what was said counts, wherever it was said, and nobody is asked for ever."""

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.account import ASKED_HANDLE, ASKED_PROOF, AskAccountNumber, AskAccountPostcode, IdentifyForm
from actions.backends import accounts
from actions.hearing import Moment
from actions.identity import MOST_ASKED, next_handle, times_said, told
from actions.slots import FormFromFacts
from tests.actions import talking
from tests.actions.trackers import Json, a_message, a_tracker, answered, did, said

ASKED = answered(ASKED_HANDLE["account_number"])


class AccountForm(FormFromFacts):
    form = "identify_form"


def typed(text: str, **entities: str) -> Json:
    return {"event": "user", "text": text, "parse_data": a_message(text, **entities)}


async def test_a_person_is_offered_when_the_account_is_asked_for_again() -> None:
    first, again = CollectingDispatcher(), CollectingDispatcher()
    await AskAccountNumber().run(first, a_tracker(said("my bill")), {})
    await AskAccountNumber().run(again, a_tracker(said("my bill"), ASKED, said("thanks")), {})
    assert first.messages[0]["buttons"] == []
    assert [button["payload"] for button in again.messages[0]["buttons"]] == ["/talk_to_human"]


@pytest.mark.parametrize(
    ("ask", "words", "reason"),
    [
        (AskAccountNumber(), ASKED_HANDLE["account_number"], "fallback"),
        (AskAccountPostcode(), f"{ASKED_PROOF}: what's the postcode on the account?", "security"),
    ],
)
async def test_a_customer_who_cannot_be_identified_is_not_asked_for_ever(ask, words: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    events = await ask.run(CollectingDispatcher(), a_tracker(*[answered(words)] * MOST_ASKED), {})
    assert {"event": "slot", "timestamp": None, "name": "handover_reason", "value": reason} in events


def test_questions_before_a_handover_are_not_held_against_the_customer() -> None:
    assert times_said(a_tracker(ASKED, ASKED, did("action_handback"), ASKED), *ASKED_HANDLE.values()) == 1


def test_a_number_typed_before_anyone_asked_is_known() -> None:
    tracker = a_tracker(typed("10033", account_number="10033"), said("why is my bill so high", "bill_explain"))
    assert told(tracker, "account_number") == "10033"
    assert next_handle(tracker) == "email"


@pytest.mark.parametrize("asked", ["account_number", "account_postcode"])
def test_a_place_in_a_question_about_something_else_is_no_answer(asked: str) -> None:
    message = a_message("is there an outage in 48212?", "outage_status", postcode="48212")
    tracker, form = a_tracker(message=message, asked=asked, form="identify_form"), AccountForm()
    heard = form.hear(tracker, Moment.ANSWERING)
    assert heard == {}
    assert form.is_interrupted(tracker, heard)


ACCOUNT = {"account_number": "10042", "requested_slot": "account_postcode"}


async def answering_for_proof(text: str, **facts: str) -> talking.Turn:
    tracker = talking.said(text, slots=ACCOUNT, form="identify_form", facts=facts)
    return await talking.run(IdentifyForm(), tracker)


@pytest.mark.usefixtures("company")
async def test_a_second_detail_tells_the_hub_whose_account_it_is() -> None:
    turn = await answering_for_proof("48104", email="maya.okafor@example.com")
    assert turn.facts == {"account_number": "10042", "customer_name": "Maya Okafor"}


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("again", ["maya.okafor@example.com", "it's Maya.Okafor@example.com", "48109"])
async def test_the_same_detail_again_confirms_nothing_and_tells_no_name(again: str) -> None:
    turn = await answering_for_proof(again, email="maya.okafor@example.com")
    assert turn.facts == {}
    assert turn.slots["requested_slot"] == "account_postcode"


@pytest.mark.usefixtures("company")
async def test_a_phone_number_written_differently_is_still_the_same_detail() -> None:
    phone = accounts.get("10042").phone
    turn = await answering_for_proof("".join(filter(str.isdigit, phone)), phone=phone)
    assert turn.facts == {}
