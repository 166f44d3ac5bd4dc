"""To a person and back. The package says everything known; the customer hears only what the hub has answered.

`action_handover` is asked for by the customer (any time), by a rule, or by another action through `tried.to_person`.
`action_handback` opens the assistant's side again with what the person has done.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT

from actions.hub import HandoverAnswer, HubError, hub
from actions.next_topic import forget_all
from actions.noted import NOTE, said_by, sentence
from actions.package import build, reason_of
from actions.slots import forget, resume, stop_form
from actions.tried import tell_hub
from actions.turn import Handback, turn

LEADS = {
    "frustration": "I'm sorry, you shouldn't have to fight for this.",
    "security": "To keep the account safe, a person should check this with you.",
    "not_solved": "I'm sorry to hear that. Your case is open again, with what you said.",
    "cancel_service": "A colleague will go through the cancellation with you.",
}
SPOKEN_DETAIL = frozenset({"company_down", "policy_exception", "high_value", "fallback"})
# Out of hours the assistant stays; it can only go on with a form that is not itself the obstacle.
KEEPS_FORM = frozenset({"asked", "frustration"})


class Handover(Action):
    def name(self) -> str:
        return "action_handover"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        try:
            answer = await asyncio.to_thread(hub().hand_over, build(tracker, domain))
        except HubError:
            dispatcher.utter_message(text="Passing you on didn't work at the first try. I'm on it.")
            tell_hub(dispatcher, failure="action_handover")
            return [*_asked_and_done(), FollowupAction("action_listen")]
        dispatcher.utter_message(text=announcement(reason_of(tracker), tracker.get_slot("handover_detail"), answer))
        form = tracker.active_loop_name
        if answer.state == "out_of_hours" and form and reason_of(tracker) in KEEPS_FORM:
            return [*_asked_and_done(), FollowupAction(form)]
        left = [SlotSet("handed_over_form", form), *stop_form()] if form else []
        return [*_asked_and_done(), SlotSet("paused_form", None), *left, FollowupAction("action_listen")]


def announcement(reason: str, detail: str | None, answer: HandoverAnswer) -> str:
    """One message: why, what happens now, how long it takes, the reference. Nothing the hub did not say."""
    if answer.already:
        return " ".join(["You're already in good hands.", *_what_happens(answer)])
    lead = detail if reason in SPOKEN_DETAIL and detail else LEADS.get(reason)
    return " ".join([*([lead] if lead else []), *_what_happens(answer)])


def _what_happens(answer: HandoverAnswer) -> Iterator[str]:
    if answer.state == "out_of_hours":
        yield "Nobody is at the desk right now, so I've written everything down for them."
        if answer.promised_at:
            yield f"You'll have an answer by {answer.promised_at:%A %H:%M} UTC."
        yield f"Your reference is {answer.case_ref}. I'm still here meanwhile."
        return
    if answer.state == "with_agent":
        yield f"{answer.agent_name or 'A person'} has this conversation and can read all of it."
    else:
        yield "I'm passing you to a person. They can read everything so far, so there's no need to repeat it."
        yield from _place_in_line(answer)
    yield f"Your reference is {answer.case_ref}."


def _place_in_line(answer: HandoverAnswer) -> Iterator[str]:
    if not answer.is_staffed:
        yield "Nobody is at the desk this minute; whoever comes first sees you waiting."
        return
    wait = f", about {minutes(answer.wait_s.low, answer.wait_s.high)}" if answer.wait_s else ""
    if answer.queue_position == 1:
        yield f"You're next{wait}."
    elif answer.queue_position:
        yield f"You're number {answer.queue_position} in line{wait}."


def minutes(low_s: int, high_s: int) -> str:
    """`2 to 5 minutes`; rounded up, because a wait that was promised too short is remembered."""
    low, high = max(1, -(-low_s // 60)), max(1, -(-high_s // 60))
    return f"{low} to {high} minutes" if low < high else "a minute" if high == 1 else f"{high} minutes"


def _asked_and_done() -> list[EventType]:
    return [SlotSet("handover_reason", None), SlotSet("handover_detail", None)]


class BackFromPerson(Action):
    """Says what was done and promised, and goes on at the start, in the form that was left, or not at all."""

    def name(self) -> str:
        return "action_handback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        back = turn(tracker).handback or Handback()
        form = _form_to_resume(back, tracker, domain) if back.resume_at == "form" else None
        dispatcher.utter_message(text=_what_was_done(back, form))
        events = [
            *stop_form(),
            SlotSet(NOTE, _note(back)),
            *_learned(back, tracker),
            SlotSet("handed_over_form", None),
            SlotSet("wanted", None),
        ]
        if form:
            return [*events, *resume(form)]
        for name in domain.get("forms") or {}:
            events += forget(domain, name)
        # The person had what else was asked for in the package.
        return [*events, *forget_all(tracker), SlotSet("paused_form", None), FollowupAction("action_listen")]


def _what_was_done(back: Handback, form: str | None) -> str:
    parts = ["You're back with me, Fern.", said_by(back.by, back.summary), *map(_promise, back.promises)]
    if back.facts_learned:
        noted = ", ".join(f"{fact['name'].replace('_', ' ')} {fact['value']}" for fact in back.facts_learned)
        parts.append(f"Noted: {noted}.")
    if form:
        parts.append("Let's go on where we were.")
    elif back.resume_at == "close":
        parts.append("Write any time if something else comes up.")
    else:
        parts.append("Is there anything else I can do?")
    return " ".join(part for part in parts if part)


def _note(back: Handback) -> dict[str, Any]:
    return {
        "by": back.by,
        "topic": back.topic,
        "case_ref": back.case_ref,
        "summary": back.summary,
        "promises": [_promise(promise) for promise in back.promises],
    }


def _promise(promise: Any) -> str:
    """Promises come as words, or as `{text, due_at}`."""
    if not isinstance(promise, dict):
        return sentence(str(promise))
    due = f" (by {str(promise['due_at'])[:16].replace('T', ' ')} UTC)" if promise.get("due_at") else ""
    return sentence(f"{promise.get('text', '').rstrip('.')}{due}")


def _form_to_resume(back: Handback, tracker: Tracker, domain: dict[str, Any]) -> str | None:
    name = (back.form or {}).get("name") or tracker.get_slot("handed_over_form") or tracker.active_loop_name
    return name if name in (domain.get("forms") or {}) else None


def _learned(back: Handback, tracker: Tracker) -> list[EventType]:
    known = {fact["name"]: fact["value"] for fact in back.facts_learned if fact.get("name") in tracker.slots}
    return [SlotSet(name, value) for name, value in known.items() if name != REQUESTED_SLOT]
