"""How a conversation with forms feels: nothing asked twice, corrections heard, questions answered on the way."""

import pytest

from tests.bot.conftest import Assistant, words

pytestmark = pytest.mark.slow

MOVING = "i'm moving to 14 Elm Street, Alder Falls 48103 on the 12th of december"


def test_several_details_in_one_message_are_all_taken(assistant: Assistant) -> None:
    turn = assistant.chat("10042").say(MOVING)
    assert turn["question"] == "confirm_move"
    assert "14 Elm Street, Alder Falls 48103" in words(turn)


def test_a_correction_replaces_what_was_said_before(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say(MOVING)
    turn = chat.say("no, 16 Elm Street")
    assert "16 Elm Street, Alder Falls 48103" in words(turn)
    assert turn["question"] == "confirm_move"


def test_a_form_counts_only_what_a_customer_can_be_asked(assistant: Assistant) -> None:
    turn = assistant.chat("10042").say("I want to return my tv box mini, i dont need it")
    assert turn["slots"]["policy_refusal"] == ""
    assert {"account_number", "return_item", "return_reason"} <= set(turn["form"]["answered"])
    assert {"return_method", "return_confirm"} <= set(turn["form"]["missing"])
    assert not {"policy_refusal", "return_when"} & {*turn["form"]["answered"], *turn["form"]["missing"]}


@pytest.mark.parametrize("aside", ["what can you do?", "are you a bot?", "thanks", "what do i owe right now?"])
def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(assistant: Assistant, aside: str) -> None:
    chat = assistant.chat("10042")
    asked = chat.say("i am moving house")["messages"][-1]["text"]
    turn = chat.say(aside)
    assert len(turn["messages"]) >= 2
    assert turn["messages"][-1]["text"] == asked
    assert turn["question"] == "move_address"


def test_a_town_no_model_knows_completes_the_address(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    assert "town" in words(chat.say("i'm moving to 9 Orchard Road 48103 on the 3rd of december"))
    assert "9 Orchard Road, Alder Falls 48103" in words(chat.say("Alder Falls"))


def test_account_and_postcode_in_one_breath_are_both_heard(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.say("wanna giv back ur cabel boxx, no use")
    assert chat.say("10042 48104")["question"] == "return_item"


def test_an_aside_about_a_place_is_no_answer_to_who_it_is(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.say("my bill please")
    turn = chat.say("is there an outage in 48212?")
    assert "outage in 48212" in words(turn)
    assert turn["question"] == "account_number"


def test_another_form_may_run_in_between(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i am moving house")
    assert chat.say("i need to cancel my service")["form"]["name"] == "cancel_form"
    turn = chat.say("stop")
    assert turn["form"]["name"] == "move_form"
    assert turn["question"] == "move_address"


def test_what_was_said_in_a_form_that_was_left_is_still_known_on_return(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i'm moving to 14 Elm Street, Alder Falls 48103")
    chat.say("i want to cancel my service")
    assert chat.say("stop")["question"] == "move_date"


def test_stopping_forgets_the_form(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("i'm moving to 14 Elm Street, Alder Falls 48103")
    assert chat.say("never mind")["form"] is None
    assert chat.say("i am moving house")["question"] == "move_address"


def test_a_known_customer_is_not_asked_who_they_are(assistant: Assistant) -> None:
    assert assistant.chat("10042").say("i am moving house")["question"] == "move_address"


def test_facts_are_used_instead_of_questions(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.know(phone="312-555-0142", postcode="48104")
    turn = chat.say("i forgot my password")
    assert turn["question"] is None
    assert "link to" in words(turn)


def test_a_handle_that_leads_nowhere_is_not_asked_for_again(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.know(account_number="99999")
    assert chat.say("i forgot my password")["question"] == "email"
    chat.know(email="nobody@example.com")
    assert chat.say("nobody@example.com")["question"] == "phone"


def test_not_knowing_the_account_number_is_no_dead_end(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.say("i forgot my password")
    assert chat.say("i dont know my account number")["question"] == "email"
    assert chat.say("312-555-0142")["question"] == "account_postcode"


def test_a_wrong_postcode_twice_is_a_matter_for_a_person(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.say("reset my password, account number 10042")
    chat.say("99999")
    chat.say("88888")
    assert assistant.desk.packages[-1]["reason_code"] == "security"


def test_saying_no_at_the_end_changes_nothing(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.is_verified = True
    chat.say("change my phone number to 312-555-9999")
    turn = chat.press("No")
    assert "nothing" in words(turn)
    assert turn["tried"] == []


def test_a_picture_without_words_is_kept_and_the_form_goes_on(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    asked = chat.say("i am moving house")["messages"][-1]["text"]
    turn = chat.say("/files_sent")
    assert turn["messages"][0]["text"].startswith("Thanks, that's kept here")
    assert turn["messages"][-1]["text"] == asked
    assert turn["question"] == "move_address"


def test_a_picture_as_the_first_words_is_asked_what_it_is_about(assistant: Assistant) -> None:
    turn = assistant.chat().say("/files_sent")
    assert "What is it about?" in words(turn)
    assert turn["understood"]["intent"] == {"name": "files_sent", "confidence": 1.0}
