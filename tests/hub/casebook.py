"""The case model of trial R15: a desk with cases, and beside it a plain list of where everything has to be.

`Book` does one thing at a time to the real hub and notes in `home` where each message belongs from then on; `wrong`
compares. How it works out where a later word goes when a join is undone is written anew here, from the sentence in
docs/cases.md, not taken from the hub.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, customers, floor, ledger
from handoff.cases.actors import Actor
from handoff.errors import TellonceError
from handoff.ledger import Speaker
from handoff.models import (
    Agent,
    Attachment,
    Case,
    CaseConversation,
    CaseMove,
    CaseStatus,
    CaseTag,
    Clock,
    Conversation,
    Fact,
    Identity,
    Message,
    MoveKind,
    Partner,
    Role,
    new_id,
)
from handoff.partners import directory, shares
from tests.hub.conftest import Desk

WORDS = (
    "It does not work",
    "My account is 10042",
    "Write to maya@example.com please",
    "Order FB-204417 is late",
    "Any news?",
    "It is about the box",
)
Snapshot = dict[str, Any]


@dataclass
class Move:
    """A split or join as the book knows it: what went, and how both cases were before."""

    id: str
    kind: str
    source: str
    target: str
    went: frozenset[str]
    before: Snapshot
    clean: bool = True
    """Nothing happened to either case since."""


@dataclass
class Shared:
    token: str
    share_id: str
    marked: set[str]


@dataclass
class Book:
    """One customer with two handles and a stranger; their conversations, cases, moves and shares."""

    desk: Desk
    agent: Agent
    partner: Partner
    names: tuple[str, str, str]
    numbers: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    conversations: list[str] = field(default_factory=list)
    case_ids: list[str] = field(default_factory=list)
    home: dict[str, str] = field(default_factory=dict)
    placed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    redacted: dict[str, str] = field(default_factory=dict)

    @staticmethod
    async def begin(desk: Desk, agent: Agent, partner: Partner, names: tuple[str, str, str]) -> "Book":
        book = Book(desk, agent, partner, names)
        for name in names:
            receipt = await desk.customer_says("Hello", who=name)
            book.conversations.append(receipt.conversation_id)
        await desk.write(book._one_person)
        for number in range(3):
            await book.open(number)
        return book

    async def _one_person(self, session: AsyncSession) -> None:
        here, there = [await session.get_one(Conversation, one) for one in self.conversations[:2]]
        identity = await session.get_one(Identity, here.identity_id)
        await customers.join(session, identity, there.customer_id, "agent")

    # -- what may happen

    async def open(self, number: int) -> None:
        conversation_id = self.conversations[number]

        async def step(session: AsyncSession) -> Case:
            conversation = await floor.hold(session, conversation_id)
            title = f"Matter {len(self.case_ids)}"
            return await cases.open_case(
                session, conversation, title=title, topic="returns", actor=cases.ASSISTANT, first_seq=1
            )

        self.case_ids.append((await self.desk.write(step)).id)
        await self._settle()

    async def say(self, number: int, words: str, *, with_file: bool) -> None:
        receipt = await self.desk.customer_says(f"{words} ({self.numbers()})", who=self.names[number])
        if with_file:
            await self.desk.write(lambda session: _attach(session, receipt.conversation_id, receipt.message_id))
        await self._settle()

    async def note(self, number: int) -> None:
        conversation_id, text = self.conversations[number], f"Between us ({self.numbers()})"
        speaker = Speaker.of(self.agent)
        await self.desk.write(lambda session: ledger.note(session, conversation_id, speaker, text))
        await self._settle()

    async def split(self, case_id: str, chosen: Sequence[int]) -> None:
        await self.catch_up()
        theirs = sorted(one for one, home in self.home.items() if home == case_id)
        picked = sorted({theirs[index % len(theirs)] for index in chosen}) if theirs else []
        ref, before = await self._ref(case_id), await self.snapshot(case_id)
        new = await self._try(lambda session: cases.split(session, ref, self.agent, picked, title="Another matter"))
        if new is None:
            return
        self.case_ids.append(new.id)
        self._touch(case_id)
        self.home |= dict.fromkeys(picked, new.id)
        made = await self._last_move(new.id)
        self.moves.append(Move(made.id, MoveKind.SPLIT, case_id, new.id, frozenset(picked), {case_id: before}))
        await self._settle()

    async def join(self, source: str, target: str) -> None:
        await self.catch_up()
        first, second = await self._ref(source), await self._ref(target)
        before = {one: await self.snapshot(one) for one in (source, target)}
        made = await self._try(lambda session: cases.join(session, first, second, self.agent))
        if made is None:
            return
        self._touch(source, target)
        went = frozenset(one for one, home in self.home.items() if home == source)
        self.home |= dict.fromkeys(went, target)
        self.moves.append(Move(made.id, MoveKind.JOIN, source, target, went, before))
        await self._settle()

    async def undo(self, index: int) -> None:
        move = self.moves[index]
        order = await self._in_order()
        if await self._try(lambda session: cases.undo(session, move.id, self.agent)) is None:
            return
        self.moves.remove(move)
        if move.kind == MoveKind.SPLIT:
            self.home |= {one: move.source for one, home in self.home.items() if home == move.target}
        else:
            self._part(move, order)
        await self.catch_up()
        if move.clean:
            for case_id, before in move.before.items():
                now = await self.snapshot(case_id)
                changed = {name: (before[name], now[name]) for name in before if before[name] != now[name]}
                assert changed == {}, f"undoing a {move.kind} did not restore: {changed}"
        self._touch(move.source, move.target)
        await self._settle()

    def _part(self, move: Move, order: Sequence[tuple[str, str]]) -> None:
        """A later word goes with the words of either case just before it in its conversation."""
        brought = {
            one for later in self.moves if later.target == move.target for one in later.went if later.id > move.id
        }
        newest: dict[str, str] = {}
        for message_id, conversation_id in order:
            if self.home.get(message_id) != move.target:
                continue
            if message_id in move.went:
                self.home[message_id] = move.source
            elif message_id > move.id and message_id not in brought:
                self.home[message_id] = newest.get(conversation_id, move.target)
            newest[conversation_id] = self.home[message_id]

    async def change(self, case_id: str, what: str) -> None:
        ref, by = await self._ref(case_id), Actor.of(self.agent)
        steps: dict[str, Callable[[AsyncSession], Awaitable[Any]]] = {
            "resolve": lambda session: cases.resolve(session, ref, by, "Done."),
            "reopen": lambda session: cases.reopen_or_follow_up(session, ref, cases.ASSISTANT, "Broken again"),
            "wait": lambda session: cases.wait_for(session, ref, by, "customer"),
            "urgent": lambda session: cases.set_priority(session, ref, by, "urgent"),
            "billing": lambda session: cases.set_team(session, ref, by, "billing"),
            "assign": lambda session: cases.assign(session, ref, by, self.agent),
            "tag": lambda session: _tag(session, case_id),
            "note": lambda session: cases.add_note(session, ref, by, "Seen"),
        }
        if await self._try(steps[what]) is not None:
            self._touch(case_id)
        await self._settle()

    async def share(self, case_id: str, chosen: Sequence[int]) -> None:
        theirs = sorted(one for one, home in self.home.items() if home == case_id and one not in self.redacted)
        picked = sorted({theirs[index % len(theirs)] for index in chosen}) if theirs else []
        ref = await self._ref(case_id)
        made = await self._try(
            lambda session: shares.open(session, ref, self.agent, self.partner.id, "Fetch it", [], picked, 7)
        )
        if made is not None:
            self.shared.append(Shared(made[1], made[0].id, set(picked)))
            self._touch(case_id)

    async def revoke(self, index: int) -> None:
        one = self.shared[index]
        await self._try(lambda session: shares.revoke(session, one.share_id, self.agent, "No longer needed"))
        one.marked = set()
        for case_id in self.case_ids:
            self._touch(case_id)

    async def redact(self, index: int) -> None:
        message_id = sorted(self.home)[index % len(self.home)]
        async with self.desk.database.read() as session:
            text = (await session.get_one(Message, message_id)).text
        if await self._try(lambda session: cases.redact_message(session, message_id, self.agent)) is not None:
            self.redacted.setdefault(message_id, text)
        for case_id in self.case_ids:
            self._touch(case_id)
        await self._settle()

    async def catch_up(self) -> None:
        """Whoever follows cases has followed."""
        runner = self.desk.runner()
        while await self.desk.write(lambda session: runner.take_steps(session, timers=False)):
            pass
        await self._settle()

    # -- what is known of it

    async def _settle(self) -> None:
        """Note new cases and words; what was noted before stays where the book says."""
        async with self.desk.database.read() as session:
            for message in await self._words(session):
                self.placed.setdefault(message.id, _place(message))
                if message.case_id and message.id not in self.home:
                    self.home[message.id] = message.case_id
                    if message.author != "system":
                        self._touch(message.case_id)
            mine = CaseConversation.conversation_id.in_(self.conversations)
            for case_id in await session.scalars(select(CaseConversation.case_id).where(mine).distinct()):
                if case_id not in self.case_ids:
                    self.case_ids.append(case_id)

    async def _words(self, session: AsyncSession) -> Sequence[Message]:
        mine = select(Message).where(Message.conversation_id.in_(self.conversations))
        return list(await session.scalars(mine.order_by(Message.conversation_id, Message.seq)))

    async def _in_order(self) -> list[tuple[str, str]]:
        async with self.desk.database.read() as session:
            return [(one.id, one.conversation_id) for one in await self._words(session)]

    async def _try(self, step: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        """What is refused in a sentence changes nothing."""
        try:
            return await self.desk.write(step)
        except TellonceError:
            return None

    async def _ref(self, case_id: str) -> str:
        async with self.desk.database.read() as session:
            return (await session.get_one(Case, case_id)).ref

    async def _last_move(self, case_id: str) -> CaseMove:
        async with self.desk.database.read() as session:
            return (await cases.moves_of(session, case_id))[0]

    def _touch(self, *case_ids: str) -> None:
        for move in self.moves:
            if move.source in case_ids or move.target in case_ids:
                move.clean = False

    async def snapshot(self, case_id: str) -> Snapshot:
        """What undoing restores: the case itself, and what is in it but the hub's own sentences."""
        async with self.desk.database.read() as session:
            case = await session.get_one(Case, case_id)
            names = ("status", "waiting_for", "joined_into_id", "priority", "team", "assignee_id", "topic", "title")
            tags = await session.scalars(select(CaseTag.tag).where(CaseTag.case_id == case_id).order_by(CaseTag.tag))
            talked = select(Conversation.id).where(Conversation.case_id == case_id).order_by(Conversation.id)
            return {
                **{name: getattr(case, name) for name in names},
                "fields": case.fields,
                "tags": list(tags),
                "words": [one.id for one in await cases.words_of(session, case_id) if one.author != "system"],
                "facts": sorted(one.id for one in await cases.facts_of(session, case_id)),
                "files": [one.id for one in await cases.files_of(session, case_id)],
                "talked of": list(await session.scalars(talked)),
            }

    async def wrong(self) -> list[str]:
        """Every broken promise, in words."""
        async with self.desk.database.read() as session:
            words = await self._words(session)
            return [
                *self._misplaced(words),
                *await self._facts_apart(session, words),
                *await self._files_apart(session, words),
                *await self._misreported(session),
                *await self._clocks_of_nobody(session),
                *await self._seen_too_much(session),
            ]

    def _misplaced(self, words: Sequence[Message]) -> list[str]:
        stored = {one.id: one for one in words}
        said = [
            f"“{stored[one].text}” is not where it belongs"
            for one, home in self.home.items()
            if stored[one].case_id != home
        ]
        moved = [
            f"“{stored[one].text}” changed its place in the talk"
            for one, place in self.placed.items()
            if _place(stored[one]) != place
        ]
        back = [
            f"redacted words are there again: {text}" for one, text in self.redacted.items() if stored[one].text == text
        ]
        return said + moved + back

    async def _facts_apart(self, session: AsyncSession, words: Sequence[Message]) -> list[str]:
        told = select(Fact).where(Fact.source_message_id.in_([one.id for one in words]), Fact.set_by == "customer")
        homes = {one.id: one.case_id for one in words}
        return [
            f"the fact {one.name} is not with its words"
            for one in await session.scalars(told)
            if one.case_id != homes[one.source_message_id or ""]
        ]

    async def _files_apart(self, session: AsyncSession, words: Sequence[Message]) -> list[str]:
        mine = select(Attachment.id, Attachment.message_id).where(Attachment.conversation_id.in_(self.conversations))
        in_cases = {one.id: case_id for case_id in self.case_ids for one in await cases.files_of(session, case_id)}
        homes = {one.id: one.case_id for one in words}
        return [
            f"the file {file_id} is not with its words"
            for file_id, message_id in await session.execute(mine)
            if in_cases.get(file_id) != homes[message_id]
        ]

    async def _misreported(self, session: AsyncSession) -> list[str]:
        wrong = []
        for case_id in self.case_ids:
            case = await session.get_one(Case, case_id)
            told = cases.replay(await cases.history(session, case_id))
            if told != {name: getattr(case, name) for name in told}:
                wrong.append(f"the events of {case.ref} tell {told}")
        return wrong

    async def _clocks_of_nobody(self, session: AsyncSession) -> list[str]:
        running = select(Case.ref).join(Clock, Clock.case_id == Case.id).where(Case.status == CaseStatus.JOINED)
        running = running.where(Case.id.in_(self.case_ids), Clock.cancelled_at.is_(None), Clock.met_at.is_(None))
        return [f"a clock runs on {ref}, which became part of another" for ref in await session.scalars(running)]

    async def _seen_too_much(self, session: AsyncSession) -> list[str]:
        wrong = []
        for one in self.shared:
            try:
                seen = await shares.read(session, one.token)
            except TellonceError:
                continue
            strange = {shown.id for shown in seen.words} - one.marked
            wrong += [f"a partner sees {message_id}, which was never marked" for message_id in strange]
        return wrong


