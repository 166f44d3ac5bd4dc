"""What a person with authority granted beyond the rules: made here, under that person's name and case."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backends import exceptions as answers
from actions.demo_company import asked, orders, return_policy, returns, rules, tables, travel
from actions.demo_company.accounts import find_account, remember
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.numbers import refund_number, return_number
from actions.demo_company.problems import invalid, not_found, refused

router = APIRouter()


@router.post("/return-exceptions", operation_id="exceptions.for_return", tags=["orders"])
def for_return(db: Db, wish: asked.ReturnException) -> answers.ExceptionDone:
    find_account(db, wish.account_number)
    doing = {
        "pickup_anywhere": _pickup,
        "heavier_label": _label,
        "late_return": _label,
        "free_replacement": _replacement,
        "refund_above_limit": _refund,
    }
    sentence, facts = doing[wish.kind](db, wish)
    return _done(db, wish, sentence, facts)


@router.post("/billing-exceptions", operation_id="exceptions.for_billing", tags=["billing"])
def for_billing(db: Db, wish: asked.BillingException) -> answers.ExceptionDone:
    account = find_account(db, wish.account_number)
    due = cents(wish.amount)
    if due <= 0:
        raise invalid("A credit is more than nothing.")
    source, what = _line(db, wish) if wish.kind == "waived_fee" else (f"goodwill-{wish.case_ref}-{due}", "goodwill")
    given = select(tables.Credit.id).where(
        tables.Credit.account_number == account.number, tables.Credit.source == source
    )
    if db.scalar(given):
        raise refused(f"${amount(due)} ({what}) was credited already.")
    credit = tables.Credit(
        account_number=account.number,
        kind="goodwill",
        source=source,
        amount_cents=due,
        given_at=datetime.now(UTC),
        reason=wish.reason,
    )
    db.add(credit)
    db.flush()
    facts = {"credit_number": f"CR-{10000 + credit.id}", "credit": str(amount(due))}
    return _done(db, wish, f"${amount(due)} was credited to account {account.number}.", facts)


def _done(
    db: Session, wish: asked.ReturnException | asked.BillingException, sentence: str, facts: dict[str, str]
) -> answers.ExceptionDone:
    details: dict[str, Any] = {"approved_by": wish.approved_by, "case_ref": wish.case_ref, "reason": wish.reason}
    number = remember(db, wish.account_number, wish.kind, **details)
    return answers.ExceptionDone(
        exception_number=f"XC-{30000 + number}",
        sentence=sentence,
        facts=tuple(answers.ExceptionFact(name=name, value=value) for name, value in facts.items()),
    )


def _pickup(db: Session, wish: asked.ReturnException) -> tuple[str, dict[str, str]]:
    """A courier comes to where the customer is now, with a label for what the device weighs."""
    if wish.address is None:
        raise invalid("Please give the address of the pickup.")
    window_id = wish.window_id or travel.offered_windows()[0].window_id
    made = _return(db, wish, asked.ReturnChange(method="pickup", address=wish.address, window_id=window_id))
    shown = returns.shown(db, made)
    window = travel.window(window_id)
    sentence = f"Pickup {window.label} at {shown.pickup_address}, return {shown.return_number}."
    return sentence, {**_label_facts(shown), "pickup_window": window.label, "pickup_address": str(shown.pickup_address)}


def _label(db: Session, wish: asked.ReturnException) -> tuple[str, dict[str, str]]:
    """A carton and a label for the weight of the device, whatever was sent before and however late it is."""
    shown = returns.shown(db, _return(db, wish, asked.ReturnChange(method="shipping")))
    sentence = (
        f"Return {shown.return_number} is open; label {shown.label.label_id} is for {shown.label.weight_lb:g} lb."
    )
    return sentence, _label_facts(shown)


def _label_facts(shown: Any) -> dict[str, str]:
    return {
        "return_number": shown.return_number,
        "label": shown.label.label_id,
        "label_weight": f"{shown.label.weight_lb:g} lb",
        "label_url": shown.label.url,
    }


def _return(db: Session, wish: asked.ReturnException, way: asked.ReturnChange) -> tables.Return:
    """The open return of the device, changed; or a new one, whatever the rules say of its age."""
    item = _device(db, wish)
    query = select(tables.Return).where(tables.Return.serial == item.serial)
    made = db.scalar(query.where(tables.Return.status.not_in(["cancelled", "refunded"])))
    if made is None:
        given = {"account_number": wish.account_number, "serial": item.serial, "reason": wish.reason}
        by = {"approved_by": wish.approved_by, "case_ref": wish.case_ref}
        number = returns.create(db, asked.ReturnWish(**given, **by, **way.model_dump(exclude_none=True))).return_number
    else:
        number = returns.change(db, return_number(made.id), way).return_number
    return returns.find_return(db, number)


def _device(db: Session, wish: asked.ReturnException) -> tables.Equipment:
    """The one that is named; else the one that is being returned; else the only one."""
    if wish.serial:
        return return_policy.find_item(db, wish.account_number, wish.serial)
    known = db.scalars(select(tables.Equipment).where(tables.Equipment.account_number == wish.account_number)).all()
    open_ones = select(tables.Return.serial).where(
        tables.Return.account_number == wish.account_number, tables.Return.status == "created"
    )
    returning = set(db.scalars(open_ones))
    chosen = [item for item in known if item.serial in returning] or list(known)
    if len(chosen) != 1:
        names = ", ".join(f"{rules.device(item.device)['name']} {item.serial}" for item in chosen) or "no device"
        raise invalid(f"Please say which device by its serial number. The account has {names}.")
    return chosen[0]


def _replacement(db: Session, wish: asked.ReturnException) -> tuple[str, dict[str, str]]:
    item = _device(db, wish)
    number = remember(db, wish.account_number, "replacement", serial=item.serial, case_ref=wish.case_ref)
    order = tables.Order(
        number=f"F-{22000 + number}",
        account_number=wish.account_number,
        placed_on=datetime.now(UTC).date(),
        status="processing",
        expected_on=datetime.now(UTC).date() + timedelta(days=3),
        devices=[item.device],
    )
    db.add(order)
    name = rules.device(item.device)["name"]
    return f"A new {name} is on order as {order.number}, at no charge.", {"order_number": order.number}


def _refund(db: Session, wish: asked.ReturnException) -> tuple[str, dict[str, str]]:
    if not wish.order_number or not wish.amount:
        raise invalid("A refund needs the order and the amount.")
    order = db.get(tables.Order, wish.order_number.strip().upper())
    if order is None or order.account_number != wish.account_number:
        raise not_found(f"Account {wish.account_number} has no order {wish.order_number}.")
    earlier = db.scalar(select(tables.Refund.id).where(tables.Refund.order_number == order.number))
    if earlier:
        raise refused(f"There is already a refund for order {order.number}: {refund_number(earlier)}.")
    total = sum(cents(rules.device(code)["price"]) for code in order.devices)
    if cents(wish.amount) > total:
        raise invalid(f"Order {order.number} cost ${amount(total)}; more than that cannot be refunded.")
    made = orders.add_refund(db, order.account_number, cents(wish.amount), wish.reason, order_number=order.number)
    number = refund_number(made.id)
    return f"${wish.amount} for order {order.number} will be refunded as {number}.", {"refund_number": number}


def _line(db: Session, wish: asked.BillingException) -> tuple[str, str]:
    """A line of one of the account's bills, and what it is called."""
    line = db.get(tables.BillLine, (wish.line_id or "").strip().upper())
    bill = db.get(tables.Bill, line.bill_number) if line else None
    if line is None or bill is None or bill.account_number != wish.account_number:
        raise not_found(f"No bill of account {wish.account_number} has a line {wish.line_id or 'without a number'}.")
    if cents(wish.amount) > line.amount_cents:
        raise invalid(f'"{line.label}" is ${amount(line.amount_cents)}; more than that cannot be waived.')
    return line.id, line.label
