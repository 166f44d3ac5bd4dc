"""Joins: handles that turn out to be one person's, and how that is taken back.

Only a proof joins: a token passed between channels, a code sent to what is on file, the site's own sign-in, or an agent
who confirms a suggestion. Words are never moved by a join; each keeps the channel and the handle it came by, which is
what undoing goes by (`partings`).
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import accompanying, cases, clock, conversations, customers, events, floor, ledger, partings, suggestions
from handoff.db import announce
from handoff.errors import BadInput, Conflict, NotAllowed, NotFound
from handoff.ledger import Speaker
from handoff.models import Agent, Case, ContinueLink, Conversation, Identity, Join, Role
from handoff.ports import Author, Floor
from handoff.suggestions import Suggestion


async def join(
    session: AsyncSession, identity: Identity, conversation: Conversation, method: str, agent: Agent | None = None
) -> Join:
    """Let `identity` speak in `conversation` as the same customer; both held. Its replies go there when it writes.

    A handle whose customer had nothing else leaves an empty customer behind, which undoing fills again. Whoever at the
    desk had, or was waited for in, the conversation it leaves is brought along.
    """
    before = await floor.hold(session, identity.conversation_id) if identity.conversation_id else None
    now = clock.now()
    made = Join(
        identity_id=identity.id,
        method=method,
        from_customer_id=identity.customer_id,
        to_customer_id=conversation.customer_id,
        from_conversation_id=before.id if before else None,
        to_conversation_id=conversation.id,
        agent_id=agent.id if agent else None,
        created_at=now,
    )
    session.add(made)
    identity.customer_id, identity.conversation_id = conversation.customer_id, conversation.id
    if identity.verified_at is None:
        identity.verified_at, identity.method = now, method
    await session.flush()
    announce(session, events.PersonChanged(conversation.id, identity.id))
    if before and before.id != conversation.id:
        announce(session, events.PersonChanged(before.id, identity.id))
        await _leave(session, before, identity, conversation, made)
    return made


async def _leave(
    session: AsyncSession, before: Conversation, identity: Identity, conversation: Conversation, made: Join
) -> None:
    """What is left behind: replies go to a handle that is still there; with nobody left, the desk goes along."""
    stays = await session.scalar(select(Identity).where(Identity.conversation_id == before.id).limit(1))
    if stays is not None:
        if before.identity_id == identity.id:
            conversations.answer_to(session, before, stays)
        return
    await accompanying.go_along(session, before, conversation, key=f"join-{made.id}")
    text = "The customer goes on in another conversation of theirs; what they write from here on is there."
    await ledger.note(session, before.id, Speaker(Author.SYSTEM), text)


async def suggest(session: AsyncSession, conversation: Conversation) -> tuple[Suggestion, ...]:
    """Customers who may be the one in this conversation, each with the reason in a sentence. Nothing is changed."""
    return await suggestions.of(session, conversation)


async def confirm(
    session: AsyncSession, conversation_id: str, customer_id: str, agent: Agent, *, one_conversation: bool = False
) -> Sequence[Join]:
    """An agent says that a suggested customer is the one in this conversation.

    Both customers are shown together from here on. With `one_conversation` the handles of the other's live conversation
    also go on in this one. Refuses with `NotAllowed` an agent who may not see the other side or when another agent has
    it, with `BadInput` what was never suggested.
    """
    conversation = await floor.hold(session, conversation_id)
    found = next((one for one in await suggest(session, conversation) if one.customer_id == customer_id), None)
    if found is None:
        raise BadInput("Nothing says that these two are one person. Find what they have in common first.")
    for side in (conversation.customer_id, customer_id):
        await _must_reach(session, agent, side)
    identity = await session.get_one(Identity, conversation.identity_id)
    if not one_conversation or found.conversation_id is None:
        made = await customers.join(session, identity, customer_id, "agent", agent)
        return [made] if made else []
    other = await floor.hold(session, found.conversation_id)
    _must_be_free(other, agent)
    talking = await session.scalars(select(Identity).where(Identity.conversation_id == other.id).order_by(Identity.id))
    return [await join(session, one, conversation, "agent", agent) for one in talking]


async def undo(session: AsyncSession, join_id: str, agent: Agent) -> Join:
    """Take a join back. The handle has its own customer again and, if it went on elsewhere, its own conversation with
    every word that came by it or went to it since. Undoing twice changes nothing.

    Raises `Conflict` while a later join rests on this one, `NotAllowed` as `confirm` does.
    """
    made = await session.scalar(select(Join).where(Join.id == join_id).with_for_update())
    if made is None:
        raise NotFound("There is no such join.")
    if made.undone_at is not None:
        return made
    for side in (made.from_customer_id, made.to_customer_id):
        await _must_reach(session, agent, side)
    identity = await session.get_one(Identity, made.identity_id)
    await _refuse_if_others_rest_on_it(session, made)
    talking = await _all_talk(session, made) if made.to_conversation_id is None else ()
    made.undone_at, made.undone_by = clock.now(), agent.id
    await session.flush()
    # Whoever was one person with either side may be a stranger to the other now.
    sides = [await customers.together(session, one) for one in (made.from_customer_id, made.to_customer_id)]
    await cases.undo_for_strangers(session, frozenset().union(*sides))
    if made.to_conversation_id is None:
        for conversation in talking:
            await cases.keep_to_own(session, conversation)
        await customers.tell(session, made)
    else:
        await partings.part(session, made, identity)
    return made


async def _all_talk(session: AsyncSession, made: Join) -> Sequence[Conversation]:
    """Every conversation of the one person, held in one order."""
    ids = await customers.conversations_of(session, made.from_customer_id)
    return [await floor.hold(session, one) for one in sorted(ids)]


async def _refuse_if_others_rest_on_it(session: AsyncSession, made: Join) -> None:
    """A later move of the same handle, or somebody who came in by a link that this handle asked for."""
    later = select(Join).where(Join.undone_at.is_(None), Join.id > made.id, Join.to_conversation_id.is_not(None))
    guests = select(ContinueLink.used_by_identity_id).where(
        ContinueLink.identity_id == made.identity_id, ContinueLink.used_at >= made.created_at
    )
    if made.to_conversation_id is None:
        return
    if await session.scalar(later.where(Join.identity_id == made.identity_id).limit(1)):
        raise Conflict("This handle was joined again since. Undo the later join first.")
    if await session.scalar(later.where(Join.identity_id.in_(guests)).limit(1)):
        raise Conflict("Somebody came in through this handle. Undo that join first.")


async def of_person(session: AsyncSession, customer_id: str) -> Sequence[Join]:
    """Every join that stands of a person, newest first."""
    ids = await customers.together(session, customer_id)
    standing = select(Join).where(Join.undone_at.is_(None))
    touching = standing.where(Join.from_customer_id.in_(ids) | Join.to_customer_id.in_(ids))
    return list(await session.scalars(touching.order_by(Join.id.desc())))


async def _must_reach(session: AsyncSession, agent: Agent, customer_id: str) -> None:
    """Supervisors reach everybody; an agent whom they talk with, and whoever has a case of their teams or none."""
    if agent.role in (Role.SUPERVISOR, Role.ADMIN):
        return
    holds = select(Conversation.id).where(Conversation.customer_id == customer_id, Conversation.agent_id == agent.id)
    if await session.scalar(holds.limit(1)):
        return
    teams = set(await session.scalars(select(Case.team).where(Case.customer_id == customer_id)))
    if teams and not teams.intersection(agent.teams):
        raise NotAllowed("The other customer is with a team you are not in. Ask a supervisor to do this.")


def _must_be_free(conversation: Conversation, agent: Agent) -> None:
    if conversation.floor == Floor.AGENT and conversation.agent_id != agent.id:
        raise NotAllowed("Another agent has that conversation. Ask them, or join the customers only.")
