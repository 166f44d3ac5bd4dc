"""What the panel of exceptions and escalation shows, and the settings of their limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.cases import exception_kinds
from handoff.cases.exception_kinds import KINDS, Kind, Limits
from handoff.cases.offers import Offered
from handoff.desk.pages import Me
from handoff.models import LIVE, Agent, Case, CaseException, ExceptionState, Role
from handoff.routing import teams


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
    """One kind of exception to ask for. `most` is what the reader may grant alone, in words."""

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


async def panel(session: AsyncSession, case: Case, me: Me) -> ExceptionsPanel | None:
    reader = await session.get_one(Agent, me.id)
    can_ask = case.status in LIVE and await cases.may_work_on(reader, case)
    found = await cases.exceptions_of(session, case.id)
    if not found and not can_ask:
        return None
    allowed = await exception_kinds.limits(session) if found else {}
    return ExceptionsPanel(
        exceptions=tuple([await _view(session, one, reader, allowed, can_ask=can_ask) for one in found]),
        form=await form(session, case, reader, next(iter(KINDS))),
        people=tuple(await _people(session, case, reader)),
        teams=tuple((key, name) for key, name in (await teams.names(session)).items() if key != case.team),
        can_ask=can_ask,
    )


async def form(session: AsyncSession, case: Case, reader: Agent, kind: str) -> FormView:
    """The fields of one kind, filled in from what the case knows."""
    exception_kinds.kind_of(kind)
    offer = await cases.offer_of(session, case, reader)
    chosen = next(one for one in offer.kinds if one.kind.name == kind)
    kinds = tuple((one.name, one.label) for one in KINDS.values())
    return FormView(chosen.kind, dict(chosen.known), offer.refused_by, kinds, _says(chosen))


def _says(offered: Offered) -> str:
    if not offered.may_grant:
        return "Above what you may grant: it is asked of a supervisor."
    if not offered.kind.has_amount or offered.most_cents is None:
        return "You may grant this: the company is asked at once."
    return f"Up to {dollars(offered.most_cents)} you may grant it; above, it is asked of a supervisor."


async def _view(
    session: AsyncSession, one: CaseException, reader: Agent, allowed: Limits, *, can_ask: bool
) -> ExceptionView:
    kind = exception_kinds.kind_of(one.kind)
    asker = await session.get_one(Agent, one.asked_by)
    decider = await session.get(Agent, one.decided_by) if one.decided_by else None
    labels = {each.name: each.label for each in kind.details}
    may = exception_kinds.allows(allowed, reader.role, kind, one.amount_cents)
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
        can_decide=can_ask and may and one.state == ExceptionState.ASKED,
        can_retry=can_ask and one.state == ExceptionState.FAILED,
    )


async def _people(session: AsyncSession, case: Case, reader: Agent) -> Sequence[tuple[str, str]]:
    """Who may be asked by name: supervisors and admins first, then people of other teams."""
    active = await session.scalars(select(Agent).where(Agent.is_active, Agent.id != reader.id).order_by(Agent.name))
    found = [(one.role == Role.AGENT, one) for one in active if one.role != Role.AGENT or set(one.teams) - {case.team}]
    found.sort(key=lambda pair: pair[0])
    return [(one.id, one.name if is_peer else f"{one.name} ({one.role})") for is_peer, one in found]


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
