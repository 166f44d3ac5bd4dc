"""Where everything has to be: the plain list beside the hub that the case model compares with.

Nothing is done to the hub here. Which customers are one person is worked out from the sentences in docs/cases.md, not
taken from the hub. `case_promises` compares.
"""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.errors import TellonceError
from handoff.models import LIVE, Agent, Case, CaseConversation, CaseMove, CaseTag, Conversation, Message, Partner
from tests.hub import case_promises
from tests.hub.case_promises import place_of
from tests.hub.conftest import Desk

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
class Known:
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

    def together(self, customer_id: str) -> frozenset[str]:
        """Everybody who is this one person, by the joins that stand."""
        found, more = {customer_id}, True
        while more:
            pairs = [{one, other} for _, one, other in self.united if {one, other} & found]
            more = not set().union(*pairs) <= found
            found = found.union(*pairs)
        return frozenset(found)

    async def case_of(self, who: int) -> str | None:
        """What they write about now."""
        return (await self.desk.conversation(self.talking[who])).case_id

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

    async def _conversations(self, session: AsyncSession) -> Sequence[Conversation]:
        return list(await session.scalars(select(Conversation).where(Conversation.id.in_(self.conversations))))

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
