"""Erasing a customer: the right to be forgotten. What stays are numbers without a person.

Counts, times, teams, channels and how easy it was stay, so that reports still add up; words, names, handles, facts,
files, packages and what the assistant and partners kept go, of every customer who is this one person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, customers, events, floor, forgetting, ledger, outbox
from handoff.cases.actors import Actor
from handoff.cases.log import record
from handoff.cases.looking import hold_in_turn
from handoff.cases.traces import blank
from handoff.db import announce
from handoff.errors import NotAllowed, NotFound
from handoff.finding import texts
from handoff.floor import Verb
from handoff.models import (
    LIVE,
    Agent,
    AskedState,
    Attachment,
    AttachmentState,
    Case,
    CaseEvent,
    CaseException,
    CaseMove,
    CaseStatus,
    ChannelUpdate,
    Code,
    ContinueLink,
    Conversation,
    Customer,
    Delivery,
    Effort,
    Fact,
    FollowUp,
    Handover,
    HandoverState,
    Identity,
    Message,
    MessageEdit,
    OutboxItem,
    Promise,
    PromiseState,
    Role,
    Share,
    SharedMessage,
    Survey,
    TriggerFiring,
    Turn,
    WebhookDelivery,
)
from handoff.partners import granting
from handoff.ports import Author, Floor

TITLE = "Erased"
KEPT_OF_EVENTS = frozenset({"status", "priority", "team", "assignee_id", "agent_id", "waiting_for"})
"""What a replay needs; nothing of it was said by anybody."""


@dataclass(frozen=True)
class Erased:
    customers: int
    conversations: int
    messages: int
    files: int
    cases: int


async def erase_customer(session: AsyncSession, customer_id: str, agent: Agent) -> Erased:
    """Forget a person everywhere; supervisors only. Open cases end with it. Erasing twice changes nothing more."""
    if agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise NotAllowed("Only a supervisor erases a customer. Ask one.")
    if await session.get(Customer, customer_id) is None:
        raise NotFound("There is no such customer.")
    who = sorted(await customers.together(session, customer_id))
    talking = await _hold_talk(session, who)
    held = await hold_in_turn(session, list(await session.scalars(select(Case.id).where(Case.customer_id.in_(who)))))
    spoken = [one.id for one in talking]
    files = await _erase_files(session, spoken)
    said = await _erase_words(session, spoken)
    await _erase_handles(session, who, spoken)
    await _erase_what_cases_carry(session, list(held))
    await _end_talk(session, talking)
    await _erase_packages(session, spoken)
    erased = Erased(len(who), len(spoken), said, files, len(held))
    for case in held.values():
        await _erase_case(session, case, agent)
    await texts.forget(session, list(held))
    forgetting.compact(session, customer_id)
    announce(session, *(events.WordsMoved(one) for one in spoken))
    return erased


async def _hold_talk(session: AsyncSession, who: Sequence[str]) -> Sequence[Conversation]:
    query = select(Conversation).where(Conversation.customer_id.in_(who)).order_by(Conversation.id)
    return list(await session.scalars(query.with_for_update()))


async def _erase_files(session: AsyncSession, spoken: Sequence[str]) -> int:
    """Uploads nobody sent go too; the bytes after the commit."""
    files = list(await session.scalars(select(Attachment).where(Attachment.conversation_id.in_(spoken))))
    for file in files:
        if file.store_key:
            await outbox.add(session, file.conversation_id, "timer", "forget_file", {"store_key": file.store_key})
        file.state, file.redacted_at = AttachmentState.REDACTED, file.redacted_at or clock.now()
        file.store_key = file.sha256 = file.source = file.reason = None
        file.name = "removed"
    await session.flush()
    return len(files)


async def _erase_words(session: AsyncSession, spoken: Sequence[str]) -> int:
    """Everything said in their conversations, by whomever: an agent's answer tells what was asked."""
    theirs = select(Message.id).where(Message.conversation_id.in_(spoken)).scalar_subquery()
    for gone in (
        delete(MessageEdit).where(MessageEdit.message_id.in_(theirs)),
        delete(ChannelUpdate).where(ChannelUpdate.message_id.in_(theirs)),
        delete(SharedMessage).where(SharedMessage.message_id.in_(theirs)),
        delete(Fact).where(Fact.conversation_id.in_(spoken)),
        update(Delivery).where(Delivery.message_id.in_(theirs)).values(external_ref=None, reason=None),
        update(Turn)
        .where(Turn.conversation_id.in_(spoken))
        .values(entities=[], ranking=[], tried=[], form=null(), handback=null(), failure=None),
        update(Message).where(Message.conversation_id.in_(spoken), Message.author == Author.CUSTOMER).values(name=None),
        update(Message)
        .where(Message.conversation_id.in_(spoken))
        .values(
            text="",
            edited_text=None,
            buttons=[],
            link=null(),
            image=None,
            payload=None,
            client_ref=None,
            is_masked=False,
            redacted_at=func.coalesce(Message.redacted_at, clock.now()),
        ),
    ):
        await session.execute(gone.execution_options(synchronize_session=False))
    session.expire_all()
    count = await session.scalar(select(func.count()).select_from(Message).where(Message.conversation_id.in_(spoken)))
    return count or 0


