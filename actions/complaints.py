"""A complaint: listen, say what we can see of the trouble, offer a person.

What is shown comes from the company for a customer we know, and from the cases the hub told us of. A second complaint
means that talking to a bot has become the complaint.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import billing, network
from actions.backends.errors import CompanyError
from actions.backends.network import Fault, Incident
from actions.backends.results import dollars
from actions.identity import account_of
from actions.payments import unsettled
from actions.slots import resume_paused
from actions.small_talk import likeliest
from actions.tried import to_person, tried
from actions.turn import OpenCase, turn
from actions.wording import PERSON, Button, button, day

MOST_SEEN = 3

Seen = tuple[str, Button]


class Complaint(Action):
    def name(self) -> str:
        return "action_complaint"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if any(event["event"] == "action" and event["name"] == self.name() for event in tracker.events):
            return to_person("frustration", "The customer complained a second time.")
        seen = [*cases_seen(turn(tracker).open_cases), *await company_seen(dispatcher, account_of(tracker))][:MOST_SEEN]
        if seen:
            lines = "\n".join(f"• {words}" for words, _ in seen)
            text = f"I'm sorry you've had this trouble. Here's what I can see:\n{lines}\nIs it one of these?"
            dispatcher.utter_message(text=text, buttons=[*(choice for _, choice in seen), PERSON])
        else:
            text = "I'm sorry about that. Tell me what happened and I'll see what I can do, or I get you a person."
            dispatcher.utter_message(text=text, buttons=[*likeliest(tracker), PERSON])
        return resume_paused(tracker)


def cases_seen(cases: Iterable[OpenCase]) -> list[Seen]:
    return [(f"your case {case.ref}, {case.title}", button(f"Case {case.ref}", "case_status")) for case in cases]


async def company_seen(dispatcher: CollectingDispatcher, account: str | None) -> list[Seen]:
    """Open trouble on the account. A system that does not answer only shows less: the complaint itself is heard."""
    if account is None:
        return []
    looks = (_outages(dispatcher, account), _faults(dispatcher, account), _money(dispatcher, account))
    found = await asyncio.gather(*looks, return_exceptions=True)
    for result in found:
        if isinstance(result, BaseException) and not isinstance(result, CompanyError):
            raise result
    return [one for result in found if isinstance(result, list) for one in result]


async def _outages(dispatcher: CollectingDispatcher, account: str) -> list[Seen]:
    found: tuple[Incident, ...] = await tried(
        dispatcher, "network.incidents", network.incidents, account_number=account, with_resolved=True
    )
    open_ones = [one for one in found if one.status != "resolved"]
    if open_ones:
        return [("an outage at your address right now", button("The outage", "outage_status"))]
    ended = found[0].resolved_at if found else None
    return [(f"an outage that ended {day(ended.date())}", button("Credit for it", "outage_credit"))] if ended else []


async def _faults(dispatcher: CollectingDispatcher, account: str) -> list[Seen]:
    found: tuple[Fault, ...] = await tried(dispatcher, "network.faults", network.faults, account)
    open_ones = [fault for fault in found if fault.status != "closed"]
    return [(f"your fault report {one.fault_number}", button("My fault report", "outage_report")) for one in open_ones]


async def _money(dispatcher: CollectingDispatcher, account: str) -> list[Seen]:
    """A failed payment or an overdue bill; else a bill that went up."""
    failed = unsettled(await tried(dispatcher, "billing.payments", billing.payments, account))
    if failed:
        return [(f"a payment of {dollars(failed.amount)} that failed", button("The payment", "payment_problem"))]
    try:
        compared = await tried(dispatcher, "billing.compare", billing.compare, account)
    except CompanyError:
        return []
    rise = compared.difference
    return [(f"a bill {dollars(rise)} higher than last month", button("My bill", "bill_explain"))] if rise > 0 else []
