"""Returns as a conversation with the real assistant: the cable-box story, questions, refusals, coming back."""

import pytest

from tests.bot.conftest import Assistant, words

pytestmark = pytest.mark.slow


def test_the_cable_box_goes_back_from_another_address_with_a_label_for_its_weight(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.know(account_number="10042", postcode="48104")
    chat.say("we merged two flats and I want to return our cable box")
    assert "20 lb" in words(chat.press("TV Box Max recorder (20 lb)"))
    chat.press("Pick it up, any address")
    assert chat.say("14 Elm Street, Brightwater 48210")["question"] == "return_window"
    summary = chat.say(chat.buttons[0]["payload"])
    assert "14 Elm Street, Brightwater 48210" in words(summary)
    done = chat.say("yes")
    assert "RN-" in words(done)
    assert any(message["link"] and "20 lb" in message["link"]["title"] for message in done["messages"])
    assert done["form"] is None


def test_everything_in_one_message_leaves_only_what_is_missing(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.know(account_number="10019", postcode="00000")
    turn = chat.say("I want to return my router, it's broken, pick it up at 12 Elm Street tomorrow morning")
    # The postcode is known and does not fit, so something nobody has told yet must confirm the account.
    assert turn["question"] == "email"


def test_a_question_on_the_way_is_answered_and_the_form_goes_on(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("I want to return my tv box mini, i dont need it")
    turn = chat.say("how much does pickup cost?")
    assert "free" in words(turn)
    assert turn["question"] == "return_method"


def test_another_topic_in_between_loses_nothing(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("I want to return my tv box mini, i dont need it")
    turn = chat.say("what do i owe right now?")
    assert turn["question"] == "return_method"
    assert turn["slots"].get("return_item") or turn["form"]["answered"]


def test_a_refusal_leads_to_a_person_who_sees_why(assistant: Assistant) -> None:
    chat = assistant.chat("10017")
    chat.say("I want to send back the router I bought, it's still sealed")
    chat.press("Ask a person")
    package = assistant.desk.packages[-1]
    assert package["reason_code"] == "policy_exception"
    assert "You'd like an exception" in package["reason_text"]
    assert "policy_refusal" not in {fact["name"] for fact in package["facts"]}


def test_leaving_it_ends_kindly_and_frees_the_chat(assistant: Assistant) -> None:
    chat = assistant.chat("10017")
    chat.say("I want to send back the router I bought, it's still sealed")
    turn = chat.press("Leave it")
    assert turn["form"] is None
    assert "left it" in words(turn)


def test_cancelling_another_return_on_the_way_keeps_the_plan(assistant: Assistant) -> None:
    chat = assistant.chat("10019")
    chat.say("I want to return my router, i dont need it, please ship it")
    chat.press(chat.buttons[0]["title"])
    chat.say("yes")
    chat.say("I want to return my modem, i dont need it")
    chat.say("please cancel my pickup")
    turn = chat.say("yes")
    assert "is cancelled" in words(turn)
    assert turn["question"] == "return_method"
