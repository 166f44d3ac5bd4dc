"""Cutting a message into clauses and deciding which of them are matters of their own.

No model is needed: a ranking here is what a classifier would say of each clause.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.clauses import split
from bot.nlu.several import NEAR, NO_TOPICS, SURE, Several, is_near, several

JOINING = ["and", "also", "plus", "by the way", ",", ".", "?", "another thing:", "but", "\n", "-", "oh", "and also"]
SAID = ["my bill is wrong", "I want to return the box", "hi", "14 Elm Street", "it", "is it fixed", "the router", "yes"]
messages = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(JOINING + SAID), max_size=12).map(" ".join))

Guess = tuple[str, float]


def asked(message: str, whole: Guess, **clauses: Guess) -> Several | None:
    """`several`, with a classifier that knows a clause by its first word."""
    return several(message, ranking(whole), lambda texts: [ranking(clauses[text.split()[0].lower()]) for text in texts])


def ranking(guess: Guess) -> Sequence[Mapping[str, Any]]:
    return [{"name": guess[0], "confidence": guess[1]}]


def names(found: Several | None) -> list[str]:
    return [] if found is None else [str(found.ranking[0]["name"]), *(wish.name for wish in found.also)]


@given(messages)
def test_every_clause_is_a_piece_of_the_message_and_they_come_in_order(message: str) -> None:
    end = 0
    for clause in split(message):
        assert end <= clause.start < clause.end <= len(message)
        assert clause.text == message[clause.start : clause.end]
        end = clause.end


@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=4), st.sampled_from([" and ", ", ", ". ", " also "]))
def test_nothing_but_joining_words_is_left_out(said: list[str], joint: str) -> None:
    message = joint.join(said)
    kept = {word for clause in split(message) for word in re.findall(r"\w+", clause.text)}
    assert set(re.findall(r"\w+", message)) - kept <= {"and", "also", "hi"}


@pytest.mark.parametrize(
    ("message", "clauses"),
    [
        ("my bill is wrong and I want to return the box", ["my bill is wrong", "I want to return the box"]),
        ("reset my password, and change my email", ["reset my password", "change my email"]),
        ("what do i owe? btw where's my order", ["what do i owe", "where's my order"]),
        ("my bill is wrong i also want a copy", ["my bill is wrong", "i also want a copy"]),
        ("Hello! My wifi drops. Another thing: how do I pay?", ["My wifi drops", "how do I pay"]),
        ("pay my bill. reset my password.", ["pay my bill", "reset my password"]),
    ],
)
def test_joining_words_and_sentence_ends_part_clauses(message: str, clauses: list[str]) -> None:
    assert [clause.text for clause in split(message)] == clauses


@pytest.mark.parametrize(
    "message",
    [
        "I want to return the modem and the router",
        "my account is 10042",
        "14 Elm Street, Brightwater 48210",
        "it costs $3.50 more",
        "send me the bill for March and April",
    ],
)
def test_lists_numbers_and_addresses_stay_whole(message: str) -> None:
    assert [clause.text for clause in split(message)] == [message]


TWO = "my bill is wrong and please return the box"


def test_the_first_is_handled_and_the_second_is_kept_with_its_place() -> None:
    found = asked(TWO, ("return_start", 0.5), my=("bill_dispute", 0.9), please=("return_start", 0.8))
    assert names(found) == ["bill_dispute", "return_start"]
    assert found is not None
    second = found.also[0].as_json()
    assert second == {
        "name": "return_start",
        "confidence": 0.8,
        "text": "please return the box",
        "start": TWO.index("please"),
        "end": len(TWO),
    }


def test_what_comes_first_may_only_say_why() -> None:
    clear = asked(TWO, ("return_start", 0.99), my=("bill_dispute", 0.7), please=("return_start", 0.8))
    assert names(clear) == ["return_start", "bill_dispute"]


def test_three_matters_are_kept_in_order() -> None:
    found = asked(
        "my bill is wrong, please return the box and reset my password",
        ("bill_dispute", 0.4),
        my=("bill_dispute", 0.9),
        please=("return_start", 0.8),
        reset=("password_reset", 0.9),
    )
    assert names(found) == ["bill_dispute", "return_start", "password_reset"]


def test_what_is_said_about_a_wish_goes_with_it() -> None:
    message = "my bill is wrong, please return the box, we don't need it any more. it is red. my name is Maya"
    other = ("inform", 0.4)
    found = asked(message, other, my=("bill_dispute", 0.9), please=("return_start", 0.8), we=other, it=other)
    assert found is not None
    assert found.also[0].clause.text == "please return the box, we don't need it any more. it is red"


def test_an_unsure_clause_is_no_matter_of_its_own() -> None:
    assert asked(TWO, ("bill_dispute", 0.9), my=("bill_dispute", 0.9), please=("return_start", SURE - 0.01)) is None


def test_one_issue_told_twice_is_one() -> None:
    message = "my internet is off, please fix the wifi"
    assert asked(message, ("outage_report", 0.9), my=("outage_report", 0.9), please=("troubleshoot", 0.9)) is None


@pytest.mark.parametrize(
    "message",
    [
        "my box is cracked and can you take it back",
        "my plan is fine, i don't want to cancel anything",
        "my sister called and i returned the box last week",
        "my bill is wrong. if you cannot help, tough",
    ],
)
def test_what_leans_on_the_words_before_or_asks_for_nothing_is_no_matter(message: str) -> None:
    clauses = dict.fromkeys(("can", "i", "if", "tough"), ("return_start", 0.9))
    assert asked(message, ("bill_dispute", 0.9), my=("bill_dispute", 0.9), **clauses) is None


@pytest.mark.parametrize("manners", ["greet", "thank"])
def test_a_wish_after_manners_is_what_the_message_is_about(manners: str) -> None:
    assert names(
        asked("thanks a lot! my bill is wrong", (manners, 0.8), thanks=(manners, 0.9), my=("bill_dispute", 0.9))
    )[:1] == ["bill_dispute"]


def test_an_answer_stays_an_answer_and_the_question_after_it_is_kept() -> None:
    found = asked(
        "14 Elm Street. my bill is wrong", ("inform", 0.8), **{"14": ("inform", 0.9)}, my=("bill_dispute", 0.9)
    )
    assert names(found) == ["inform", "bill_dispute"]


def test_a_detail_comes_first_unless_the_whole_is_clearly_a_question() -> None:
    clauses = {"14": ("inform", 0.9), "where": ("order_status", 0.9)}
    message = "14 Elm Street, and where is my order"
    assert names(asked(message, ("order_status", 0.5), **clauses)) == ["inform", "order_status"]
    assert asked(message, ("order_status", 0.9), **clauses) is None


def test_who_asks_for_a_person_gets_one_and_the_rest_travels_along() -> None:
    found = asked(
        "my bill is wrong and please get me a human",
        ("bill_dispute", 0.7),
        my=("bill_dispute", 0.9),
        please=("talk_to_human", 0.9),
    )
    assert names(found) == ["talk_to_human", "bill_dispute"]


def test_a_message_of_one_clause_is_not_ranked_again() -> None:
    assert (
        several("my bill is wrong", ranking(("bill_dispute", 0.9)), lambda texts: pytest.fail(f"ranked {texts}"))
        is None
    )


def test_borders_are_drawn_between_topics_only() -> None:
    assert not NO_TOPICS & {name for border in NEAR for name in border}
    assert is_near("outage_report", "troubleshoot")
    assert not is_near("bill_dispute", "return_start")
