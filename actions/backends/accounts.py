"""The accounts system: who the customer is, how to reach them, what they subscribe to."""

from collections.abc import Mapping
from datetime import date, datetime

from actions.backends.client import at, company
from actions.backends.results import Address, Amount, Result


class Account(Result):
    account_number: str
    name: str
    email: str
    phone: str
    address: Address
    plan_code: str
    plan_name: str
    price_month: Amount
    since_on: date


class Accounts(Result):
    accounts: tuple[Account, ...]


class MoveItem(Result):
    """One piece of equipment and what happens to it at a move: `take_along` or `return`."""

    serial: str
    name: str
    action: str
    sentence: str


class Move(Result):
    move_number: str
    account_number: str
    old_address: Address
    new_address: Address
    move_on: date
    is_serviceable: bool
    equipment: tuple[MoveItem, ...]


class PasswordReset(Result):
    """The link travels by e-mail only; `sent_to` is masked so that it can be said in a chat."""

    sent_to: str
    expires_at: datetime


class CancelRequest(Result):
    cancel_number: str
    account_number: str
    status: str
    service_ends_on: date
    early_fee: Amount
    sentence: str


class Plan(Result):
    code: str
    name: str
    speed_mbps: int
    price_month: Amount
    is_current: bool
    difference: Amount


class Plans(Result):
    plans: tuple[Plan, ...]


class PlanChange(Result):
    change_number: str
    plan: Plan
    effective_on: date
    difference: Amount


def find(
    *,
    account_number: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    name: str | None = None,
    postcode: str | None = None,
) -> tuple[Account, ...]:
    """Accounts that match everything given; a name needs a postcode beside it. Empty when nobody matches."""
    query = {"account_number": account_number, "email": email, "phone": phone, "name": name, "postcode": postcode}
    return company("accounts").get("/accounts", Accounts, query).accounts


def get(account_number: str) -> Account:
    return company("accounts").get(at("accounts", account_number), Account)


def change_contact(
    account_number: str, *, key: str, email: str | None = None, phone: str | None = None, name: str | None = None
) -> Account:
    body = {"email": email, "phone": phone, "name": name}
    return company("accounts").patch(at("accounts", account_number), Account, body, key=key)


def move(account_number: str, *, line1: str, city: str, postcode: str, move_on: date, key: str) -> Move:
    body = {"address": {"line1": line1, "city": city, "postcode": postcode}, "move_on": move_on.isoformat()}
    return company("accounts").post(at("accounts", account_number, "moves"), Move, body, key=key)


def reset_password(account_number: str, *, key: str) -> PasswordReset:
    return company("accounts").post(at("accounts", account_number, "password-resets"), PasswordReset, {}, key=key)


def request_cancel(account_number: str, *, reason: str, key: str, wanted_on: date | None = None) -> CancelRequest:
    """Registers the wish; nothing ends until a person confirms it."""
    body: Mapping[str, object] = {"reason": reason, "wanted_on": wanted_on.isoformat() if wanted_on else None}
    return company("accounts").post(at("accounts", account_number, "cancel-requests"), CancelRequest, body, key=key)


def plans(account_number: str) -> tuple[Plan, ...]:
    """Plans this account may have, the current one included, each with its monthly difference."""
    return company("accounts").get(at("accounts", account_number, "plans"), Plans).plans


def change_plan(account_number: str, *, plan_code: str, key: str) -> PlanChange:
    body = {"plan_code": plan_code}
    return company("accounts").post(at("accounts", account_number, "plan-changes"), PlanChange, body, key=key)
