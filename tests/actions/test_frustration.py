"""Who has had enough, and who only writes that way."""

import pytest

from actions import frustration


@pytest.mark.parametrize(
    "text",
    [
        "this is the third time i'm asking",
        "how many times do I have to tell you",
        "I already told you twice",
        "i've already given you my account number",
        "I'm sick of repeating myself",
        "we are going round in circles here",
        "where the fuck is my refund",
        "what a piece of shit service",
        "this is bullshit",
    ],
)
def test_one_strong_sign_is_enough(text: str) -> None:
    assert frustration.sign([text])


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "I have three boxes to return",
        "my first time moving with you",
        "can I pay a third of it now?",
        "Scunthorpe, 14 Cockburn Street",
        "the shipment from assen",
        "C-482-917",
        "OK",
        "F-48213 PLEASE",
        "WHERE IS MY ORDER YOU PEOPLE",
        "is this the time you close?",
        "",
    ],
)
def test_ordinary_words_are_no_sign(text: str) -> None:
    assert frustration.sign([text]) is None


def test_shouting_again_is_a_sign() -> None:
    assert frustration.sign(["WHERE IS MY ORDER YOU PEOPLE", "I WANT MY ORDER NOW DO YOU HEAR"]) == "shouting"


def test_shouting_the_same_thing_again_names_both() -> None:
    assert frustration.sign(["MY ORDER IS LATE AGAIN", "MY ORDER IS LATE AGAIN!"]) == "shouting and repeating"


def test_repeating_quietly_is_no_sign() -> None:
    assert frustration.sign(["i want to return my router", "i want to return my router"]) is None


def test_old_shouting_is_forgotten() -> None:
    calm = ["it is the router", "14 Elm Street", "tomorrow would be good", "yes please"]
    assert frustration.sign(["WHERE IS MY ORDER YOU PEOPLE", *calm]) is None
