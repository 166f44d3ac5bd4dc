"""Lets time pass for a return: courier, depot and accounting do here what no call of the contract does."""

from typing import Literal

from fastapi import APIRouter

from actions.backends import returns as answers
from actions.demo_company import orders, returns
from actions.demo_company.asked import Asked
from actions.demo_company.db import Db
from actions.demo_company.numbers import return_number as number_of
from actions.demo_company.problems import refused

router = APIRouter(prefix="/demo", include_in_schema=False)

STEPS = ("created", "in_transit", "received", "refunded")
SAID = {
    "in_transit": "The courier has the parcel.",
    "received": "The parcel has arrived at our depot.",
    "refunded": "The device was checked and the return is closed.",
}


class Progress(Asked):
    status: Literal["in_transit", "received", "refunded"]


@router.post("/returns/{return_number}/progress")
def progress(db: Db, return_number: str, wish: Progress) -> answers.Return:
    """One or more steps forward, never back; the last one pays what was estimated."""
    made = returns.find_return(db, return_number)
    if made.status not in STEPS or STEPS.index(wish.status) <= STEPS.index(made.status):
        raise refused(f"Return {return_number} is {made.status} and cannot become {wish.status}.")
    for step in STEPS[STEPS.index(made.status) + 1 : STEPS.index(wish.status) + 1]:
        made.status = step
        returns.note(made, SAID[step])
    if made.status == "refunded" and made.refund_cents:
        orders.add_refund(db, made.account_number, made.refund_cents, f"Return {number_of(made.id)}", return_id=made.id)
    return returns.shown(db, made)
