"""A return in words: the plan before it is made, the return once it is, and the buttons that change it."""

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import returns
from actions.backends.orders import Equipment
from actions.backends.results import dollars
from actions.backends.returns import PolicyCheck, Return
from actions.travel import points_near, windows_at
from actions.tried import learned, link, tried
from actions.wording import button, choice, day


def confirm_buttons(slot: str) -> list[dict[str, str]]:
    return [
        choice("Yes, set it up", slot, "yes"),
        choice("Change something", slot, "no"),
        button("Leave it", "cancel_flow"),
    ]


def reason_in_words(tracker: Tracker) -> str:
    reason = str(tracker.get_slot("return_reason"))
    words = {
        "not needed": "no longer needed",
        "faulty": "as it doesn't work",
        "damaged": "damaged",
        "unopened": "never opened",
    }
    return words.get(reason, "for another reason" if reason == "other" else f"because: {reason}")


async def journey(dispatcher: CollectingDispatcher, tracker: Tracker) -> str:
    """The journey as planned, in a sentence."""
    method, address = tracker.get_slot("return_method"), tracker.get_slot("return_address")
    if method == "pickup":
        windows = await windows_at(dispatcher, tracker)
        window = next((one for one in windows if one.window_id == tracker.get_slot("return_window")), None)
        fee = f" Pickup costs {dollars(window.fee)}." if window and window.fee else ""
        return f"A courier collects it at {address}, {window.label if window else 'at a time we agree'}.{fee}"
    if method == "drop_off":
        _, points = await points_near(dispatcher, tracker)
        point = next((one for one in points if one.point_id == tracker.get_slot("return_point")), None)
        return (
            f"You drop it off at {point.name}, {point.address.line1} ({point.hours})." if point else "You drop it off."
        )
    return f"A carton and a label go to {address}."


def money(device: Equipment, check: PolicyCheck) -> str:
    """What it costs and what comes back. A rented device has no price to give back."""
    if not check.is_allowed:
        return "A colleague has agreed to this exception."
    fee = f"There's a fee of {dollars(check.fee)}." if check.fee else ""
    if check.refund_estimate:
        return f"You get about {dollars(check.refund_estimate)} back. {fee}".strip()
    return fee or "It's rented, so there's nothing to pay." if device.is_rented else fee


def tell_made(dispatcher: CollectingDispatcher, made: Return) -> None:
    """Number, label and money; each fact goes to the hub as well."""
    dispatcher.utter_message(text=f"Done. Your return number is {made.return_number}. {travel_of(made)}")
    link(dispatcher, f"Label for {made.label.weight_lb:g} lb", made.label.url)
    dispatcher.utter_message(text=f"{refund_of(made)} You can change or cancel it until it's on its way.")
    learned(dispatcher, "return_number", made.return_number)
    learned(dispatcher, "return_label", made.label.label_id)


def travel_of(made: Return) -> str:
    weight = f"Your label is made for {made.label.weight_lb:g} lb"
    if made.method == "pickup" and made.pickup_address and made.pickup_window:
        return f"The courier comes to {made.pickup_address}, {made.pickup_window.label}. {weight}."
    if made.method == "drop_off" and made.drop_off_point:
        return f"Take it to {made.drop_off_point.name} by {day(made.send_by_on)}. {weight}."
    leaves = f" on {day(made.label.carton_ships_on)}" if made.label.carton_ships_on else ""
    return f"A {made.label.carton or 'carton'} leaves us{leaves}. {weight}."


def refund_of(made: Return) -> str:
    if made.refund_estimate:
        return f"You'll get about {dollars(made.refund_estimate)} back once it has arrived."
    return f"There's a fee of {dollars(made.fee)}." if made.fee else "There's nothing to pay."


async def tell_already(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    number = str(tracker.get_slot("return_number"))
    made = await tried(dispatcher, "returns.get", returns.get, number)
    dispatcher.utter_message(
        text=f"Your {made.item} already has a return: {number}. {travel_of(made)}",
        buttons=change_buttons(made),
    )


def change_buttons(made: Return) -> list[dict[str, str]]:
    """Only while it can still be changed. Each button names its return."""
    if made.status != "created":
        return []
    titles = {
        "pickup": [("Another address", "address"), ("Another time", "time")],
        "drop_off": [("Another place", "point")],
    }
    offered = [
        *titles.get(made.method, [("Another address", "address")]),
        ("Another way", "method"),
        ("Cancel it", "cancel"),
    ]
    return [
        button(title, "return_method", {"return_number": made.return_number, "return_change": change})
        for title, change in offered
    ]
