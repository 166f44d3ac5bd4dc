"""The kinds of exceptions there are: what each grants, what the company needs for it, and how far whom may go.

A supervisor changes limits in the settings; until one does, `BUILT_IN` holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.errors import BadInput
from handoff.models import ExceptionLimit, Role


@dataclass(frozen=True)
class Detail:
    """Something the company must know. `label` is what a person reads."""

    name: str
    label: str
    is_needed: bool = True
    facts: tuple[str, ...] = ()
    """The facts of a case that answer it, the surest first."""


@dataclass(frozen=True)
class Kind:
    """`system` is the company system that carries it out; `has_amount`: it costs what somebody says it costs."""

    name: str
    label: str
    system: str
    has_amount: bool
    details: tuple[Detail, ...]


ACCOUNT = Detail("account_number", "Account number", facts=("account_number",))
SERIAL = Detail("serial", "Serial number of the device", is_needed=False, facts=("serial_number", "return_item"))
ADDRESS = (
    Detail("line1", "Street and number"),
    Detail("city", "Town"),
    Detail("postcode", "Postcode", facts=("postcode",)),
    Detail("window_id", "The company's number of the pickup window", is_needed=False),
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("pickup_anywhere", "Pickup from any address", "orders", False, (ACCOUNT, SERIAL, *ADDRESS)),
        Kind("heavier_label", "Label for what it really weighs", "orders", False, (ACCOUNT, SERIAL)),
        Kind("late_return", "Return after the window", "orders", False, (ACCOUNT, SERIAL)),
        Kind("free_replacement", "Free replacement", "orders", False, (ACCOUNT, SERIAL)),
        Kind(
            "refund_above_limit",
            "Refund above the limit",
            "orders",
            True,
            (ACCOUNT, Detail("order_number", "Order number", facts=("order_number",))),
        ),
        Kind("credit", "Credit on the account", "billing", True, (ACCOUNT,)),
        Kind("waived_fee", "Waived fee", "billing", True, (ACCOUNT, Detail("line_id", "Line of the bill"))),
    )
}

Limits = Mapping[tuple[str, str], int | None]
"""The most at once in cents by kind and role, None for no limit; a pair that is not here may not at all."""

EVERYWHERE = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
ABOVE_AGENTS = (Role.SUPERVISOR, Role.ADMIN)
BUILT_IN: Limits = {
    **{(kind, role): None for kind in ("pickup_anywhere", "heavier_label") for role in EVERYWHERE},
    **{(kind, role): None for kind in ("late_return", "free_replacement") for role in ABOVE_AGENTS},
    **{("refund_above_limit", role): amount for role, amount in zip(ABOVE_AGENTS, (50_000, None), strict=True)},
    **{("credit", role): amount for role, amount in zip(EVERYWHERE, (2_500, 20_000, None), strict=True)},
    **{("waived_fee", role): amount for role, amount in zip(EVERYWHERE, (1_500, 10_000, None), strict=True)},
}


def kind_of(name: str) -> Kind:
    """`BadInput` for a kind nobody knows."""
    if name not in KINDS:
        raise BadInput(f"There is no exception '{name[:40]}'. Choose one of {', '.join(KINDS)}.")
    return KINDS[name]


async def limits(session: AsyncSession) -> Limits:
    """As supervisors set them; the built-in ones while nobody did."""
    rows = list(await session.scalars(select(ExceptionLimit)))
    return {(row.kind, row.role): row.amount_cents for row in rows} if rows else BUILT_IN


async def may_grant(session: AsyncSession, role: str, kind: Kind, amount_cents: int | None) -> bool:
    """Whether a role may grant this by itself. For many at once read `limits` once and ask `allows`."""
    return allows(await limits(session), role, kind, amount_cents)


def allows(known: Limits, role: str, kind: Kind, amount_cents: int | None) -> bool:
    pair = (kind.name, role)
    return pair in known and is_within(kind, known[pair], amount_cents)


def is_within(kind: Kind, most_cents: int | None, amount_cents: int | None) -> bool:
    return not kind.has_amount or most_cents is None or (amount_cents or 0) <= most_cents


async def set_limit(session: AsyncSession, kind: str, role: str, *, may: bool, amount_cents: int | None) -> None:
    """Set how far a role may go with a kind. The first change writes the built-in limits down, then changes one."""
    chosen = kind_of(kind)
    if role not in list(Role):
        raise BadInput(f"There is no role '{role[:20]}'. Choose one of {', '.join(Role)}.")
    if amount_cents is not None and amount_cents < 0:
        raise BadInput("A limit is an amount of 0 or more.")
    now = dict(await limits(session))
    now.pop((kind, role), None)
    if may:
        now[kind, role] = amount_cents if chosen.has_amount else None
    if not now:
        raise BadInput("Then nobody could grant anything. Leave at least one limit for admins.")
    await session.execute(delete(ExceptionLimit))
    session.add_all(ExceptionLimit(kind=one, role=who, amount_cents=most) for (one, who), most in now.items())
    await session.flush()


def missing(kind: Kind, details: Mapping[str, str]) -> Sequence[Detail]:
    """What the company needs for it and was not told."""
    return [one for one in kind.details if one.is_needed and not str(details.get(one.name, "")).strip()]
