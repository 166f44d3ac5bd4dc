"""The handover package, packed from what the assistant sent and what the ledger knows.

`handovers` calls this inside its transaction. The hub's facts and its transcript are the truth; the request adds what
only the assistant could know.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, customers, facts, ledger
from handoff.floor import Verb
from handoff.ledger import Speaker
from handoff.models import Case, Conversation, Handover, HandoverState, Message, Turn, new_id
from handoff.package import (
    ActionTried,
    ClientInfo,
    Control,
    FormState,
    HandoverPackage,
    HandoverRequest,
    PackedAttachment,
    PackedConversation,
    PackedCustomer,
    PackedFact,
    Routing,
    Transcript,
    VerifiedIdentity,
)
from handoff.ports import Audience, Author, FoundFact
from handoff.settings import settings


async def pack(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    handover: Handover,
    request: HandoverRequest,
    from_holder: str,
) -> HandoverPackage:
    """What the assistant sent, completed from the ledger."""
    words = await ledger.messages(session, conversation.id, audience=Audience.EVERYONE)
    is_out = handover.state == HandoverState.OUT_OF_HOURS
    return HandoverPackage(
        package_id=new_id(),
        idempotency_key=request.idempotency_key,
        created_at=handover.created_at,
        conversation=PackedConversation(id=conversation.id, channel=conversation.channel, locale=conversation.locale),
        control=Control(
            epoch=conversation.epoch,
            from_holder=from_holder,
            to_holder=conversation.floor,
            verb=Verb.HAND_OVER,
            reason_code=request.reason_code,
            reason_text=request.reason_text,
        ),
        routing=Routing(
            team=case.team,
            skills_required=list(case.skills),
            priority=case.priority,
            business_hours_state="closed" if is_out else "open",
            queue_position=None,
            eta_s=None,
        ),
        customer=await _customer(session, conversation),
        case_refs=[case.ref],
        issue=request.issue,
        nlu=request.nlu.model_copy(update={"latest_text": await _latest_words(session, conversation)}),
        facts=await _facts(session, conversation, request.facts),
        form=request.form,
        actions_tried=request.actions_tried or await tried(session, conversation),
        promises=request.promises,
        open_questions=request.open_questions,
        transcript=Transcript(
            count=len(words),
            first_seq=words[0].seq if words else 0,
            last_seq=words[-1].seq if words else 0,
            sha256=ledger.digest(words),
            full_url=f"{settings().public_url}/api/v1/conversations/{conversation.id}/messages",
        ),
        attachments=await _files(session, conversation),
        client=ClientInfo(
            page_url=conversation.client.get("page_url"),
            user_agent=conversation.client.get("user_agent"),
            timezone=conversation.client.get("timezone"),
        ),
        metadata=request.metadata,
    )


async def _files(session: AsyncSession, conversation: Conversation) -> list[PackedAttachment]:
    """Every file that was sent here, the oldest first."""
    found = await attachments.of_conversations(session, [conversation.id])
    return [
        PackedAttachment(
            id=one.id,
            message_id=str(one.message_id),
            name=one.name,
            kind=one.kind,
            media_type=one.media_type,
            size_bytes=one.size_bytes,
            state=one.state,
            url=f"{settings().public_url}/api/v1/attachments/{one.id}/content",
        )
        for one in reversed(found)
    ]


async def _customer(session: AsyncSession, conversation: Conversation) -> PackedCustomer:
    known = await customers.known(session, conversation.customer_id)
    handles = await customers.handles(session, conversation.customer_id)
    return PackedCustomer(
        id=conversation.customer_id,
        names=[known.name] if known.name else [],
        account_number=known.account_number,
        verified_identities=[
            VerifiedIdentity(type=one.channel, value=one.external_id, verified_at=one.verified_at, method=one.method)
            for one in handles
            if one.verified_at is not None
        ],
    )


async def _facts(session: AsyncSession, conversation: Conversation, sent: Sequence[PackedFact]) -> list[PackedFact]:
    """The hub's facts are the truth; what only the assistant knew is added and kept."""
    told = [FoundFact(one.name, one.value, one.validated, one.sensitive) for one in sent]
    await facts.put_new(session, conversation, told, set_by="action")
    return [
        PackedFact(
            name=fact.name,
            value=fact.value,
            source_message_id=fact.source_message_id,
            set_by=fact.set_by,
            validated=fact.is_validated,
            sensitive=fact.is_sensitive,
        )
        for fact in await facts.current(session, conversation.id)
    ]


async def check_transcript(session: AsyncSession, conversation: Conversation, handover: Handover) -> None:
    """An agent must never work from half a story without knowing it."""
    told = handover.package["transcript"]
    words = await ledger.messages(session, conversation.id, audience=Audience.EVERYONE)
    then = [message for message in words if message.seq <= told["last_seq"]]
    if len(then) != told["count"] or ledger.digest(then) != told["sha256"]:
        await ledger.note(
            session, conversation.id, Speaker(Author.SYSTEM), "The transcript does not match the handover package."
        )


async def last_turn(session: AsyncSession, conversation: Conversation) -> Turn | None:
    found: Turn | None = await session.scalar(
        select(Turn)
        .where(Turn.conversation_id == conversation.id, Turn.status == "answered")
        .order_by(Turn.id.desc())
        .limit(1)
    )
    return found


def form_of(turn: Turn | None) -> FormState | None:
    return FormState(**turn.form) if turn and turn.form else None


async def tried(session: AsyncSession, conversation: Conversation) -> list[ActionTried]:
    """What was tried since the last exchange ended, from the turns of this conversation."""
    turns = await session.scalars(
        select(Turn)
        .join(Message, Message.id == Turn.message_id)
        .where(Turn.conversation_id == conversation.id, Message.seq > conversation.handled_seq)
        .order_by(Turn.id)
    )
    return [ActionTried(**one) for turn in turns for one in turn.tried][-30:]


def not_started(conversation: Conversation) -> list[str]:
    """What else the customer asked for, from the slots the assistant left: for packages the hub makes by itself. The
    assistant's own say the same (`actions/package.py`)."""
    return [f"Also asked for, not started yet: “{topic['text'][:200]}”." for topic in waiting_topics(conversation)]


def waiting_topics(conversation: Conversation) -> list[dict[str, str]]:
    """`intent` and `text` of each, oldest first."""
    kept = conversation.carried.get("waiting_topics") or []
    return [{"intent": str(one.get("intent", "")), "text": str(one.get("text", ""))} for one in kept]


async def _latest_words(session: AsyncSession, conversation: Conversation) -> str:
    """What the customer said last, in words: the assistant may only have seen a button's payload."""
    text: str | None = await session.scalar(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return text or ""


async def first_words(session: AsyncSession, conversation: Conversation) -> str:
    """A title when nobody gave one: what the customer said first in this exchange."""
    text: str | None = await session.scalar(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        .where(Message.seq > conversation.handled_seq)
        .order_by(Message.seq)
        .limit(1)
    )
    return (text or "Conversation")[:120]
