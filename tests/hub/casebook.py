"""The case model of trial R15: a desk with cases, and beside it a plain list of where everything has to be.

`Book` does one thing at a time to the real hub and notes in `home` where each message belongs from then on;
`case_promises` compares. How it works out where a later word goes when a join is undone, and which customers are one
person, is written anew here, from the sentences in docs/cases.md, not taken from the hub.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, customers, facts, floor, joins, ledger, routing
from handoff.cases.actors import Actor
from handoff.errors import TellonceError
from handoff.ledger import Speaker
from handoff.models import (
    LIVE,
    Agent,
    Attachment,
    Case,
    CaseConversation,
    CaseMove,
    CaseTag,
    Conversation,
    Identity,
    Message,
    MoveKind,
    Partner,
    Role,
    new_id,
)
from handoff.partners import directory, shares
from handoff.ports import Author, FoundFact, Words
from handoff.routing import routes
from tests.hub import case_promises
from tests.hub.case_promises import place_of
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
    """What a partner was given: messages, and facts as (name, value)."""

    token: str
    share_id: str
    case_id: str
    marked: set[str]
    pinned: set[tuple[str, str]]
    is_over: bool = False


@dataclass
class Book:
    """One customer with two handles and a stranger; their conversations, cases, moves and shares."""

    desk: Desk
    agent: Agent
    partner: Partner
    number: int
    said: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    talking: list[str] = field(default_factory=list)
    """Where each of the three writes now."""
    conversations: list[str] = field(default_factory=list)
    whose: dict[str, str] = field(default_factory=dict)
    """The customer of each conversation."""
    united: list[tuple[str, str, str]] = field(default_factory=list)
    """Joins of customers that stand, each with both."""
    erased: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    """What was said to or by them."""
    case_ids: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    """Those of them that are not over."""
    owner: dict[str, str] = field(default_factory=dict)
    """The customer of each case."""
    home: dict[str, str] = field(default_factory=dict)
    placed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    audit: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    shared: list[Shared] = field(default_factory=list)
    redacted: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """The numbers of words that were removed for good."""

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

    # -- what may happen

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
        if words == ABOUT:
            await self.desk.write(lambda session: _tell_item(session, receipt.conversation_id, receipt.message_id))
        if with_file:
            await self.desk.write(lambda session: _attach(session, receipt.conversation_id, receipt.message_id))
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

    async def _conversations(self, session: AsyncSession) -> Sequence[Conversation]:
        return list(await session.scalars(select(Conversation).where(Conversation.id.in_(self.conversations))))

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
            "tag": lambda session: _tag(session, case_id),
            "note": lambda session: cases.add_note(session, ref, by, "Seen"),
            "route": lambda session: _route(session, ref),
        }
        done = await self._try(steps[what])
        if done is not None:
            self._touch(case_id)
        await self._settle()
        if done is not None and what == "resolve":
            await self.catch_up()
            await self._end_shares([case_id])

    async def share(self, case_id: str, chosen: Sequence[int], names: Sequence[str]) -> None:
        theirs = sorted(one for one, home in self.home.items() if home == case_id and one not in self.redacted)
        picked = sorted({theirs[index % len(theirs)] for index in chosen}) if theirs else []
        ref = await self._ref(case_id)
        async with self.desk.database.read() as session:
            known = [one for one in await cases.facts_of(session, case_id) if one.name in names]
        chosen_facts = list({one.name: one for one in reversed(known)}.values())
        asked = [one.id for one in chosen_facts]
        made = await self._try(
            lambda session: shares.open(
                session, ref, self.agent, self.partner.id, "Fetch it", [], picked, 7, sensitive=asked
            )
        )
        if made is not None:
            pinned = {(one.name, one.value) for one in chosen_facts}
            self.shared.append(Shared(made[1], made[0].id, case_id, set(picked), pinned))
            self._touch(case_id)

    async def tell_and_share(self, who: int) -> None:
        """A fact of which the one said last holds, and a partner who is shown it."""
        await self.say(who, ABOUT, with_file=False)
        if case_id := (await self.desk.conversation(self.talking[who])).case_id:
            await self.share(case_id, [-1], ["item"])

    async def share_and_join(self, source: str, target: str) -> None:
        """Both cases know a fact of which the one said last holds; a partner was shown the one of `target`."""
        async with self.desk.database.read() as session:
            about = {one.id: one.case_id for one in await self._conversations(session)}
        talkers = {about[one]: who for who, one in enumerate(self.talking)}
        if source in talkers and target in talkers:
            await self.tell_and_share(talkers[target])
            await self.say(talkers[source], ABOUT, with_file=False)
            await self.join(source, target)

    async def take_for(self, who: int, other: int, words: str) -> None:
        """One customer is taken for another, says something about the other's case, and is themselves again."""
        before = len(self.united)
        await self.unite(who, other)
        if len(self.united) > before:
            if theirs := (await self.desk.conversation(self.talking[other])).case_id:
                await self.talk_about(who, theirs)
            await self.say(who, words, with_file=False)
            await self.part(-1)

    async def partner_writes(self, index: int) -> None:
        """Words of a partner are their own to see, and belong where the work goes on."""
        one, text = self.shared[index], self._words("I was there")
        written = await self._try(lambda session: shares.write(session, one.token, text))
        if written is not None:
            one.marked.add(written.id)
        await self._settle()

    async def revoke(self, index: int) -> None:
        one = self.shared[index]
        await self._try(lambda session: shares.revoke(session, one.share_id, self.agent, "No longer needed"))
        one.is_over = True
        self._touch(*self.case_ids)

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

    async def _end_shares(self, case_ids: Collection[str]) -> None:
        """Of these cases, and of those that became part of them."""
        async with self.desk.database.read() as session:
            for one in self.shared:
                case = await session.get_one(Case, one.case_id)
                one.is_over = one.is_over or bool({case.id, (await cases.leads_to(session, case)).id} & {*case_ids})

    async def catch_up(self) -> None:
        """Whoever follows cases has followed."""
        runner = self.desk.runner()
        while await self.desk.write(lambda session: runner.take_steps(session, timers=False)):
            pass
        await self._settle()

    # -- what is known of it

    def together(self, customer_id: str) -> frozenset[str]:
        """Everybody who is this one person, by the joins that stand."""
        found, more = {customer_id}, True
        while more:
            pairs = [{one, other} for _, one, other in self.united if {one, other} & found]
            more = not set().union(*pairs) <= found
            found = found.union(*pairs)
        return frozenset(found)

    def pairs(self) -> list[tuple[str, str]]:
        """Cases that can be joined, either way."""
        return [
            (one, other)
            for one in self.live
            for other in self.live
            if one != other and self.owner[other] in self.together(self.owner[one])
        ]

    def _is_erased(self, conversation_id: str) -> bool:
        return self.whose.get(conversation_id) in self.erased

    def _words(self, words: str) -> str:
        number = self.said()
        return f"{words.format(number)} ({self.number}-{number})"

    async def _settle(self) -> None:
        """Note new cases and words; what was noted before stays where the book says."""
        async with self.desk.database.read() as session:
            for message in await self.words(session):
                self.placed.setdefault(message.id, place_of(message))
                if message.case_id and message.id not in self.home:
                    self.home[message.id] = message.case_id
                    if message.author != "system":
                        self._touch(message.case_id)
            mine = CaseConversation.conversation_id.in_(self.conversations)
            talked = select(Case.id, Case.customer_id).join(CaseConversation).where(mine).distinct().order_by(Case.id)
            for case_id, customer_id in await session.execute(talked):
                if case_id not in self.case_ids:
                    self.case_ids.append(case_id)
                    self.owner[case_id] = customer_id
            live = select(Case.id).where(Case.id.in_(self.case_ids), Case.status.in_(LIVE)).order_by(Case.id)
            self.live = list(await session.scalars(live))

    async def words(self, session: AsyncSession) -> Sequence[Message]:
        mine = select(Message).where(Message.conversation_id.in_(self.conversations))
        return list(await session.scalars(mine.order_by(Message.conversation_id, Message.seq)))

    async def _in_order(self) -> list[tuple[str, str, str | None]]:
        async with self.desk.database.read() as session:
            return [(one.id, one.conversation_id, one.in_reply_to) for one in await self.words(session)]

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
            return await case_promises.broken(session, self)

    async def remains(self) -> list[str]:
        """Where removed words are still said, when all is done."""
        async with self.desk.database.read() as session:
            return await case_promises.still_said(session, self.gone)


