"""A hub whose clock moves by hand and whose work is done when it is due, for stories that take days."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, casework, clock, conversations, floor, handbacks, handovers, joins, ledger, outbox, queues
from handoff.care import effort
from handoff.care.effort import EffortView
from handoff.casework import Happened
from handoff.models import Agent, Case, CaseEvent, Handover, Message, OutboxItem
from handoff.package import Handback, HandoverRequest, Issue
from handoff.ports import Inbound
from tests.hub.conftest import Desk

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@dataclass
class Story:
    desk: Desk
    now: datetime = MONDAY
    count: int = 0
    jobs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clock.use(self._tick)
        self.jobs = dict(self.desk.runner().jobs)

    def _tick(self) -> datetime:
        """No two things happen at the very same time."""
        self.now += timedelta(microseconds=1)
        return self.now

    async def passes(self, **time: float) -> None:
        """Let time go by, minute by minute where something is due meanwhile."""
        until = self.now + timedelta(**time)
        while (due := await self._next_due(until)) is not None:
            self.now = max(self.now, due)
            await self.settles()
        self.now = until
        await self.settles()

    async def settles(self) -> None:
        """Do what is due, as the runner would; deliveries stay where they are."""
        while items := await self.desk.write(lambda session: outbox.claim(session, 100)):
            for item in items:
                if step := casework.STEPS.get(item.job):
                    await self.desk.write(lambda session, step=step, item=item: step(session, item))
                elif item.job in self.jobs:
                    await self.jobs[item.job](item)
                await self.desk.write(lambda session, item=item: _drop(session, item))

    async def _next_due(self, until: datetime) -> datetime | None:
        async with self.desk.database.read() as session:
            due = select(OutboxItem.due_at).where(OutboxItem.due_at <= until).order_by(OutboxItem.due_at).limit(1)
            return await session.scalar(due)

    async def customer(self, words: str, who: str = "maya", channel: str = "web", **parts: Any) -> str:
        """Says it and hears what the assistant has to say; the conversation it is in."""
        self.count += 1
        inbound = Inbound(channel, who, f"ref-{self.count}", words, **parts)
        receipt = await self.desk.write(lambda session: conversations.receive(session, inbound))
        await self.settles()
        return receipt.conversation_id

    async def agent(self, agent: Agent, conversation_id: str, words: str) -> None:
        await self.desk.agent_says(agent, conversation_id, words)
        await self.settles()

    async def accepts(self, agent: Agent, conversation_id: str) -> None:
        await self.desk.accept(conversation_id, agent)
        await self.settles()

    async def hands_over(self, conversation_id: str, **parts: Any) -> str:
        """As the assistant does; the reference of the case."""
        self.count += 1
        told = {
            "conversation_id": conversation_id,
            "idempotency_key": f"handover-{self.count}",
            "reason_code": "asked",
            "issue": Issue(title="Return a cable box", type="returns"),
            "team": "returns",
            **parts,
        }
        answer = await self.desk.write(lambda session: handovers.hand_over(session, HandoverRequest(**told)))
        await self.settles()
        return answer.case_ref

    async def gives_back(self, agent: Agent, conversation_id: str, **parts: Any) -> None:
        back = Handback(**({"summary": "Booked a pickup.", "outcome": "partly"} | parts))
        await self.desk.write(lambda session: handbacks.give_back(session, conversation_id, agent, back))
        await self.settles()

    async def resolves(self, agent: Agent, conversation_id: str, words: str = "The box was picked up.") -> None:
        await self.desk.write(lambda session: handbacks.resolve(session, conversation_id, agent, words))
        await self.settles()

    async def goes_on(self, who: str, channel: str, conversation_id: str) -> None:
        """The customer's handle on another channel joins the conversation, as a continue link does it."""

        async def step(session: AsyncSession) -> None:
            identity = await conversations.identity_for(session, Inbound(channel, who, "x", "x"))
            conversation = await floor.hold(session, conversation_id)
            await joins.join(session, identity, conversation, "link")
            conversations.answer_to(session, conversation, identity)

        await self.desk.write(step)

    async def talks_of(self, conversation_id: str, ref: str) -> None:
        """What is said in this conversation belongs to that case, from its beginning."""

        async def step(session: AsyncSession) -> None:
            conversation = await floor.hold(session, conversation_id)
            case = await cases.hold(session, ref)
            await cases.join_conversation(session, case, conversation)

        await self.desk.write(step)

    async def transfers(self, agent: Agent, conversation_id: str, team: str) -> None:
        note = "Everything is in the case."
        await self.desk.write(lambda session: handovers.transfer(session, conversation_id, agent, team, note))
        await self.settles()

    async def sorts(self, ref: str, team: str) -> None:
        await self.desk.write(lambda session: cases.set_team(session, ref, cases.SYSTEM, team))
        await self.settles()

    async def follows_all_again(self, ref: str) -> None:
        """As after a crash: every word and event of the case comes a second time."""

        async def step(session: AsyncSession) -> None:
            case = await cases.get(session, ref)
            for event in await cases.history(session, case.id):
                await effort.follow(session, Happened(case, event=event))
            for message in await cases.words_of(session, case.id):
                await effort.follow(session, Happened(case, message=message))

        await self.desk.write(step)

    async def waiting(self) -> Sequence[Handover]:
        async with self.desk.database.read() as session:
            return await queues.standing(session)

    async def takes_over(self, agent: Agent, conversation_id: str) -> None:
        await self.desk.write(lambda session: handovers.take_over(session, conversation_id, agent))
        await self.settles()

    async def agent_named(self, name: str) -> Agent:
        async with self.desk.database.read() as session:
            return (await session.scalars(select(Agent).where(Agent.name == name))).one()

    async def newest(self, conversation_id: str) -> Message:
        async with self.desk.database.read() as session:
            return (await ledger.messages(session, conversation_id))[-1]

    async def message(self, message_id: str | None) -> Message:
        async with self.desk.database.read() as session:
            return await session.get_one(Message, message_id)

    async def blocks(self, who: str, channel: str) -> None:
        """Nothing can be delivered to this handle any more."""

        async def step(session: AsyncSession) -> None:
            identity = await conversations.identity_for(session, Inbound(channel, who, "x", "x"))
            identity.unreachable_reason = "Blocked by the customer."

        await self.desk.write(step)

    async def verifies(self, who: str, channel: str) -> None:
        async def step(session: AsyncSession) -> None:
            identity = await conversations.identity_for(session, Inbound(channel, who, "x", "x"))
            identity.verified_at, identity.method = clock.now(), "code"

        await self.desk.write(step)

    async def case(self, ref: str) -> Case:
        async with self.desk.database.read() as session:
            return await cases.get(session, ref)

    async def effort(self, ref: str) -> EffortView:
        async with self.desk.database.read() as session:
            return await effort.of_case(session, (await cases.get(session, ref)).id)

    async def history(self, ref: str) -> list[CaseEvent]:
        async with self.desk.database.read() as session:
            return list(await cases.history(session, (await cases.get(session, ref)).id))

    async def heard(self, conversation_id: str) -> list[str]:
        """Everything said to the customer, oldest first."""
        told = await self.desk.words(conversation_id)
        return [text for author, audience, text in told if author != "customer" and audience == "everyone"]


async def _drop(session: AsyncSession, item: OutboxItem) -> None:
    if found := await session.get(OutboxItem, item.id):
        await session.delete(found)
