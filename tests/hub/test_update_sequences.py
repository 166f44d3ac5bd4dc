"""Telegram's updates under every way they can come: repeated, shuffled, split, with numbers that begin anew, and with a
hub that dies between any two steps. What each chat said is stored once, in order, and answered as often as it asked.

A failing sequence is shrunk by hypothesis. `TELLONCE_SEQUENCES` plays more of them: 10,000 is what the trial asks for.
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import edits, updates
from handoff.channels.telegram import reading
from handoff.channels.telegram.applying import TelegramUpdates
from handoff.channels.telegram.bots import NAME, read_tokens
from handoff.db import Database
from handoff.models import Attachment, ChannelUpdate, Identity, Message, Turn
from handoff.ports import Author
from handoff.updates import Applied, Applier, Taken
from tests.hub.conftest import an_empty_database
from tests.support.telegram import TOKEN

SEQUENCES = int(os.environ.get("TELLONCE_SEQUENCES", "100"))
BOT = TOKEN.split(":")[0]
NOBODY_LISTENS = "http://127.0.0.1:9"
Json = dict[str, Any]
Act = tuple[str, int, int]

chats = st.integers(0, 2)
acts = st.one_of(
    st.tuples(st.just("say"), chats, st.just(0)),
    st.tuples(st.just("say"), chats, st.just(0)),
    st.tuples(st.just("edit"), chats, st.integers(0, 3)),
    st.tuples(st.just("album"), chats, st.integers(2, 10)),
    st.tuples(st.just("place"), chats, st.just(0)),
    st.tuples(st.just("dice"), chats, st.just(0)),
)
plans = st.fixed_dictionaries(
    {
        "acts": st.lists(acts, min_size=1, max_size=12),
        "later": st.lists(acts, max_size=6),
        "lower": st.integers(1, 2_000),
        "copies": st.integers(1, 3),
        "batch": st.integers(1, 100),
        "deaths": st.integers(0, 3),
        "seed": st.integers(0, 10_000),
    }
)


@dataclass
class Said:
    """One message of the customer as it should stand in the ledger at the end."""

    text: str
    versions: list[str] = field(default_factory=list)
    files: int = 0


@dataclass
class Week:
    """What people do in some chats, as Telegram numbers it. `said` is what must be found, by chat, in order."""

    first_chat: int
    next_number: int
    said: dict[int, list[Said]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[tuple[int, int], Json] = field(default_factory=dict)
    next_message: int = 1
    seconds: int = 1_800_000_000

    def does(self, act: str, chat: int, number: int) -> list[Json]:
        chat += self.first_chat
        place = len(self.said[chat])
        if act == "edit":
            return self._edits(chat, number)
        if act == "album":
            self.said[chat].append(Said(f"album {place}", files=number))
            album = {"media_group_id": f"{chat}{self.next_message:010}"}
            parts = [
                {
                    **album,
                    "photo": [{"file_id": f"f{part}", "width": 9}],
                    **({} if part else {"caption": f"album {place}"}),
                }
                for part in range(number)
            ]
            return [self._sends(chat, part) for part in parts]
        content: Json = {"text": f"word {place}"}
        if act == "place":
            content = {"location": {"latitude": float(place), "longitude": 1.5}}
        if act == "dice":
            content = {"dice": {"emoji": "🎲", "value": place}}
        text = content.get("text") or (
            f"My location is {float(place)}, 1.5" if act == "place" else f"[threw 🎲: {place}]"
        )
        self.said[chat].append(Said(text))
        return [self._sends(chat, content, of=place)]

    def _sends(self, chat: int, content: Json, of: int | None = None) -> Json:
        person = {"id": chat, "first_name": "Maya"}
        wire = {"message_id": self.next_message, "date": self.seconds, "chat": {**person, "type": "private"}}
        wire |= {"from": person, **content}
        self.next_message += 1
        if of is not None and "text" in content:
            self.sent[chat, of] = wire
        return self._numbered("message", wire)

    def _edits(self, chat: int, which: int) -> list[Json]:
        """Perhaps several in one second: Telegram tells edits apart by whole seconds."""
        mine = [place for number, place in self.sent if number == chat]
        if not mine:
            return []
        place = mine[which % len(mine)]
        said = self.said[chat][place]
        said.versions.append(f"{said.text} in version {len(said.versions) + 1}")
        wire = {**self.sent[chat, place], "text": said.versions[-1], "edit_date": self.seconds}
        return [self._numbered("edited_message", wire)]

    def _numbered(self, kind: str, body: Json) -> Json:
        self.next_number += 1
        return {"update_id": self.next_number - 1, kind: body}


def handed_out(came: Sequence[Json], size: int, copies: int, chance: random.Random) -> list[list[Json]]:
    """In batches: each update first in its turn, its copies anywhere later, every batch in any order."""
    batches = [list(came[at : at + size]) for at in range(0, len(came), size)]
    for place in range(len(batches)):
        for update in came[place * size : (place + 1) * size]:
            for _ in range(copies - 1):
                batches[chance.randrange(place, len(batches))].append(update)
    for batch in batches:
        chance.shuffle(batch)
    return batches


class Dying(TelegramUpdates):
    """Does its work and dies before the commit, as often as it is told."""

    deaths = 0
    chance = random.Random(0)

    async def apply(self, session: AsyncSession, rows: Sequence[ChannelUpdate]) -> Applied:
        applied = await super().apply(session, rows)
        if self.deaths and self.chance.random() < 0.3:
            self.deaths -= 1
            raise OSError("The hub died here.")
        return applied


class Mailbox:
    """A database and the applier on it, for many sequences: each has chats of its own."""

    def __init__(self, loop: asyncio.Runner, url: str) -> None:
        self.loop, self.url = loop, url
        self.first_chats = count(1_000, 10)
        self.stack = AsyncExitStack()

    async def open(self) -> None:
        self.database: Database = await self.stack.enter_async_context(an_empty_database(self.url))
        self.reader = Dying(read_tokens(TOKEN, NOBODY_LISTENS), gather_s=0.0)

    def play(self, plan: Json) -> None:
        self.loop.run(self._play(plan))

    async def _play(self, plan: Json) -> None:
        first_chat = next(self.first_chats)
        week = Week(first_chat, next_number=5_000 + first_chat * 1_000)
        # Not hypothesis's own: it may stop a sequence where it draws, which would be inside a transaction.
        chance = random.Random(plan["seed"])
        self.reader.deaths, self.reader.chance = plan["deaths"], chance
        await self._come(week, plan, plan["acts"], chance)
        week.next_number = plan["lower"]
        await self._come(week, plan, plan["later"], chance)
        for chat, said in week.said.items():
            assert await self._ledger(chat) == said
            assert await self._turns(chat) == len(said)

    async def _come(self, week: Week, plan: Json, acts: Sequence[Act], chance: random.Random) -> None:
        came = [update for act in acts for update in week.does(*act)]
        for batch in handed_out(came, plan["batch"], plan["copies"], chance):
            taken = [Taken(one["update_id"], *_read(one), one) for one in batch]
            await self.database.write(lambda session, taken=taken: updates.store(session, NAME, BOT, taken))
            if chance.random() < 0.5:
                await self._round()
        while await self._waiting():
            await self._round()

    async def _round(self) -> None:
        try:
            await Applier(self.database, self.reader).round()
        except OSError:
            """A new hub goes on where this one was."""

    async def _waiting(self) -> int:
        async with self.database.read() as session:
            return await updates.waiting(session, NAME)

    async def _ledger(self, chat: int) -> list[Said]:
        async with self.database.read() as session:
            own = _of(chat, select(Message)).where(Message.author == Author.CUSTOMER).order_by(Message.seq)
            return [
                Said(
                    one.text, [edit.text for edit in await edits.versions(session, one.id)], await _files(session, one)
                )
                for one in await session.scalars(own)
            ]

    async def _turns(self, chat: int) -> int:
        async with self.database.read() as session:
            query = _of(chat, select(func.count(Turn.id)).join(Message, Message.id == Turn.message_id))
            return await session.scalar(query) or 0


def _read(update: Json) -> tuple[str, str]:
    found = reading.read(update)
    return found.kind, found.thread


async def _files(session: AsyncSession, message: Message) -> int:
    return await session.scalar(select(func.count()).where(Attachment.message_id == message.id)) or 0


def _of(chat: int, query: Any) -> Any:
    return query.join(Identity, Identity.id == Message.identity_id).where(Identity.external_id == f"{BOT}:{chat}")


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_no_sequence_of_updates_loses_doubles_or_reorders_a_word(database_url: str) -> None:
    share = SEQUENCES if database_url.startswith("sqlite") else SEQUENCES // 10
    with asyncio.Runner() as loop:
        mailbox = Mailbox(loop, database_url)
        loop.run(mailbox.open())
        try:
            playing = settings(
                max_examples=share,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
                database=None,
            )
            playing(given(plans)(mailbox.play))()
        finally:
            loop.run(mailbox.stack.aclose())


async def test_two_edits_within_a_second_are_both_kept(database: Database) -> None:
    week = Week(first_chat=7, next_number=1)
    came = [update for act in (("say", 0, 0), ("edit", 0, 0), ("edit", 0, 0)) for update in week.does(*act)]
    taken = [Taken(one["update_id"], *_read(one), one) for one in came]
    await database.write(lambda session: updates.store(session, NAME, BOT, taken))

    applier = Applier(database, TelegramUpdates(read_tokens(TOKEN, NOBODY_LISTENS)))
    while await applier.round():
        pass

    async with database.read() as session:
        [message] = await session.scalars(_of(7, select(Message)))
        versions = [edit.text for edit in await edits.versions(session, message.id)]
    assert versions == ["word 0 in version 1", "word 0 in version 2"]
    assert message.words == "word 0 in version 2"


async def test_a_pressed_button_keeps_its_name_though_it_is_as_long_as_a_card(database: Database) -> None:
    card = "4539578763621486"
    press = {"id": card, "chat_instance": card, "from": {"id": 7, "first_name": "Maya"}, "data": f"my card {card}"}
    taken = [Taken(1, "callback_query", "user:7", {"update_id": 1, "callback_query": press})]
    await database.write(lambda session: updates.store(session, NAME, BOT, taken))

    async with database.read() as session:
        [kept] = await session.scalars(select(ChannelUpdate.body))

    assert (kept["callback_query"]["id"], kept["callback_query"]["chat_instance"]) == (card, card)
    assert card not in kept["callback_query"]["data"]
