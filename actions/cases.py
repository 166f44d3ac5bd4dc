"""Cases: where one stands, adding to it, opening it again. Customers hear only of cases that are theirs."""

import asyncio
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import promises
from actions.hub import Case, HubError, HubRefused, hub
from actions.noted import NOTE, noted_in, said_by
from actions.said import entity_of, text_of
from actions.slots import Field, FormFromFacts, leave
from actions.small_talk import PERSON
from actions.tried import to_person
from actions.turn import turn
from words import identifiers

ADDS = re.compile(
    r"\b(add|note|also mention|more (info|details)|put (this|that|it) (on|in)|update (my|the) (case|ticket))\b", re.I
)
SAYS = re.compile(r"(?:\bthat|:)\s+(\S+(?:\s+\S+){2,})\s*$", re.I)
TELL = "action_case_status"
_GOES_ON = re.compile(
    r"^\W*((and|so|ok(ay)?|well|now|hm+)\W+)*(what(.?s| is| does| will|ll)?( going to)? (happens?|comes?|next|now)\b"
    r"( (next|now|then|after that))*|what did (?!(i|it|the|my|you)\b)[a-z]+ (do|say|arrange|promise|book))\W*$",
    re.I,
)
OPEN = frozenset({"open", "waiting"})
JOINED = "joined"
"""Became part of another case."""
SHOWN = 3
BARE_WORDS = 2
"""In "C-482-917 please" nothing is said but the reference."""


def asked_about(tracker: Tracker) -> bool:
    """Whether the words are a bare reference, or "so what happens now?" when there is a case to tell of. Never inside a
    form: what comes next there is its question."""
    text = text_of(tracker)
    if not text or tracker.active_loop_name:
        return False
    if asks_what_next(tracker):
        return bool(turn(tracker).open_cases or tracker.slots.get(NOTE))
    return [one.name for one in identifiers.find(text)] == ["case_ref"] and len(text.split()) <= BARE_WORDS


def asks_what_next(tracker: Tracker) -> bool:
    return bool(_GOES_ON.match(text_of(tracker)))


class CaseStatus(Action):
    """By the reference that was said, else by who is asking."""

    def name(self) -> str:
        return TELL

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        try:
            cases = await own_cases(tracker)
        except HubError:
            return to_person("company_down", "I can't look up cases right now.")
        chosen = _chosen(tracker, cases)
        if chosen and ADDS.search(_text(tracker)):
            said = SAYS.search(_text(tracker))
            note = [SlotSet("case_note", said[1])] if said else []
            return [SlotSet("case_ref", chosen.ref), *note, FollowupAction("case_note_form")]
        _tell(dispatcher, tracker, chosen, cases)
        return []


def _tell(dispatcher: CollectingDispatcher, tracker: Tracker, chosen: Case | None, cases: tuple[Case, ...]) -> None:
    named = said_reference(tracker)
    if chosen:
        by_person, state = noted_in(tracker, chosen.ref), _where_it_stands(chosen, _solved_by(tracker, chosen))
        # A case that was solved says the same already.
        text = state if chosen.resolution and chosen.resolution in state else f"{by_person} {state}".strip()
        owed = [
            promises.spoken(case, one)
            for case in turn(tracker).open_cases
            if case.ref == chosen.ref
            for one in case.promises
        ]
        text = " ".join([text, *_partner_says(tracker, chosen), *owed])
        dispatcher.utter_message(text=text, buttons=_next_steps(chosen))
    elif named:
        dispatcher.utter_message(
            text=f"I can't find {named} among your cases here. Is the number right? "
            "If you wrote to us from another device or app, a person can look it up.",
            buttons=[PERSON],
        )
    elif cases:
        dispatcher.utter_message(text="Which one do you mean?", buttons=_case_buttons(cases))
    else:
        dispatcher.utter_message(
            text="There's no case in your name. Tell me what's going on and I'll help, or get you a person."
        )


class CaseNoteForm(FormFromFacts):
    form = "case_note_form"
    fields = {"case_ref": Field(), "case_note": Field(is_free_text=True, is_told=True)}


class CaseAddNote(Action):
    def name(self) -> str:
        return "action_case_add_note"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        ref, note = str(tracker.get_slot("case_ref")), str(tracker.get_slot("case_note"))
        left = leave(tracker, domain, "case_note_form")
        try:
            if ref not in {case.ref for case in await own_cases(tracker)}:
                raise HubRefused(404, "not_found", f"There is no case {ref}.")
            await asyncio.to_thread(hub().note, ref, f"From the customer: {note}", key=turn(tracker).key("note"))
        except HubRefused:
            dispatcher.utter_message(text=f"I can't find a case {ref} of yours.", buttons=[PERSON])
            return left
        except HubError:
            return to_person("company_down", f"I could not add this to {ref}.")
        dispatcher.utter_message(text=f"I've added that to {ref}.")
        return left


