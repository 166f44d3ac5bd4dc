"""Bills as conversations with the real assistant, from the first word to their ends."""

import pytest

from tests.bot.conftest import Assistant, words

pytestmark = pytest.mark.slow


def test_a_bill_is_explained_a_line_disputed_and_credited(assistant: Assistant) -> None:
    chat = assistant.chat()
    chat.know(account_number="10015", postcode="48103")
    assert "$11.75 more than in October" in words(chat.say("why is my bill so high"))
    assert chat.press("Dispute a charge")["question"] == "bill_line"
    assert chat.say("the days before the plan change")["question"] == "dispute_reason"
    assert chat.say("nobody told me about that")["question"] == "dispute_confirm"
    done = chat.say("yes")
    assert "DS-" in words(done)
    assert done["form"] is None


def test_a_line_and_its_reason_in_one_message_leave_only_the_yes(assistant: Assistant) -> None:
    chat = assistant.chat("10027")
    turn = chat.say("i dispute the international calls, i never made those")
    assert turn["question"] == "dispute_confirm"
    assert "$31.40" in words(turn)


def test_what_is_above_the_limit_reaches_a_person_with_the_reason(assistant: Assistant) -> None:
    chat = assistant.chat("10027")
    chat.say("i dispute the international calls, i never made those")
    turn = chat.say("yes")
    assert turn["actions"][-1] == "action_handover"
    assert "i never made those" in words(turn)


def test_paying_in_parts_may_come_in_between_and_the_dispute_goes_on(assistant: Assistant) -> None:
    chat = assistant.chat("10009")
    assert chat.say("dispute a charge")["question"] == "bill_line"
    assert chat.say("can i pay in instalments")["question"] == "instalment_option"
    assert chat.say("3 months")["question"] == "instalment_confirm"
    assert "6 payments" in words(chat.say("no, 6 months"))
    turn = chat.say("yes")
    assert "IP-" in words(turn)
    assert turn["question"] == "bill_line"


def test_a_failed_payment_ends_in_a_link_to_pay_another_way(assistant: Assistant) -> None:
    chat = assistant.chat("10008")
    assert "the card has expired" in words(chat.say("my payment was declined"))
    paid = chat.press("Pay another way")
    assert paid["messages"][0]["link"]["title"] == "Pay $64.00"


def test_a_copy_of_a_bill_is_a_link(assistant: Assistant) -> None:
    turn = assistant.chat("10038").say("send me a copy of my october bill")
    assert turn["messages"][0]["link"]["title"] == "October bill"
