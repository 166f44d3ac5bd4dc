"""All tables. Import from here so that the metadata is complete."""

from handoff.models.agents import Agent, AgentSession, ApiToken, CannedAnswer, Presence, Role
from handoff.models.base import Base, new_id
from handoff.models.cases import Case, CaseConversation, CaseEvent, CaseStatus, Handover, HandoverState, Priority
from handoff.models.conversations import Conversation, Customer, Identity, Message, Turn
from handoff.models.facts import Fact
from handoff.models.outbox import OutboxItem

__all__ = [
    "Agent",
    "AgentSession",
    "ApiToken",
    "Base",
    "CannedAnswer",
    "Case",
    "CaseConversation",
    "CaseEvent",
    "CaseStatus",
    "Conversation",
    "Customer",
    "Fact",
    "Handover",
    "HandoverState",
    "Identity",
    "Message",
    "OutboxItem",
    "Presence",
    "Priority",
    "Role",
    "Turn",
    "new_id",
]
