"""Tags: short words people sort cases by. Anybody who may work on a case tags it; supervisors tidy them up."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import cases
from handoff.cases import Actor
from handoff.errors import BadInput, NotAllowed, NotFound
from handoff.finding import texts
from handoff.models import Agent, CaseTag, Role

MOST = 20
LONGEST = 40


async def set_of(session: AsyncSession, ref: str, actor: Actor, tags: Iterable[str]) -> tuple[str, ...]:
    """Give a case exactly these tags; the event `tagged` says which came and went. An agent needs the right to."""
    case = await cases.hold(session, ref)
    await may(session, actor, ref)
    wanted, before = tuple(sorted({spelled(tag) for tag in tags})), set(await of(session, case.id))
    if len(wanted) > MOST:
        raise BadInput(f"These are {len(wanted)} tags; {MOST} are the most for one case. Take some out.")
    added, removed = sorted(set(wanted) - before), sorted(before - set(wanted))
    if not added and not removed:
        return wanted
    await session.execute(delete(CaseTag).where(CaseTag.case_id == case.id, CaseTag.tag.in_(removed)))
    session.add_all(CaseTag(case_id=case.id, tag=tag) for tag in added)
    data = {"tags": list(wanted), "added": added, "removed": removed}
    await cases.record(session, case, "tagged", actor, data)
    return wanted


async def add(session: AsyncSession, ref: str, actor: Actor, *tags: str) -> tuple[str, ...]:
    case = await cases.hold(session, ref)
    return await set_of(session, ref, actor, (*await of(session, case.id), *tags))


async def remove(session: AsyncSession, ref: str, actor: Actor, *tags: str) -> tuple[str, ...]:
    case = await cases.hold(session, ref)
    gone = {spelled(tag) for tag in tags}
    return await set_of(session, ref, actor, (tag for tag in await of(session, case.id) if tag not in gone))


async def of(session: AsyncSession, case_id: str) -> Sequence[str]:
    return list(await session.scalars(select(CaseTag.tag).where(CaseTag.case_id == case_id).order_by(CaseTag.tag)))


async def known(session: AsyncSession, beginning: str = "", limit: int = 20) -> Sequence[str]:
    """Tags that are used and begin so, in the order of letters.

    Steps from one tag to the next in the index, so it costs the same on ten cases as on a million.
    """
    start = " ".join(beginning.split()).lower()
    ends = start + "\U0010ffff"
    first = select(func.min(CaseTag.tag).label("tag")).where(CaseTag.tag >= start, CaseTag.tag < ends)
    walk = first.cte("walk", recursive=True)
    following = aliased(CaseTag)
    step = select(func.min(following.tag)).where(following.tag > walk.c.tag, following.tag < ends).scalar_subquery()
    walk = walk.union_all(select(step).where(walk.c.tag.is_not(None)))
    found = select(walk.c.tag).where(walk.c.tag.is_not(None)).limit(limit)
    return list(await session.scalars(found))


async def rename(session: AsyncSession, agent: Agent, old: str, new: str) -> int:
    """Call a tag something else everywhere; where the other is there already they become one. How many cases had it."""
    _must_supervise(agent)
    old, new = spelled(old), spelled(new)
    having = list(await session.scalars(select(CaseTag.case_id).where(CaseTag.tag == old)))
    if not having:
        raise NotFound(f"No case has the tag '{old}'.")
    if old != new:
        both = select(CaseTag.case_id).where(CaseTag.tag == new).scalar_subquery()
        await session.execute(delete(CaseTag).where(CaseTag.tag == old, CaseTag.case_id.in_(both)))
        await session.execute(update(CaseTag).where(CaseTag.tag == old).values(tag=new))
        for case_id in having:
            texts.stale(session, case_id)
    return len(having)


async def counted(session: AsyncSession, most: int = 200) -> Sequence[tuple[str, int]]:
    """Every tag and on how many cases it is, for whoever tidies them up."""
    number = func.count().label("number")
    rows = await session.execute(
        select(CaseTag.tag, number).group_by(CaseTag.tag).order_by(literal_column("number").desc()).limit(most)
    )
    return [(tag, count) for tag, count in rows]


def spelled(tag: str) -> str:
    """Small letters, single spaces; `BadInput` for what is no tag."""
    words = " ".join(tag.split()).lower().lstrip("#")
    if not words or len(words) > LONGEST or any(letter in words for letter in ",\n"):
        raise BadInput(f"'{tag[:60]}' cannot be a tag: write 1 to {LONGEST} signs without a comma.")
    return words


async def may(session: AsyncSession, actor: Actor, ref: str) -> None:
    """People need the right to work on the case; rules and the assistant were given it by people."""
    await cases.actor_must_work_on(session, actor, await cases.get(session, ref))


def _must_supervise(agent: Agent) -> None:
    if agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise NotAllowed("Only a supervisor may rename tags. Ask one of yours.")
