"""Calls to company systems, made off the event loop and written down for whoever helps next.

`tried` notes every call, good or bad, so that the handover package can say what was attempted and how it ended.
`or_person` is put on an action's `run`: a system that cannot be asked leads to a person, never to an apology loop.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends.errors import CompanyError, NotFound, Refused, Unavailable

# What company systems call the number of a thing done, the most telling first.
REFERENCES = (
    "reference", "return_number", "credit_number", "case_ref", "ticket_number", "move_number", "cancel_number",
    "change_number", "fault_number", "dispute_number", "plan_number", "test_id", "subscription_id", "bill_number",
    "payment_id", "account_number",
)  # fmt: skip

T = TypeVar("T")
Run = Callable[..., Awaitable[list[EventType]]]


class PersonNeeded(Exception):
    """The assistant may not or cannot go on. `reason` is a reason code of the handover; `detail` a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


async def tried(dispatcher: CollectingDispatcher, name: str, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run a blocking company call in a thread and note it as `name` ("billing.credit"). Its errors pass through."""
    started_at = datetime.now(UTC)
    clock = time.monotonic()
    try:
        result = await asyncio.to_thread(call, *args, **kwargs)
    except CompanyError as error:
        note_tried(dispatcher, name, started_at, clock, error.outcome, error_code=error.code)
        raise
    note_tried(dispatcher, name, started_at, clock, "ok", result_ref=_reference(result))
    return result


def note_tried(
    dispatcher: CollectingDispatcher,
    name: str,
    started_at: datetime,
    clock: float,
    outcome: str,
    *,
    error_code: str | None = None,
    result_ref: str | None = None,
) -> None:
    tell_hub(
        dispatcher,
        tried={
            "name": name,
            "started_at": started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ms": round((time.monotonic() - clock) * 1000),
            "outcome": outcome,
            "error_code": error_code,
            "result_ref": result_ref,
        },
    )


def learned(
    dispatcher: CollectingDispatcher, name: str, value: str, *, validated: bool = True, sensitive: bool = False
) -> None:
    """Tell the hub a fact an action found out: a return number, the account a customer turned out to have."""
    tell_hub(dispatcher, fact={"name": name, "value": value, "validated": validated, "sensitive": sensitive})


def link(dispatcher: CollectingDispatcher, title: str, url: str) -> None:
    """A link that belongs to the text uttered just before."""
    tell_hub(dispatcher, link={"title": title, "url": url})


def tell_hub(dispatcher: CollectingDispatcher, **payload: Any) -> None:
    """A payload the channel collects for the hub. Customers never see it."""
    dispatcher.utter_message(json_message={"tellonce": payload})


def to_person(reason: str, detail: str) -> list[EventType]:
    """The events that make `action_handover` the next action."""
    return [
        SlotSet("handover_reason", reason),
        SlotSet("handover_detail", detail),
        FollowupAction("action_handover"),
    ]


def or_person(run: Run) -> Run:
    """Hand over when the company cannot be asked, says no unexpectedly, or the action itself needs a person."""

    @functools.wraps(run)
    async def guarded(
        self: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        try:
            return await run(self, dispatcher, tracker, domain)
        except PersonNeeded as need:
            return to_person(need.reason, need.detail)
        except Unavailable as down:
            return to_person("company_down", down.sentence)
        except Refused as refusal:
            return to_person("policy_exception", refusal.sentence)
        except CompanyError as problem:
            return to_person("fallback", problem.sentence)

    return guarded


def sentence_or_raise(error: CompanyError) -> str:
    """The sentence of a refusal; a system that is down is somebody else's matter (`or_person`)."""
    if not isinstance(error, NotFound | Refused) and error.code != "invalid":
        raise error
    return error.sentence


def _reference(result: object) -> str | None:
    """The number a company gave to what was done, whatever that system calls it."""
    return next((str(found) for name in REFERENCES if (found := getattr(result, name, None))), None)
