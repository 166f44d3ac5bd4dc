"""Times of day as people write them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from words import times


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("at 5 pm", "17:00"),
        ("325 pm", "15:25"),
        ("10:30", "10:30"),
        ("9 o'clock", "09:00"),
        ("noon", "12:00"),
        ("between 10 and 12", "10:00/12:00"),
        ("between 2 and 4", "14:00/16:00"),
        ("2 to 4pm", "14:00/16:00"),
        ("10-12 pm", "10:00/12:00"),
        ("9am-5pm", "09:00/17:00"),
        ("after 5", "17:00/24:00"),
        ("before noon", "00:00/12:00"),
        ("in the evening", "17:00/22:00"),
        ("late afternoon", "14:30/17:00"),
        ("tomorrow mornin", "06:00/12:00"),
        ("after lunch", "14:00/24:00"),
    ],
)
def test_a_time_of_day_is_read(typed: str, iso: str) -> None:
    assert [one.iso for one in times.find(typed)] == [iso]


@pytest.mark.parametrize(
    "typed",
    ["good morning", "at 412 maple st", "after 5 devices", "between 40 and 50 dollars", "25 pm", "am i right", "10/12"],
)
def test_what_only_sounds_like_a_time_is_none(typed: str) -> None:
    assert times.find(typed) == []


_WORDS = "at 5 pm 10 and between : - to noon late 12"


@given(st.text(max_size=120) | st.lists(st.sampled_from(_WORDS.split())).map(" ".join))
def test_times_lie_in_the_text_and_never_overlap(text: str) -> None:
    found = times.find(text)
    assert all(0 <= one.start < one.end <= len(text) and 0 <= one.since <= one.until <= 24 * 60 for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
