"""The door to Rasa, knocked on over HTTP."""

from uuid import uuid4

import pytest
import requests

from tests.bot.conftest import Assistant, words

pytestmark = pytest.mark.slow


def test_a_wrong_secret_is_refused(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.secret = "guessed"
    answer = chat.post("hello")
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize(
    "part", [{"sender": ""}, {"sender": None}, {"text": "  "}, {"message_id": ""}, {"metadata": 5}]
)
def test_a_body_that_rasa_would_misread_is_refused(assistant: Assistant, part: dict[str, object]) -> None:
    body = {"sender": "s_1", "message_id": "m_1", "text": "hello", "metadata": {}} | part
    answer = requests.post(assistant.url, json=body, headers={"X-Tellonce-Secret": assistant.secret}, timeout=30)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_words_that_are_no_json_are_refused(assistant: Assistant) -> None:
    answer = requests.post(assistant.url, data=b"{", headers={"X-Tellonce-Secret": assistant.secret}, timeout=30)
    assert answer.status_code == 422


def test_a_turn_tells_what_was_understood_and_asked(assistant: Assistant) -> None:
    turn = assistant.chat().say("forgot my password, my mail is maya.okafor@example.com")
    assert turn["understood"]["intent"]["name"] == "password_reset"
    assert len(turn["understood"]["ranking"]) == 5
    assert {"entity": "email", "value": "maya.okafor@example.com", "start": 31, "end": 54} in turn["understood"][
        "entities"
    ]
    assert turn["form"]["name"] == "identify_form"
    assert turn["question"] == "account_postcode"
    assert turn["failures"] == []


def test_calls_to_the_company_are_reported_with_their_outcome(assistant: Assistant) -> None:
    turn = assistant.chat("10042").say("i forgot my password")
    call = next(call for call in turn["tried"] if call["name"] == "accounts.reset_password")
    assert call["outcome"] == "ok"
    assert call["ms"] >= 0
    assert call["started_at"].endswith("Z")


def test_a_new_session_starts_with_the_slots_it_is_given(assistant: Assistant) -> None:
    chat = assistant.chat()
    turn = chat.say("hello", carry={"account_number": "10042", "account_postcode": "48104", "no_such_slot": "x"})
    assert turn["slots"] == {"account_number": "10042", "account_postcode": "48104"}
    assert "link to" in words(chat.say("i forgot my password"))


def test_a_message_with_empty_lines_stays_one_message(assistant: Assistant) -> None:
    turn = assistant.chat("10042").say("what do i owe")
    assert all(message["text"].strip() for message in turn["messages"])
    assert all(set(message) == {"text", "buttons", "image", "link"} for message in turn["messages"])


def test_buttons_of_responses_carry_payloads_rasa_can_read(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i want to cancel my service")
    assert {"title": "Price", "payload": '/inform{"cancel_reason": "price"}'} in chat.buttons
    chat.press("Price")
    assert assistant.desk.packages[-1]["reason_code"] == "cancel_service"


def test_an_action_server_that_dies_is_a_failure_and_the_session_recovers(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("hello")
    assistant.stack.kill("actions")
    try:
        broken = chat.say("what do i owe")
        assert broken["failures"]
        assert broken["messages"] == []
    finally:
        assistant.stack.restart("actions")
    assert words(chat.say("hello"))


def test_customers_who_share_a_moment_do_not_share_a_session(assistant: Assistant) -> None:
    one, other = assistant.chat("10042"), assistant.chat()
    one.say("i'm moving to 14 Elm Street, Alder Falls 48103")
    assert other.say("hello")["slots"] == {}
    assert other.say("hello", message=uuid4().hex)["form"] is None


def test_a_session_goes_on_after_the_assistant_was_killed(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    asked = chat.say("i want to return my tv box")
    assistant.stack.kill("rasa")
    assistant.stack.restart("rasa")
    after = chat.say("hello")
    assert after["form"]["name"] == asked["form"]["name"] == "return_form"
    assert after["question"] == asked["question"]


def test_a_forgotten_session_is_a_new_one(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i want to return my tv box")
    assert chat.forget(secret="guessed").status_code == 401
    assert chat.forget().json()["events"] > 0
    assert chat.forget().json() == {"events": 0}
    assert chat.say("hello")["form"] is None