class CaseReopen(Action):
    def name(self) -> str:
        return "action_case_reopen"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        try:
            cases = await own_cases(tracker)
            done = tuple(case for case in cases if case.status not in OPEN)
            chosen = _chosen(tracker, done)
            goes_on = (
                await asyncio.to_thread(hub().reopen, chosen.ref, _text(tracker), key=turn(tracker).key("reopen"))
                if chosen
                else None
            )
        except HubError:
            return to_person("company_down", "I can't reopen the case right now.")
        if chosen and goes_on:
            dispatcher.utter_message(text=_opened_again(chosen, goes_on), buttons=[PERSON])
        elif done:
            dispatcher.utter_message(text="Which one should I reopen?", buttons=_case_buttons(done, "case_reopen"))
        else:
            _tell(dispatcher, tracker, _chosen(tracker, cases), cases)
        return []


def _opened_again(asked: Case, goes_on: Case) -> str:
    """A case that ended long ago is followed up by another, and one that was joined means what it is part of."""
    if asked.ref == goes_on.ref:
        return f'{asked.ref}, "{asked.title}", is open again, with everything in it. Somebody will look at it.'
    if asked.status == JOINED:
        return f'{asked.ref} is part of {goes_on.ref}, "{goes_on.title}", and that is open. Somebody will look at it.'
    return (
        f'{asked.ref} was closed some time ago, so I opened {goes_on.ref}, "{goes_on.title}", with everything we know. '
        "Somebody will look at it; you need not explain again."
    )


async def own_cases(tracker: Tracker) -> tuple[Case, ...]:
    """Asked anew each time: what came with the message may be older than what the desk did since."""
    customer = turn(tracker).customer.id
    return await asyncio.to_thread(hub().cases, customer) if customer else ()


def said_reference(tracker: Tracker) -> str | None:
    """In the form people are given it, however they type it."""
    return identifiers.first("case_ref", entity_of(tracker, "case_ref") or _text(tracker))


def _chosen(tracker: Tracker, cases: tuple[Case, ...]) -> Case | None:
    ref = said_reference(tracker)
    if ref:
        return next((case for case in cases if case.ref.upper().startswith(ref)), None)
    noted_ref = (tracker.slots.get(NOTE) or {}).get("case_ref")
    if asks_what_next(tracker) and (spoken_of := [case for case in cases if case.ref == noted_ref]):
        return spoken_of[0]
    own = [case for case in cases if case.status != JOINED]
    still_open = [case for case in own if case.status in OPEN]
    only = still_open if len(still_open) == 1 else own
    return only[0] if len(only) == 1 else None


def _solved_by(tracker: Tracker, case: Case) -> str | None:
    """Who wrote how it ended, as far as the assistant knows: their "I" is not its own."""
    note = tracker.slots.get(NOTE) or {}
    return note.get("by") if note.get("case_ref") == case.ref else None


def _where_it_stands(case: Case, solved_by: str | None = None) -> str:
    if case.status == JOINED:
        return f'{case.ref}, "{case.title}", is part of another case of yours now, with everything in it.'
    state = case.status.replace("_", " ")
    ended = f" {said_by(solved_by, case.resolution)}" if case.resolution and case.status not in OPEN else ""
    promised = (
        f" You were promised an answer by {case.promised_at:%A %H:%M} UTC."
        if case.promised_at and case.status in OPEN
        else ""
    )
    return f'{case.ref}, "{case.title}", is {state}.{ended}{promised}'


def _partner_says(tracker: Tracker, chosen: Case) -> list[str]:
    """The last the courier or installer said of it; nothing once it is solved."""
    said = next((one.partner for one in turn(tracker).open_cases if one.ref == chosen.ref and one.partner), None)
    if said is None or chosen.status not in OPEN:
        return []
    since = f" ({said.at:%A %H:%M} UTC)" if said.at else ""
    return [f"{said.name} told us: {said.label[:1].lower()}{said.label[1:]}{since}."]


def _next_steps(case: Case) -> list[dict[str, str]]:
    if case.status in OPEN:
        return [{"title": "Add something", "payload": f'/case_add{{"case_ref": "{case.ref}"}}'}, PERSON]
    return [{"title": "Reopen it", "payload": f'/case_reopen{{"case_ref": "{case.ref}"}}'}, PERSON]


def _case_buttons(cases: tuple[Case, ...], intent: str = "case_status") -> list[dict[str, str]]:
    return [
        {"title": f"{case.ref}: {case.title}"[:60], "payload": f'/{intent}{{"case_ref": "{case.ref}"}}'}
        for case in [one for one in cases if one.status != JOINED][:SHOWN]
    ]


def _text(tracker: Tracker) -> str:
    return (tracker.latest_message or {}).get("text") or ""
