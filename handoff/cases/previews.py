"""What a join will do, said before anybody does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, facts
from handoff.cases.joins import gains, must_be_joinable
from handoff.cases.looking import facts_of, files_of, get, words_of
from handoff.cases.rights import must_work_on
from handoff.models import Agent, Case, Fact, Message, Partner, Promise, PromiseState, Share
from handoff.ports import Audience

EVERY_STORY_HAS_SEVERAL = frozenset({facts.REFERENCE, "date", "amount"})


@dataclass(frozen=True)
class Side:
    """One of the two cases: how much is in it. `notes` of the messages are for the desk only."""

    ref: str
    title: str
    status: str
    messages: int
    notes: int
    files: int
    facts: int
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Conflicting:
    """A fact both cases know differently. Both values are kept; `joined` is the one said last, which holds then."""

    name: str
    label: str
    in_from: str
    in_into: str
    joined: str


@dataclass(frozen=True)
class JoinPreview:
    """`sentences` say it all in words, for a person to read before they agree."""

    source: Side
    target: Side
    conflicts: tuple[Conflicting, ...]
    partners: tuple[str, ...]
    sentences: tuple[str, ...]


async def preview_join(session: AsyncSession, from_ref: str, into_ref: str, agent: Agent) -> JoinPreview:
    """What `join` would do now; refuses as it would. Changes nothing."""
    source, target = await get(session, from_ref), await get(session, into_ref)
    await must_be_joinable(session, source, target)
    await must_work_on(agent, source, target)
    sides = [await _side(session, one) for one in (source, target)]
    conflicts = _conflicts(await facts_of(session, source.id), await facts_of(session, target.id))
    partners = await _partners(session, source, target)
    sentences = (
        _moving(sides[0], sides[1]),
        *([await _promised(session, source)] if await _open_promises(session, source) else []),
        *_changing(source, target, await _names(session, source, target)),
        *(
            f"{one.label} differs: “{one.in_from}” there, “{one.in_into}” here. Both are kept; “{one.joined}” holds."
            for one in conflicts
        ),
        *(f"{name} sees what was shared with them and nothing more." for name in partners),
        f"{source.ref} leads to {target.ref} from then on. The customer sees no change. It can be undone.",
    )
    return JoinPreview(sides[0], sides[1], conflicts, partners, sentences)


async def _side(session: AsyncSession, case: Case) -> Side:
    words = await words_of(session, case.id)
    return Side(
        case.ref,
        case.title,
        case.status,
        messages=len(words),
        notes=sum(message.audience == Audience.DESK for message in words),
        files=len(await files_of(session, case.id)),
        facts=len(await facts_of(session, case.id)),
        channels=_channels(words),
    )


def _channels(words: Sequence[Message]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(message.channel for message in words))


def _conflicts(first: Sequence[Fact], second: Sequence[Fact]) -> tuple[Conflicting, ...]:
    """By the value that holds in each case."""
    here, there = _holding(first), _holding(second)
    found = []
    for name in sorted((here.keys() & there.keys()) - EVERY_STORY_HAS_SEVERAL):
        one, other = here[name], there[name]
        if one.normalized != other.normalized:
            last = max(one, other, key=lambda fact: (fact.stated_at, fact.id))
            found.append(Conflicting(name, label_of(name), one.value, other.value, last.value))
    return tuple(found)


def _holding(told: Sequence[Fact]) -> dict[str, Fact]:
    """The newest of each name; `told` is newest first."""
    return {fact.name: fact for fact in reversed(told)}


def label_of(name: str) -> str:
    return facts.LABELS.get(name, name.replace("_", " ").capitalize())


async def _partners(session: AsyncSession, *cases: Case) -> tuple[str, ...]:
    standing = select(Partner.name).join(Share, Share.partner_id == Partner.id)
    standing = standing.where(Share.case_id.in_([case.id for case in cases]), Share.revoked_at.is_(None))
    return tuple(dict.fromkeys(await session.scalars(standing.where(Share.expires_at > clock.now()))))


def _moving(source: Side, target: Side) -> str:
    parts = [_count(source.messages, "message"), _count(source.files, "file"), _count(source.facts, "fact")]
    return (
        f"{parts[0]}, {parts[1]} and {parts[2]} of {source.ref} go into {target.ref}, which has "
        f"{_count(target.messages, 'message')}; they stand in the order of time and keep their channel "
        f"({', '.join(source.channels) or 'none'})."
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


async def _open_promises(session: AsyncSession, case: Case) -> Sequence[Promise]:
    query = select(Promise).where(Promise.case_id == case.id, Promise.state == PromiseState.OPEN)
    return list(await session.scalars(query.order_by(Promise.due_at)))


async def _promised(session: AsyncSession, case: Case) -> str:
    made = await _open_promises(session, case)
    return f"{_count(len(made), 'open promise')} to the customer goes along: {'; '.join(one.text for one in made)}."


async def _names(session: AsyncSession, *cases: Case) -> dict[str, str]:
    ids = [case.assignee_id for case in cases if case.assignee_id]
    return {agent.id: agent.name for agent in await session.scalars(select(Agent).where(Agent.id.in_(ids)))}


def _changing(source: Case, target: Case, names: dict[str, str]) -> list[str]:
    said: dict[str, Any] = {
        "priority": lambda new: f"{target.ref} becomes {new}, as {source.ref} is.",
        "assignee_id": lambda new: f"{names.get(new, 'Somebody')} has {target.ref} then.",
        "status": lambda new: f"{target.ref} is {new} then.",
        "promised_at": lambda new: f"{target.ref} has the earlier promise: {new:%A %d %B %H:%M} UTC.",
        "fields": lambda new: f"{target.ref} takes over the fields it has no value for.",
    }
    return [said[name](new) for name, (_, new) in gains(source, target).items() if name in said]
