"""How names, times and numbers read at the desk. Pure; used as template filters."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from handoff import clock, facts
from handoff.routing.teams import BUILT_IN

TEAMS: ContextVar[Mapping[str, str]] = ContextVar("teams", default=BUILT_IN)
"""What each team is called, for the request that is being answered; `visit.reader` sets it."""
ACTIVE: ContextVar[Mapping[str, str]] = ContextVar("active_teams", default=BUILT_IN)
"""Those a case can be given to."""
REASONS = {
    "asked": "Asked for a person",
    "fallback": "Not understood",
    "empty_turns": "The assistant had no answer",
    "policy_exception": "Policy exception",
    "high_value": "Above the assistant's limit",
    "frustration": "Customer is frustrated",
    "company_down": "Company system down",
    "assistant_down": "Assistant down",
    "cancel_service": "Wants to cancel",
    "security": "Security",
    "taken_over": "Taken over",
    "third_contact": "Third contact about this",
    "not_solved": "Said it is not solved",
}
OUTCOMES = {"ok": "Done", "refused": "Refused", "failed": "Failed", "timeout": "No answer"}
CHANNELS = {
    "web": "Web chat",
    "telegram": "Telegram",
    "console": "Console",
    "login": "Account on the site",
    "email": "E-mail",
    "phone": "Phone",
}
PROOFS = {
    "link": "by a link from one chat to the other",
    "code": "by a code they read back",
    "login": "by signing in on the site",
    "agent": "by an agent",
}
SET_BY = {
    "customer": "said by customer",
    "action": "from our systems",
    "agent": "noted by agent",
    "carried": "from last time",
}
EVENTS = {
    "third_contact": "Third contact",
    "promised": "Promised",
    "promise_reminded": "Reminded of a promise",
    "promise_kept": "Promise kept",
    "promise_broken": "Promise broken",
    "promise_withdrawn": "Promise taken back",
    "follow_up_planned": "Will ask the customer",
    "follow_up_asked": "Asked the customer",
    "follow_up_answered": "The customer answered",
    "follow_up_dropped": "Did not ask the customer",
    "survey_planned": "Will send the survey",
    "survey_asked": "Sent the survey",
    "survey_answered": "Survey answered",
    "survey_dropped": "Did not send the survey",
    "opened": "Opened",
    "noted": "Note",
    "assigned": "Assigned",
    "status_changed": "Status changed",
    "priority_changed": "Priority changed",
    "team_changed": "Team changed",
    "handed_over": "Handed to people",
    "accepted": "Accepted",
    "declined": "Declined",
    "transferred": "Transferred",
    "given_back": "Given back to the assistant",
    "resolved": "Resolved",
    "reopened": "Reopened",
    "conversation_joined": "Conversation joined",
    "split": "Split off",
    "joined_in": "Took in",
    "joined": "Became part of",
    "split_undone": "Split undone",
    "join_undone": "Join undone",
    "exception_asked": "Asked for an exception",
    "exception_granted": "Exception granted",
    "exception_denied": "Exception denied",
    "exception_done": "Exception carried out",
    "exception_failed": "Exception not carried out",
    "gave_up": "Gave up",
    "redacted": "Removed for good",
    "share_opened": "Shared with a partner",
    "share_widened": "More shown to a partner",
    "share_ended": "No longer shared",
    "partner_state": "Partner",
    "webhook_failed": "Webhook failed",
}


def label(name: str | None) -> str:
    """`bill_dispute` -> `Bill dispute`."""
    return (name or "").replace("_", " ").replace(".", " · ").strip().capitalize()


def fact_label(name: str) -> str:
    return facts.LABELS.get(name) or label(name)


def team(name: str | None) -> str:
    return TEAMS.get().get(name or "", label(name))


def tried_label(name: str) -> str:
    """`billing.dispute_line` -> `Billing: dispute line`."""
    system, dot, verb = name.partition(".")
    return f"{label(system)}: {verb.replace('_', ' ')}" if dot else label(name)


def hour(at: datetime) -> str:
    return at.strftime("%H:%M")


def day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def iso(at: datetime) -> str:
    return at.isoformat()


def since(at: datetime | None) -> str:
    """How long ago, in as few signs as can be compared at a glance. `clocks.js` keeps it ticking the same way."""
    return span(clock.now() - at) if at else ""


def span(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    if seconds < 86400:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02d}"
    return f"{seconds // 86400}d"


def duration(seconds: float) -> str:
    """`40 s`, `4 min`, `2 h 10`, `3 days`: as one would say it."""
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02}"
    return f"{round(seconds / 86400)} days"


def until(at: datetime) -> str:
    """How long until then, or how long since: `2h 10`, `3h 05 ago`."""
    now = clock.now()
    return span(at - now) if at > now else f"{span(now - at)} ago"


def without_after(address: str) -> str:
    """The address of the first page of the same list."""
    return "&".join(one for one in address.split("&") if not one.startswith("after="))


def percent(share: float) -> str:
    return f"{round(share * 100)}%"


def initials(name: str) -> str:
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def safe_url(url: str | None) -> str | None:
    """Only addresses a person may be sent to; anything else is shown as words."""
    return url if url and urlsplit(url).scheme in ("http", "https", "mailto", "tel") else None


def file_address(secret: str, name: str) -> str:
    """Where the desk opens a file; the name is only for whoever keeps it."""
    return f"/desk/files/{secret}/{quote(name, safe='')}"


def size(size_bytes: int) -> str:
    """`1.4 MB`, `38 KB`: as people compare files."""
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1_000_000:.1f} MB"
    return f"{max(1, round(size_bytes / 1000))} KB"


def reason(code: str) -> str:
    return REASONS.get(code) or label(code)


FILTERS: dict[str, Callable[..., Any]] = {
    "label": label,
    "size": size,
    "fact_label": fact_label,
    "team": team,
    "tried_label": tried_label,
    "hour": hour,
    "day": day,
    "iso": iso,
    "since": since,
    "percent": percent,
    "until": until,
    "is_past": lambda at: at < clock.now(),
    "without_after": without_after,
    "initials": initials,
    "safe_url": safe_url,
    "reason": reason,
    "outcome": lambda name: OUTCOMES.get(name) or label(name),
    "proof": lambda name: PROOFS.get(name) or label(name),
    "channel": lambda name: CHANNELS.get(name) or label(name),
    "set_by": lambda name: SET_BY.get(name) or label(name),
    "duration": duration,
    "event": lambda name: EVENTS.get(name) or label(name),
}
