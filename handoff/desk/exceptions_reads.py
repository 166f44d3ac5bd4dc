"""What the panel of exceptions and escalation shows, and the settings of their limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.cases import exception_kinds
from handoff.cases.exception_kinds import KINDS, Kind
from handoff.cases.offers import Offer, Offered
from handoff.desk import wording
from handoff.desk.beside import Beside
from handoff.models import Agent, CaseException, ExceptionState, Role


@dataclass(frozen=True)
class ExceptionView:
    """`facts` are what the company was told. `can_decide` while it waits for somebody like the reader."""

    id: str
    label: str
    amount: str | None
    reason: str
    refused_by: str | None
    facts: tuple[tuple[str, str], ...]
    state: str
    asked_by: str
    decided_by: str | None
    result: str | None
    created_at: datetime
    can_decide: bool
    can_retry: bool


@dataclass(frozen=True)
class FormView:
    """One kind of exception to ask for. `says` how much of it the reader may grant alone."""

    kind: Kind
    known: dict[str, str]
    refused_by: str | None
    kinds: tuple[tuple[str, str], ...]
    says: str


@dataclass(frozen=True)
class ExceptionsPanel:
    exceptions: tuple[ExceptionView, ...]
    form: FormView
    people: tuple[tuple[str, str], ...]
    teams: tuple[tuple[str, str], ...]
    can_ask: bool


@dataclass(frozen=True)
class LimitView:
    kind: str
    label: str
    has_amount: bool
    roles: tuple[tuple[str, bool, str], ...]
    """Role, whether it may at all, and how much at once in dollars; empty for no limit."""


async def panel(session: AsyncSession, beside: Beside) -> ExceptionsPanel | None:
    found = await cases.exceptions_of(session, beside.case.id)
    if not found and not beside.can_work:
        return None
    offer = await cases.offer_of(session, beside.case, beside.reader, beside.facts)
    return ExceptionsPanel(
        exceptions=tuple([await _view(session, one, offer, can_ask=beside.can_work) for one in found]),
        form=form(offer, next(iter(KINDS))),
        people=tuple(_people(beside)),
        teams=tuple((key, name) for key, name in wording.ACTIVE.get().items() if key != beside.case.team),
        can_ask=beside.can_work,
    )


def form(offer: Offer, kind: str) -> FormView:
    """The fields of one kind, filled in from what the case knows. `BadInput` for a kind nobody knows."""
    chosen = offer.of(exception_kinds.kind_of(kind))
    kinds = tuple((one.name, one.label) for one in KINDS.values())
    return FormView(chosen.kind, dict(chosen.known), offer.refused_by, kinds, _says(chosen))


def _says(offered: Offered) -> str:
    if not offered.may_grant:
        return "Above what you may grant: it is asked of a supervisor."
    if not offered.kind.has_amount or offered.most_cents is None:
        return "You may grant this: the company is asked at once."
    return f"Up to {dollars(offered.most_cents)} you may grant it; above, it is asked of a supervisor."


async def _view(session: AsyncSession, one: CaseException, offer: Offer, *, can_ask: bool) -> ExceptionView:
    kind = exception_kinds.kind_of(one.kind)
    asker = await session.get_one(Agent, one.asked_by)
    decider = await session.get(Agent, one.decided_by) if one.decided_by else None
    labels = {each.name: each.label for each in kind.details}
    return ExceptionView(
        id=one.id,
        label=kind.label,
        amount=dollars(one.amount_cents) if one.amount_cents is not None else None,
        reason=one.reason,
        refused_by=one.refused_by,
        facts=tuple((labels.get(name, name), str(value)) for name, value in one.details.items()),
        state=one.state,
        asked_by=asker.name,
        decided_by=decider.name if decider else None,
        result=one.result,
        created_at=one.created_at,
        can_decide=can_ask and offer.of(kind).allows(one.amount_cents) and one.state == ExceptionState.ASKED,
        can_retry=can_ask and one.state == ExceptionState.FAILED,
    )


def _people(beside: Beside) -> Sequence[tuple[str, str]]:
    """Who may be asked by name: supervisors and admins first, then people of other teams."""
    others = [one for one in beside.agents if one.id != beside.reader.id]
    above = [(one.id, f"{one.name} ({one.role})") for one in others if one.role != Role.AGENT]
    peers = [one for one in others if one.role == Role.AGENT and set(one.teams) - {beside.case.team}]
    return [*above, *((one.id, one.name) for one in peers)]


async def limits(session: AsyncSession) -> Sequence[LimitView]:
    """For the settings: every kind with every role."""
    known = await exception_kinds.limits(session)
    return [
        LimitView(
            kind.name,
            kind.label,
            kind.has_amount,
            tuple((str(role), (kind.name, role) in known, _most(known.get((kind.name, role)))) for role in Role),
        )
        for kind in KINDS.values()
    ]


def _most(cents: int | None) -> str:
    return "" if cents is None else f"{cents / 100:.2f}"


def dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}"
