"""Where a case stands, when a courier or installer has said how far they are."""

import pytest

from actions.cases import _partner_says
from actions.hub import Case
from tests.actions.trackers import a_message, a_tracker

SAID = {"name": "Swift Parcel Couriers", "label": "On the way", "at": "2026-11-23T14:05:00+00:00"}


def told(status: str, **parts: object) -> list[str]:
    case = {"ref": "C-482-917", "title": "Return", "status": status, "partner": SAID, **parts}
    text = "where is my courier"
    message = a_message(text, "case_status")
    tracker = a_tracker(
        {"event": "user", "text": text, "parse_data": message}, message=message, metadata={"open_cases": [case]}
    )
    return _partner_says(tracker, Case(ref="C-482-917", title="Return", status=status))


@pytest.mark.parametrize("status", ["open", "waiting"])
def test_the_assistant_says_how_far_the_partner_is(status: str) -> None:
    assert told(status) == ["Swift Parcel Couriers told us: on the way (Monday 14:05 UTC)."]


def test_it_says_nothing_of_partners_who_said_nothing() -> None:
    assert told("open", partner=None) == []


def test_a_solved_case_is_not_still_on_the_way() -> None:
    assert told("resolved") == []
