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
