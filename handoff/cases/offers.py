"""What an agent may ask for on a case: every kind, prefilled from what the case knows, with their own limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.cases import exception_kinds, exceptions
from handoff.cases.exception_kinds import KINDS, Kind
from handoff.models import Agent, Case, Fact


@dataclass(frozen=True)
class Offered:
    """`known` are details the case answers. `most_cents` None: no limit, where the kind has an amount at all."""

    kind: Kind
    known: Mapping[str, str]
    may_grant: bool
    most_cents: int | None

    def allows(self, amount_cents: int | None) -> bool:
        """Whether whoever it is offered to may grant this much alone."""
        return self.may_grant and exception_kinds.is_within(self.kind, self.most_cents, amount_cents)


@dataclass(frozen=True)
class Offer:
    refused_by: str | None
    kinds: Sequence[Offered]

    def of(self, kind: Kind) -> Offered:
        return next(one for one in self.kinds if one.kind == kind)


async def offer_of(session: AsyncSession, case: Case, agent: Agent, facts: Sequence[Fact]) -> Offer:
    """For the dialogue that asks for an exception. `facts` are those of the case, `cases.facts_of`."""
    limits = await exception_kinds.limits(session)
    known = await exceptions.known_of(session, case, facts)
    offered = []
    for kind in KINDS.values():
        pair = (kind.name, agent.role)
        offered.append(Offered(kind, exceptions.prefilled(known, kind), pair in limits, limits.get(pair)))
    return Offer(await exceptions.refusal_of(session, case.id), offered)
