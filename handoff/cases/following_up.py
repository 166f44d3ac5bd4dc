"""Broken again: a case that was resolved lately is opened again; after that a new one goes on where it stopped."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, customers, events, floor
from handoff.cases.actors import Actor
from handoff.cases.changes import must_not_be_erased
from handoff.cases.ending import reopen
from handoff.cases.log import record
from handoff.cases.looking import facts_of, get, leads_to
from handoff.cases.opening import begin, by_key, join_conversation
from handoff.cases.rights import actor_must_work_on
from handoff.db import announce
from handoff.models import LIVE, Case, CaseLink, CaseTag, CaseWatcher, Conversation, Fact, LinkKind, Message
from handoff.ports import Author
from handoff.settings import settings

KEY_LENGTH = 100


async def reopen_or_follow_up(
    session: AsyncSession, ref: str, actor: Actor, reason: str, idempotency_key: str | None = None
) -> Case:
    """The case that goes on: this one, open again, or a new one that carries what is known.

    A reference that became part of another case means that one. What is open stays as it is. For
    `TELLONCE_REOPEN_WITHIN_DAYS` after it was resolved a case is opened again; later a follow-up case is made, with its
    customer, topic, team, fields, tags, watchers and facts, linked as `follow_up`. A follow-up that was made
    before is what goes on.
    """
    meant = await get(session, ref)
    if idempotency_key and (known := await by_key(session, _key(idempotency_key), meant.customer_id)):
        return known
    case = await _newest_of_its_line(session, await leads_to(session, meant))
    await actor_must_work_on(session, actor, case)
    within = timedelta(days=settings().reopen_within_days)
    if case.status in LIVE or (case.resolved_at and clock.now() - case.resolved_at <= within):
        case = await reopen(session, case.ref, actor, reason, idempotency_key)
        await _claim_what_was_said(session, case)
        return case
    await must_not_be_erased(session, case)
    return await _follow_up(session, case, actor, reason, idempotency_key)


def _key(idempotency_key: str) -> str:
    return f"again-{idempotency_key}"[:KEY_LENGTH]


async def _newest_of_its_line(session: AsyncSession, case: Case) -> Case:
    """The last of the follow-ups of a case, or itself."""
    while later := await _follow_up_of(session, case):
        case = await leads_to(session, later)
    return case


async def _follow_up_of(session: AsyncSession, case: Case) -> Case | None:
    made = select(Case).join(CaseLink, CaseLink.to_case_id == Case.id).where(CaseLink.kind == LinkKind.FOLLOW_UP)
    found: Case | None = await session.scalar(
        made.where(CaseLink.from_case_id == case.id).order_by(CaseLink.id.desc()).limit(1)
    )
    return found


async def _follow_up(session: AsyncSession, before: Case, actor: Actor, reason: str, key: str | None) -> Case:
    talking = await _where_they_talk(session, before)
    case = await begin(
        session,
        before.customer_id,
        title=before.title,
        topic=before.topic,
        team=before.team,
        priority=before.priority,
        idempotency_key=_key(key) if key else None,
    )
    await _copy_sets(session, before, case)
    case.language, case.skills, case.fields = before.language, list(before.skills), dict(before.fields)
    session.add(CaseLink(from_case_id=before.id, to_case_id=case.id, kind=LinkKind.FOLLOW_UP, created_at=clock.now()))
    await session.flush()
    if talking:
        talked_of = talking.case_id
        await join_conversation(session, case, talking, first_seq=talking.last_seq + 1)
        await _claim_what_was_said(session, case)
        if actor.kind == "agent" and talked_of:
            talking.case_id = talked_of
        await _carry_facts(session, before, case, talking)
    begun = {"title": case.title, "team": case.team, "priority": case.priority}
    await record(session, case, "opened", actor, {**begun, "follow_up_of": before.ref, "reason": reason[:2000]})
    await record(session, before, "followed_up", actor, {"by": case.ref, "reason": reason[:2000]})
    return case


async def _copy_sets(session: AsyncSession, before: Case, case: Case) -> None:
    """Its tags, and whoever watched it watches what it became."""
    for tag in await session.scalars(select(CaseTag.tag).where(CaseTag.case_id == before.id)):
        session.add(CaseTag(case_id=case.id, tag=tag))
    for agent_id in await session.scalars(select(CaseWatcher.agent_id).where(CaseWatcher.case_id == before.id)):
        session.add(CaseWatcher(case_id=case.id, agent_id=agent_id, created_at=clock.now()))


async def _claim_what_was_said(session: AsyncSession, case: Case) -> None:
    """The customer's last words, said while there was no case they could belong to, are why it goes on; what was told
    in them goes along."""
    about_it = select(Conversation).where(Conversation.case_id == case.id)
    for conversation in list(await session.scalars(about_it)):
        said = select(Message).where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        last = await session.scalar(said.order_by(Message.seq.desc()).limit(1))
        if last and last.case_id is None:
            last.case_id = case.id
            told = update(Fact).where(Fact.source_message_id == last.id, Fact.case_id.is_(None))
            await session.execute(told.values(case_id=case.id))
    await session.flush()


async def _where_they_talk(session: AsyncSession, case: Case) -> Conversation | None:
    """The person's newest conversation, held."""
    ids = await customers.together(session, case.customer_id)
    talking = select(Conversation.id).where(Conversation.customer_id.in_(ids))
    newest = await session.scalar(talking.order_by(Conversation.last_message_at.desc()).limit(1))
    return await floor.hold(session, newest) if newest else None


async def _carry_facts(session: AsyncSession, before: Case, case: Case, talking: Conversation) -> None:
    """Copies with their source. What this conversation knows already needs none."""
    told = select(Fact.name, Fact.normalized).where(Fact.conversation_id == talking.id)
    known = {(name, normalized) for name, normalized in await session.execute(told)}
    carried = []
    for fact in reversed(await facts_of(session, before.id)):
        if (fact.name, fact.normalized) in known:
            continue
        known.add((fact.name, fact.normalized))
        carried.append(fact.name)
        session.add(
            Fact(
                conversation_id=talking.id,
                case_id=case.id,
                name=fact.name,
                value=fact.value,
                normalized=fact.normalized,
                source_message_id=fact.source_message_id,
                set_by="carried",
                is_validated=fact.is_validated,
                is_sensitive=fact.is_sensitive,
                created_at=clock.now(),
                stated_at=clock.now(),
            )
        )
    await session.flush()
    announce(session, events.FactsChanged(talking.id, tuple(carried)))
