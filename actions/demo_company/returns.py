"""Returns: made, shown, changed, cancelled. What may come back is in `return_policy`, how it travels in `travel`."""

import secrets
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backends import returns as answers
from actions.backends.results import Address
from actions.demo_company import asked, return_policy, rules, tables, travel
from actions.demo_company.accounts import address_of, find_account
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.numbers import refund_number, return_number, row_of
from actions.demo_company.problems import invalid, not_found, refused

router = APIRouter(tags=["orders"])


def find_return(db: Session, number: str) -> tables.Return:
    found = db.get(tables.Return, row_of(number, "RN-", 40000))
    if found is None:
        raise not_found(f"There is no return {number}.")
    return found


@router.post("/returns", operation_id="returns.create")
def create(db: Db, wish: asked.ReturnWish) -> answers.Return:
    """A person's name with a case opens what policy closes; everybody else gets the rule as a sentence."""
    account = find_account(db, wish.account_number)
    item = return_policy.find_item(db, account.number, wish.serial)
    check = return_policy.judge(item, wish.condition)
    is_exception = bool(wish.approved_by and wish.case_ref)
    if not check.is_allowed and not is_exception:
        raise refused(check.sentence, last_day_on=str(check.last_day_on))
    open_return = select(tables.Return.id).where(
        tables.Return.serial == item.serial, tables.Return.status.not_in(["cancelled", "refunded"])
    )
    if already := db.scalar(open_return):
        raise refused(f"There is already a return for this device: {return_number(already)}.")
    refund = cents(check.refund_estimate)
    if is_exception and not check.is_allowed:
        refund = cents(rules.device(item.device)["price"])
    made = tables.Return(
        **wish.model_dump(include={"account_number", "reason", "condition", "method", "approved_by", "case_ref"}),
        serial=item.serial,
        status="created",
        label_token=secrets.token_urlsafe(12),
        fee_cents=cents(check.fee),
        refund_cents=refund,
        created_at=datetime.now(UTC),
        events=[],
    )
    _route(db, made, wish, account)
    note(made, f"Return started, by {_how(made)}.")
    db.add(made)
    db.flush()
    return shown(db, made)


def _route(
    db: Session, made: tables.Return, way: asked.ReturnWish | asked.ReturnChange, account: tables.Account
) -> None:
    """How the device travels. Only what belongs to the method is kept."""
    address = way.address or (asked.AddressGiven(**address_of(account).model_dump()) if not made.line1 else None)
    if address and made.method != "drop_off":
        made.line1, made.city, made.postcode = address.line1, address.city, address.postcode
    made.window_id = (way.window_id or made.window_id) if made.method == "pickup" else None
    made.point_id = (way.point_id or made.point_id) if made.method == "drop_off" else None
    if made.method == "pickup" and (not made.window_id or not travel.is_offered(made.window_id)):
        raise invalid("Please choose one of the pickup windows on offer.")
    if made.method == "drop_off":
        _check_point(db, made)


def _check_point(db: Session, made: tables.Return) -> None:
    point = db.get(tables.DropOffPoint, made.point_id or "")
    if point is None:
        raise invalid("Please choose one of the drop-off points.")
    item = db.get_one(tables.Equipment, made.serial)
    weight_kg = rules.device(item.device)["weight_kg"]
    if weight_kg > point.max_weight_kg:
        raise refused(f"{point.name} takes parcels up to {point.max_weight_kg:g} kg; this one weighs {weight_kg:g} kg.")


def _how(made: tables.Return) -> str:
    return {"pickup": "courier pickup", "drop_off": "drop-off", "shipping": "shipping with a carton"}[made.method]


def note(made: tables.Return, text: str) -> None:
    made.events = [*made.events, {"at": datetime.now(UTC).isoformat(), "text": text}]


@router.get("/returns", operation_id="returns.of_account")
def of_account(db: Db, account_number: str) -> answers.Returns:
    find_account(db, account_number)
    query = select(tables.Return).where(tables.Return.account_number == account_number)
    found = db.scalars(query.order_by(tables.Return.id.desc()))
    return answers.Returns(returns=tuple(shown(db, row) for row in found))


@router.get("/returns/{return_number}", operation_id="returns.get")
def get(db: Db, return_number: str) -> answers.Return:
    return shown(db, find_return(db, return_number))


@router.patch("/returns/{return_number}", operation_id="returns.change")
def change(db: Db, return_number: str, wish: asked.ReturnChange) -> answers.Return:
    made = find_return(db, return_number)
    _refuse_unless_created(made, "changed")
    made.method = wish.method or made.method
    _route(db, made, wish, find_account(db, made.account_number))
    note(made, f"Changed: {_how(made)}.")
    return shown(db, made)


@router.post("/returns/{return_number}/cancel", operation_id="returns.cancel")
def cancel(db: Db, return_number: str, _: asked.Nothing) -> answers.Return:
    made = find_return(db, return_number)
    if made.status != "cancelled":
        _refuse_unless_created(made, "cancelled")
        made.status = "cancelled"
        note(made, "Cancelled.")
    return shown(db, made)


def _refuse_unless_created(made: tables.Return, done: str) -> None:
    if made.status != "created":
        said = {"in_transit": "on its way", "cancelled": "cancelled"}.get(made.status, "with us already")
        raise refused(f"Return {return_number(made.id)} is {said} and can no longer be {done}.")


def shown(db: Session, made: tables.Return) -> answers.Return:
    device = rules.device(db.get_one(tables.Equipment, made.serial).device)
    refund = db.scalar(select(tables.Refund.id).where(tables.Refund.return_id == made.id))
    point = db.get(tables.DropOffPoint, made.point_id) if made.point_id else None
    address = Address(line1=made.line1, city=made.city or "", postcode=made.postcode or "") if made.line1 else None
    return answers.Return(
        return_number=return_number(made.id),
        account_number=made.account_number,
        serial=made.serial,
        item=device["name"],
        item_weight_kg=device["weight_kg"],
        reason=made.reason,
        status=made.status,
        method=made.method,
        pickup_address=address if made.method == "pickup" else None,
        carton_address=address if made.method == "shipping" else None,
        pickup_window=travel.window(made.window_id) if made.window_id else None,
        drop_off_point=travel.point(point, address.postcode if address else point.postcode) if point else None,
        label=travel.label(made, device["weight_kg"]),
        fee=amount(made.fee_cents),
        refund_estimate=amount(made.refund_cents),
        refund_number=refund_number(refund) if refund else None,
        created_at=made.created_at,
        send_by_on=made.created_at.date() + timedelta(days=rules.policy("returns")["send_by_days"]),
        approved_by=made.approved_by,
        case_ref=made.case_ref,
        events=tuple(answers.ReturnEvent(**event) for event in made.events),
    )
