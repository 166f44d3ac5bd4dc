"""Returns: policy, pickup at any address, drop-off, and a label for what the device really weighs."""

import secrets
from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backends import returns as answers
from actions.backends.results import Address, pounds
from actions.demo_company import asked, rules, tables
from actions.demo_company.accounts import address_of, find_account
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.pages import page_url
from actions.demo_company.problems import invalid, not_found, refused

router = APIRouter(tags=["orders"])
METHODS: tuple[answers.Method, ...] = ("pickup", "drop_off", "shipping")


def return_number(id: int) -> str:
    return f"RN-{40000 + id}"


def refund_number(id: int) -> str:
    return f"RF-{70000 + id}"


def row_of(number: str, prefix: str, base: int) -> int:
    """The row behind a number like `RN-40012`; 0, which no row has, when it is not of that form."""
    digits = number.strip().upper().removeprefix(prefix)
    return int(digits) - base if digits.isascii() and digits.isdigit() and len(digits) < 12 else 0


def find_return(db: Session, number: str) -> tables.Return:
    found = db.get(tables.Return, row_of(number, "RN-", 40000))
    if found is None:
        raise not_found(f"There is no return {number}.")
    return found


def find_item(db: Session, account_number: str, serial: str) -> tables.Equipment:
    item = db.get(tables.Equipment, serial.strip().upper())
    if item is None or item.account_number != account_number:
        raise not_found(f"Account {account_number} has no device with the serial number {serial}.")
    return item


@router.get("/return-policy", operation_id="returns.check_policy")
def check_policy(
    db: Db, account_number: str, serial: str, condition: answers.Condition = "good"
) -> answers.PolicyCheck:
    find_account(db, account_number)
    return judge(find_item(db, account_number, serial), condition)


def judge(item: tables.Equipment, condition: answers.Condition) -> answers.PolicyCheck:
    rule, name = rules.policy("returns"), rules.device(item.device)["name"]
    if item.is_rented:
        fee = cents(rule["damaged_rented_fee"]) if condition == "damaged" else 0
        said = f"The {name} is rented, so it can come back at any time"
        said += f"; for the damage we charge ${amount(fee)}." if fee else ", at no charge."
        return _check(item, condition, said, None, fee, 0)
    days = rule["faulty_window_days"] if condition == "faulty" else rule["bought_window_days"]
    if condition == "damaged":
        said = f"A damaged {name} that was bought cannot be returned under our rules."
        return _check(item, condition, said, days, 0, 0, is_allowed=False)
    last_day_on = item.received_on + timedelta(days=days)
    if _today() > last_day_on:
        said = f"The {name} could be returned until {last_day_on:%-d %B %Y}, {days} days after it arrived."
        return _check(item, condition, said, days, 0, 0, is_allowed=False)
    price = cents(rules.device(item.device)["price"])
    is_late = (_today() - item.received_on).days > rule["restocking_after_days"]
    fee = price * rule["restocking_percent"] // 100 if is_late and condition == "good" else 0
    said = f"The {name} can be returned until {last_day_on:%-d %B %Y}"
    said += f"; after {rule['restocking_after_days']} days we keep ${amount(fee)} for restocking." if fee else "."
    return _check(item, condition, said, days, fee, price - fee)


def _check(
    item: tables.Equipment,
    condition: answers.Condition,
    sentence: str,
    window_days: int | None,
    fee_cents: int,
    refund_cents: int,
    *,
    is_allowed: bool = True,
) -> answers.PolicyCheck:
    return answers.PolicyCheck(
        serial=item.serial,
        is_allowed=is_allowed,
        sentence=sentence,
        condition=condition,
        window_days=window_days,
        last_day_on=item.received_on + timedelta(days=window_days) if window_days else None,
        fee=amount(fee_cents),
        refund_estimate=amount(refund_cents),
        methods=METHODS if is_allowed else (),
    )


@router.get("/pickup-windows", operation_id="returns.pickup_windows")
def pickup_windows(postcode: asked.Postcode) -> answers.PickupWindows:
    """For any postcode: who returns something need not live where it was installed."""
    rule = rules.policy("pickup")
    days = [_today() + timedelta(days=ahead) for ahead in range(1, rule["days"] + 3)]
    workdays = [day for day in days if day.weekday() != 6][: rule["days"]]
    return answers.PickupWindows(
        windows=tuple(_window(f"{day:%Y%m%d}-{hour:02d}") for day in workdays for hour in rule["from_hours"])
    )


def _window(window_id: str) -> answers.PickupWindow:
    rule = rules.policy("pickup")
    starts_at = datetime.strptime(window_id, "%Y%m%d-%H").replace(tzinfo=UTC)
    ends_at = starts_at + timedelta(hours=rule["hours"])
    return answers.PickupWindow(
        window_id=window_id,
        starts_at=starts_at,
        ends_at=ends_at,
        label=f"{starts_at:%A %-d %B, %H:%M} to {ends_at:%H:%M}",
        fee=amount(cents(rule["fee"])),
    )


