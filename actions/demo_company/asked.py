"""The bodies callers may send. What is not named here is refused, so that a misspelt field is noticed."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from actions.backends.exceptions import BillingKind, ReturnKind
from actions.backends.returns import Condition, Method

Text = Annotated[str, Field(min_length=1, max_length=500)]
Postcode = Annotated[str, Field(pattern=r"^\d{5}$")]
Money = Annotated[str, Field(pattern=r"^\d{1,7}\.\d{2}$")]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(Asked):
    pass


class AddressGiven(Asked):
    line1: Text
    city: Text
    postcode: Postcode


class ContactChange(Asked):
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)] | None = None
    phone: Annotated[str, Field(min_length=7, max_length=32)] | None = None
    name: Text | None = None


class MoveWish(Asked):
    address: AddressGiven
    move_on: date


class CancelWish(Asked):
    reason: Text
    wanted_on: date | None = None


class PlanWish(Asked):
    plan_code: str


class Reason(Asked):
    reason: Text


class RefundWish(Asked):
    account_number: str
    order_number: str
    reason: Text
    amount: Money | None = None


class ExchangeWish(Asked):
    account_number: str
    serial: str
    reason: Text


class ReturnWish(Asked):
    account_number: str
    serial: str
    reason: Text
    condition: Condition = "good"
    method: Method
    address: AddressGiven | None = None
    window_id: str | None = None
    point_id: str | None = None
    approved_by: Text | None = None
    case_ref: Text | None = None


class ReturnChange(Asked):
    method: Method | None = None
    address: AddressGiven | None = None
    window_id: str | None = None
    point_id: str | None = None


class SubscriptionWish(Asked):
    notify_to: Text
    account_number: str | None = None


class AccountOnly(Asked):
    account_number: str


class FaultWish(Asked):
    account_number: str
    description: Text
    line_test_id: str | None = None


class CreditWish(Asked):
    account_number: str
    incident_id: str


class PayWish(Asked):
    account_number: str
    amount: Money | None = None


class InstalmentWish(Asked):
    account_number: str
    option_code: str


class ReturnException(Asked):
    account_number: str
    kind: ReturnKind
    reason: Text
    approved_by: Text
    case_ref: Text
    serial: str | None = None
    order_number: str | None = None
    amount: Money | None = None
    address: AddressGiven | None = None
    window_id: str | None = None


class BillingException(Asked):
    account_number: str
    kind: BillingKind
    amount: Money
    reason: Text
    approved_by: Text
    case_ref: Text
    line_id: str | None = None
