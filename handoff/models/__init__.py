"""All tables. Import from here so that the metadata is complete."""

from handoff.models.agents import Agent, AgentSession, ApiToken, CannedAnswer, Presence, Role
from handoff.models.attachments import Attachment, AttachmentKind, AttachmentState
from handoff.models.base import Base, new_id
from handoff.models.cases import Case, CaseConversation, CaseEvent, CaseStatus, Handover, HandoverState, Priority
from handoff.models.channels import ChannelUpdate, Delivery, DeliveryState
from handoff.models.conversations import Conversation, Customer, Identity, Message, MessageEdit, Turn
from handoff.models.facts import Fact
from handoff.models.outbox import OutboxItem
from handoff.models.people import Code, ContinueLink, Join

__all__ = [
    "Agent",
    "AgentSession",
    "ApiToken",
    "Attachment",
    "AttachmentKind",
    "AttachmentState",
    "Base",
    "CannedAnswer",
    "Case",
    "CaseConversation",
    "CaseEvent",
    "CaseStatus",
    "ChannelUpdate",
    "Code",
    "ContinueLink",
    "Conversation",
    "Customer",
    "Delivery",
    "DeliveryState",
    "Fact",
    "Handover",
    "HandoverState",
    "Identity",
    "Join",
    "Message",
    "MessageEdit",
    "OutboxItem",
    "Presence",
    "Priority",
    "Role",
    "Turn",
    "new_id",
]
