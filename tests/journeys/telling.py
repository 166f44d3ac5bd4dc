"""What "told once" means, checked against what was really said."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from tests.support.customer import Customer

QUESTIONS = {
    "account": r"account number\b.*\?|which account",
    "postcode": r"postcode.*\?|which postcode",
    "device": r"which (one|device)",
    "address": r"(where should|which address|what.*address).*\?",
    "method": r"how should it get back",
    "reason": r"why (is|are|do)|reason\?",
}


def is_never_asked_again(customer: Customer, told: Mapping[str, str]) -> None:
    """After the customer wrote these words, nobody asks the question they answer."""
    for question, words in told.items():
        asks = re.compile(QUESTIONS[question], re.IGNORECASE)
        told_at = min(one.seq for one in customer.heard_from("customer") if words.lower() in one.text.lower())
        again = [
            one for one in customer.arrived if one.seq > told_at and one.author != "customer" and asks.search(one.text)
        ]
        assert not again, f"{words!r} was told, and asked again: {again[0]}\n{customer.transcript}"


def is_whole(package: Mapping[str, Any], messages: list[dict[str, Any]]) -> None:
    """Count and digest of the package's transcript, computed here from the words themselves."""
    told = package["transcript"]
    covered = [one for one in messages if told["first_seq"] <= one["seq"] <= told["last_seq"]]
    assert [one["seq"] for one in covered] == list(range(told["first_seq"], told["last_seq"] + 1))
    assert len(covered) == told["count"]
    lines = "".join(f"{one['seq']}\t{one['author']}\t{one['text']}\n" for one in covered)
    assert hashlib.sha256(lines.encode()).hexdigest() == told["sha256"]


def has_source(package: Mapping[str, Any], messages: list[dict[str, Any]], name: str, value: str) -> None:
    """The package holds this fact, and the message it points to is the customer's and contains the value."""
    fact = next((one for one in package["facts"] if one["name"] == name), None)
    assert fact, f"No fact {name!r} in the package; it holds {[one['name'] for one in package['facts']]}."
    assert fact["value"] == value
    source = next(one for one in messages if one["id"] == fact["source_message_id"])
    assert source["author"] == "customer"
    assert value in source["text"]
