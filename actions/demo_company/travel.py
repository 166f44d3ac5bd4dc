"""How a device travels back: pickup windows, drop-off points, and a label for what it really weighs."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Query
from sqlalchemy import select

from actions.backends import returns as answers
from actions.backends.results import Address, pounds
from actions.demo_company import asked, rules, tables
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.pages import page_url

router = APIRouter(tags=["orders"])


@router.get("/pickup-windows", operation_id="returns.pickup_windows")
def pickup_windows(postcode: asked.Postcode) -> answers.PickupWindows:
    """For any postcode: who returns something need not live where it was installed."""
    return answers.PickupWindows(windows=offered_windows())


def offered_windows() -> tuple[answers.PickupWindow, ...]:
    rule, today = rules.policy("pickup"), datetime.now(UTC).date()
    days = [today + timedelta(days=ahead) for ahead in range(1, rule["days"] + 3)]
    workdays = [day for day in days if day.weekday() != 6][: rule["days"]]
    return tuple(window(f"{day:%Y%m%d}-{hour:02d}") for day in workdays for hour in rule["from_hours"])


def window(window_id: str) -> answers.PickupWindow:
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
    points = sorted((point(row, postcode) for row in accepting), key=lambda found: found.distance_km)
    return answers.DropOffPoints(points=tuple(points[:limit]))


def point(row: tables.DropOffPoint, postcode: str) -> answers.DropOffPoint:
    return answers.DropOffPoint(
        point_id=row.id,
        name=row.name,
        address=Address(line1=row.line1, city=row.city, postcode=row.postcode),
        distance_km=rules.distance_km(postcode, row.x_km, row.y_km),
        hours=row.hours,
        max_weight_kg=row.max_weight_kg,
    )


def is_offered(window_id: str) -> bool:
    return any(window.window_id == window_id for window in offered_windows())


def label(made: tables.Return, weight_kg: float) -> answers.Label:
    """The first carton that carries the device goes out when it is shipped; a courier brings one of their own."""
    is_shipped = made.method == "shipping"
    cartons = rules.read("policy")["cartons"]
    return answers.Label(
        label_id=f"LB-{40000 + made.id}",
        url=page_url("labels", made.label_token),
        weight_kg=weight_kg,
        weight_lb=pounds(weight_kg),
        carton=next(carton["name"] for carton in cartons if weight_kg <= carton["up_to_kg"]) if is_shipped else None,
        carton_ships_on=made.created_at.date() + timedelta(days=1) if is_shipped else None,
    )
