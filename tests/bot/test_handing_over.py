"""To a person and back, through real Rasa and the real action server."""

import pytest

from tests.bot.conftest import Assistant, words

pytestmark = pytest.mark.slow

DONE = {"outcome": "resolved", "summary": "Dana booked a technician.", "facts_learned": [], "promises": []}


@pytest.mark.parametrize("start", ["hello", "i am moving house", "i forgot my password", "i want to return something"])
def test_a_person_is_one_sentence_away_at_every_step(assistant: Assistant, start: str) -> None:
    chat = assistant.chat()
    chat.say(start)
    turn = chat.say("let me talk to a real person")
    assert len(assistant.desk.packages) == 1
    assert "C-482-917" in words(turn)
    assert "number 2 in line" in words(turn)
    assert turn["form"] is None


def test_the_package_holds_the_form_as_it_was_left(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i'm moving to 14 Elm Street, Alder Falls 48103")
    chat.say("/talk_to_human")
    package = assistant.desk.packages[-1]
    assert package["form"]["name"] == "move_form"
    assert package["form"]["requested_slot"] == "move_date"
    assert {"name": "move_address", "value": "14 Elm Street, Alder Falls, 48103", "set_by": "customer"} in package[
        "facts"
    ]
    assert package["issue"]["type"] == "service_move"
    assert package["reason_code"] == "asked"


def test_two_misunderstandings_in_a_row_lead_to_a_person(assistant: Assistant) -> None:
    chat = assistant.chat()
    first = chat.say("/nlu_fallback")
    assert any(button["payload"] == "/talk_to_human" for button in first["messages"][-1]["buttons"])
    chat.say("/nlu_fallback")
    assert assistant.desk.packages[-1]["reason_code"] == "fallback"


@pytest.mark.parametrize("anger", ["this is the third time i'm telling you!", "you useless piece of shit"])
def test_anger_leads_to_a_person_before_anything_else_is_asked(assistant: Assistant, anger: str) -> None:
    assistant.chat().say(anger)
    assert assistant.desk.packages[-1]["reason_code"] == "frustration"


def test_out_of_hours_the_assistant_stays_and_the_form_goes_on(assistant: Assistant) -> None:
    assistant.desk.state = "out_of_hours"
    chat = assistant.chat("10042")
    chat.say("i am moving house")
    turn = chat.say("i want a human")
    assert "Monday 10:00 UTC" in words(turn)
    assert turn["question"] == "move_address"


def test_a_desk_that_cannot_be_reached_is_never_announced_as_a_transfer(assistant: Assistant) -> None:
    assistant.desk.state = "broken"
    turn = assistant.chat().say("i want a human")
    assert turn["failures"] == ["action_handover"]
    assert "C-" not in words(turn)
    assert "line" not in words(turn)


def test_a_company_that_is_down_leads_to_a_person_with_the_failed_call(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    assistant.stack.kill("company")
    try:
        turn = chat.say("i forgot my password")
    finally:
        assistant.stack.restart("company")
    package = assistant.desk.packages[-1]
    assert package["reason_code"] == "company_down"
    assert package["actions_tried"][-1]["name"] == "accounts.reset_password"
    assert package["actions_tried"][-1]["outcome"] == "failed"
    assert "not answering" in words(turn)


def test_after_a_handback_the_bot_says_what_was_done_and_hello_is_hello(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i am moving house")
    chat.say("i want a human")
    back = chat.say("/handback", handback={**DONE, "resume_at": "start", "form": None})
    assert "Dana booked a technician." in words(back)
    assert back["form"] is None
    hello = chat.say("hello")
    assert hello["actions"] == ["action_small_talk"]
    assert hello["question"] is None


def test_a_handback_can_go_on_with_the_form_in_a_new_session(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    slots = chat.say("i'm moving to 14 Elm Street, Alder Falls 48103")["slots"]
    chat.say("i want a human")
    chat.sender = "s_after_the_handover"
    back = chat.say("/handback", carry=slots, handback={**DONE, "resume_at": "form", "form": {"name": "move_form"}})
    assert "Dana booked a technician." in words(back)
    assert back["question"] == "move_date"


def test_a_form_left_alone_by_a_take_over_does_not_swallow_the_handback(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i am moving house")
    back = chat.say("/handback", handback={**DONE, "resume_at": "start", "form": None})
    assert back["form"] is None
    assert "Dana booked a technician." in words(back)


def test_five_handovers_and_returns_in_one_session(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    for _ in range(5):
        chat.say("i am moving house")
        chat.say("a person please")
        assert "Dana" in words(chat.say("/handback", handback={**DONE, "resume_at": "start", "form": None}))
    assert len(assistant.desk.packages) == 5
    assert len({package["idempotency_key"] for package in assistant.desk.packages}) == 5


def test_a_customer_adds_to_a_case_and_hears_where_it_stands(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    assert "is open" in words(chat.say("what is the status of my case C-482-917"))
    chat.press("Add something")
    assert "added" in words(chat.say("the technician never came"))
    assert assistant.desk.notes[-1]["text"] == "From the customer: the technician never came"


def test_nobody_hears_of_a_case_that_is_not_theirs(assistant: Assistant) -> None:
    turn = assistant.chat("10042").say("what is the status of case C-999-999")
    assert "can't find" in words(turn)
