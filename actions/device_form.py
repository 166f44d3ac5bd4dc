"""What returns, changes of returns and exchanges have in common: one of the customer's devices, and why.

The device is understood from buttons or words ("teh cabel box"); the reason becomes a condition the rules know; they
are asked once both are known. Questions about the rules are answered in the middle of the form, which then goes on.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import devices, windows
from actions.backends import returns
from actions.backends.errors import NotFound
from actions.backends.orders import Equipment
from actions.backends.returns import Condition, PolicyCheck, Return
from actions.hearing import ALWAYS_HEARD, Field, Moment, is_sure, moment_of
from actions.return_rules import answer, is_about_rules
from actions.said import intent_of, text_of
from actions.settling import SettlingForm, is_known
from actions.travel import TravelsBack, asked_for, equipment_of_form, today
from actions.travel_questions import weight_of
from actions.tried import PersonNeeded, or_person, tried
from actions.turn import turn
from actions.wording import choice
from words import addresses

Slots = dict[str, Any]

DEVICE: Mapping[str, Field] = {
    "return_item": Field(is_free_text=True),
    "return_reason": Field(is_free_text=True, is_told=True),
}
REASONS = {
    "damaged": r"damag|crack|smash|scratch|\bbent\b|spill|dropped (it|the)|fell",
    "faulty": r"(does ?n.?t|do ?n.?t|not|never|no longer|stopped|won.?t) (even )?(work|turn|start|boot|power)|"
    r"broke|fault|defect|\bdead\b|kaput|glitch|freez|stain|"
    # "You are useless" is about us.
    r"(?<!\bu )(?<!\bur )(?<!\byou )(?<!you.re )(?<!youre )(?<!you are )(?<!you all )(?<!you guys )"
    r"useless(?! (bot|assistant|company|people|service|idiot|fern))",
    "unopened": r"(un|never |not )(been )?open|sealed|wrong (item|stuff|thing|model|box|one|size|colou?r)|untouched",
    "not needed": r"(do ?n.?t|no longer|not|never|no)[a-z ]{0,12}(need|want|use)|chang\w+ my mind|too many|spare|"
    r"extra\b|duplicate|merg|moving|moved|two of (them|those)|upgrad|cancel\w* (my )?(service|tv|plan)|surplus|one too",
}
CONDITIONS: Mapping[str, Condition] = {"damaged": "damaged", "faulty": "faulty", "unopened": "unopened"}
LONGEST_REASON = 200
LOOK_BACK = 4
LONGEST_NAME = 4
FREELY_ANSWERED = ("return_item", "return_reason", "return_address", "return_window", "return_point")
SUMMARIES = ("return_confirm", "return_change", "exchange_confirm", "policy_exception")
WANTS_CHANGE = re.compile(
    r"^\W*(no|nope|sorry|actually|wait|oops|i mean|rather|instead|not)\b|\binstead\b|\bchange\b", re.IGNORECASE
)
OVER = ("cancelled", "refunded")


def condition_of(reason: str | None) -> Condition:
    return CONDITIONS.get(str(reason), "good")


def reason_in(text: str) -> str | None:
    if text in REASONS or text == "other":
        return text
    return next((reason for reason, words in REASONS.items() if re.search(words, text, re.IGNORECASE)), None)


class DeviceForm(TravelsBack, SettlingForm):
    """Subclasses add their own fields and steps."""

    def is_interrupted(self, tracker: Tracker, heard: Slots) -> bool:
        """A question about the rules is answered here, unless it is clearly about something else."""
        is_ours = intent_of(tracker) in self.topic | {"out_of_scope"} or not is_sure(tracker)
        if is_about_rules(tracker) and is_ours and intent_of(tracker) not in ALWAYS_HEARD:
            return False
        return not self._is_plain_answer(tracker, heard) and super().is_interrupted(tracker, heard)

    @staticmethod
    def _is_plain_answer(tracker: Tracker, heard: Slots) -> bool:
        """ "I changed my mind" and "it doesn't work" are reasons when we ask for one, whatever else they look like."""
        asked, text = asked_for(tracker), text_of(tracker)
        if asked not in heard or intent_of(tracker) in ("talk_to_human", "handback"):
            return False
        is_giving_up = intent_of(tracker) == "cancel_flow" and asked != "return_reason"
        return not is_giving_up and _fits_question(asked, text)

    def hear(self, tracker: Tracker, moment: Moment) -> Slots:
        """What the base class hears, plus devices, reasons and journeys in free words. A question changes nothing."""
        heard = super().hear(tracker, moment)
        text, asked = text_of(tracker), asked_for(tracker) if moment is Moment.ANSWERING else None
        if not text:
            return heard
        if is_about_rules(tracker):
            return {slot: value for slot, value in heard.items() if slot == "account_number"}
        heard = {
            slot: value
            for slot, value in heard.items()
            if slot not in ("return_method", "return_reason") or slot == asked
        }
        details = self._new_details(text, asked, tracker)
        if asked in SUMMARIES and asked != "return_change" and details:
            heard.pop(asked, None)
        if asked == "return_item" and reason_in(text):
            # "We merged two flats and only need one" tells why once more, and names no device.
            details.setdefault("return_reason", tracker.slots.get("return_reason"))
        if asked in FREELY_ANSWERED and set(details) - {asked} and not _fits_question(asked, text):
            heard.pop(asked, None)
        return heard | details

    def _new_details(self, text: str, asked: str | None, tracker: Tracker) -> Slots:
        """Details fill what is empty, answer what is asked, and replace the rest only when the customer corrects."""
        details = self.travel_in(text, asked, tracker) | self._device_in(text)
        is_correcting = (
            bool(WANTS_CHANGE.search(text))
            or asked in SUMMARIES
            or _only_names_device(text, details)
            or _travels_otherwise(asked, details, tracker)
        )
        known = {slot: value for slot, value in details.items() if slot in self.fields}
        return {
            slot: value
            for slot, value in known.items()
            if slot == asked or is_correcting or tracker.slots.get(slot) is None
        }

    @staticmethod
    def _device_in(text: str) -> Slots:
        found: Slots = {"return_item": text} if devices.is_named(text) else {}
        reason = reason_in(text)
        return found | ({"return_reason": reason} if reason else {})

    async def validate_return_item(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Words wait in the slot until the customer is known: only then can they be compared with what they have."""
        if not is_known(tracker):
            return {"return_item": str(value)}
        return self._chosen(str(value), await equipment_of_form(dispatcher, tracker), dispatcher, tracker)

    def _chosen(
        self, value: str, owned: Sequence[Equipment], dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> Slots:
        meant = devices.meant(value, owned)
        before = tracker.slots.get("return_item")
        if len(meant) == 1:
            is_new = meant[0].serial != before
            return {"return_item": meant[0].serial} | (self.undecided() if is_new else {})
        if not meant and asked_for(tracker) != "return_item" and before in {device.serial for device in owned}:
            return {"return_item": before}
        if not meant and devices.is_named(value):
            dispatcher.utter_message(text="I don't see that one on your account. Here is what I do see.")
        return {"return_item": None}

    def validate_return_reason(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        reason = reason_in(str(value)) or str(value)[:LONGEST_REASON]
        is_new = reason != tracker.slots.get("return_reason")
        return {"return_reason": reason} | (self.undecided() if is_new else {})

    @staticmethod
    def undecided() -> Slots:
        """The rules must be asked again."""
        return {"policy_refusal": None, "policy_exception": None}

    async def _fill(
        self, heard: Slots, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        if moment_of(tracker, self.form) is not Moment.ANSWERING or not is_about_rules(tracker):
            return await super()._fill(heard, dispatcher, tracker, domain)
        await answer(dispatcher, tracker)
        # Rasa drops what was said when no slot is set, so one is set to what it holds.
        unchanged = SlotSet("account_number", tracker.slots.get("account_number"))
        return [unchanged, *await super()._fill(heard, dispatcher, tracker, domain)]

    async def settle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        await self.settle_device(dispatcher, tracker)
        if tracker.slots.get("return_item") and tracker.slots.get("return_reason"):
            await self.settle_policy(dispatcher, tracker)

    async def settle_device(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        owned = await equipment_of_form(dispatcher, tracker)
        said = tracker.slots.get("return_item")
        if not owned:
            raise PersonNeeded(
                "policy_exception", "I see no equipment on your account, and you have something to send back."
            )
        if said is None and len(owned) == 1 and asked_for(tracker) != "return_item":
            tracker.slots["return_item"] = owned[0].serial
        elif said is not None and said not in {device.serial for device in owned}:
            tracker.slots.update(self._chosen(str(said), owned, dispatcher, tracker))

    def condition(self, tracker: Tracker) -> Condition:
        return condition_of(tracker.slots.get("return_reason"))

    async def settle_policy(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Asked once per device and reason. A person's approval, given at the desk, opens what the rules close."""
        if turn(tracker).fact("approved_by"):
            tracker.slots.update(self.undecided() | {"policy_refusal": ""})
            return
        if tracker.slots.get("policy_refusal") is not None:
            return
        account, serial = str(tracker.slots["account_number"]), str(tracker.slots["return_item"])
        condition = self.condition(tracker)
        check = await check_policy(dispatcher, account, serial, condition)
        tracker.slots["policy_refusal"] = "" if check.is_allowed else check.sentence


def _only_names_device(text: str, details: Slots) -> bool:
    """A bare "the tv box" can only mean: that one, not the one you are talking about."""
    return set(details) == {"return_item"} and len(text.split()) <= LONGEST_NAME


def _travels_otherwise(asked: str | None, details: Slots, tracker: Tracker) -> bool:
    """Asked when or where exactly, "I'd rather ship it" and "from 14 Elm Street then" are about the step before."""
    if asked not in ("return_window", "return_point"):
        return False
    method = details.get("return_method")
    return "return_address" in details or (method is not None and method != tracker.slots.get("return_method"))


def _fits_question(asked: str | None, text: str) -> bool:
    """Whether these words are the kind of answer the question wants."""
    match asked:
        case "return_reason":
            return reason_in(text) is not None
        case "return_item":
            return devices.is_named(text)
        case "return_address":
            return addresses.spoken(text) is not None
        case "return_window":
            return windows.fitting(text, (), today()) is not None
    return False


async def check_policy(
    dispatcher: CollectingDispatcher, account: str, serial: str, condition: Condition
) -> PolicyCheck:
    asked = returns.check_policy
    return await tried(dispatcher, "returns.check_policy", asked, account, serial=serial, condition=condition)


async def device_of_form(dispatcher: CollectingDispatcher, tracker: Tracker) -> Equipment:
    serial = tracker.slots.get("return_item")
    for device in await equipment_of_form(dispatcher, tracker):
        if device.serial == serial:
            return device
    raise NotFound(f"There is no device {serial} on the account.")


async def open_return(dispatcher: CollectingDispatcher, account: str, serial: str) -> Return | None:
    """The return already under way for this device, if there is one."""
    made = await tried(dispatcher, "returns.of_account", returns.of_account, account)
    return next((one for one in made if one.serial == serial and one.status not in OVER), None)


class ActionAskReturnItem(Action):
    def name(self) -> str:
        return "action_ask_return_item"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        owned = await equipment_of_form(dispatcher, tracker)
        offered = candidates(tracker, owned)
        titled = [(devices.title(one, owned), one) for one in offered]
        dispatcher.utter_message(
            text="Which one is it?",
            buttons=[choice(f"{title} ({weight_of(one)})", "return_item", one.serial) for title, one in titled],
        )
        return []


def candidates(tracker: Tracker, owned: Sequence[Equipment]) -> Sequence[Equipment]:
    """ "My cable box" leaves two of five; a reply that fits none of them brings all five back."""
    texts = [event.get("text") or "" for event in tracker.events if event["event"] == "user"][-LOOK_BACK:]
    if tracker.get_slot("requested_slot") == "return_item" and asked_before(tracker):
        texts = texts[-1:]
    named = next((text for text in reversed(texts) if devices.is_named(text) and not text.startswith("/")), "")
    return devices.meant(named, owned) or owned


def asked_before(tracker: Tracker) -> bool:
    asked = [
        event for event in tracker.events if event["event"] == "action" and event["name"] == "action_ask_return_item"
    ]
    return bool(asked)
