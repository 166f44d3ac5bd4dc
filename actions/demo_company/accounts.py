"""Accounts: finding people, contact data, moves, plans, and the wish to leave."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from actions.backends import accounts as answers
from actions.backends.results import Address
from actions.demo_company import asked, rules, tables
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.problems import invalid, not_found, refused

router = APIRouter(tags=["accounts"])


def find_account(db: Session, number: str) -> tables.Account:
    account = db.get(tables.Account, number)
    if account is None:
        raise not_found(f"There is no account {number}.")
    return account


def remember(db: Session, account_number: str, kind: str, **details: Any) -> int:
    request = tables.Request(account_number=account_number, kind=kind, asked_at=datetime.now(UTC), details=details)
    db.add(request)
    db.flush()
    return request.id


def address_of(account: tables.Account) -> Address:
    return Address(line1=account.line1, city=account.city, postcode=account.postcode)


def _shown(account: tables.Account) -> answers.Account:
    plan = rules.plans()[account.plan_code]
    return answers.Account(
        account_number=account.number,
        name=account.name,
        email=account.email,
        phone=account.phone,
        address=address_of(account),
        plan_code=account.plan_code,
        plan_name=plan["name"],
        price_month=amount(cents(plan["price_month"])),
        since_on=account.since_on,
    )


@router.get("/accounts", operation_id="accounts.find")
def find(
    db: Db,
    account_number: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    name: str | None = None,
    postcode: str | None = None,
) -> answers.Accounts:
    if not (account_number or email or phone or (name and postcode)):
        raise invalid("Please give an account number, an e-mail, a phone number, or a name with a postcode.")
    query = select(tables.Account).order_by(tables.Account.number)
    if account_number:
        query = query.where(tables.Account.number == account_number.strip())
    if email:
        query = query.where(func.lower(tables.Account.email) == email.strip().lower())
    if postcode:
        query = query.where(tables.Account.postcode == postcode.strip())
    if name:
        wanted = name.strip().lower()
        query = query.where(
            or_(func.lower(tables.Account.name) == wanted, func.lower(tables.Account.other_name) == wanted)
        )
    found = [row for row in db.scalars(query) if not phone or _same_phone(row.phone, phone)]
    return answers.Accounts(accounts=tuple(_shown(row) for row in found))


def _same_phone(known: str, given: str) -> bool:
    """People leave out the area code or write the country's; less than seven digits says nothing."""
    known, given = re.sub(r"\D", "", known), re.sub(r"\D", "", given)
    return len(given) >= 7 and (known.endswith(given) or given.endswith(known))


@router.get("/accounts/{account_number}", operation_id="accounts.get")
def get(db: Db, account_number: str) -> answers.Account:
    return _shown(find_account(db, account_number))


@router.patch("/accounts/{account_number}", operation_id="accounts.change_contact")
def change_contact(db: Db, account_number: str, change: asked.ContactChange) -> answers.Account:
    account = find_account(db, account_number)
    given = change.model_dump(exclude_none=True)
    if not given:
        raise invalid("Please say which of e-mail, phone or name should change.")
    taken = select(tables.Account.number).where(
        func.lower(tables.Account.email) == (change.email or "").lower(), tables.Account.number != account_number
    )
    if change.email and db.scalar(taken):
        raise refused("That e-mail address already belongs to another account.")
    for name, value in given.items():
        setattr(account, name, value)
    return _shown(account)


@router.post("/accounts/{account_number}/moves", operation_id="accounts.move")
def move(db: Db, account_number: str, wish: asked.MoveWish) -> answers.Move:
    """The account keeps its address until the day of the move; equipment that is no use there comes back."""
    account = find_account(db, account_number)
    notice = rules.policy("moves")["notice_days"]
    earliest = _today() + timedelta(days=notice)
    if wish.move_on < earliest:
        raise refused(f"We need {notice} days to move a line; the earliest day is {earliest:%-d %B}.")
    is_serviceable = rules.is_served(wish.address.postcode)
    number = remember(db, account.number, "move", **wish.model_dump(mode="json"))
    owned = db.scalars(select(tables.Equipment).where(tables.Equipment.account_number == account.number))
    return answers.Move(
        move_number=f"MV-{50000 + number}",
        account_number=account.number,
        old_address=address_of(account),
        new_address=Address(**wish.address.model_dump()),
        move_on=wish.move_on,
        is_serviceable=is_serviceable,
        equipment=tuple(_at_move(item, account, wish.address.postcode) for item in owned),
    )


