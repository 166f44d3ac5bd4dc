"""What happened to a case, as lines a person reads. Pure; the events themselves are listed in docs/cases.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from handoff.desk.case_pages import CaseEventView, MoveView
from handoff.desk.wording import REASONS, label, team
from handoff.models import CaseEvent, LinkKind

WORDS = ("text", "note", "resolution", "summary", "reason", "why", "detail", "task", "label")
"""Where the words of an event are looked for, the first that is there."""
ENDS = ("ref", "into", "from", "split_from")
MOVES = {"split": "split", "opened": "split", "joined": "join", "joined_in": "join"}
"""Which kind of move an event tells of."""
CHANGES = ("status", "priority", "agent_name", "to")
LINKS = {
    LinkKind.RELATED: ("Related", "Related"),
    LinkKind.PARENT: ("Child", "Parent"),
    LinkKind.DUPLICATE: ("Repeats", "Repeated by"),
    LinkKind.SPLIT: ("Split off", "Split off from"),
    LinkKind.FOLLOW_UP: ("Goes on in", "Follows"),
}
"""How the other case stands to this one, when this one is the link's `from` and when it is its `to`."""


def link_says(kind: str, *, is_from: bool) -> str:
    return LINKS[LinkKind(kind)][0 if is_from else 1]


def told(history: Sequence[CaseEvent], moves: Sequence[MoveView] = ()) -> tuple[CaseEventView, ...]:
    """Oldest first. A split or a join that still stands can be taken back from its line."""
    standing = {(one.kind, one.other.ref): one.id for one in moves if one.undone_at is None}
    return tuple(_view(event, standing) for event in history)


def _view(event: CaseEvent, standing: Mapping[tuple[str, str], str]) -> CaseEventView:
    data = event.data
    return CaseEventView(
        kind=event.kind,
        actor=event.actor_name or event.actor.capitalize(),
        text=_words(event.kind, data),
        changed=_changed(event.kind, data),
        created_at=event.created_at,
        move_id=standing.get((MOVES.get(event.kind, ""), _other_end(data) or "")),
    )


def _other_end(data: dict[str, Any]) -> str | None:
    """The other case it is about."""
    return next((str(data[key]) for key in ENDS if data.get(key)), None)


def _words(kind: str, data: dict[str, Any]) -> str | None:
    if isinstance(because := data.get("because"), list) and because:
        return " ".join(str(one) for one in because)
    words = next((str(data[key]) for key in WORDS if data.get(key)), None)
    return REASONS.get(words or "", words) if kind == "handed_over" else words


def _changed(kind: str, data: dict[str, Any]) -> str | None:
    """What is different now, where the kind of the event says that something is."""
    said = [one for one in (data.get("word"), _other_end(data)) if one]
    said = [" ".join(said)] if said else []
    if kind.endswith("_changed") or kind in ("transferred", "assigned", "escalated", "routed"):
        said += [label(str(data[key])) if key != "to" else str(data[key]) for key in CHANGES if data.get(key)]
        if data.get("waiting_for"):
            said.append(f"for the {data['waiting_for']}")
        if data.get("team"):
            said.append(team(data["team"]))
    return ", ".join(said) or None
