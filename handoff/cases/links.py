"""Links between cases: related, parent and child (such as an incident and its cases), duplicates.

Links that say where a case came from (`split`, `follow_up`) are made by what makes the case and stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.cases.actors import Actor
from handoff.cases.log import record
from handoff.cases.looking import get
from handoff.cases.moves import hold_both
from handoff.cases.rights import must_work_on
from handoff.errors import BadInput, Conflict, IllegalMove, NotFound
from handoff.models import LIVE, Agent, Case, CaseLink, CaseStatus, LinkKind

BY_HAND = (LinkKind.RELATED, LinkKind.PARENT, LinkKind.DUPLICATE)

FROM_HERE = {
    LinkKind.RELATED: "related to",
    LinkKind.PARENT: "parent of",
    LinkKind.DUPLICATE: "duplicate of",
    LinkKind.SPLIT: "split into",
    LinkKind.FOLLOW_UP: "followed up by",
}
FROM_THERE = {
    LinkKind.RELATED: "related to",
    LinkKind.PARENT: "child of",
    LinkKind.DUPLICATE: "repeated by",
    LinkKind.SPLIT: "split off from",
    LinkKind.FOLLOW_UP: "follows up",
}


@dataclass(frozen=True)
class Linked:
    """One link as seen from a case: it is `word` (such as "child of") the case `ref`."""

    link_id: str
    kind: LinkKind
    word: str
    ref: str
    title: str
    status: str


async def link(session: AsyncSession, ref: str, other_ref: str, agent: Agent, kind: LinkKind) -> CaseLink:
    """Say what `ref` is to `other_ref`: `parent` of it, `duplicate` of it, or `related`. Twice changes nothing.

    Refuses a link to itself and one that says where a case came from (`BadInput`); a second parent, a circle of
    parents, and a case that became part of another (`IllegalMove`).
    """
    if kind not in BY_HAND:
        raise BadInput("Link cases as related, parent or duplicate; the others come from splitting and reopening.")
    first, second = await get(session, ref), await get(session, other_ref)
    if first.id == second.id:
        raise BadInput("A case cannot be linked with itself. Choose the other one.")
    (source, target), _ = await hold_both(session, first.id, second.id)
    await must_work_on(agent, source, target)
    for one in (source, target):
        if one.status == CaseStatus.JOINED:
            raise IllegalMove(f"{one.ref} became part of another case. Link that one.")
    if known := await _known(session, source, target, kind):
        return known
    if kind == LinkKind.PARENT:
        await _refuse_a_second_parent(session, source, target)
    made = CaseLink(from_case_id=source.id, to_case_id=target.id, kind=kind, agent_id=agent.id, created_at=clock.now())
    session.add(made)
    await session.flush()
    by = Actor.of(agent)
    await record(session, source, "linked", by, {"link_id": made.id, "word": FROM_HERE[kind], "ref": target.ref})
    await record(session, target, "linked", by, {"link_id": made.id, "word": FROM_THERE[kind], "ref": source.ref})
    return made


async def _known(session: AsyncSession, source: Case, target: Case, kind: LinkKind) -> CaseLink | None:
    ends = (CaseLink.from_case_id == source.id) & (CaseLink.to_case_id == target.id)
    if kind == LinkKind.RELATED:
        ends |= (CaseLink.from_case_id == target.id) & (CaseLink.to_case_id == source.id)
    found: CaseLink | None = await session.scalar(select(CaseLink).where(ends, CaseLink.kind == kind))
    return found


async def _refuse_a_second_parent(session: AsyncSession, parent: Case, child: Case) -> None:
    if known := await parent_of(session, child.id):
        raise Conflict(f"{child.ref} belongs to {known.ref} already. Take that link off first.")
    above = await parent_of(session, parent.id)
    while above and above.id != child.id:
        above = await parent_of(session, above.id)
    if above:
        raise IllegalMove(f"{parent.ref} is below {child.ref} itself. Take that link off first.")


async def parent_of(session: AsyncSession, case_id: str) -> Case | None:
    query = select(Case).join(CaseLink, CaseLink.from_case_id == Case.id)
    found: Case | None = await session.scalar(
        query.where(CaseLink.to_case_id == case_id, CaseLink.kind == LinkKind.PARENT).limit(1)
    )
    return found


async def open_children(session: AsyncSession, case_id: str) -> Sequence[Case]:
    """The cases below it that are not over, oldest first."""
    query = select(Case).join(CaseLink, CaseLink.to_case_id == Case.id)
    below = query.where(CaseLink.from_case_id == case_id, CaseLink.kind == LinkKind.PARENT, Case.status.in_(LIVE))
    return list(await session.scalars(below.order_by(Case.id)))


async def unlink(session: AsyncSession, link_id: str, agent: Agent) -> None:
    """Take a link off. `NotFound` when it is gone, `IllegalMove` for one that says where a case came from."""
    found = await session.get(CaseLink, link_id)
    if found is None:
        raise NotFound("There is no such link any more.")
    (source, target), _ = await hold_both(session, found.from_case_id, found.to_case_id)
    await must_work_on(agent, source, target)
    if found.kind not in BY_HAND:
        raise IllegalMove("This link says where the case came from; it stays.")
    await session.delete(found)
    await session.flush()
    kind, by = LinkKind(found.kind), Actor.of(agent)
    await record(session, source, "unlinked", by, {"word": FROM_HERE[kind], "ref": target.ref})
    await record(session, target, "unlinked", by, {"word": FROM_THERE[kind], "ref": source.ref})


async def links_of(session: AsyncSession, case_id: str) -> Sequence[Linked]:
    """Every link of a case, as seen from it, oldest first."""
    ends = (CaseLink.from_case_id == case_id) | (CaseLink.to_case_id == case_id)
    links = list(await session.scalars(select(CaseLink).where(ends).order_by(CaseLink.id)))
    others = {one for link in links for one in (link.from_case_id, link.to_case_id)}
    cases = {case.id: case for case in await session.scalars(select(Case).where(Case.id.in_(others)))} if links else {}
    return [_seen_from(link, case_id, cases) for link in links]


def _seen_from(link: CaseLink, case_id: str, cases: dict[str, Case]) -> Linked:
    kind, is_ours = LinkKind(link.kind), link.from_case_id == case_id
    other = cases[link.to_case_id if is_ours else link.from_case_id]
    return Linked(link.id, kind, (FROM_HERE if is_ours else FROM_THERE)[kind], other.ref, other.title, other.status)
