"""Split: two matters in one chat become two cases, each with its own words, facts, files, team and clocks."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, routing
from handoff.cases import carried, telling
from handoff.cases.actors import SYSTEM, Actor
from handoff.cases.changes import must_not_be_erased
from handoff.cases.log import record
from handoff.cases.looking import get, hold_conversations, hold_in_turn, words_of
from handoff.cases.moves import by_key, state_of
from handoff.cases.opening import begin
from handoff.cases.rights import must_work_on
from handoff.errors import BadInput, IllegalMove
from handoff.models import (
    Agent,
    Case,
    CaseConversation,
    CaseLink,
    CaseMove,
    CaseStatus,
    Conversation,
    LinkKind,
    Message,
    MoveKind,
)
from handoff.ports import Author


async def split(
    session: AsyncSession,
    ref: str,
    agent: Agent,
    message_ids: Sequence[str],
    *,
    title: str,
    topic: str | None = None,
    team: str | None = None,
    idempotency_key: str | None = None,
) -> Case:
    """A new case of the same customer with the chosen words, what they told and their files. The customer is told.

    Without a `topic` it has that of the old one. A `team` that is named stays; otherwise the routes decide, as for any
    case that is opened, and where none fits it has the team of the old one. Whoever had the old one has the new one
    too, unless it goes to another team. A conversation goes on being about what it was about; only when the newest
    words in it (of anybody but the system) were moved, it is about the new case from here on.

    A repeated `idempotency_key` gives back the first. Refuses (`BadInput`) no words, words of another case, or all of
    them; `NotAllowed` as `must_work_on`; `IllegalMove` for a case that became part of another or whose
    customer was erased.
    """
    known = await by_key(session, MoveKind.SPLIT, (await get(session, ref)).id, idempotency_key)
    if known:
        return await session.get_one(Case, known.to_case_id)
    if not title.strip():
        raise BadInput("Say in a few words what the new case is about.")
    old, talking = await _held(session, ref)
    await must_work_on(agent, old)
    chosen = _chosen(old, await words_of(session, old.id), message_ids)
    same_team = team in (None, old.team)
    new = await begin(
        session, old.customer_id, title=title, topic=topic or old.topic, team=team or old.team, priority=old.priority
    )
    new.language, new.assignee_id = old.language, old.assignee_id if same_team else None
    await _move(session, old, new, chosen, agent, idempotency_key)
    concerned = [one for one in talking if one.id in {message.conversation_id for message in chosen}]
    for conversation in concerned:
        await _talk_of(session, conversation, old, new)
    await _record(session, old, new, agent, len(chosen))
    await routing.route(session, new, new.team, Actor.of(agent) if team else SYSTEM)
    await telling.tell(session, telling.newest(concerned), telling.two_matters(old, new))
    return new


async def _held(session: AsyncSession, ref: str) -> tuple[Case, Sequence[Conversation]]:
    found = await get(session, ref)
    talking = await hold_conversations(session, [found.id])
    old = (await hold_in_turn(session, [found.id]))[found.id]
    if old.status == CaseStatus.JOINED:
        raise IllegalMove(f"{old.ref} became part of another case. Split that one, or undo the join first.")
    await must_not_be_erased(session, old)
    return old, talking


def _chosen(old: Case, words: Sequence[Message], message_ids: Sequence[str]) -> list[Message]:
    wanted = set(message_ids)
    if not wanted:
        raise BadInput("Choose the messages that belong to the other matter first.")
    chosen = [message for message in words if message.id in wanted]
    if strange := len(wanted) - len(chosen):
        raise BadInput(f"{strange} of these messages are not in {old.ref}. Choose only messages of this case.")
    if all(message.id in wanted for message in words if message.author != Author.SYSTEM):
        raise BadInput(f"These are all the words of {old.ref}. Leave out what it is still about.")
    return chosen


async def _move(
    session: AsyncSession, old: Case, new: Case, chosen: Sequence[Message], agent: Agent, key: str | None
) -> None:
    before = {"from": state_of(old), "to": state_of(new)}
    for conversation_id in sorted({message.conversation_id for message in chosen}):
        first = min(message.seq for message in chosen if message.conversation_id == conversation_id)
        session.add(
            CaseConversation(case_id=new.id, conversation_id=conversation_id, first_seq=first, created_at=clock.now())
        )
    moved = await carried.move_words(session, [message.id for message in chosen], old, new)
    link = CaseLink(
        from_case_id=old.id, to_case_id=new.id, kind=LinkKind.SPLIT, agent_id=agent.id, created_at=clock.now()
    )
    made = CaseMove(
        kind=MoveKind.SPLIT,
        from_case_id=old.id,
        to_case_id=new.id,
        moved=moved,
        before=before,
        agent_id=agent.id,
        idempotency_key=key,
        created_at=clock.now(),
    )
    session.add_all([link, made])
    await session.flush()


async def _talk_of(session: AsyncSession, conversation: Conversation, old: Case, new: Case) -> None:
    if conversation.case_id not in (old.id, None):
        return
    spoken = select(Message.case_id).where(Message.conversation_id == conversation.id, Message.author != Author.SYSTEM)
    if await session.scalar(spoken.order_by(Message.seq.desc()).limit(1)) == new.id:
        conversation.case_id = new.id


async def _record(session: AsyncSession, old: Case, new: Case, agent: Agent, count: int) -> None:
    begun = {"title": new.title, "team": new.team, "priority": new.priority, "assignee_id": new.assignee_id}
    by = Actor.of(agent)
    await record(session, new, "opened", by, {**begun, "split_from": old.ref, "messages": count})
    await record(session, old, "split", by, {"into": new.ref, "title": new.title, "messages": count})
