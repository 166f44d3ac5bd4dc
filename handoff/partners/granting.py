"""What a case that is open to a partner gives them a right to, who may widen that, and its end.

A share stays on the case it was opened on: when that case becomes part of
another the share lives as long as the other does, and still shows only what was shared.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, events
from handoff.cases.actors import Actor
from handoff.cases.looking import leads_to
from handoff.db import announce
from handoff.errors import BadInput, Gone, NotFound
from handoff.models import LIVE, Agent, Case, CaseStatus, Fact, Message, OutboxItem, Partner, Share, SharedMessage
from handoff.partners import directory

if TYPE_CHECKING:
    from handoff.casework import Happened

MOST_MESSAGES, MOST_FACTS = 100, 40
ENDED = "This link has ended. Ask whoever sent it to you for a new one."
SENSITIVE = frozenset({"phone", "email", "ssn", "date_of_birth", "account_number", "username"})
"""Shared only when they are named one by one, however they are marked where they were told."""


@dataclass(frozen=True)
class Entry:
    """A share that holds now, with what it stands on. `live` is the case the work goes on in, mostly `case` itself."""

    share: Share
    partner: Partner
    case: Case
    live: Case


async def show(
    session: AsyncSession,
    share_id: str,
    agent: Agent,
    *,
    facts: Sequence[str] = (),
    message_ids: Sequence[str] = (),
    sensitive: Collection[str] = (),
) -> Share:
    """Let the partner see more facts and messages of the case. Each is named; nothing comes along."""
    entry = await held_by_agent(session, share_id, agent)
    named = await add_facts(session, entry.share, facts, sensitive)
    await add_messages(session, entry.share, message_ids)
    told = {"share": share_id, "partner": entry.partner.name, "facts": named, "messages": len(message_ids)}
    await cases.record(session, entry.live, "share_widened", Actor.of(agent), told)
    return entry.share


async def add_facts(
    session: AsyncSession, share: Share, wanted: Sequence[str], sensitive: Collection[str]
) -> list[str]:
    """Show facts of the case, by name (the one that holds) or id; gives their names.

    `BadInput` for one the case does not know, and for a sensitive one that is not in `sensitive` too.
    """
    known = await cases.facts_of(session, (await _live_case(session, share)).id)
    chosen: list[dict[str, Any]] = list(share.facts)
    for one in dict.fromkeys([*wanted, *sensitive]):
        fact = next((fact for fact in known if one in (fact.id, fact.name)), None)
        if fact is None:
            raise BadInput(f"The case knows no fact '{one[:60]}'. Choose from those it has.")
        if is_sensitive(fact) and one not in sensitive:
            raise BadInput(f"'{fact.name}' is sensitive. Name it by itself if the partner really needs it.")
        if fact.id not in {item["id"] for item in chosen}:
            chosen.append({"name": fact.name, "id": fact.id})
    if len(chosen) > MOST_FACTS:
        raise BadInput(f"A partner is shown {MOST_FACTS} facts at most. Share what the task needs.")
    added = [item["name"] for item in chosen[len(share.facts) :]]
    share.facts = chosen
    return added


def is_sensitive(fact: Fact) -> bool:
    return fact.is_sensitive or fact.name in SENSITIVE


async def add_messages(session: AsyncSession, share: Share, message_ids: Sequence[str]) -> None:
    """Show messages of the case. `BadInput` for one of another case, one that was removed, and for too many."""
    case = await _live_case(session, share)
    if len(set(message_ids)) > MOST_MESSAGES:
        raise BadInput(f"Mark {MOST_MESSAGES} messages at most; a partner needs the few that explain the task.")
    for message_id in dict.fromkeys(message_ids):
        message = await session.get(Message, message_id)
        if message is None or message.case_id != case.id or message.redacted_at:
            raise BadInput("One of the messages is not part of this case. Choose messages of this case.")
        await mark(session, share, message)


async def mark(session: AsyncSession, share: Share, message: Message) -> None:
    """The partner of this share may read this message. Saying it twice changes nothing."""
    if not await session.get(SharedMessage, (share.id, message.id)):
        session.add(SharedMessage(share_id=share.id, message_id=message.id, created_at=clock.now()))
        await session.flush()


async def revoke(session: AsyncSession, share_id: str, agent: Agent, why: str) -> Share:
    """End a share at once. One that has ended stays as it is."""
    share = await _get(session, share_id)
    case, live = await session.get_one(Case, share.case_id), await _live_case(session, share)
    await cases.must_work_on(agent, *{case.id: case, live.id: live}.values())
    if share.revoked_at is None:
        await session.refresh(live, with_for_update=True)
        await _end(session, share, live, Actor.of(agent), why.strip() or "Revoked")
    return share


async def end_all(session: AsyncSession, case: Case, why: str) -> None:
    """The case is over: every share of it, and of the cases that became part of it, ends. A case that became part of
    another is not over; its shares go on as far as they went."""
    if case.status == CaseStatus.JOINED:
        return
    reaching = Share.case_id.in_(_with_joined(case.id))
    standing = select(Share).where(reaching, Share.revoked_at.is_(None)).with_for_update()
    for share in list(await session.scalars(standing)):
        await _end(session, share, case, cases.SYSTEM, why)


async def follow(session: AsyncSession, happened: "Happened") -> None:
    """A case that was resolved, by whomever, is open to no partner any more. Reopened, it is shared anew by hand."""
    if happened.event and happened.event.data.get("status") == CaseStatus.RESOLVED:
        await end_all(session, happened.case, "The case was resolved")


async def expire(session: AsyncSession, item: OutboxItem) -> None:
    """Its days are over: write it on the case. The link itself stopped opening anything at that very moment."""
    share = await session.get(Share, item.subject_id, with_for_update=True)
    if share and share.revoked_at is None and share.expires_at <= clock.now():
        await _end(session, share, await _live_case(session, share), cases.SYSTEM, "Its days are over")


async def _end(session: AsyncSession, share: Share, case: Case, actor: Actor, why: str) -> None:
    share.revoked_at, share.revoked_why = clock.now(), why[:200]
    await session.flush()
    partner = await directory.get(session, share.partner_id)
    told = {"share": share.id, "partner": partner.name, "why": why[:200]}
    await cases.record(session, case, "share_ended", actor, told)
    await tell_pages(session, share)


async def enter(session: AsyncSession, token: str, *, locks: bool = False) -> Entry:
    """The share a link opens, or `NotFound` (never was) or `Gone` (ended, in a sentence). Asked at every access."""
    query = select(Share).where(Share.token_hash == digest(token))
    share = await session.scalar(query.with_for_update() if locks else query)
    if share is None:
        raise NotFound("This link leads nowhere. Check that it was copied whole, or ask for a new one.")
    return await entry_of(session, share, locks=locks)


async def entry_of(session: AsyncSession, share: Share, *, locks: bool = False) -> Entry:
    """The share if it holds; otherwise `Gone`. `locks` the case until the end of the transaction."""
    case, live = await session.get_one(Case, share.case_id), await _live_case(session, share)
    if locks:
        await session.refresh(live, with_for_update=True)
    if share.revoked_at is not None or share.expires_at <= clock.now() or live.status not in LIVE:
        raise Gone(ENDED)
    return Entry(share, await directory.get(session, share.partner_id), case, live)


async def held_by_agent(session: AsyncSession, share_id: str, agent: Agent) -> Entry:
    """For agents who may work on the case, and only while the share holds."""
    share = await _get(session, share_id)
    entry = await entry_of(session, share, locks=True)
    await cases.must_work_on(agent, *{one.id: one for one in (entry.case, entry.live)}.values())
    return entry


async def _get(session: AsyncSession, share_id: str) -> Share:
    share = await session.get(Share, share_id, with_for_update=True)
    if share is None:
        raise NotFound("There is no such share.")
    return share


async def _live_case(session: AsyncSession, share: Share) -> Case:
    """Where the work goes on: the share's case, or what it became part of."""
    return await leads_to(session, await session.get_one(Case, share.case_id))


async def of_case(session: AsyncSession, case_id: str) -> Sequence[tuple[Share, Partner]]:
    """Every share that reaches into this case, of the cases that became part of it too, newest first."""
    query = select(Share, Partner).join(Partner, Partner.id == Share.partner_id)
    query = query.where(Share.case_id.in_(_with_joined(case_id)))
    rows = await session.execute(query.order_by(Share.created_at.desc(), Share.id.desc()))
    return [(share, partner) for share, partner in rows]


def _with_joined(case_id: str) -> Select[tuple[str]]:
    """Ids of a case and of every case that became part of it, through any number of joins."""
    walk = select(Case.id).where(Case.id == case_id).cte("walk", recursive=True)
    walk = walk.union(select(Case.id).where(Case.joined_into_id == walk.c.id))
    return select(walk.c.id)


async def tell_pages(session: AsyncSession, share: Share) -> None:
    """Open pages of the partner and of the desk look again."""
    case = await _live_case(session, share)
    for conversation_id in await cases.conversation_ids(session, case):
        announce(session, events.ShareChanged(conversation_id, share.id, case.ref))


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
