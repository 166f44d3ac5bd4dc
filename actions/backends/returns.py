"""Returns in the orders system: what policy says, how a device travels back, and where it is."""

from datetime import date, datetime
from typing import Literal

from actions.backends.client import at, company
from actions.backends.results import Address, Amount, Result

Method = Literal["pickup", "drop_off", "shipping"]
Condition = Literal["unopened", "good", "faulty", "damaged"]
ReturnStatus = Literal["created", "in_transit", "received", "refunded", "cancelled"]


class PolicyCheck(Result):
    """What the rules say about one device. When `is_allowed` is false, `sentence` says why, for the customer."""

    serial: str
    is_allowed: bool
    sentence: str
    condition: Condition
    window_days: int | None
    last_day_on: date | None
    fee: Amount
    refund_estimate: Amount
    methods: tuple[Method, ...]


class PickupWindow(Result):
    """`label` is the window in words, in the company's local time."""

    window_id: str
    starts_at: datetime
    ends_at: datetime
    label: str
    fee: Amount


class PickupWindows(Result):
    windows: tuple[PickupWindow, ...]


class DropOffPoint(Result):
    point_id: str
    name: str
    address: Address
    distance_km: float
    hours: str
    max_weight_kg: float


class DropOffPoints(Result):
    points: tuple[DropOffPoint, ...]


class Label(Result):
    """Made for the item's real weight; `url` opens a printable page."""

    label_id: str
    url: str
    weight_kg: float
    weight_lb: float
    carton: str | None
    carton_ships_on: date | None


class ReturnEvent(Result):
    at: datetime
    text: str


class Return(Result):
    return_number: str
    account_number: str
    serial: str
    item: str
    item_weight_kg: float
    reason: str
    status: ReturnStatus
    method: Method
    pickup_address: Address | None = None
    carton_address: Address | None = None
    pickup_window: PickupWindow | None = None
    drop_off_point: DropOffPoint | None = None
    label: Label
    fee: Amount
    refund_estimate: Amount
    refund_number: str | None = None
    created_at: datetime
    send_by_on: date
    approved_by: str | None = None
    case_ref: str | None = None
    events: tuple[ReturnEvent, ...]


class Returns(Result):
    returns: tuple[Return, ...]


def check_policy(account_number: str, *, serial: str, condition: Condition = "good") -> PolicyCheck:
    """Asks only; a no is an answer here (`is_allowed`), while `create` raises `Refused` for the same device."""
    query = {"account_number": account_number, "serial": serial, "condition": condition}
    return company("orders").get("/return-policy", PolicyCheck, query)


def pickup_windows(postcode: str) -> tuple[PickupWindow, ...]:
    """Any address counts, not only where the device was installed."""
    return company("orders").get("/pickup-windows", PickupWindows, {"postcode": postcode}).windows


def drop_off_points(postcode: str, *, weight_kg: float | None = None, limit: int = 3) -> tuple[DropOffPoint, ...]:
    """Nearest first; with a weight, only points that accept it."""
    query = {"postcode": postcode, "weight_kg": weight_kg, "limit": limit}
    return company("orders").get("/drop-off-points", DropOffPoints, query).points


def create(
    account_number: str,
    *,
    serial: str,
    reason: str,
    method: Method,
    key: str,
    condition: Condition = "good",
    address: Address | None = None,
    window_id: str | None = None,
    point_id: str | None = None,
    approved_by: str | None = None,
    case_ref: str | None = None,
) -> Return:
    """Start a return. A pickup needs `address` and `window_id`, a drop-off `point_id`; shipping sends the carton to
    `address` or, without one, to the account's. `approved_by` with `case_ref` is a person's exception to policy.
    """
    body = {
        "account_number": account_number,
        "serial": serial,
        "reason": reason,
        "condition": condition,
        "method": method,
        "address": address.model_dump() if address else None,
        "window_id": window_id,
        "point_id": point_id,
        "approved_by": approved_by,
        "case_ref": case_ref,
    }
    return company("orders").post("/returns", Return, body, key=key)


def of_account(account_number: str) -> tuple[Return, ...]:
    """Newest first, finished ones included."""
    return company("orders").get("/returns", Returns, {"account_number": account_number}).returns


def get(return_number: str) -> Return:
    return company("orders").get(at("returns", return_number), Return)


def change(
    return_number: str,
    *,
    key: str,
    method: Method | None = None,
    address: Address | None = None,
    window_id: str | None = None,
    point_id: str | None = None,
) -> Return:
    """Another address, window, point or method; refused once the parcel is on its way."""
    body = {
        "method": method,
        "address": address.model_dump() if address else None,
        "window_id": window_id,
        "point_id": point_id,
    }
    return company("orders").patch(at("returns", return_number), Return, body, key=key)


def cancel(return_number: str, *, key: str) -> Return:
    return company("orders").post(at("returns", return_number, "cancel"), Return, {}, key=key)
