"""Outages as conversations with the real assistant, from the first word to their ends."""

import pytest

from tests.bot.conftest import Assistant, words

pytestmark = pytest.mark.slow


def test_a_stranger_hears_of_the_outage_and_is_told_when_it_ends(assistant: Assistant) -> None:
    chat = assistant.chat()
    assert chat.say("my internet is down")["question"] == "outage_place"
    assert "It should be back" in words(chat.say("48104"))
    assert chat.press("Send me updates")["question"] == "outage_contact"
    done = chat.say("lee.park@example.com")
    assert "l•••@example.com" in words(done)
    assert done["form"] is None


def test_no_known_outage_ends_in_a_fault_report_without_asking_what_was_said(assistant: Assistant) -> None:
    chat = assistant.chat("10040")
    asked = chat.say("my wifi is so slow tonight")
    assert asked["question"] == "outage_scope"
    assert [call["name"] for call in asked["tried"]] == ["network.incidents", "network.faults", "network.test_line"]
    aside = chat.say("how much do i owe?")
    assert "$69.00" in words(aside)
    assert aside["question"] == "outage_scope"
    assert chat.press("Every device")["question"] == "outage_fixed"
    corrected = chat.say("sorry, only one device")
    assert "that device" in words(corrected)
    done = chat.say("nope still slow")
    assert "FR-" in words(done)
    assert done["form"] is None
    assert "already reported" in words(chat.say("my internet is down"))


def test_a_broken_line_books_a_technician_on_a_yes(assistant: Assistant) -> None:
    chat = assistant.chat("10014")
    assert chat.say("no internet at all")["question"] == "outage_visit"
    assert "A technician comes" in words(chat.say("yes please"))


def test_credit_is_quoted_confirmed_and_given(assistant: Assistant) -> None:
    chat = assistant.chat("10028")
    assert "$7.00" in words(chat.say("I want a credit for the outage"))
    done = chat.say("yes")
    assert [call["outcome"] for call in done["tried"]] == ["ok"]
    assert "CR-" in words(done)


def test_credit_above_the_limit_reaches_a_person(assistant: Assistant) -> None:
    turn = assistant.chat("10021").say("I want a credit for the outage")
    assert turn["actions"][-1] == "action_handover"
    assert "$52.00" in words(turn)
