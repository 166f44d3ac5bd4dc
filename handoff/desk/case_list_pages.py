"""What the list of cases shows, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass

from handoff.desk import wording
from handoff.finding.chosen import SORTS, Chosen
from handoff.finding.lists import CaseRow

STATUS_LABELS = {
    "live": "Open or waiting",
    "open": "Open",
    "waiting": "Waiting",
    "resolved": "Resolved",
    "joined": "Joined into another",
    "any": "Any",
}
DUE_LABELS = {"": "Any", "overdue": "Overdue", "today": "Within 24 hours"}
ASSIGNEE_LABELS = {"me": "whoever looks", "nobody": "nobody"}
BULK_LABELS = {
    "assign": "Assign to",
    "team": "Move to team",
    "priority": "Set priority",
    "tag": "Add tag",
    "untag": "Remove tag",
    "resolve": "Resolve",
    "watch": "Watch",
    "unwatch": "Stop watching",
}


@dataclass(frozen=True)
class Tab:
    """A view above the list. `count` is written so that more than can be counted cheaply says so; None: not counted."""

    id: str
    name: str
    href: str
    count: str | None
    is_current: bool
    is_own: bool
    is_shared: bool


@dataclass(frozen=True)
class Said:
    """What a change to many cases came to; `undo` is what the page sends to take it back, None where it cannot."""

    sentence: str
    refused: tuple[tuple[str, str], ...] = ()
    undo: str | None = None


@dataclass(frozen=True)
class CaseListPage:
    """`address` is what is in the address of this list, so that it can be drawn again after a change."""

    tabs: tuple[Tab, ...]
    rows: tuple[CaseRow, ...]
    chosen: Chosen
    address: str
    next_href: str | None
    is_cut: bool
    is_later: bool
    """Not the first page."""
    view: str
    people: Mapping[str, str]
    """Whoever a case may be given to, by id."""
    said: Said | None = None
    sorts = SORTS
    statuses = STATUS_LABELS
    dues = DUE_LABELS
    changes = BULK_LABELS

    @property
    def filters_set(self) -> int:
        """How many of the filters narrow the list."""
        return len(self.chosen.set_fields.keys() - {"search", "sort", "watched"})

    @property
    def own_view(self) -> Tab | None:
        return next((tab for tab in self.tabs if tab.is_current and tab.is_own), None)

    @property
    def order(self) -> str:
        """How the list is in order, where that is not for the reader to choose."""
        if self.chosen.search:
            return "best match first"
        if self.chosen.tag or self.chosen.watched:
            return "newest case first"
        return "next clock first" if self.chosen.due else ""


@dataclass(frozen=True)
class BulkField:
    """What a change to many cases still needs to know."""

    do: str
    choices: tuple[tuple[str, str], ...] = ()
    suggestions: tuple[str, ...] = ()


def in_words(chosen: Chosen, people: Mapping[str, str]) -> tuple[str, ...]:
    """Every filter that is set, as one would say it: `Clock: overdue`."""
    said = {
        "status": ("Status", STATUS_LABELS[chosen.status]),
        "team": ("Team", "my teams" if chosen.team == "mine" else wording.team(chosen.team)),
        "assignee": (
            "Assignee",
            people.get(chosen.assignee, ASSIGNEE_LABELS.get(chosen.assignee, "somebody who left")),
        ),
        "priority": ("Priority", chosen.priority),
        "topic": ("Topic", wording.label(chosen.topic)),
        "tag": ("Tag", chosen.tag),
        "due": ("Clock", DUE_LABELS[chosen.due]),
        "contacts": ("Contacts", f"{chosen.contacts} or more"),
        "watched": ("Only", "what one watches"),
        "search": ("Words", chosen.search),
        "sort": ("Order", SORTS[chosen.sort]),
    }
    return tuple(f"{name}: {words}" for name, words in (said[field] for field in chosen.set_fields))
