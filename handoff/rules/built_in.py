"""The triggers that come with the product. On until a supervisor switches them off; only then do they have a row."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from handoff.models import Trigger

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BREACHED, SURVEY = "built-in-breached", "built-in-survey"
_ALL: Mapping[str, Mapping[str, Any]] = {
    BREACHED: {
        "name": "A breached clock raises the priority",
        "event": "clock_breached",
        "actions": [{"do": "priority", "value": "up"}],
    },
    SURVEY: {
        "name": "A day after it is resolved, ask how it was",
        "event": "resolved",
        "actions": [{"do": "survey", "value": ""}],
    },
}


def all_of() -> Sequence[Trigger]:
    """Fresh rows that are in no table yet."""
    return [_made(key) for key in _ALL]


def by_id(trigger_id: str) -> Trigger | None:
    return _made(trigger_id) if is_one(trigger_id) else None


def is_one(trigger_id: str) -> bool:
    return trigger_id in _ALL


def _made(key: str) -> Trigger:
    told: dict[str, Any] = {"after": {}, "conditions": [], **_ALL[key]}
    return Trigger(id=key, is_on=True, position=0, created_at=LONG_AGO, updated_at=LONG_AGO, **told)