def _place(message: Message) -> tuple[Any, ...]:
    """What no operation on cases may change: what the customer sees of it, and by which way it came."""
    return message.conversation_id, message.seq, message.audience, message.channel, message.identity_id


async def _tag(session: AsyncSession, case_id: str) -> bool:
    if await session.get(CaseTag, (case_id, "vip")) is None:
        session.add(CaseTag(case_id=case_id, tag="vip"))
    return True


async def _attach(session: AsyncSession, conversation_id: str, message_id: str | None) -> None:
    message = await session.get_one(Message, message_id)
    session.add(
        Attachment(
            id=new_id(),
            secret=new_id(),
            conversation_id=conversation_id,
            message_id=message.id,
            name="box.jpg",
            kind="image",
            media_type="image/jpeg",
            state="awaited",
            created_at=message.created_at,
        )
    )


async def a_supervisor(desk: Desk) -> Agent:
    dana = await desk.agent()

    async def promote(session: AsyncSession) -> Agent:
        held = await session.get_one(Agent, dana.id)
        held.role = Role.SUPERVISOR
        return held

    return await desk.write(promote)


async def a_courier(desk: Desk) -> Partner:
    return await desk.write(lambda session: directory.add(session, "NordHaul", "courier"))


__all__ = ["WORDS", "Book", "a_courier", "a_supervisor"]
