"""Orders, equipment, refunds and exchanges."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backends import orders as answers
from actions.demo_company import asked, numbers, return_policy, returns, rules, tables
from actions.demo_company.accounts import find_account, remember
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.problems import invalid, needs_person, not_found, refused

router = APIRouter(tags=["orders"])


def _find_order(db: Session, number: str) -> tables.Order:
    order = db.get(tables.Order, number.strip().upper())
    if order is None:
        raise not_found(f"There is no order {number}.")
    return order


def _shown(order: tables.Order) -> answers.Order:
    items = tuple(_item(code, order.devices.count(code)) for code in dict.fromkeys(order.devices))
    return answers.Order(
        order_number=order.number,
        account_number=order.account_number,
        placed_on=order.placed_on,
        status=order.status,
        items=items,
        total=sum((item.price * item.quantity for item in items), Decimal(0)),
        carrier=order.carrier,
        tracking=order.tracking,
        expected_on=order.expected_on,
        delivered_on=order.delivered_on,
        can_cancel=order.status == "processing",
    )


def _item(code: str, quantity: int) -> answers.OrderItem:
    device = rules.device(code)
    return answers.OrderItem(sku=code, name=device["name"], quantity=quantity, price=amount(cents(device["price"])))


@router.get("/orders", operation_id="orders.of_account")
def of_account(db: Db, account_number: str) -> answers.Orders:
    find_account(db, account_number)
    query = select(tables.Order).where(tables.Order.account_number == account_number)
    found = db.scalars(query.order_by(tables.Order.placed_on.desc()))
    return answers.Orders(orders=tuple(_shown(order) for order in found))


@router.get("/orders/{order_number}", operation_id="orders.get")
def get(db: Db, order_number: str) -> answers.Order:
    return _shown(_find_order(db, order_number))


@router.post("/orders/{order_number}/cancel", operation_id="orders.cancel")
def cancel(db: Db, order_number: str, why: asked.Reason) -> answers.Order:
    order = _find_order(db, order_number)
    if order.status == "shipped":
        raise refused(f"Order {order.number} has left our warehouse; you can send it back once it is there.")
    if order.status == "delivered":
        raise refused(f"Order {order.number} has been delivered; you can return it instead.")
    if order.status == "processing":
        order.status = "cancelled"
        total = cents(_shown(order).total)
        add_refund(db, order.account_number, total, f"Order cancelled: {why.reason}", order_number=order.number)
    return _shown(order)


@router.get("/equipment", operation_id="orders.equipment")
def equipment(db: Db, account_number: str) -> answers.EquipmentList:
    find_account(db, account_number)
    query = select(tables.Equipment).where(tables.Equipment.account_number == account_number)
    return answers.EquipmentList(equipment=tuple(_equipment(item) for item in db.scalars(query)))


def _equipment(item: tables.Equipment) -> answers.Equipment:
    device = rules.device(item.device)
    return answers.Equipment(
        serial=item.serial,
        name=device["name"],
        kind=device["kind"],
        weight_kg=device["weight_kg"],
        is_rented=item.is_rented,
        price=amount(cents(device["price"])),
        received_on=item.received_on,
        order_number=item.order_number,
    )


@router.post("/exchanges", operation_id="orders.exchange")
def exchange(db: Db, wish: asked.ExchangeWish) -> answers.Exchange:
    account = find_account(db, wish.account_number)
    sent_back = asked.ReturnWish(**wish.model_dump(), condition="faulty", method="shipping")
    old_item = returns.create(db, sent_back)
    item = return_policy.find_item(db, account.number, wish.serial)
    number = remember(db, account.number, "exchange", serial=wish.serial, reason=wish.reason)
    order = tables.Order(
        number=f"F-{21000 + number}",
        account_number=account.number,
        placed_on=_today(),
        status="processing",
        expected_on=_today() + timedelta(days=3),
        devices=[item.device],
    )
    db.add(order)
    return answers.Exchange(exchange_number=f"EX-{60000 + number}", replacement_order=_shown(order), old_item=old_item)


def add_refund(db: Session, account_number: str, amount_cents: int, reason: str, **of: Any) -> tables.Refund:
    refund = tables.Refund(
        account_number=account_number,
        amount_cents=amount_cents,
        status="requested",
        reason=reason,
        requested_on=_today(),
        expected_on=_today() + timedelta(days=rules.policy("refunds")["pay_days"]),
        **of,
    )
    db.add(refund)
    db.flush()
    return refund


def _refund(refund: tables.Refund) -> answers.Refund:
    return answers.Refund(
        refund_number=numbers.refund_number(refund.id),
        account_number=refund.account_number,
        amount=amount(refund.amount_cents),
        status=refund.status,
        reason=refund.reason,
        requested_on=refund.requested_on,
        expected_on=refund.expected_on,
        paid_to="the card or account you paid with",
        order_number=refund.order_number,
        return_number=numbers.return_number(refund.return_id) if refund.return_id else None,
    )


@router.get("/refunds", operation_id="orders.refunds")
def refunds(
    db: Db, account_number: str | None = None, order_number: str | None = None, return_number: str | None = None
) -> answers.Refunds:
    query = select(tables.Refund).order_by(tables.Refund.id.desc())
    if not (account_number or order_number or return_number):
        raise invalid("Please give an account, an order or a return number.")
    if account_number:
        query = query.where(tables.Refund.account_number == account_number)
    if order_number:
        query = query.where(tables.Refund.order_number == order_number.strip().upper())
    if return_number:
        query = query.where(tables.Refund.return_id == returns.find_return(db, return_number).id)
    return answers.Refunds(refunds=tuple(_refund(row) for row in db.scalars(query)))


@router.get("/refunds/{refund_number}", operation_id="orders.refund")
def refund(db: Db, refund_number: str) -> answers.Refund:
    found = db.get(tables.Refund, numbers.row_of(refund_number, "RF-", 70000))
    if found is None:
        raise not_found(f"There is no refund {refund_number}.")
    return _refund(found)


@router.post("/refunds", operation_id="orders.request_refund")
def request_refund(db: Db, wish: asked.RefundWish) -> answers.Refund:
    order = _find_order(db, wish.order_number)
    if order.account_number != wish.account_number:
        raise not_found(f"Account {wish.account_number} has no order {order.number}.")
    rule, total = rules.policy("refunds"), _shown(order).total
    wanted = Decimal(wish.amount) if wish.amount else total
    earlier = db.scalar(select(tables.Refund.id).where(tables.Refund.order_number == order.number))
    if earlier:
        raise refused(f"There is already a refund for order {order.number}: {numbers.refund_number(earlier)}.")
    if (_today() - order.placed_on).days > rule["within_days"]:
        raise refused(f"Order {order.number} is older than {rule['within_days']} days, the time for refunds.")
    if wanted > total:
        raise invalid(f"Order {order.number} cost ${total}; more than that cannot be refunded.")
    if wanted > Decimal(str(rule["limit"])):
        raise needs_person("A refund of this size is decided by a colleague.", limit=rule["limit"])
    return _refund(add_refund(db, order.account_number, cents(wanted), wish.reason, order_number=order.number))


def _today() -> date:
    return datetime.now(UTC).date()