def _at_move(item: tables.Equipment, account: tables.Account, postcode: str) -> answers.MoveItem:
    name = rules.device(item.device)["name"]
    needs_fiber = item.device == "fiber_modem" and not rules.has_fiber(postcode)
    comes_back = item.is_rented and (needs_fiber or not rules.is_served(postcode))
    sentence = f"Please take the {name} with you."
    if comes_back:
        why = "there is no fiber at the new address" if needs_fiber else "we do not serve the new address"
        sentence = f"Please send the {name} back: {why}."
    action = "return" if comes_back else "take_along"
    return answers.MoveItem(serial=item.serial, name=name, action=action, sentence=sentence)


@router.post("/accounts/{account_number}/password-resets", operation_id="accounts.reset_password")
def reset_password(db: Db, account_number: str, _: asked.Nothing) -> answers.PasswordReset:
    account = find_account(db, account_number)
    remember(db, account.number, "password_reset")
    name, host = account.email.split("@")
    return answers.PasswordReset(sent_to=f"{name[0]}…@{host}", expires_at=datetime.now(UTC) + timedelta(hours=1))


@router.post("/accounts/{account_number}/cancel-requests", operation_id="accounts.request_cancel")
def request_cancel(db: Db, account_number: str, wish: asked.CancelWish) -> answers.CancelRequest:
    account = find_account(db, account_number)
    rule = rules.policy("cancelling")
    ends_on = max(wish.wanted_on or _today(), _today() + timedelta(days=rule["notice_days"]))
    months = _months_between(ends_on, account.contract_until_on)
    number = remember(db, account.number, "cancel", **wish.model_dump(mode="json"))
    fee = amount(cents(rule["early_fee_month"]) * months)
    sentence = f"Your service would end on {ends_on:%-d %B %Y}"
    sentence += f", with ${fee} for {months} months left of your contract." if months else ", at no charge."
    return answers.CancelRequest(
        cancel_number=f"CN-{30000 + number}",
        account_number=account.number,
        status="received",
        service_ends_on=ends_on,
        early_fee=fee,
        sentence=sentence,
    )


def _months_between(start: date, end: date | None) -> int:
    return max(0, -(-(end - start).days // 30)) if end else 0


@router.get("/accounts/{account_number}/plans", operation_id="accounts.plans")
def plans(db: Db, account_number: str) -> answers.Plans:
    account = find_account(db, account_number)
    offered = [code for code, plan in rules.plans().items() if _is_offered(account, code, plan)]
    return answers.Plans(plans=tuple(_plan(code, account.plan_code) for code in offered))


def _is_offered(account: tables.Account, code: str, plan: dict[str, Any]) -> bool:
    return code == account.plan_code or not plan.get("fiber") or rules.has_fiber(account.postcode)


def _plan(code: str, current: str) -> answers.Plan:
    plan, now = rules.plans()[code], rules.plans()[current]
    return answers.Plan(
        code=code,
        name=plan["name"],
        speed_mbps=plan["speed_mbps"],
        price_month=amount(cents(plan["price_month"])),
        is_current=code == current,
        difference=amount(cents(plan["price_month"]) - cents(now["price_month"])),
    )


@router.post("/accounts/{account_number}/plan-changes", operation_id="accounts.change_plan")
def change_plan(db: Db, account_number: str, wish: asked.PlanWish) -> answers.PlanChange:
    account = find_account(db, account_number)
    plan = rules.plans().get(wish.plan_code)
    if plan is None:
        raise invalid("We do not have that plan.")
    _refuse_change(account, wish.plan_code, plan)
    changed = _plan(wish.plan_code, account.plan_code)
    number = remember(db, account.number, "plan_change", old=account.plan_code, new=wish.plan_code)
    account.plan_code, account.plan_changed_on = wish.plan_code, _today()
    return answers.PlanChange(
        change_number=f"PC-{20000 + number}",
        plan=changed.model_copy(update={"is_current": True}),
        effective_on=(_today().replace(day=1) + timedelta(days=32)).replace(day=1),
        difference=changed.difference,
    )


def _refuse_change(account: tables.Account, code: str, plan: dict[str, Any]) -> None:
    if code == account.plan_code:
        raise refused(f"You already have {plan['name']}.")
    if not _is_offered(account, code, plan):
        raise refused(f"{plan['name']} needs fiber, and there is none at {account.line1} yet.")
    wait = rules.policy("plans")["change_after_days"]
    if account.plan_changed_on and (free_on := account.plan_changed_on + timedelta(days=wait)) > _today():
        raise refused(f"A plan can be changed once in {wait} days; you can change again from {free_on:%-d %B}.")


def _today() -> date:
    return datetime.now(UTC).date()
