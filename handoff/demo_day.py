"""The rows of the demo's busy day, out of `data/demo/desk.yml`.

They lie in the past, where no verb of the hub could put them, so they are written directly; the handover packages are
packed by the hub itself and hold.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, packing
from handoff.models import (
    Agent,
    Case,
    CaseConversation,
    CaseEvent,
    Conversation,
    Customer,
    Fact,
    Handover,
    Identity,
    Message,
    Turn,
    new_id,
)
from handoff.package import HandoverRequest, Issue
from handoff.settings import settings

SENSITIVE = {"phone", "email", "address"}


@dataclass
class Day:
    """The rows made so far, by the names the file uses for them."""

    now: datetime
    agents: dict[str, Agent] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)

    def ago(self, minutes: float) -> datetime:
        return self.now - timedelta(minutes=minutes)


async def live_the_day(session: AsyncSession, plan: dict[str, Any]) -> None:
    """Everything that was said, tried and handed over, and the cases from before."""
    day = Day(clock.now())
    day.agents = {agent.name: agent for agent in await session.scalars(select(Agent))}
    for line in plan["conversations"]:
        await _talk(session, day, line)
    for line in plan["past_cases"]:
        _past_case(session, day, line)
    await session.flush()


async def _talk(session: AsyncSession, day: Day, line: dict[str, Any]) -> None:
    words = line["words"]
    began = day.ago(words[0]["at"])
    customer = Customer(name=line["customer"]["name"], account_number=line["customer"]["account"], created_at=began)
    session.add(customer)
    await session.flush()
    day.customers[line["customer"]["account"]] = customer
    identity = Identity(
        customer_id=customer.id,
        channel="web",
        external_id=f"demo-{new_id()}",
        verified_at=began if line["customer"]["verified"] else None,
        method="account" if line["customer"]["verified"] else None,
        created_at=began,
    )
    session.add(identity)
    await session.flush()
    thread = Conversation(
        customer_id=customer.id,
        identity_id=identity.id,
        channel="web",
        last_seq=len(words),
        assistant_session=f"s_{new_id().lower()}",
        client={"page_url": line.get("page"), "timezone": "America/Chicago"},
        created_at=began,
        last_message_at=day.ago(words[-1]["at"]),
    )
    session.add(thread)
    await session.flush()
    identity.conversation_id = thread.id
    stored = [await _utter(session, day, thread, seq, spoken) for seq, spoken in enumerate(words, start=1)]
    thread.waiting_since = _unanswered_since(stored)
    thread.desk_seen_seq = line.get("seen", 0)
    thread.customer_seen_seq = thread.last_seq - 1
    if "handover" in line:
        await _hand_over(session, day, thread, line["handover"])


def _unanswered_since(stored: list[Message]) -> datetime | None:
    """When the oldest customer message arrived that nobody answered."""
    since = None
    for message in stored:
        if message.author == "customer":
            since = since or message.created_at
        elif message.audience == "everyone":
            since = None
    return since


async def _utter(session: AsyncSession, day: Day, thread: Conversation, seq: int, spoken: dict[str, Any]) -> Message:
    is_note = spoken["by"] == "note"
    agent = day.agents.get(spoken.get("agent", ""))
    message = Message(
        conversation_id=thread.id,
        seq=seq,
        author=("assistant" if spoken.get("stale") else "agent") if is_note else spoken["by"],
        name=spoken.get("agent"),
        agent_id=agent.id if agent else None,
        audience="desk" if is_note else "everyone",
        text=spoken["text"],
        buttons=[{"title": title, "payload": "/inform"} for title in spoken.get("buttons", ())],
        link=spoken.get("link"),
        in_reply_to=new_id() if spoken.get("stale") else None,
        channel=thread.channel,
        epoch=thread.epoch,
        is_masked=spoken.get("masked", False),
        created_at=day.ago(spoken["at"]),
    )
    session.add(message)
    await session.flush()
    if spoken.get("intent"):
        _understand(session, message, spoken)
    learn(session, message, spoken)
    return message


def _understand(session: AsyncSession, message: Message, spoken: dict[str, Any]) -> None:
    first = {"name": spoken["intent"], "confidence": spoken["confidence"]}
    session.add(
        Turn(
            conversation_id=message.conversation_id,
            message_id=message.id,
            epoch=message.epoch,
            status="answered",
            intent=spoken["intent"],
            confidence=spoken["confidence"],
            ranking=[first, *spoken.get("ranking", ())],
            tried=[{"started_at": message.created_at.isoformat(), **tried} for tried in spoken.get("tried", ())],
            form=spoken.get("form"),
            ms=180,
            created_at=message.created_at,
            answered_at=message.created_at + timedelta(milliseconds=180),
        )
    )


def learn(session: AsyncSession, message: Message, spoken: dict[str, Any]) -> None:
    """The facts that were read from these words."""
    for name, value in spoken.get("facts", {}).items():
        session.add(
            Fact(
                conversation_id=message.conversation_id,
                name=name,
                value=value,
                normalized=value.lower(),
                source_message_id=message.id,
                set_by="customer",
                is_validated=name in spoken.get("valid", ()),
                is_sensitive=name in SENSITIVE,
                created_at=message.created_at,
                stated_at=message.created_at,
            )
        )


async def _hand_over(session: AsyncSession, day: Day, thread: Conversation, plan: dict[str, Any]) -> None:
    taken_by = day.agents.get(plan.get("accepted_by", ""))
    offered_to = day.agents.get(plan.get("offered_to", ""))
    state = plan.get("state") or ("accepted" if taken_by else "offered" if offered_to else "waiting")
    work = _open_case(day, thread, plan, taken_by)
    session.add(work)
    await session.flush()
    session.add(CaseConversation(case_id=work.id, conversation_id=thread.id, first_seq=1, created_at=work.created_at))
    for kind in (Message, Fact):
        await session.execute(update(kind).where(kind.conversation_id == thread.id).values(case_id=work.id))
    thread.case_id = None if plan.get("resolved") else work.id
    handover = Handover(
        id=new_id(),
        conversation_id=thread.id,
        case_id=work.id,
        state=state,
        team=plan["team"],
        priority=plan["priority"],
        reason_code=plan["reason"],
        reason_text=plan["reason_text"],
        idempotency_key=f"demo-{thread.id}",
        offered_to=offered_to.id if offered_to else None,
        offered_at=day.now if offered_to else None,
        accepted_by=taken_by.id if taken_by else None,
        accepted_at=day.ago(plan["accepted_at"]) if taken_by else None,
        finished_at=day.now if state == "finished" else None,
        handback=plan.get("handback"),
        created_at=work.created_at,
    )
    packed = await packing.pack(session, thread, work, handover, _request(thread, plan), "bot")
    handover.package = packed.model_dump(mode="json")
    session.add(handover)
    _tell_case(session, day, work, plan, taken_by)
    if state in ("waiting", "offered"):
        thread.floor, thread.epoch = "queue", 2
    elif state == "accepted" and taken_by:
        thread.floor, thread.epoch, thread.agent_id = "agent", 3, taken_by.id
    elif plan.get("closed"):
        thread.floor, thread.epoch = "closed", 4


def _open_case(day: Day, thread: Conversation, plan: dict[str, Any], taken_by: Agent | None) -> Case:
    return Case(
        ref=plan["ref"],
        customer_id=thread.customer_id,
        title=plan["title"],
        topic=plan["topic"],
        team=plan["team"],
        status="resolved" if plan.get("resolved") else "open",
        priority=plan["priority"],
        assignee_id=taken_by.id if taken_by else None,
        resolution=plan.get("resolved"),
        promised_at=day.ago(-plan["promised_in"]) if "promised_in" in plan else None,
        created_at=day.ago(plan["at"]),
        updated_at=thread.last_message_at,
        resolved_at=thread.last_message_at if plan.get("resolved") else None,
    )


def _request(thread: Conversation, plan: dict[str, Any]) -> HandoverRequest:
    return HandoverRequest(
        conversation_id=thread.id,
        idempotency_key=f"demo-{thread.id}",
        reason_code=plan["reason"],
        reason_text=plan["reason_text"],
        issue=Issue(title=plan["title"], type=plan["topic"], summary_for_agent=plan["summary"]),
        team=plan["team"],
        priority=plan["priority"],
        form=plan.get("form"),
        promises=plan.get("promises", []),
        open_questions=plan.get("questions", []),
    )


def _tell_case(session: AsyncSession, day: Day, work: Case, plan: dict[str, Any], taken_by: Agent | None) -> None:
    told: list[tuple[str, str, str, datetime, dict[str, Any]]] = [
        ("opened", "assistant", settings().assistant_name, work.created_at, {"title": work.title}),
        ("handed_over", "assistant", settings().assistant_name, work.created_at, {"reason": plan["reason_text"]}),
    ]
    if taken_by:
        told.append(("accepted", "agent", taken_by.name, day.ago(plan["accepted_at"]), {}))
    if plan.get("resolved") and taken_by:
        told.append(("resolved", "agent", taken_by.name, work.updated_at, {"resolution": plan["resolved"]}))
    for seq, (kind, actor, name, at, data) in enumerate(told, start=1):
        session.add(
            CaseEvent(case_id=work.id, seq=seq, kind=kind, actor=actor, actor_name=name, data=data, created_at=at)
        )
    work.last_event_seq = len(told)


def _past_case(session: AsyncSession, day: Day, line: dict[str, Any]) -> None:
    began = day.now - timedelta(days=line["days"])
    session.add(
        Case(
            ref=line["ref"],
            customer_id=day.customers[line["account"]].id,
            title=line["title"],
            topic=line["topic"],
            team=line["team"],
            status="resolved",
            resolution=line["resolution"],
            created_at=began,
            updated_at=began,
            resolved_at=began + timedelta(hours=2),
        )
    )