async def _tag(session: AsyncSession, case_id: str) -> bool:
    if await session.get(CaseTag, (case_id, "vip")) is None:
        session.add(CaseTag(case_id=case_id, tag="vip"))
    return True


async def _route(session: AsyncSession, ref: str) -> bool | None:
    case = await cases.hold(session, ref)
    if case.status not in LIVE:
        return None
    await routing.route(session, case, case.team)
    return True


async def _tell_item(session: AsyncSession, conversation_id: str, message_id: str | None) -> None:
    """As the assistant's form would fill it."""
    conversation = await floor.hold(session, conversation_id)
    message = await session.get_one(Message, message_id)
    found = [FoundFact("item", f"box {message.text[-8:]}")]
    await facts.put(session, conversation, found, set_by="customer", source=message)


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
            state="stored",
            store_key=new_id(),
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


async def some_routes(desk: Desk) -> None:
    async def write(session: AsyncSession) -> None:
        for field_name, value, team in (("priority", "urgent", "billing"), ("topic", "returns", "returns")):
            raw = [{"field": field_name, "op": "is", "value": value}]
            await routes.put(session, None, name=f"To {team}", team=team, raw_conditions=raw)

    await desk.write(write)


__all__ = ["FACTS", "WORDS", "Book", "a_courier", "a_supervisor", "some_routes"]
