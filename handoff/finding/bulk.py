"""One change to many cases. Each is checked and reported for itself; what cannot be changed holds nobody else up."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock
from handoff.cases import Actor
from handoff.errors import BadInput, Conflict, NotFound, TellonceError
from handoff.finding import tags
from handoff.models import Agent, Case, CaseWatcher, Priority

Do = Literal["assign", "team", "priority", "tag", "untag", "resolve", "watch", "unwatch"]
Back = Literal[Do, "reopen"]
"""`reopen` only takes back a `resolve`."""
AT_MOST = 200
READING = ("watch", "unwatch")
"""What changes nothing for anybody else and needs no right to work on the case."""


@dataclass(frozen=True)
class Change:
    """`value` is an agent's id (empty for nobody), a team, a priority, a tag, a resolution, or to take one back
    whom the case waited for; nothing for watching."""

    do: Back
    value: str = ""


@dataclass(frozen=True)
class Undo:
    """What one case was before, and what it has to be still for that to come back."""

    ref: str
    change: Change
    now: str


@dataclass(frozen=True)
class Outcome:
    """`refused` is the reference and the sentence for each case that stayed as it was."""

    changed: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    undo: tuple[Undo, ...] = field(default=(), compare=False)

    @property
    def sentence(self) -> str:
        """`9 changed, 1 not: C-482-917-4 is resolved already.`"""
        if not self.refused:
            return f"{len(self.changed)} changed."
        reasons = list(dict.fromkeys(reason for _, reason in self.refused))
        more = f" And {len(reasons) - 3} more reasons." if len(reasons) > 3 else ""
        return f"{len(self.changed)} changed, {len(self.refused)} not: {' '.join(reasons[:3])}{more}"


async def apply(session: AsyncSession, refs: Sequence[str], agent: Agent, change: Change) -> Outcome:
    """Make the change to each of these cases, as this agent, in this transaction. Given twice, a case counts once."""
    _check(refs, change)
    return await _each(session, [(ref, change, None) for ref in dict.fromkeys(map(cases.normal_ref, refs))], agent)


async def take_back(session: AsyncSession, agent: Agent, undo: Sequence[Undo]) -> Outcome:
    """Give each case back what it had, unless somebody has changed it since."""
    if len(undo) > AT_MOST:
        raise BadInput(f"Take back at most {AT_MOST} cases at once.")
    if any(one.change.do not in VERBS for one in undo):
        raise BadInput("This cannot be taken back from here. Open the cases and change them there.")
    return await _each(session, [(one.ref, one.change, one.now) for one in undo], agent)


async def _each(session: AsyncSession, wanted: Sequence[tuple[str, Change, str | None]], agent: Agent) -> Outcome:
    changed: list[str] = []
    refused: list[tuple[str, str]] = []
    undo: list[Undo] = []
    # In one order, so that two who change the same cases never wait for each other.
    for ref, change, expected in sorted(wanted, key=lambda one: one[0]):
        try:
            async with session.begin_nested():
                back = await _one(session, ref, agent, change, expected)
        except TellonceError as no:
            refused.append((ref, no.message))
        else:
            changed.append(ref)
            undo += [back] if back else []
    return Outcome(tuple(changed), tuple(refused), tuple(undo))


async def _one(session: AsyncSession, ref: str, agent: Agent, change: Change, expected: str | None) -> Undo | None:
    case = await cases.hold(session, ref)
    if change.do not in READING:
        await cases.must_work_on(agent, case)
    if expected is not None and await _value(session, case, agent, change.do) != expected:
        raise Conflict(f"{case.ref} was changed by somebody since and stays as it is.")
    before = await _back(session, case, agent, change)
    await VERBS[change.do](session, case, agent, change.value)
    now = await _value(session, case, agent, before.do) if before else ""
    return Undo(case.ref, before, now) if before else None


async def _assign(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    to = await session.get(Agent, value) if value else None
    if value and (to is None or not to.is_active):
        raise NotFound("There is no such agent. Choose another.")
    cases.must_be_live(case)
    await cases.assign(session, case.ref, Actor.of(agent), to)


async def _team(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    cases.must_be_live(case)
    await cases.set_team(session, case.ref, Actor.of(agent), value)


async def _priority(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    cases.must_be_live(case)
    await cases.set_priority(session, case.ref, Actor.of(agent), Priority(value))


async def _tag(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    await tags.add(session, case.ref, Actor.of(agent), value)


async def _untag(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    await tags.remove(session, case.ref, Actor.of(agent), value)


async def _resolve(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    await cases.resolve(session, case.ref, Actor.of(agent), value)


async def _reopen(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    await cases.take_back_resolving(session, case.ref, agent, value)


async def _watch(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    if await session.get(CaseWatcher, (case.id, agent.id)) is None:
        session.add(CaseWatcher(case_id=case.id, agent_id=agent.id, created_at=clock.now()))
        await session.flush()


async def _unwatch(session: AsyncSession, case: Case, agent: Agent, value: str) -> None:
    if watching := await session.get(CaseWatcher, (case.id, agent.id)):
        await session.delete(watching)
        await session.flush()


Verb = Callable[[AsyncSession, Case, Agent, str], Awaitable[None]]
VERBS: dict[str, Verb] = {
    "assign": _assign,
    "team": _team,
    "priority": _priority,
    "tag": _tag,
    "untag": _untag,
    "resolve": _resolve,
    "reopen": _reopen,
    "watch": _watch,
    "unwatch": _unwatch,
}


async def _value(session: AsyncSession, case: Case, agent: Agent, do: str) -> str:
    """What a change of this kind changes, as it is now."""
    match do:
        case "assign":
            return case.assignee_id or ""
        case "priority":
            return case.priority
        case "resolve" | "reopen":
            return case.resolved_at.isoformat() if case.resolved_at else case.status
        case "tag" | "untag":
            return "\n".join(await tags.of(session, case.id))
        case "watch" | "unwatch":
            query = select(CaseWatcher.agent_id).where(CaseWatcher.case_id == case.id, CaseWatcher.agent_id == agent.id)
            return "yes" if await session.scalar(query) else "no"
    return case.team


async def _back(session: AsyncSession, case: Case, agent: Agent, change: Change) -> Change | None:
    """The change that takes this one back; None where nothing can: somebody lost it."""
    match change.do:
        case "assign":
            return Change("assign", case.assignee_id or "")
        case "priority":
            return Change("priority", case.priority)
        case "resolve":
            return Change("reopen", case.waiting_for or "")
        case "tag" if tags.spelled(change.value) not in await tags.of(session, case.id):
            return Change("untag", change.value)
        case "untag" if tags.spelled(change.value) in await tags.of(session, case.id):
            return Change("tag", change.value)
        case "watch" if await _value(session, case, agent, "watch") == "no":
            return Change("unwatch")
        case "unwatch" if await _value(session, case, agent, "watch") == "yes":
            return Change("watch")
    return None


def _check(refs: Sequence[str], change: Change) -> None:
    """What is wrong for every case is refused once, before any is touched."""
    if not refs:
        raise BadInput("Choose at least one case first.")
    if len(refs) > AT_MOST:
        raise BadInput(f"These are {len(refs)} cases; {AT_MOST} are the most at once.")
    if change.do not in get_args(Do):
        raise BadInput(f"Choose one of {', '.join(get_args(Do))}.")
    if change.do == "priority" and change.value not in set(Priority):
        raise BadInput(f"The priority is one of {', '.join(Priority)}.")
    if change.do in ("tag", "untag"):
        tags.spelled(change.value)
    if change.do == "resolve" and not change.value.strip():
        raise BadInput("Say in a sentence what was done; each of these customers will read it.")
    if change.do == "team" and not change.value:
        raise BadInput("Choose a team.")
