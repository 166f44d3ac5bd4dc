"""The pages links lead to: a return label, a payment page, a bill. Whoever holds the link may open it."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backends.results import pounds
from actions.demo_company import rules, tables
from actions.demo_company.db import Db
from actions.demo_company.money import amount
from actions.demo_company.problems import not_found

router = APIRouter(include_in_schema=False)
STORE_ADDRESS = "Fernway Returns, 300 Depot Road, Alder Falls 48101"

SHEET = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}}
main{{border:2px solid;border-radius:.5rem;padding:1.5rem}}
dt{{opacity:.7}}dd{{margin:0 0 .6rem;font-weight:600}}</style>
<main><h1>{title}</h1><dl>{rows}</dl></main></html>"""


def page_url(kind: str, token: str) -> str:
    """Where customers open a page; `TELLONCE_COMPANY_URL` when that is not this machine."""
    port = os.environ.get("TELLONCE_COMPANY_PORT", "8100")
    base = os.environ.get("TELLONCE_COMPANY_URL", f"http://127.0.0.1:{port}")
    return f"{base.rstrip('/')}/{kind}/{token}"


def add_page(db: Session, kind: str, account_number: str, amount_cents: int, bill: str | None = None) -> tables.Page:
    page = tables.Page(
        token=secrets.token_urlsafe(16),
        kind=kind,
        account_number=account_number,
        bill_number=bill,
        amount_cents=amount_cents,
        expires_at=datetime.now(UTC) + timedelta(days=2),
    )
    db.add(page)
    return page


def _sheet(title: str, rows: list[tuple[str, str]]) -> HTMLResponse:
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return HTMLResponse(SHEET.format(title=escape(title), rows=listed))


@router.get("/labels/{token}")
def label(db: Db, token: str) -> HTMLResponse:
    made = db.scalar(select(tables.Return).where(tables.Return.label_token == token))
    if made is None or made.status == "cancelled":
        raise not_found("There is no such label.")
    account = db.get_one(tables.Account, made.account_number)
    device = rules.device(db.get_one(tables.Equipment, made.serial).device)
    sender = f"{account.name}, {made.line1 or account.line1}, {made.city or account.city} "
    return _sheet(
        f"Return RN-{40000 + made.id}",
        [
            ("From", sender + (made.postcode or account.postcode)),
            ("To", STORE_ADDRESS),
            ("Contents", f"{device['name']}, serial {made.serial}"),
            ("Weight", f"{device['weight_kg']:g} kg ({pounds(device['weight_kg']):g} lb)"),
            ("Travels by", made.method.replace("_", "-")),
        ],
    )


@router.get("/pay/{token}")
def pay(db: Db, token: str) -> HTMLResponse:
    page = _page(db, token, "pay")
    rows = [("Account", page.account_number), ("Amount", f"${amount(page.amount_cents)}")]
    return _sheet("Pay your Fernway bill", [*rows, ("Demo", "No money moves here.")])


@router.get("/bill-copies/{token}")
def bill_copy(db: Db, token: str) -> HTMLResponse:
    page = _page(db, token, "bill-copies")
    bill = db.get_one(tables.Bill, page.bill_number)
    rows = [(line.label, f"${amount(line.amount_cents)}") for line in bill.lines]
    return _sheet(f"Bill {bill.number}", [*rows, ("Total", f"${amount(page.amount_cents)}"), ("Due", str(bill.due_on))])


def _page(db: Session, token: str, kind: str) -> tables.Page:
    page = db.get(tables.Page, token)
    if page is None or page.kind != kind or page.expires_at < datetime.now(UTC):
        raise not_found("This link does not exist or has expired.")
    return page
