"""The case model of trial R15: a desk with cases, to which one thing is done at a time.

`Book` does it to the real hub and notes in `home` where each message belongs from then on. How it works out where a
later word goes when a join is undone is written anew here, from the sentences in docs/cases.md, not taken from the hub.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, customers, floor, joins, ledger
from handoff.cases.actors import Actor
from handoff.ledger import Speaker
from handoff.models import Agent, Case, CaseMove, Conversation, Identity, Message, MoveKind, Partner
from handoff.ports import Author, Words
from tests.hub import case_cast
from tests.hub.case_known import Move
from tests.hub.case_shares import Sharing
from tests.hub.conftest import Desk

WORDS = (
    "It does not work",
    "My account is 10{:03}",
    "Write to maya{:03}@example.com please",
    "My serial number is SN77{:03}",
    "Any news?",
    "It is about the box",
)
"""What customers say; numbers in it are theirs alone."""
ABOUT = "It is about the box"
"""Told in these words: an `item`, of which the one said last holds."""
FACTS = ("account_number", "email", "item")
NUMBER = re.compile(r"\(\d+-\d+\)")
"""What tells one message from every other."""


class Book(Sharing):
    """Everything that may happen to them."""

    @staticmethod
    async def begin(desk: Desk, agent: Agent, partner: Partner, number: int) -> "Book":
        book = Book(desk, agent, partner, number)
        book.talking = ["", "", ""]
        for who in range(3):
            await book.say(who, "Hello", with_file=False)
        await book.unite(0, 1)
        for who in range(3):
            await book.open(who)
        return book

    async def open(self, who: int) -> None:
        conversation_id = self.talking[who]
        if self._is_erased(conversation_id):
            return
        was_about = (await self.desk.conversation(conversation_id)).case_id
        self._touch(*filter(None, [was_about]))

        async def step(session: AsyncSession) -> Case:
            conversation = await floor.hold(session, conversation_id)
            title = f"Matter {len(self.case_ids)}"
            return await cases.open_case(
                session, conversation, title=title, topic="returns", actor=cases.ASSISTANT, first_seq=1
            )

        await self.desk.write(step)
        await self._settle()

    async def say(self, who: int, words: str, *, with_file: bool) -> None:
        receipt = await self.desk.customer_says(self._words(words), who=f"person-{self.number}-{who}")
        self.talking[who] = receipt.conversation_id
        if receipt.conversation_id not in self.conversations:
            self.conversations.append(receipt.conversation_id)
            self.whose[receipt.conversation_id] = (await self.desk.conversation(receipt.conversation_id)).customer_id
        place = receipt.conversation_id, receipt.message_id
        if words == ABOUT:
            await self.desk.write(lambda session: case_cast.tell_item(session, *place))
        if with_file:
            await self.desk.write(lambda session: case_cast.attach(session, *place))
        await self._settle()

    async def answer(self, who: int, back: int) -> None:
        """The assistant answers one of the customer's last words; others may have been said since."""
        conversation_id, text = self.talking[who], self._words("Let me see.")
        if self._is_erased(conversation_id):
            return

        async def step(session: AsyncSession) -> None:
            conversation = await floor.hold(session, conversation_id)
            asked = [one.id for one in await ledger.messages(session, conversation_id) if one.author == Author.CUSTOMER]
            words, speaker = Words(text), Speaker(Author.ASSISTANT)
            await ledger.utter(session, conversation, speaker, words, in_reply_to=asked[-1 - back % len(asked)])

        await self.desk.write(step)
        await self._settle()

    async def note(self, who: int) -> None:
        conversation_id, text = self.talking[who], self._words("Between us")
        if self._is_erased(conversation_id):
            return
        speaker = Speaker.of(self.agent)
        await self.desk.write(lambda session: ledger.note(session, conversation_id, speaker, text))
        await self._settle()

    async def talk_about(self, who: int, case_id: str) -> None:
        ref = await self._ref(case_id)
        await self._try(lambda session: cases.talk_about(session, self.talking[who], ref, self.agent))
        self._touch(*self.case_ids)
        await self._settle()

    async def unite(self, who: int, other: int) -> None:
        """An agent says that two customers are one person."""
        here, there = self.talking[who], self.talking[other]
        if self._is_erased(here) or self._is_erased(there):
            return

        async def step(session: AsyncSession) -> str | None:
            conversation = await session.get_one(Conversation, here)
            identity = await session.get_one(Identity, conversation.identity_id)
            made = await customers.join(session, identity, self.whose[there], "agent")
            return made.id if made else None

        made = await self.desk.write(step)
        assert (made is None) == (self.whose[there] in self.together(self.whose[here]))
        if made:
            self.united.append((made, self.whose[here], self.whose[there]))

    async def part(self, index: int) -> None:
        """They are two people after all."""
        await self.catch_up()
        join = self.united[index]
        order = await self._in_order()
        if await self._try(lambda session: joins.undo(session, join[0], self.agent)) is not None:
            self.united.remove(join)
        for move in await self._undone_by_now():
            self._take_back(move, order)
        await self._keep_to_own()
        self._touch(*self.case_ids)
        await self._settle()

    async def split(self, case_id: str, chosen: Sequence[int]) -> None:
        await self.catch_up()
        theirs = sorted(one for one, home in self.home.items() if home == case_id)
        picked = sorted({theirs[index % len(theirs)] for index in chosen}) if theirs else []
        ref, before = await self._ref(case_id), await self.snapshot(case_id)
        new = await self._try(lambda session: cases.split(session, ref, self.agent, picked, title="Another matter"))
        if new is None:
            return
        self._touch(case_id)
        self.audit[case_id]["split"] += 1
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
        self.audit[source]["joined"] += 1
        self.audit[target]["joined_in"] += 1
        went = frozenset(one for one, home in self.home.items() if home == source)
        self.home |= dict.fromkeys(went, target)
        self.moves.append(Move(made.id, MoveKind.JOIN, source, target, went, before))
        await self._settle()

    async def undo(self, index: int) -> None:
        move = self.moves[index]
        order = await self._in_order()
        if await self._try(lambda session: cases.undo(session, move.id, self.agent)) is None:
            return
        self._take_back(move, order)
        await self.catch_up()
        if move.clean:
            for case_id, before in move.before.items():
                now = await self.snapshot(case_id)
                changed = {name: (before[name], now[name]) for name in before if before[name] != now[name]}
                assert changed == {}, f"undoing a {move.kind} did not restore: {changed}"
        self._touch(move.source, move.target)
        await self._settle()

    def _take_back(self, move: Move, order: Sequence[tuple[str, str, str | None]]) -> None:
        kind = f"{move.kind}_undone" if move.kind == MoveKind.SPLIT else "join_undone"
        for case_id in (move.source, move.target):
            self.audit[case_id][kind] += 1
        self.moves.remove(move)
        if move.kind == MoveKind.SPLIT:
            self.home |= {one: move.source for one, home in self.home.items() if home == move.target}
        else:
            self._part(move, order)

    def _part(self, move: Move, order: Sequence[tuple[str, str, str | None]]) -> None:
        """A later word goes with what it answers, else with the words of either case just before it in its
        conversation."""
        brought = {
            one for later in self.moves if later.target == move.target for one in later.went if later.id > move.id
        }
        newest: dict[str, str] = {}
        parted: dict[str, str] = {}
        for message_id, conversation_id, answers in order:
            if self.home.get(message_id) != move.target:
                continue
            if message_id in move.went:
                self.home[message_id] = move.source
            elif message_id > move.id and message_id not in brought:
                self.home[message_id] = parted.get(answers or "", newest.get(conversation_id, move.target))
            parted[message_id] = newest[conversation_id] = self.home[message_id]

    async def _keep_to_own(self) -> None:
        """What one of two people said in a case of the other's goes to what their conversation is about, or to none."""
        async with self.desk.database.read() as session:
            about = {one.id: one.case_id for one in await self._conversations(session)}
            said = {one.id: one.conversation_id for one in await self.words(session)}
        for message_id, home in list(self.home.items()):
            if self.owner[home] not in self.together(self.whose[said[message_id]]):
                if now := about[said[message_id]]:
                    self.home[message_id] = now
                else:
                    del self.home[message_id]

    async def _undone_by_now(self) -> list[Move]:
        """What the hub took back by itself, in that order."""
        async with self.desk.database.read() as session:
            ids = [one.id for one in self.moves]
            undone = select(CaseMove.id).where(CaseMove.id.in_(ids), CaseMove.undone_at.is_not(None))
            taken = list(await session.scalars(undone.order_by(CaseMove.undone_at, CaseMove.id.desc())))
        return [next(move for move in self.moves if move.id == one) for one in taken]

    async def change(self, case_id: str, what: str) -> None:
        ref, by = await self._ref(case_id), Actor.of(self.agent)
        steps: dict[str, Callable[[AsyncSession], Awaitable[Any]]] = {
            "resolve": lambda session: cases.resolve(session, ref, by, "Done."),
            "reopen": lambda session: cases.reopen_or_follow_up(session, ref, cases.ASSISTANT, "Broken again"),
            "wait": lambda session: cases.wait_for(session, ref, by, "customer"),
            "urgent": lambda session: cases.set_priority(session, ref, by, "urgent"),
            "billing": lambda session: cases.set_team(session, ref, by, "billing"),
            "assign": lambda session: cases.assign(session, ref, by, self.agent),
            "tag": lambda session: case_cast.tag(session, case_id),
            "note": lambda session: cases.add_note(session, ref, by, "Seen"),
            "route": lambda session: case_cast.route(session, ref),
        }
        done = await self._try(steps[what])
        if done is not None:
            self._touch(case_id)
        await self._settle()
        if done is not None and what == "resolve":
            await self.catch_up()
            await self._end_shares([case_id])

    async def redact(self, index: int) -> None:
        message_id = sorted(self.home)[index % len(self.home)]
        async with self.desk.database.read() as session:
            text = (await session.get_one(Message, message_id)).text
        if await self._try(lambda session: cases.redact_message(session, message_id, self.agent)) is not None:
            if text:
                self.redacted.setdefault(message_id, text)
            self.gone |= set(NUMBER.findall(text))
        self._touch(*self.case_ids)
        await self._settle()

    async def erase(self, who: int) -> None:
        """A supervisor erases everybody who is this person."""
        customer_id = self.whose[self.talking[who]]
        people = self.together(customer_id)
        async with self.desk.database.read() as session:
            theirs = [one for one in await self.words(session) if self.whose[one.conversation_id] in people]
        self.gone |= {number for one in theirs for number in NUMBER.findall(one.text)}
        self.silent |= {one.id for one in theirs}
        await self.desk.write(lambda session: cases.erase_customer(session, customer_id, self.agent))
        self.erased |= people
        over = [one for one in self.case_ids if self.owner[one] in people]
        for case_id in over:
            self.audit[case_id]["erased"] += 1
        await self._settle()
        await self._end_shares(over)
        self._touch(*self.case_ids)

    async def catch_up(self) -> None:
        """Whoever follows cases has followed."""
        runner = self.desk.runner()
        while await self.desk.write(lambda session: runner.take_steps(session, timers=False)):
            pass
        await self._settle()
