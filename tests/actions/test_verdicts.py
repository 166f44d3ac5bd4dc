"""How people say that it went well, or did not, in words nobody told us to expect."""

import pytest

from actions import verdicts

GOOD = (
    "yes", "Yes it did, thanks!", "yep all good", "it went fine", "no problems at all", "couldn't be better",
    "everything went smoothly", "they picked it up this morning", "works now", "perfect", "not bad at all",
    "yes, very well", "ok", "all sorted, thank you", "no, all good", "it was great", "no issues", "yeah it's fixed",
)  # fmt: skip
BAD = (
    "no", "no it never came", "nobody showed up", "it didn't work", "not really", "the courier never arrived",
    "still broken", "still not working", "nope, still waiting for the carton", "he did not pick it up",
    "yes but it still doesn't work", "they took the wrong box", "it's worse now", "not solved", "it isn't fixed",
    "unfortunately not", "no one came", "it hasn't arrived yet", "not good", "didnt happen", "it broke again",
    "no, it went badly",
)  # fmt: skip
NEITHER = ("what do I owe?", "I want to move house", "who are you", "12 Elm Street", "hm", "can I return my router?")


@pytest.mark.parametrize("text", GOOD)
def test_what_went_well_is_heard(text: str) -> None:
    assert verdicts.went_well(text) is True


@pytest.mark.parametrize("text", BAD)
def test_what_did_not_go_well_is_heard(text: str) -> None:
    assert verdicts.went_well(text) is False


@pytest.mark.parametrize("text", NEITHER)
def test_what_answers_nothing_is_no_answer(text: str) -> None:
    assert verdicts.went_well(text) is None


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("4", 4),
        ("5/5", 5),
        ("I'd say 3", 3),
        ("four", 4),
        ("very easy", 5),
        ("pretty easy", 4),
        ("it was ok", 3),
        ("quite hard", 2),
        ("a nightmare", 1),
        ("not easy", 2),
        ("between 3 and 4", None),
        ("7", None),
        ("10042", None),
        ("what do I owe?", None),
    ],
)
def test_ease_is_read_from_numbers_and_words(text: str, rating: int | None) -> None:
    assert verdicts.ease(text) == rating


@pytest.mark.parametrize("text", ["no", "that's all", "nope, thanks", "nothing else"])
def test_nothing_to_add_is_no_word(text: str) -> None:
    assert verdicts.is_nothing(text)
