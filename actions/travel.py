"""How a device travels back: picked up at any address, dropped off nearby, or shipped with a carton and a label.

`TravelsBack` is mixed into every form that plans such a journey. It asks the company for windows and points, and keeps
one working copy in slots: a method, an address with its postcode, a window or a point.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT

from actions import windows
from actions.backends import accounts, orders, returns
from actions.backends.accounts import Account
from actions.backends.orders import Equipment
from actions.backends.results import Address
from actions.backends.returns import DropOffPoint, PickupWindow
from actions.hearing import Field
from actions.tried import tried
from actions.turn import turn
from words import addresses, days
from words.addresses import Place

Slots = dict[str, Any]

TRAVEL: Mapping[str, Field] = {
    "return_method": Field(),
    "return_address": Field(entities=("address",), facts=("address",), is_free_text=True, takes_yes=True),
    "return_postcode": Field(is_free_text=True, takes_yes=True),
    "return_when": Field(entities=("date",)),
    "return_window": Field(is_free_text=True),
    "return_point": Field(is_free_text=True),
}
METHODS = {
    "pickup": r"\bpick(ed)?[\s-]*(it|them|this|that|one|my \w+)?[\s-]*up|\bcollect|come (and )?(get|fetch)|\bfetch|"
    r"courier",
    "drop_off": r"\bdrop|hand (it|them) in|\bbring (it|them)|take (it|them) to|\b(a|the|your) (store|shop)\b",
    # "I didn't get any mail" chooses nothing.
    "shipping": r"\bship|(?<!e-)(?<!e )(?<!any )(?<!no )(?<!the )\bmail(ing)?\b|\bpost(ed|ing)?\b|\blabel|\bcarton|"
    r"send (it|them) back by",
}
# "Not pickup, ship it" chooses to ship.
REFUSED = re.compile(
    r"\b(not|no|don.?t|instead of|rather than)( (want|need|like))?( (a|the|to|it|that|be))*\s+"
    r"(pick(ed)?[\s-]*((it|them) )?up|collect\w*|courier|drop(ping)?[\s-]*((it|them) )?off|ship\w*|mail\w*)",
    re.IGNORECASE,
)
ON_FILE = re.compile(
    r"\b(home|here|same|on file|my (own )?(address|place|house|flat)|usual|that one|yes)\b", re.IGNORECASE
)
AT_HOME = re.compile(r"\b(home|my (place|house|flat|apartment|address))\b", re.IGNORECASE)
YES = re.compile(r"^\W*(y|yes|yeah|yep|sure|right|correct|it is)\b", re.IGNORECASE)
NAMED = {"pickup": "pickup", "drop_off": "drop-off", "shipping": "shipping"}
WHERE = {"pickup": "at", "shipping": "to"}
COMPLETE = re.compile(r"^(?P<line1>.+), (?P<city>[^,]+) (?P<postcode>\d{5})$")
NEEDED = {
    "pickup": ("return_address", "return_postcode", "return_window"),
    "drop_off": ("return_point",),
    "shipping": ("return_address", "return_postcode"),
}


def method_in(text: str) -> str | None:
    """The way of travelling these words mean; a button's own value counts too."""
    if text in METHODS:
        return text
    wanted = REFUSED.sub("", text)
    return next((method for method, words in METHODS.items() if re.search(words, wanted, re.IGNORECASE)), None)


def whole(text: str | None) -> Address | None:
    """An address with street, city and postcode, or nothing."""
    found = COMPLETE.match(text or "")
    return Address(**found.groupdict()) if found else None


async def account_of_form(dispatcher: CollectingDispatcher, tracker: Tracker) -> Account:
    return await tried(dispatcher, "accounts.get", accounts.get, str(tracker.slots["account_number"]))


async def equipment_of_form(dispatcher: CollectingDispatcher, tracker: Tracker) -> tuple[Equipment, ...]:
    return await tried(dispatcher, "orders.equipment", orders.equipment, str(tracker.slots["account_number"]))


async def windows_at(dispatcher: CollectingDispatcher, tracker: Tracker) -> tuple[PickupWindow, ...]:
    address = whole(tracker.slots.get("return_address"))
    code = address.postcode if address else str(tracker.slots.get("return_postcode"))
    return await tried(dispatcher, "returns.pickup_windows", returns.pickup_windows, code)


