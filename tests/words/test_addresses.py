"""Addresses as people type them, and what is none."""

import pytest

from words import addresses


@pytest.mark.parametrize("text", ["my phone is 312 555 0199 now", "call 555-0142 please", "3125550199 thanks"])
def test_a_phone_number_is_no_street(text: str) -> None:
    assert addresses.spoken(text) is None


def test_a_misspelt_street_is_one_when_a_street_was_asked_for() -> None:
    assert str(addresses.spoken("12 elm stret, Brightwater 48210")) == "12 Elm Stret, Brightwater 48210"


def test_a_yes_is_no_town() -> None:
    assert addresses.city_before("yes", "48212") == ""
    assert addresses.city_before("Brightwater 48212", "48212") == "Brightwater"


@pytest.mark.parametrize(
    ("typed", "words", "place"),
    [
        ("pick it up at 412 maple st apt 3 please", "412 maple st apt 3", "412 Maple St Apt 3"),
        ("14 Elm Street, Springfield 48104", "14 Elm Street, Springfield 48104", "14 Elm Street, Springfield 48104"),
        ("from my mum's at 9 Oak Ave", "9 Oak Ave", "9 Oak Ave"),
        ("24 Lakeside Walk, Brightwater", "24 Lakeside Walk, Brightwater", "24 Lakeside Walk, Brightwater"),
        ("412 N Maple St, Chicago IL 60601", "412 N Maple St, Chicago IL 60601", "412 N Maple St, Chicago 60601"),
        ("123 5th Ave", "123 5th Ave", "123 5th Ave"),
        ("14 elm street its broken", "14 elm street", "14 Elm Street"),
    ],
)
def test_an_address_nobody_asked_for_is_found_in_a_sentence(typed: str, words: str, place: str) -> None:
    assert [(typed[one.start : one.end], str(one.place)) for one in addresses.find(typed)] == [(words, place)]


@pytest.mark.parametrize(
    "typed", ["10 minute drive", "2 boxes in the way", "called 3 times this way", "100 mbps drive"]
)
def test_counted_things_are_no_street(typed: str) -> None:
    assert addresses.mentioned(typed) is None
