"""Small words that several topics say: days, hours, buttons.

Pure. Times are told in the company's own time zone (`TELLONCE_TIME_ZONE`).
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from handoff.settings import settings

Button = dict[str, str]

PERSON: Button = {"title": "Talk to a person", "payload": "/talk_to_human"}


def day(on: date) -> str:
    """`Monday, November 30`."""
    return f"{on:%A}, {on:%B} {on.day}"


def when(at: datetime, now: datetime | None = None) -> str:
    """`today at 4:30 pm`, or the day and the hour."""
    zone = ZoneInfo(settings().time_zone)
    local, today = at.astimezone(zone), (now or datetime.now(UTC)).astimezone(zone).date()
    clock = f"{local:%I:%M %p}".lstrip("0").lower()
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((local.date() - today).days)
    return f"{near or day(local.date())} at {clock}"


def button(title: str, intent: str, values: Mapping[str, str | bool] | None = None) -> Button:
    """A choice. `values` become entities of the same name, which a form takes for its slots."""
    return {"title": title, "payload": f"/{intent}{json.dumps(values) if values else ''}"}


def choice(title: str, slot: str, value: str) -> Button:
    """A button that answers a form's question."""
    return button(title, "inform", {slot: value})


def confirmation(slot: str) -> list[Button]:
    """Yes or no to what was just read back, for slots that hold a truth value."""
    return [button("Yes", "inform", {slot: True}), button("No", "inform", {slot: False})]


def yes_no(slot: str, yes: str, no: str) -> list[Button]:
    return [choice(yes, slot, "yes"), choice(no, slot, "no")]