async def points_near(dispatcher: CollectingDispatcher, tracker: Tracker) -> tuple[str, tuple[DropOffPoint, ...]]:
    """The area and its points that accept the device's weight. The area is the one said, else the account's."""
    code = tracker.slots.get("return_postcode") or turn(tracker).fact("postcode")
    if not code:
        code = (await account_of_form(dispatcher, tracker)).address.postcode
    devices = await equipment_of_form(dispatcher, tracker)
    weight = next((device.weight_kg for device in devices if device.serial == tracker.slots.get("return_item")), None)
    points = await tried(dispatcher, "returns.drop_off_points", returns.drop_off_points, str(code), weight_kg=weight)
    return str(code), points


class TravelsBack:
    """The part of a form that plans the journey."""

    def needed_to_travel(self, tracker: Tracker) -> list[str]:
        """A postcode is asked for only while the address lacks one."""
        needed = NEEDED.get(str(tracker.slots.get("return_method")), ())
        is_whole = whole(tracker.slots.get("return_address")) is not None
        return ["return_method", *(slot for slot in needed if slot != "return_postcode" or not is_whole)]

    def travel_in(self, text: str, asked: str | None, tracker: Tracker) -> Slots:
        """What the words say about the journey, whichever question they answer."""
        heard: Slots = {}
        if method := method_in(text):
            heard["return_method"] = method
        if addresses.mentioned(text) or (asked == "return_address" and addresses.spoken(text)):
            heard["return_address"] = text
        elif heard.get("return_method") == "pickup" and AT_HOME.search(text):
            heard["return_address"] = "home"
        if asked in ("return_point", "return_postcode") and addresses.postcode(text) and "return_address" not in heard:
            heard["return_postcode"] = text
        if windows.fitting(text, (), today()) is not None and asked != "return_window":
            heard["return_when"] = text
        return heard

    def said_back(self, news: Slots, tracker: Tracker) -> list[str]:
        """The journey as far as it was told out of turn: "pickup at 9 Oak Ave", "Tuesday 24 November"."""
        method, address = str(tracker.slots.get("return_method")), news.get("return_address")
        way = NAMED[method] if method in NAMED and (address or "return_method" in news) else ""
        where = f"{WHERE.get(method, '')} {address}" if address else ""
        when = days.day(str(news.get("return_when") or ""), today())
        return [phrase for phrase in (f"{way} {where}".strip(), days.spoken(when) if when else "") if phrase]

    def validate_return_method(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        method = method_in(str(value))
        if method in (None, tracker.slots.get("return_method")):
            return {"return_method": tracker.slots.get("return_method")}
        return {"return_method": method, "return_window": None, "return_point": None}

    async def validate_return_address(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Any address will do. `on file` and its like mean the account's."""
        place = addresses.spoken(str(value))
        if place is None and ON_FILE.search(str(value)):
            account = await account_of_form(dispatcher, tracker)
            return {"return_address": str(account.address), "return_postcode": None} | self._window_again(tracker)
        if place is None or not place.line1:
            dispatcher.utter_message(text="I need the street and the number, like 12 Elm Street.")
            return {"return_address": None, "return_postcode": place.postcode if place else None}
        code = place.postcode or self._postcode_kept(place, tracker)
        return {"return_address": str(place), "return_postcode": code} | self._window_again(tracker)

    @staticmethod
    def _window_again(tracker: Tracker) -> Slots:
        """Another place keeps the chosen time, if the courier comes there then as well: see `settle_journey`."""
        chosen = tracker.slots.get("return_window")
        return {"return_window": None, "return_when": chosen} if chosen else {}

    @staticmethod
    def _postcode_kept(place: Place, tracker: Tracker) -> str | None:
        """ "No, 14 Elm Street" after 12 Elm Street corrects the number: the postcode still holds."""
        before = whole(tracker.slots.get("return_address"))
        if before is None:
            asked_for_street = tracker.slots.get("return_address") is None
            return tracker.slots.get("return_postcode") if asked_for_street else None
        is_same_street = before.line1.split()[1:] == place.line1.split()[1:]
        return before.postcode if is_same_street else None

    async def validate_return_postcode(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        code = addresses.postcode(str(value))
        if not code and YES.match(str(value)):
            code = (await account_of_form(dispatcher, tracker)).address.postcode
        if not code:
            dispatcher.utter_message(text="I need the five digits of the postcode there.")
            return {"return_postcode": None}
        city = addresses.city_before(str(value), code)
        street = addresses.spoken(str(tracker.slots.get("return_address") or ""))
        if city and street and not street.city:
            return {"return_postcode": code, "return_address": f"{street.line1}, {city}", "return_point": None}
        return {"return_postcode": code, "return_point": None}

    async def validate_return_window(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        offered = await windows_at(dispatcher, tracker)
        if any(window.window_id == value for window in offered):
            return {"return_window": value}
        if value == "more":
            return {"return_window": None, "return_when": "more"}
        fits = windows.fitting(str(value), offered, today())
        if fits is not None and len(fits) == 1:
            return {"return_window": fits[0].window_id}
        if fits is None:
            dispatcher.utter_message(text="I didn't catch a day or a time. Choose one, or tell me what to change.")
        elif not fits:
            dispatcher.utter_message(text="The courier doesn't come then.")
        return {"return_window": None, "return_when": str(value) if fits else None}

    async def validate_return_when(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Another time than the one chosen: take it, offer what fits, or say that the courier doesn't come then."""
        if tracker.slots.get("return_window") is None:
            return {"return_when": value}
        fits = windows.wished(str(value), await windows_at(dispatcher, tracker), today())
        if not fits:
            dispatcher.utter_message(text="The courier doesn't come then, so I've kept the time.")
            return {}
        return {"return_when": value, "return_window": fits[0].window_id if len(fits) == 1 else None}

    async def validate_return_point(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        _, points = await points_near(dispatcher, tracker)
        point = _point_meant(str(value), points)
        if point is None and not addresses.postcode(str(value)):
            dispatcher.utter_message(text="I didn't recognise that one.")
        return {"return_point": point.point_id if point else None}

    async def settle_journey(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Slots:
        """Complete what needs no question: the city behind a postcode, the window already wished for."""
        settled: Slots = {}
        if tracker.slots.get("return_method") not in ("pickup", "shipping"):
            return settled
        place = addresses.spoken(str(tracker.slots.get("return_address") or ""))
        if place and whole(tracker.slots["return_address"]) is None:
            settled |= await self._completed(place, dispatcher, tracker)
        tracker.slots.update(settled)
        is_pickup = tracker.slots["return_method"] == "pickup" and whole(tracker.slots.get("return_address"))
        if is_pickup and tracker.slots.get("return_when") and tracker.slots.get("return_window") is None:
            offered = await windows_at(dispatcher, tracker)
            fits = windows.wished(str(tracker.slots["return_when"]), offered, today())
            settled |= {"return_window": fits[0].window_id} if len(fits) == 1 else {}
        return settled

    async def _completed(self, place: Place, dispatcher: CollectingDispatcher, tracker: Tracker) -> Slots:
        home = (await account_of_form(dispatcher, tracker)).address
        if home.line1.lower() == place.line1.lower() and not place.postcode:
            return {"return_address": str(home)}
        code = place.postcode or tracker.slots.get("return_postcode")
        if not code:
            return {}
        city = place.city or (home.city if home.postcode == code else await _city_at(str(code), dispatcher))
        return {"return_address": f"{place.line1}, {city} {code}", "return_postcode": code}


async def _city_at(code: str, dispatcher: CollectingDispatcher) -> str:
    """The town of the nearest point: the company has no directory of towns, and the summary shows it for correction."""
    points = await tried(dispatcher, "returns.drop_off_points", returns.drop_off_points, code, limit=1)
    return points[0].address.city if points else "unknown"


def _point_meant(text: str, points: Sequence[DropOffPoint]) -> DropOffPoint | None:
    said = set(re.findall(r"[a-z0-9]+", text.lower()))
    for at, words in enumerate(({"nearest", "closest", "first", "1st"}, {"second", "2nd"}, {"third", "3rd"})):
        if said & words and at < len(points):
            return points[at]
    shared = {point.point_id: len(said & set(point.name.lower().split())) for point in points}
    best = max(points, key=lambda point: (point.point_id == text, shared[point.point_id]), default=None)
    return best if best and (best.point_id == text or shared[best.point_id]) else None


def asked_for(tracker: Tracker) -> str | None:
    return tracker.slots.get(REQUESTED_SLOT)


def today() -> date:
    return datetime.now(UTC).date()
