"""One conversation that many pull at: the customer writes, the assistant is slow, two agents take and give.

`play` runs what each of them does, one after another or all at once; `Ledger` reads what became of it and says which
promises it breaks.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from handoff import cases, conversations, handbacks, handovers, ledger, queues
from handoff.assistants.scripted import saying
from handoff.errors import TellonceError
from handoff.events import FloorChanged
from handoff.models import Agent, Case, CaseEvent, Conversation, Handover, HandoverState, Message, OutboxItem, Turn
from handoff.package import Handback, HandoverRequest, Issue
from handoff.ports import Audience, Author, Floor, TurnRequest, TurnResult
from tests.hub.conftest import Desk


class Move(StrEnum):
    SAY = "customer says"
    REPEAT = "customer's page sends the same again"
    WITHDRAW = "customer stops waiting"
    ANSWER = "assistant answers one"
    PASS_ON = "assistant passes on"
    ACCEPT = "accept"
    DECLINE = "decline"
    TAKE_OVER = "take over"
    SPEAK = "agent says"
    TRANSFER = "transfer"
    GIVE_BACK = "give back"
    RESOLVE = "resolve"


BY_CUSTOMER = (Move.SAY, Move.SAY, Move.REPEAT, Move.WITHDRAW)
BY_ASSISTANT = (Move.ANSWER, Move.ANSWER, Move.PASS_ON)
BY_AGENT = (Move.ACCEPT, Move.TAKE_OVER, Move.DECLINE, Move.SPEAK, Move.TRANSFER, Move.GIVE_BACK, Move.RESOLVE)


class Slow:
    """An assistant that answers when it is told to, one turn for each `let_go`, and reports what it is busy with."""

    def __init__(self) -> None:
        self.busy: dict[str, list[str]] = {}
        self._may_answer: dict[str, asyncio.Semaphore] = {}

    async def answer(self, request: TurnRequest) -> TurnResult:
        conversation_id, turn_id = request.metadata["conversation_id"], request.metadata["turn_id"]
        turns = self.busy.setdefault(conversation_id, [])
        assert not turns, "two turns of one conversation in flight"
        turns.append(turn_id)
        try:
            await self._gate(conversation_id).acquire()
        finally:
            turns.remove(turn_id)
        return saying(f"You said: {request.text}")

    def let_go(self, conversation_id: str, times: int = 1) -> None:
        for _ in range(times):
            self._gate(conversation_id).release()

    def _gate(self, conversation_id: str) -> asyncio.Semaphore:
        return self._may_answer.setdefault(conversation_id, asyncio.Semaphore(0))


@dataclass
class Race:
    """One customer's conversation on a desk whose outbox is running."""

    desk: Desk
    assistant: Slow
    agents: Sequence[Agent]
    who: str
    conversation_id: str = ""
    said: int = 0
    refusals: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        self.conversation_id = (
            await self.desk.customer_says("hello", who=self.who, ref=f"{self.who}-0")
        ).conversation_id

    async def play(self, actors: Sequence[Sequence[tuple[Move, int]]]) -> None:
        """Every actor does its moves in order; the actors do not wait for each other."""
        await asyncio.gather(*(self._play_one(moves) for moves in actors))

    async def _play_one(self, moves: Sequence[tuple[Move, int]]) -> None:
        for move, agent in moves:
            try:
                await self._move(move, self.agents[agent % len(self.agents)])
            except TellonceError as refusal:
                self.refusals.append(refusal.code)

    async def _move(self, move: Move, agent: Agent) -> None:
        write, here = self.desk.write, self.conversation_id
        match move:
            case Move.SAY:
                self.said += 1
                await self.desk.customer_says(f"word {self.said}", who=self.who, ref=f"{self.who}-{self.said}")
            case Move.REPEAT:
                await self.desk.customer_says("again", who=self.who, ref=f"{self.who}-{self.said}")
            case Move.WITHDRAW:
                await write(lambda session: handbacks.withdraw(session, here))
            case Move.ANSWER:
                self.assistant.let_go(here)
                await asyncio.sleep(0)
            case Move.PASS_ON:
                request = self._request()
                await write(lambda session: handovers.hand_over(session, request))
            case Move.ACCEPT:
                await write(lambda session: handovers.accept(session, here, agent))
            case Move.DECLINE:
                await write(lambda session: handovers.decline(session, here, agent))
            case Move.TAKE_OVER:
                await write(lambda session: handovers.take_over(session, here, agent))
            case Move.SPEAK:
                await self.desk.agent_says(agent, here, "I am looking into it")
            case Move.TRANSFER:
                team = ("billing", "returns")[self.said % 2]
                await write(lambda session: handovers.transfer(session, here, agent, team, "Please look."))
            case Move.GIVE_BACK:
                done = Handback(outcome=("resolved", "partly")[self.said % 2], summary="Done that.")
                await write(lambda session: handbacks.give_back(session, here, agent, done))
            case Move.RESOLVE:
                await write(lambda session: handbacks.resolve(session, here, agent, "Solved."))

    def _request(self) -> HandoverRequest:
        self.said += 1
        busy = self.assistant.busy.get(self.conversation_id)
        return HandoverRequest(
            conversation_id=self.conversation_id,
            turn_id=busy[0] if busy else None,
            idempotency_key=f"{self.who}-pass-{self.said}",
            reason_code="asked",
            issue=Issue(title="Something", type="returns"),
            team=("returns", "billing", "care")[self.said % 3],
            priority=("normal", "high")[self.said % 2],
        )

    async def settle(self) -> None:
        """The assistant answers whatever it is still asked, until nothing is left to do."""
        while await self._has_turns():
            self.assistant.let_go(self.conversation_id)
            await asyncio.sleep(0.002)

    async def _has_turns(self) -> bool:
        async with self.desk.database.read() as session:
            left = select(OutboxItem.id).where(
                OutboxItem.conversation_id == self.conversation_id, OutboxItem.lane == "turn"
            )
            return await session.scalar(left.limit(1)) is not None


