"""What kinds of partners there are: the states they may set, what the customer is told then, the facts they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class State:
    """One agreed state. `opens` says that somebody of ours must act: a case waiting for the partner opens again.

    `customer_text` may hold `{partner}`, their name; empty tells the customer nothing.
    """

    name: str
    label: str
    customer_text: str
    opens: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "label": self.label, "customer_text": self.customer_text, "opens": self.opens}


@dataclass(frozen=True)
class Kind:
    label: str
    states: tuple[State, ...]
    facts: tuple[str, ...]


PROBLEM = State("problem", "There is a problem", "{partner} ran into a problem. We are looking at it now.", opens=True)
KINDS: Mapping[str, Kind] = {
    "courier": Kind(
        "Courier",
        (
            State("accepted", "Accepted", "{partner} has taken the pickup."),
            State("on_the_way", "On the way", "{partner} is on the way to you."),
            State("picked_up", "Picked up", "{partner} has picked it up. You have nothing more to do."),
            State("delivered", "Delivered to depot", "{partner} has delivered it to our depot.", opens=True),
            PROBLEM,
        ),
        ("pickup_address", "address", "postcode", "item", "weight", "pickup_window", "return_number"),
    ),
    "installer": Kind(
        "Installer",
        (
            State("accepted", "Accepted", "{partner} has taken the appointment."),
            State("on_the_way", "On the way", "{partner} is on the way to you."),
            State("on_site", "Working on site", "{partner} has begun the work."),
            State("done", "Work done", "{partner} says the work is done.", opens=True),
            PROBLEM,
        ),
        ("address", "postcode", "item", "date", "account_number"),
    ),
    "other": Kind(
        "Other",
        (
            State("accepted", "Accepted", "{partner} has taken it on."),
            State("done", "Done", "{partner} says it is done.", opens=True),
            PROBLEM,
        ),
        ("item",),
    ),
}


def states_of(stored: Sequence[Mapping[str, Any]]) -> tuple[State, ...]:
    """The states as a partner's row holds them, in their order."""
    return tuple(
        State(one["name"], one["label"], one.get("customer_text", ""), bool(one.get("opens"))) for one in stored
    )


def state_named(stored: Sequence[Mapping[str, Any]], name: str | None) -> State | None:
    return next((state for state in states_of(stored) if state.name == name), None)
