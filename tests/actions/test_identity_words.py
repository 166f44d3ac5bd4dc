"""What counts as "I don't know" when the account is asked for."""

import pytest

from actions.identity import DONT_KNOW


@pytest.mark.parametrize(
    "words",
    ["i dont know", "I don't know, sorry", "I don't have my account ID", "can't find it", "haven't got one", "idk"],
)
def test_not_having_the_number_is_an_answer(words: str) -> None:
    assert DONT_KNOW.search(words)


@pytest.mark.parametrize(
    "words", ["I don't have the box any longer", "we don't need it any more", "I do not know how much it costs"]
)
def test_not_having_something_else_is_none(words: str) -> None:
    assert not DONT_KNOW.search(words)
