"""A line that fails although no outage is known: test it, ask two or three short questions, report the fault.

A test that finds the line broken needs no questions, only a yes to a technician. What the customer said at the start
("so slow tonight") counts as an answer.
"""

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT

from actions.backends import network
from actions.backends.errors import Refused
from actions.backends.network import Fault, LineTest
from actions.identity import account_of, needs_account
from actions.said import entity_of, intent_of, text_of
from actions.slots import Field, FormFromFacts, leave, resume_paused
from actions.tried import learned, or_person, tried
from actions.turn import turn
from actions.wording import PERSON, button, choice, yes_no

SYMPTOMS = {
    r"slow|lag|buffer|speed|ping|crawl|mbps|pixel|freez": "slow",
    r"drop|cut(s|ting)? (out|off)|intermittent|on and off|in and out|disconnect|every few|unstable|keeps": "drops",
    r"\bno\b.*(internet|net\b|signal|connection|wi-?fi|tv|service)|dead|nothing (works|loads)": "nothing works",
    r"\b(is|are|went|gone|been|completely|totally) (down|out|offline)\b": "nothing works",
}
# At any moment these say which devices; `SCOPE_ANSWERS` are enough once we have asked.
SCOPES = {
    r"(every|all|any) (of )?(the |my |our )?(device|phone|laptop|computer)s?|whole (house|home|flat)": "every device",
    r"\b(only|just) (on |in )?(my|the|one) (phone|laptop|tv|tablet|computer|pc|console|device)": "one device",
}
SCOPE_ANSWERS = {
    r"\b(every\w*|all|both|none|whole)\b": "every device",
    r"\b(only|just|one|single)\b|\b(my|the) (phone|laptop|tv|tablet|computer|pc|console)": "one device",
}
LIGHTS = {
    r"red|orange|amber|yellow|blink|flash": "red or orange",
    r"\bno (light|power)|off|dark|nothing|dead": "none",
    r"green|white|blue|steady|normal|solid": "green or white",
}
FIXED = {
    r"later|not (home|there)|can'?t (try|do|reach)|at work|busy": "later",
    r"still|\bnot? (really|better|change|work)|n'?t (work|help|change)|nothing|same|worse|nope|already": "no",
    r"\b(works|working|back|fixed|better|helped|solved|all good|up again)\b": "yes",
}
FIRST_STEPS = {
    "none": "Please check the router's power cable and try another socket.",
    "one device": "Please turn that device's wifi off and on again, or restart it.",
}

REPORTS = frozenset({"outage_report", "troubleshoot"})
ONLY_WHEN_ASKED = frozenset({"outage_lights", "outage_fixed", "outage_visit"})

Events = list[EventType]


def value_in(words: Mapping[str, str], text: str) -> str | None:
    return next((value for pattern, value in words.items() if re.search(pattern, text, re.I)), None)


class OutageTestLine(Action):
    """Test the line of the customer's account, unless its fault is already being worked on."""

    def name(self) -> str:
        return "action_outage_test_line"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        account = str(account_of(tracker))
        fault = await open_fault(dispatcher, tracker)
        if fault and entity_of(tracker, "outage_test") != "again":
            return tell_fault(dispatcher, tracker, fault)
        key = turn(tracker).key("line-test")
        test = await tried(dispatcher, "network.test_line", network.test_line, account, key=key)
        lead = "I know of no outage near you, so I've" if intent_of(tracker) in REPORTS else "I've"
        dispatcher.utter_message(text=f"{lead} tested your line. {test.sentence}")
        symptom = value_in(SYMPTOMS, tracker.get_slot("outage_said") or "")
        slots = {"outage_test": kept(test), "outage_symptom": symptom}
        return [*(SlotSet(name, value) for name, value in slots.items()), FollowupAction("outage_diagnosis_form")]


async def open_fault(dispatcher: CollectingDispatcher, tracker: Tracker) -> Fault | None:
    """A fault that is being worked on. Nobody hears of it before we know whose line it is."""
    account = account_of(tracker)
    known = await tried(dispatcher, "network.faults", network.faults, account) if account else ()
    return next((fault for fault in known if fault.status != "closed"), None)


def kept(test: LineTest) -> dict[str, Any]:
    """What the questions and the report need of a test; slots hold plain JSON."""
    return test.model_dump(mode="json", include={"test_id", "outcome", "sentence", "steps", "needs_technician"})


def tell_fault(dispatcher: CollectingDispatcher, tracker: Tracker, fault: Fault) -> Events:
    visit = f"A technician comes {fault.visit_label}." if fault.visit_label else "Our network team is on it."
    buttons = [button("Test my line again", "troubleshoot", {"outage_test": "again"}), PERSON]
    dispatcher.utter_message(text=f"Your fault is already reported as {fault.fault_number}. {visit}", buttons=buttons)
    return resume_paused(tracker)