@dataclass
class Ledger:
    """What is stored about one conversation, and every floor it ever had."""

    conversation: Conversation
    messages: Sequence[Message]
    turns: dict[str | None, Turn]
    asked: set[str]
    sitting: Handover | None
    cases: list[tuple[Case, Sequence[CaseEvent]]]
    floors: dict[int, tuple[str, str | None]]

    @staticmethod
    async def of(race: Race) -> "Ledger":
        here = race.conversation_id
        async with race.desk.database.read() as session:
            if not race.desk.database.is_sqlite:
                # The assistant may be storing an answer meanwhile; read all of it as of one moment.
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            items = await session.scalars(select(OutboxItem).where(OutboxItem.conversation_id == here))
            turns = await session.scalars(select(Turn).where(Turn.conversation_id == here))
            found = await cases.of_conversation(session, here)
            return Ledger(
                await conversations.get(session, here),
                await ledger.messages(session, here),
                {turn.message_id: turn for turn in turns if turn.message_id},
                {item.body["turn_id"] for item in items if item.lane == "turn"},
                await queues.sitting(session, here),
                [(case, await cases.history(session, case.id)) for case in found],
                _floors(race.desk.database, here),
            )

    def broken_promises(self) -> list[str]:
        return [
            *self._order(),
            *self._floor(),
            *self._words_after_the_floor_was_taken(),
            *self._words_nobody_owns(),
            *self._cases_that_do_not_replay(),
        ]

    def _order(self) -> list[str]:
        seqs = [message.seq for message in self.messages]
        epochs = [message.epoch for message in self.messages]
        broken = [] if seqs == list(range(1, len(seqs) + 1)) else [f"seq has gaps: {seqs}"]
        broken += [] if self.conversation.last_seq == len(seqs) else ["last_seq is not the last seq"]
        broken += [] if epochs == sorted(epochs) else [f"the epoch fell: {epochs}"]
        refs = [message.client_ref for message in self.messages if message.client_ref]
        return broken + ([] if len(refs) == len(set(refs)) else ["stored twice"])

    def _floor(self) -> list[str]:
        floor, agent_id = self.conversation.floor, self.conversation.agent_id
        broken = (
            [] if (floor == Floor.AGENT) == (agent_id is not None) else ["an agent without the floor, or the reverse"]
        )
        state = self.sitting.state if self.sitting else None
        wanted: set[Any] = {Floor.AGENT: {HandoverState.ACCEPTED}, Floor.QUEUE: set(queues.STANDING)}.get(
            Floor(floor), {None}
        )
        broken += [] if state in wanted else [f"floor {floor} with a handover that is {state}"]
        epochs = sorted(self.floors)
        return broken + ([] if epochs == list(range(1, self.conversation.epoch + 1)) else [f"epochs told: {epochs}"])

    def _words_after_the_floor_was_taken(self) -> list[str]:
        return [
            f"{message.author} spoke at {message.seq} while {self.floors[message.epoch]} had the floor"
            for message in self.messages
            if message.audience == Audience.EVERYONE and not self._may_speak(message)
        ]

    def _may_speak(self, message: Message) -> bool:
        floor, agent_id = self.floors[message.epoch]
        if message.author == Author.ASSISTANT:
            return floor in (Floor.BOT, Floor.QUEUE)
        return message.author != Author.AGENT or (floor == Floor.AGENT and agent_id == message.agent_id)

    def _words_nobody_owns(self) -> list[str]:
        """On the assistant's floor every word since the last answer has a turn that will be, or was, answered."""
        if self.conversation.floor != Floor.BOT:
            return []
        spoken = [m.seq for m in self.messages if m.author in ("assistant", "agent") and m.audience == "everyone"]
        open_words = [m for m in self.messages if m.author == Author.CUSTOMER and m.seq > max(spoken, default=0)]
        return [
            f"nobody owns message {m.seq}"
            for m in open_words
            if not self._was_left_to_an_agent(m) and not self._is_on_its_way(m)
        ]

    def _was_left_to_an_agent(self, message: Message) -> bool:
        """Somebody who had it all before them gave the floor away on purpose."""
        since = range(message.epoch, self.conversation.epoch + 1)
        return any(self.floors[epoch][0] == Floor.AGENT for epoch in since)

    def _is_on_its_way(self, message: Message) -> bool:
        turn = self.turns.get(message.id)
        return turn is not None and turn.id in self.asked and turn.epoch == self.conversation.epoch

    def _cases_that_do_not_replay(self) -> list[str]:
        names = ("status", "priority", "team", "assignee_id")
        return [
            f"{case.ref} replays to {cases.replay(history)}"
            for case, history in self.cases
            if cases.replay(history) != {name: getattr(case, name) for name in names}
            or [event.seq for event in history] != list(range(1, case.last_event_seq + 1))
        ]


def _floors(database: Any, conversation_id: str) -> dict[int, tuple[str, str | None]]:
    """Who had the floor in each epoch, as open pages were told."""
    told = [one for one in database.told if isinstance(one, FloorChanged) and one.conversation_id == conversation_id]
    return {1: (Floor.BOT, None), **{one.epoch: (one.floor, one.agent_id) for one in told}}
