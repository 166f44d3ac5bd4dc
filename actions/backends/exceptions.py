"""What a person granted beyond the rules. The hub's own client makes these calls for people at the desk; these are the
same two for whoever else acts on a person's word."""

from decimal import Decimal
from typing import Literal

from actions.backends.client import company
from actions.backends.results import Address, Result

ReturnKind = Literal["pickup_anywhere", "heavier_label", "late_return", "free_replacement", "refund_above_limit"]
BillingKind = Literal["credit", "waived_fee"]


class ExceptionFact(Result):
    """What came of it, by the hub's name for such a fact, such as `label` or `credit_number`."""

    name: str
    value: str


class ExceptionDone(Result):
    exception_number: str
    sentence: str
    facts: tuple[ExceptionFact, ...]


def for_return(
    account_number: str,
    kind: ReturnKind,
    *,
    reason: str,
    approved_by: str,
    case_ref: str,
    key: str,
    serial: str | None = None,
    order_number: str | None = None,
    amount: Decimal | None = None,
    address: Address | None = None,
    window_id: str | None = None,
) -> ExceptionDone:
    """Pickup from any address, a label for the true weight, a late return, a free replacement, a refund above the
    limit. Without a serial number it is the device that is being returned, or the only one."""
    body = {
        "account_number": account_number,
        "kind": kind,
        "reason": reason,
        "approved_by": approved_by,
        "case_ref": case_ref,
        "serial": serial,
        "order_number": order_number,
        "amount": f"{amount:.2f}" if amount is not None else None,
        "address": address.model_dump() if address else None,
        "window_id": window_id,
    }
    return company("orders").post("/return-exceptions", ExceptionDone, body, key=key)


def for_billing(
    account_number: str,
    kind: BillingKind,
    *,
    amount: Decimal,
    reason: str,
    approved_by: str,
    case_ref: str,
    key: str,
    line_id: str | None = None,
) -> ExceptionDone:
    """A credit on the account, or a line of a bill waived."""
    body = {
        "account_number": account_number,
        "kind": kind,
        "amount": f"{amount:.2f}",
        "reason": reason,
        "approved_by": approved_by,
        "case_ref": case_ref,
        "line_id": line_id,
    }
    return company("billing").post("/billing-exceptions", ExceptionDone, body, key=key)
