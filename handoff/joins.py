"""Joins: handles that turn out to be one person's, and how that is taken back.

Only a proof joins: a token passed between channels, a code sent to what is on file, the site's own sign-in, or an agent
who confirms a suggestion. Words are never moved by a join; each keeps the channel and the handle it came by, which is
what undoing goes by.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events
from handoff.db import announce
from handoff.models import Agent, Conversation, Identity, Join


async def join(
    session: AsyncSession, identity: Identity, conversation: Conversation, method: str, agent: Agent | None = None
) -> Join:
    """Let `identity` speak in `conversation` as the same customer; both held. Its replies go there when it writes.

    A handle whose customer had nothing else leaves an empty customer behind, which undoing fills again.
    """
    made = Join(
        identity_id=identity.id,
        method=method,
        from_customer_id=identity.customer_id,
        to_customer_id=conversation.customer_id,
        from_conversation_id=identity.conversation_id,
        to_conversation_id=conversation.id,
        agent_id=agent.id if agent else None,
        created_at=clock.now(),
    )
    session.add(made)
    identity.customer_id, identity.conversation_id = conversation.customer_id, conversation.id
    identity.verified_at, identity.method = identity.verified_at or clock.now(), identity.method or method
    await session.flush()
    announce(session, events.PersonChanged(conversation.id, identity.id))
    return made
