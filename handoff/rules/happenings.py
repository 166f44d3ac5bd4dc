"""What a trigger may wait for: closed lists. Pure."""

from collections.abc import Mapping
from enum import StrEnum

MESSAGE, TIME = "message", "time"
FIRED, CUT = "trigger_fired", "trigger_cut"
OWN = frozenset({FIRED, CUT})
"""Events about triggers themselves, for which no trigger waits."""

EVENTS: Mapping[str, str] = {
    "opened": "A case is opened",
    MESSAGE: "The customer writes",
    "handed_over": "A person is asked for",
    "accepted": "An agent takes the conversation",
    "transferred": "The conversation goes to another team",
    "team_changed": "The team changes",
    "assigned": "The assignee changes",
    "priority_changed": "The priority changes",
    "status_changed": "The case begins or stops waiting",
    "resolved": "The case is resolved",
    "reopened": "The case is opened again",
    "tagged": "Tags change",
    "third_contact": "The customer had to come a third time",
    "clock_warning": "A clock is about to be breached",
    "clock_breached": "A clock is breached",
    "promise_broken": "A promise is not kept in time",
    "survey_answered": "A survey is answered",
    TIME: "Time has passed",
}
"""Kinds of case events, the words of a customer, and time; with what people read."""


class Since(StrEnum):
    """What `time` counts from."""

    CREATED = "created"
    UPDATED = "updated"
    WAITING = "waiting"
    RESOLVED = "resolved"


SINCES: Mapping[str, str] = {
    Since.CREATED: "it was opened",
    Since.UPDATED: "anything last happened",
    Since.WAITING: "it began to wait",
    Since.RESOLVED: "it was resolved",
}
MINUTES_AT_MOST = 366 * 24 * 60