class OutageDiagnosisForm(FormFromFacts):
    form = "outage_diagnosis_form"
    topic = REPORTS
    fields = {
        "outage_visit": Field(is_yes_no=True),
        "outage_lights": Field(words=LIGHTS),
        "outage_symptom": Field(words=SYMPTOMS),
        "outage_scope": Field(words=SCOPES),
        "outage_fixed": Field(words=FIXED, is_yes_no=True),
    }

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        test = tracker.slots.get("outage_test") or {}
        if test.get("needs_technician"):
            return ["outage_visit"]
        if test.get("outcome") == "router_offline":
            return ["outage_lights", "outage_fixed"]
        return ["outage_symptom", "outage_scope", "outage_fixed"]

    def hear(self, tracker: Tracker, moment: Any) -> dict[str, Any]:
        """Words like "dead" and "not working" are about lights, or about our advice, only when we asked for that."""
        asked = tracker.slots.get(REQUESTED_SLOT)
        heard = super().hear(tracker, moment)
        if asked == "outage_fixed" and asked in heard:
            return {asked: heard[asked]}
        return {slot: value for slot, value in heard.items() if slot not in ONLY_WHEN_ASKED or slot == asked}

    def answer(self, asked: str, tracker: Tracker) -> dict[str, Any]:
        scope = value_in(SCOPE_ANSWERS, text_of(tracker)) if asked == "outage_scope" else None
        return {asked: scope} if scope else {}

    def validate_outage_fixed(self, value: Any, *_: Any) -> dict[str, Any]:
        return {"outage_fixed": {True: "yes", False: "no"}.get(value, value)}

    def validate_outage_visit(self, value: Any, *_: Any) -> dict[str, Any]:
        return {"outage_visit": {True: "yes", False: "no"}.get(value, value)}


class AskOutageFixed(Action):
    """The advice that fits the test and the answers, and whether it helped."""

    def name(self) -> str:
        return "action_ask_outage_fixed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        buttons = yes_no("outage_fixed", "It works now", "Still not right")
        buttons.append(choice("I'll try later", "outage_fixed", "later"))
        dispatcher.utter_message(text=f"{advice(tracker)} Is it better now?", buttons=buttons)
        return []


def advice(tracker: Tracker) -> str:
    """One or two steps, not a manual."""
    steps = (tracker.get_slot("outage_test") or {}).get("steps") or []
    special = FIRST_STEPS.get(tracker.get_slot("outage_lights") or "") or FIRST_STEPS.get(
        tracker.get_slot("outage_scope") or ""
    )
    if special:
        return special
    return " ".join(steps[:2]) or "Please unplug the router for 30 seconds, plug it in and give it two minutes."


class OutageDiagnosed(Action):
    """The end of the diagnosis: it works, it waits, or it becomes a fault report."""

    def name(self) -> str:
        return "action_outage_diagnosed"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        fixed, visit = tracker.get_slot("outage_fixed"), tracker.get_slot("outage_visit")
        if fixed == "yes":
            dispatcher.utter_message(text="Good to hear. If it comes back, write to me here.")
        elif fixed == "later":
            dispatcher.utter_message(text="Take your time. Tell me here how it went and I'll go on from there.")
        elif visit == "no":
            buttons = [button("Book it after all", "troubleshoot", {"outage_test": "again"}), PERSON]
            dispatcher.utter_message(text="All right, I won't book anyone.", buttons=buttons)
        else:
            await report(dispatcher, tracker)
        return [*leave(tracker, domain, "outage_diagnosis_form"), SlotSet("outage_said", None)]


async def report(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    wanted = {
        "description": described(tracker),
        "line_test_id": (tracker.get_slot("outage_test") or {}).get("test_id"),
        "key": turn(tracker).key("fault"),
    }
    try:
        fault = await tried(
            dispatcher, "network.report_fault", network.report_fault, str(account_of(tracker)), **wanted
        )
    except Refused as refusal:
        dispatcher.utter_message(text=f"{refusal.sentence} A colleague can decide otherwise.", buttons=[PERSON])
        return
    learned(dispatcher, "fault_number", fault.fault_number)
    visit = f"A technician comes {fault.visit_label}." if fault.visit_label else "Our network team takes it from here."
    dispatcher.utter_message(text=f"I've reported it as {fault.fault_number}. {visit}", buttons=[PERSON])


def described(tracker: Tracker) -> str:
    """Everything the customer said and tried, so that nobody on the network team asks again."""
    test = tracker.get_slot("outage_test") or {}
    parts = [tracker.get_slot("outage_said") or "The line does not work.", f"Line test: {test.get('sentence', 'none')}"]
    names = {"outage_symptom": "Symptom", "outage_scope": "Affects", "outage_lights": "Router lights"}
    parts += [f"{words}: {value}." for slot, words in names.items() if (value := tracker.get_slot(slot))]
    if tracker.get_slot("outage_fixed") == "no":
        parts.append(f"Tried without success: {advice(tracker)}")
    return " ".join(parts)
