"""After a person has helped, the assistant speaks of them, not of itself, and quotes them when asked about it later."""

from typing import Any

import pytest

from actions.cases import _solved_by, _where_it_stands
from actions.handover import BackFromPerson
from actions.hub import Case
from actions.noted import NOTE, noted, noted_in, said_by
from tests.actions.talking import run
from tests.actions.trackers import a_message, a_tracker

BACK = {
    "released_by": {"id": "ag_1", "name": "Dana Whitlock"},
    "outcome": "resolved",
    "summary": "the cracked extender may come back",
    "promises": [{"text": "A courier comes on Friday", "due_at": None}],
    "topic": "return_start",
    "case_ref": "C-482-917",
    "resume_at": "start",
}
KEPT = {
    "by": "Dana Whitlock",
    "topic": "return_start",
    "case_ref": "C-482-917",
    "summary": "the cracked extender may come back",
    "promises": ["A courier comes on Friday."],
}
SAID = "Dana noted: the cracked extender may come back. A courier comes on Friday."


def later(**note: Any) -> Any:
    return a_tracker(slots={NOTE: KEPT | note})


async def test_the_handback_names_who_did_it_and_is_kept() -> None:
    turn = await run(
        BackFromPerson(), a_tracker(message=a_message("/handback", "handback"), metadata={"handback": BACK})
    )
    assert turn.text.startswith(f"You're back with me, Fern. {SAID}")
    assert turn.slots[NOTE] == KEPT


@pytest.mark.parametrize(
    ("person", "summary", "said"),
    [
        ("Dana Whitlock", "Dana booked a courier", "Dana booked a courier."),
        ("Dana Whitlock", "I booked a courier!", "Dana noted: I booked a courier!"),
        (None, "Booked.", "Booked."),
        ("Dana Whitlock", " ", ""),
    ],
)
def test_a_summary_that_names_them_already_is_left_as_it_is(person: str | None, summary: str, said: str) -> None:
    assert said_by(person, summary) == said


def test_a_note_is_quoted_where_it_belongs_only() -> None:
    assert noted(later(), "return", "refund") == SAID
    assert noted(later(), "bill") == ""
    assert noted(later(topic="general"), "bill") == SAID
    assert noted(a_tracker(), "return") == ""
    assert noted_in(later(), "C-482-917") == SAID
    assert noted_in(later(), "C-104-220") == ""


def test_how_a_case_ended_is_quoted_from_who_ended_it() -> None:
    solved = Case(ref="C-482-917", title="Return", status="resolved", resolution="I booked a courier.")
    told = _where_it_stands(solved, _solved_by(later(), solved))
    assert told == 'C-482-917, "Return", is resolved. Dana noted: I booked a courier.'
    assert _solved_by(later(case_ref="C-104-220"), solved) is None
