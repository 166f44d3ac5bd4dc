"""The orders system: what the customer bought or rents, orders, refunds and exchanges. Returns are in `returns`."""

from datetime import date
from decimal import Decimal
from typing import Literal

from actions.backends.client import at, company
from actions.backends.results import Amount, Result
from actions.backends.returns import Return

OrderStatus = Literal["processing", "shipped", "delivered", "cancelled"]


class OrderItem(Result):
    sku: str
    name: str
    quantity: int
    price: Amount


class Order(Result):
    order_number: str
    account_number: str
    placed_on: date
    status: OrderStatus
    items: tuple[OrderItem, ...]
    total: Amount
    carrier: str | None = None
    tracking: str | None = None
    expected_on: date | None = None
    delivered_on: date | None = None
    can_cancel: bool


class Orders(Result):
    orders: tuple[Order, ...]


class Equipment(Result):
    """A device at the customer's. `weight_kg` is the weighed device, without carton."""

    serial: str
    name: str
    kind: Literal["tv_box", "router", "modem", "extender", "phone"]
    weight_kg: float
    is_rented: bool
    price: Amount
    received_on: date
    order_number: str | None = None


class EquipmentList(Result):
    equipment: tuple[Equipment, ...]


class Refund(Result):
    refund_number: str
    account_number: str
    amount: Amount
    status: Literal["requested", "approved", "sent", "paid"]
    reason: str
    requested_on: date
    expected_on: date
    paid_to: str
    order_number: str | None = None
    return_number: str | None = None


class Refunds(Result):
    refunds: tuple[Refund, ...]


class Exchange(Result):
    """A replacement under way, and the return of the old device that belongs to it."""

    exchange_number: str
    replacement_order: Order
    old_item: Return


def of_account(account_number: str) -> tuple[Order, ...]:
    """Newest first."""
    return company("orders").get("/orders", Orders, {"account_number": account_number}).orders


def get(order_number: str) -> Order:
    return company("orders").get(at("orders", order_number), Order)


def cancel(order_number: str, *, reason: str, key: str) -> Order:
    """Refused once the parcel has left."""
    return company("orders").post(at("orders", order_number, "cancel"), Order, {"reason": reason}, key=key)


def equipment(account_number: str) -> tuple[Equipment, ...]:
    return company("orders").get("/equipment", EquipmentList, {"account_number": account_number}).equipment


def exchange(account_number: str, *, serial: str, reason: str, key: str) -> Exchange:
    """Same rules as a return of a faulty device, which goes back in the carton the replacement comes in."""
    body = {"account_number": account_number, "serial": serial, "reason": reason}
    return company("orders").post("/exchanges", Exchange, body, key=key)


def refunds(
    *, account_number: str | None = None, order_number: str | None = None, return_number: str | None = None
) -> tuple[Refund, ...]:
    """Newest first. At least one of the three must be given."""
    query = {"account_number": account_number, "order_number": order_number, "return_number": return_number}
    return company("orders").get("/refunds", Refunds, query).refunds


def refund(refund_number: str) -> Refund:
    return company("orders").get(at("refunds", refund_number), Refund)


def request_refund(
    account_number: str, *, order_number: str, reason: str, key: str, amount: Decimal | None = None
) -> Refund:
    """For an order without anything to send back. The whole order when no amount is given."""
    body = {
        "account_number": account_number,
        "order_number": order_number,
        "reason": reason,
        "amount": f"{amount:.2f}" if amount is not None else None,
    }
    return company("orders").post("/refunds", Refund, body, key=key)
