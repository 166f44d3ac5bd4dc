"""Who may speak to the customer, and every way that can change.

The floor and its epoch change only here. A change bumps the epoch in the same transaction, so whatever was being
computed for the old holder is refused when it arrives.
"""

from enum import StrEnum

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import events
from handoff.db import announce
from handoff.errors import FloorTaken, IllegalMove, NotFound
from handoff.models import Agent, Conversation
from handoff.ports import Floor


class Verb(StrEnum):
    HAND_OVER = "hand_over"
    """The assistant passes on."""
    ACCEPT = "accept"
    """An agent takes a waiting conversation."""
    TAKE_OVER = "take_over"
    """An agent steps in while the assistant talks."""
    TRANSFER = "transfer"
    """An agent passes on to a team."""
    GIVE_BACK = "give_back"
    """To the assistant, with an outcome."""
    WITHDRAW = "withdraw"
    """The customer no longer wants to wait."""
    REQUEUE = "requeue"
    """The agent who has it is gone; somebody else must take it."""
    RESOLVE = "resolve"
    """Done; nobody needs the floor."""
    WAKE = "wake"
    """The customer writes again after the end."""


MOVES: dict[tuple[Floor, Verb], Floor] = {
    (Floor.BOT, Verb.HAND_OVER): Floor.QUEUE,
    (Floor.BOT, Verb.TAKE_OVER): Floor.AGENT,
    (Floor.QUEUE, Verb.ACCEPT): Floor.AGENT,
    (Floor.QUEUE, Verb.WITHDRAW): Floor.BOT,
    (Floor.QUEUE, Verb.RESOLVE): Floor.CLOSED,
    (Floor.AGENT, Verb.TRANSFER): Floor.QUEUE,
    (Floor.AGENT, Verb.GIVE_BACK): Floor.BOT,
    (Floor.AGENT, Verb.REQUEUE): Floor.QUEUE,
    (Floor.AGENT, Verb.RESOLVE): Floor.CLOSED,
    (Floor.CLOSED, Verb.WAKE): Floor.BOT,
}

HELD = select(Conversation).where(Conversation.id == bindparam("conversation_id")).with_for_update()


async def hold(session: AsyncSession, conversation_id: str) -> Conversation:
    """The conversation, locked until the end of this transaction. Everything that writes to one starts here."""
    found = await session.scalar(HELD, {"conversation_id": conversation_id})
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


def move(session: AsyncSession, conversation: Conversation, verb: Verb, agent: Agent | None = None) -> None:
    """Change the floor of a held conversation; `agent` is who takes it, for the verbs that give it to an agent."""
    here = Floor(conversation.floor)
    there = MOVES.get((here, verb))
    if there is None:
        raise IllegalMove(f"Cannot {verb.replace('_', ' ')} while the floor is {here}.")
    if (there is Floor.AGENT) != (agent is not None):
        raise IllegalMove(f"'{verb}' {'needs' if there is Floor.AGENT else 'takes no'} agent.")
    conversation.floor = there
    conversation.agent_id = agent.id if agent else None
    conversation.epoch += 1
    if there is Floor.CLOSED:
        # Whoever ended it answered with that; nobody is owed a word any more.
        conversation.waiting_since = None
    announce(
        session,
        events.FloorChanged(
            conversation.id, there, conversation.epoch, agent.id if agent else None, agent.name if agent else None
        ),
    )


def must_hold(conversation: Conversation, agent: Agent) -> None:
    """Refuse anyone but the agent who has the floor."""
    if conversation.floor != Floor.AGENT or conversation.agent_id != agent.id:
        raise FloorTaken("This conversation is not with you. Accept it first.")