async def _erase_handles(session: AsyncSession, who: Sequence[str], spoken: Sequence[str]) -> None:
    """Names, accounts and addresses. A handle that writes again is somebody new."""
    for identity in list(await session.scalars(select(Identity).where(Identity.customer_id.in_(who)))):
        sent = delete(ChannelUpdate).where(ChannelUpdate.channel == identity.channel)
        await session.execute(sent.where(ChannelUpdate.thread == identity.external_id))
        identity.external_id, identity.unreachable_reason = f"erased-{identity.id}", "The customer was erased."
        identity.verified_at, identity.method = None, None
    await session.execute(update(Customer).where(Customer.id.in_(who)).values(name=None, account_number=None))
    await session.execute(delete(Code).where(Code.conversation_id.in_(spoken)))
    await session.execute(delete(ContinueLink).where(ContinueLink.conversation_id.in_(spoken)))
    await session.flush()


async def _erase_what_cases_carry(session: AsyncSession, case_ids: Sequence[str]) -> None:
    """Everything that hangs on their cases keeps its numbers and loses its words."""
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.case_id.in_(case_ids)))
    for share in list(await session.scalars(select(Share).where(Share.case_id.in_(case_ids)))):
        share.task, share.facts, share.revoked_why = "", [], None
        share.revoked_at = share.revoked_at or clock.now()
        await session.execute(delete(SharedMessage).where(SharedMessage.share_id == share.id))
        await granting.tell_pages(session, share)
    planned = (AskedState.PLANNED, AskedState.ASKED)
    for change in (
        update(CaseException).values(reason="", refused_by=None, details={}, result=None),
        update(Effort).values(detail=None),
        update(Promise).where(Promise.state == PromiseState.OPEN).values(state=PromiseState.WITHDRAWN),
        update(Promise).values(text=""),
        update(FollowUp).where(FollowUp.state.in_(planned)).values(state=AskedState.DROPPED),
        update(FollowUp).values(question="", words=None, detail=None),
        update(Survey).where(Survey.state.in_(planned)).values(state=AskedState.DROPPED),
        update(Survey).values(words=None, detail=None),
        update(TriggerFiring).values(outcome=[]),
    ):
        kind: Any = change.entity_description["entity"]
        theirs = change.where(kind.case_id.in_(case_ids)).execution_options(synchronize_session=False)
        await session.execute(theirs)
    ends = or_(CaseMove.from_case_id.in_(case_ids), CaseMove.to_case_id.in_(case_ids))
    for move in await session.scalars(select(CaseMove).where(ends)):
        move.before = blank(move.before)
    await session.execute(delete(OutboxItem).where(OutboxItem.subject_id.in_(case_ids)))
    await session.flush()


async def _end_talk(session: AsyncSession, talking: Sequence[Conversation]) -> None:
    """Nobody waits for anybody there any more, and the assistant knows nothing of it."""
    for conversation in talking:
        await session.refresh(conversation)
        keep = OutboxItem.job.in_(("forget_file", forgetting.FORGET_SESSION, forgetting.COMPACT))
        await session.execute(delete(OutboxItem).where(OutboxItem.conversation_id == conversation.id, ~keep))
        if conversation.floor in (Floor.QUEUE, Floor.AGENT):
            floor.move(session, conversation, Verb.RESOLVE)
        conversation.carried, conversation.client, conversation.waiting_since = {}, {}, None
        conversation.case_id = None
        await forgetting.forget_session(session, conversation)
    await session.flush()


async def _erase_packages(session: AsyncSession, spoken: Sequence[str]) -> None:
    """A package keeps its shape, so that whoever reads old ones still can."""
    for handover in await session.scalars(select(Handover).where(Handover.conversation_id.in_(spoken))):
        package = {**blank(handover.package), "facts": [], "attachments": [], "open_questions": [], "metadata": {}}
        package["promises"] = []
        if customer := package.get("customer"):
            package["customer"] = {**customer, "names": [], "account_number": None, "verified_identities": []}
        if nlu := package.get("nlu"):
            package["nlu"] = {**nlu, "entities": []}
        if transcript := package.get("transcript"):
            rows = await ledger.messages(session, handover.conversation_id)
            within = [one for one in rows if transcript["first_seq"] <= one.seq <= transcript["last_seq"]]
            package["transcript"] = {**transcript, "sha256": ledger.digest(within)}
        handover.package, handover.reason_text, handover.handback = package, "", None
        if handover.finished_at is None:
            handover.state, handover.finished_at = HandoverState.FINISHED, clock.now()
    await session.flush()


async def _erase_case(session: AsyncSession, case: Case, agent: Agent) -> None:
    """Its events keep what a replay needs; a case that was open is over."""
    await session.refresh(case)
    for event in await session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id)):
        event.data = {name: value for name, value in event.data.items() if name in KEPT_OF_EVENTS}
        if event.actor in ("customer", "partner"):
            event.actor_name = None
    case.title, case.resolution, case.fields = TITLE, None, {}
    ended: dict[str, Any] = {}
    if case.status in LIVE:
        case.status, case.waiting_for, case.resolved_at = CaseStatus.RESOLVED, None, clock.now()
        ended = {"status": case.status, "waiting_for": None}
    await session.flush()
    await record(session, case, "erased", Actor.of(agent), ended)
