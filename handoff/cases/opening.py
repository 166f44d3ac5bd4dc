"""How a case begins, and which conversations it is talked about in."""

import itertools
import secrets
from collections.abc import Sequence

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum import luhn

from handoff import clock, customers, routing
from handoff.cases.actors import Actor
from handoff.cases.built_in import DEFAULT_TEAM
from handoff.cases.log import record
from handoff.cases.looking import conversation_ids, normal_ref, open_one_of
from handoff.errors import Conflict
from handoff.models import Case, CaseConversation, CaseStatus, Conversation, Fact, Message, Priority
from handoff.routing import teams

SHORT_TRIES = 3


async def open_case(
    session: AsyncSession,
    conversation: Conversation,
    *,
    title: str,
    topic: str,
    team: str = DEFAULT_TEAM,
    priority: str = Priority.NORMAL,
    skills: Sequence[str] = (),
    actor: Actor,
    first_seq: int | None = None,
    idempotency_key: str | None = None,
) -> Case:
    """A new case about a held conversation, from `first_seq` on. A repeated `idempotency_key` gives back the first.

    `team` is what was asked for; where it goes is decided by the routes and said on it (`routing.route`).
    """
    if idempotency_key and (known := await by_key(session, idempotency_key, conversation.customer_id)):
        return known
    case = await begin(
        session,
        conversation.customer_id,
        title=title,
        topic=topic,
        team=team,
        priority=priority,
        language=conversation.locale,
        skills=skills,
        idempotency_key=idempotency_key,
    )
    await join_conversation(session, case, conversation, first_seq)
    await record(session, case, "opened", actor, {"title": case.title, "team": case.team, "priority": case.priority})
    await routing.route(session, case, team, actor)
    return case


async def begin(
    session: AsyncSession,
    customer_id: str,
    *,
    title: str,
    topic: str,
    team: str,
    priority: str = Priority.NORMAL,
    language: str = "en",
    skills: Sequence[str] = (),
    idempotency_key: str | None = None,
) -> Case:
    """A case that is talked about nowhere yet and has no event; whoever begins it records what it came from.

    An unknown team becomes the default team: a case is never nowhere.
    """
    now = clock.now()
    case = Case(
        ref=await _free_ref(session),
        customer_id=customer_id,
        title=(title.strip() or "Conversation")[:200],
        topic=topic[:60],
        team=team if team in await teams.names(session) else await teams.default(session),
        language=language[:20] or "en",
        skills=list(skills),
        status=CaseStatus.OPEN,
        priority=Priority(priority),
        idempotency_key=idempotency_key,
        last_event_seq=0,
        created_at=now,
        updated_at=now,
    )
    session.add(case)
    await session.flush()
    return case


async def join_conversation(
    session: AsyncSession, case: Case, conversation: Conversation, first_seq: int | None = None
) -> None:
    """Say that the case is talked about in this conversation from now on; saying it twice changes nothing.

    What was said and told since `first_seq`, and belongs to no case yet, is this one's.
    """
    conversation.case_id = case.id
    if await session.get(CaseConversation, (case.id, conversation.id)):
        return
    first_seq = first_seq if first_seq is not None else conversation.handled_seq + 1
    session.add(
        CaseConversation(case_id=case.id, conversation_id=conversation.id, first_seq=first_seq, created_at=clock.now())
    )
    await session.flush()
    for kind, since in ((Message, Message.seq >= first_seq), (Fact, true())):
        unclaimed = update(kind).where(kind.conversation_id == conversation.id, kind.case_id.is_(None), since)
        await session.execute(unclaimed.values(case_id=case.id))


async def stop_talking_of(session: AsyncSession, case: Case) -> None:
    """The case is over: words that come now belong to another open case of their conversation, or to none."""
    talking = select(Conversation).where(Conversation.case_id == case.id).with_for_update()
    for conversation in await session.scalars(talking):
        conversation.case_id = None
        left = await open_one_of(session, conversation)
        conversation.case_id = left.id if left else None


async def talk_of_again(session: AsyncSession, case: Case) -> None:
    """A reopened case takes what is said from now on, where nothing else is talked about."""
    quiet = select(Conversation).where(Conversation.id.in_(await conversation_ids(session, case)))
    for conversation in await session.scalars(quiet.where(Conversation.case_id.is_(None)).with_for_update()):
        conversation.case_id = case.id


async def _free_ref(session: AsyncSession) -> str:
    """Six random digits and a check digit, so that a misheard one is noticed: `C-482-917-4`.

    There are a million of them: where several are taken in a row, nine digits are drawn, so the search stays short.
    """
    for attempt in itertools.count():
        length = 6 if attempt < SHORT_TRIES else 9
        digits = f"{secrets.randbelow(10**length):0{length}d}"
        ref = normal_ref(digits + luhn.calc_check_digit(digits))
        if not await session.scalar(select(func.count()).select_from(Case).where(Case.ref == ref)):
            return ref
    raise AssertionError("unreachable")


async def by_key(session: AsyncSession, idempotency_key: str, customer_id: str) -> Case | None:
    """The case of this customer that was opened with a key; `Conflict` when it was another's."""
    found: Case | None = await session.scalar(select(Case).where(Case.idempotency_key == idempotency_key))
    if found and not await customers.are_one(session, found.customer_id, customer_id):
        raise Conflict("This idempotency key was used for a case of another customer. Take a new one.")
    return found