@router.get("/drop-off-points", operation_id="returns.drop_off_points")
def drop_off_points(
    db: Db, postcode: asked.Postcode, weight_kg: float = 0.0, limit: int = Query(3, ge=1, le=20)
) -> answers.DropOffPoints:
    accepting = db.scalars(select(tables.DropOffPoint).where(tables.DropOffPoint.max_weight_kg >= weight_kg))
    points = sorted((_point(point, postcode) for point in accepting), key=lambda point: point.distance_km)
    return answers.DropOffPoints(points=tuple(points[:limit]))


def _point(point: tables.DropOffPoint, postcode: str) -> answers.DropOffPoint:
    return answers.DropOffPoint(
        point_id=point.id,
        name=point.name,
        address=Address(line1=point.line1, city=point.city, postcode=point.postcode),
        distance_km=rules.distance_km(postcode, point.x_km, point.y_km),
        hours=point.hours,
        max_weight_kg=point.max_weight_kg,
    )


@router.post("/returns", operation_id="returns.create")
def create(db: Db, wish: asked.ReturnWish) -> answers.Return:
    """A person's name with a case opens what policy closes; everybody else gets the rule as a sentence."""
    account = find_account(db, wish.account_number)
    item = find_item(db, account.number, wish.serial)
    check = judge(item, wish.condition)
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
    _note(made, f"Return started, by {_how(made)}.")
    db.add(made)
    db.flush()
    return _shown(db, made)


def _route(
    db: Session, made: tables.Return, way: asked.ReturnWish | asked.ReturnChange, account: tables.Account
) -> None:
    """How the device travels. Only what belongs to the method is kept."""
    address = way.address or (asked.AddressGiven(**address_of(account).model_dump()) if not made.line1 else None)
    if address and made.method != "drop_off":
        made.line1, made.city, made.postcode = address.line1, address.city, address.postcode
    made.window_id = (way.window_id or made.window_id) if made.method == "pickup" else None
    made.point_id = (way.point_id or made.point_id) if made.method == "drop_off" else None
    if made.method == "pickup" and (not made.window_id or not _is_offered(made.window_id)):
        raise invalid("Please choose one of the pickup windows on offer.")
    if made.method == "drop_off":
        _check_point(db, made)


def _is_offered(window_id: str) -> bool:
    return any(window.window_id == window_id for window in pickup_windows("00000").windows)


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


def _note(made: tables.Return, text: str) -> None:
    made.events = [*made.events, {"at": datetime.now(UTC).isoformat(), "text": text}]


@router.get("/returns", operation_id="returns.of_account")
def of_account(db: Db, account_number: str) -> answers.Returns:
    find_account(db, account_number)
    query = select(tables.Return).where(tables.Return.account_number == account_number)
    found = db.scalars(query.order_by(tables.Return.id.desc()))
    return answers.Returns(returns=tuple(_shown(db, row) for row in found))


@router.get("/returns/{return_number}", operation_id="returns.get")
def get(db: Db, return_number: str) -> answers.Return:
    return _shown(db, find_return(db, return_number))


@router.patch("/returns/{return_number}", operation_id="returns.change")
def change(db: Db, return_number: str, wish: asked.ReturnChange) -> answers.Return:
    made = find_return(db, return_number)
    _refuse_unless_created(made, "changed")
    made.method = wish.method or made.method
    _route(db, made, wish, find_account(db, made.account_number))
    _note(made, f"Changed: {_how(made)}.")
    return _shown(db, made)


@router.post("/returns/{return_number}/cancel", operation_id="returns.cancel")
def cancel(db: Db, return_number: str, _: asked.Nothing) -> answers.Return:
    made = find_return(db, return_number)
    if made.status != "cancelled":
        _refuse_unless_created(made, "cancelled")
        made.status = "cancelled"
        _note(made, "Cancelled.")
    return _shown(db, made)


def _refuse_unless_created(made: tables.Return, done: str) -> None:
    if made.status != "created":
        said = {"in_transit": "on its way", "cancelled": "cancelled"}.get(made.status, "with us already")
        raise refused(f"Return {return_number(made.id)} is {said} and can no longer be {done}.")


def _shown(db: Session, made: tables.Return) -> answers.Return:
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
        pickup_window=_window(made.window_id) if made.window_id else None,
        drop_off_point=_point(point, address.postcode if address else point.postcode) if point else None,
        label=_label(made, device["weight_kg"]),
        fee=amount(made.fee_cents),
        refund_estimate=amount(made.refund_cents),
        refund_number=refund_number(refund) if refund else None,
        created_at=made.created_at,
        send_by_on=made.created_at.date() + timedelta(days=rules.policy("returns")["send_by_days"]),
        approved_by=made.approved_by,
        case_ref=made.case_ref,
        events=tuple(answers.ReturnEvent(**event) for event in made.events),
    )


def _label(made: tables.Return, weight_kg: float) -> answers.Label:
    is_shipped = made.method == "shipping"
    carton = next(carton["name"] for carton in rules.read("policy")["cartons"] if weight_kg <= carton["up_to_kg"])
    return answers.Label(
        label_id=f"LB-{40000 + made.id}",
        url=page_url("labels", made.label_token),
        weight_kg=weight_kg,
        weight_lb=pounds(weight_kg),
        carton=carton if is_shipped else None,
        carton_ships_on=made.created_at.date() + timedelta(days=1) if is_shipped else None,
    )


def _today() -> date:
    return datetime.now(UTC).date()
