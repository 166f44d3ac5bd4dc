"""What reading for one message costs does not depend on how much was said before: counted in SQLite's own steps."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.cases.data import fill, reference
from handoff import cases, clock, conversations, demo
from handoff.db import Database
from handoff.desk import case_list_reads, case_reads
from handoff.desk import reads as pages
from handoff.desk.pages import Me, Queue
from handoff.models import Agent, Base, Case, Conversation, Message, new_id
from tests.hub.caring import Story
from tests.hub.conftest import Desk, an_empty_database
from tests.hub.statements import counted

SHORT, LONG = 600, 5000
"""Words said before: more than a page or a count ever looks at, and many more."""
FEW, MANY = 1000, 8000
"""Cases: more than are counted, and many more."""
NEARLY, DEEPER = 1.6, 50
"""A deeper index takes a few more steps, and the page of a case says how many words there are in all. Reading them
all would be eight times as much."""
SET_UP = {
    "agents",
    "calendars",
    "case_fields",
    "endpoints",
    "exception_limits",
    "partners",
    "routes",
    "skills",
    "teams",
}
GROWING = {table.name for table in Base.metadata.sorted_tables} - SET_UP - {"triggers"}
WRITTEN_ANEW = re.compile(r"coalesce\(messages.edited_text|SELECT attachments.name")
"""What a case is found by is written from its words each time, at most `texts.MESSAGES` of them."""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/hub.db"


def steps_of(database: Database, seen: list[tuple[str, Any]]) -> dict[str, int]:
    """Steps of SQLite's machine for each kind of reading, all of it done again on what is stored now."""
    steps: dict[str, int] = {}
    with closing(sqlite3.connect(database.url.removeprefix("sqlite+aiosqlite:///"))) as connection:
        for statement, parameters in seen:
            if not statement.startswith("SELECT") or WRITTEN_ANEW.search(statement):
                continue
            taken = 0

            def tick() -> None:
                nonlocal taken
                taken += 1

            connection.set_progress_handler(tick, 1)
            connection.execute(statement, parameters).fetchall()
            kind = re.sub(r"(\?, )+", "", statement)
            steps[kind] = steps.get(kind, 0) + taken
    return steps


async def after(story: Story, dana: Agent, number: int) -> tuple[str, str]:
    """A conversation in which so much was said by both sides, and the case it belongs to."""
    desk = story.desk
    conversation_id = await story.customer(f"my router blinks, account 10077 ({number})", who=f"maya-{number}")
    ref = await story.hands_over(conversation_id)
    await story.accepts(dana, conversation_id)

    async def fill(session: AsyncSession) -> None:
        conversation, case = await conversations.get(session, conversation_id), await cases.get(session, ref)
        first, now = conversation.last_seq + 1, clock.now()
        rows: list[dict[str, object]] = [
            {
                "id": new_id(),
                "conversation_id": conversation.id,
                "case_id": case.id,
                "seq": seq,
                "author": "customer" if seq % 2 else "agent",
                "text": f"word {seq}",
                "buttons": [],
                "channel": "web",
                "epoch": conversation.epoch,
                "created_at": now,
            }
            for seq in range(first, first + number)
        ]
        await session.execute(insert(Message), rows)
        conversation.last_seq = first + number - 1

    await desk.write(fill)
    return conversation_id, ref


async def test_a_message_and_a_page_read_as_much_in_a_long_conversation_as_in_a_short_one(story: Story) -> None:
    taken = {}
    dana = await story.desk.agent()
    me = Me(dana.id, dana.name, dana.role, tuple(dana.teams), dana.presence, dana.capacity, "csrf")
    for number in (SHORT, LONG):
        conversation_id, ref = await after(story, dana, number)
        with counted(story.desk.database) as seen:
            await story.customer("it is order F-20418", who=f"maya-{number}")
            async with story.desk.database.read() as session:
                await pages.conversation(session, me, conversation_id, Queue.ALL, "Fern")
                await case_reads.one(session, me, ref, assistant="Fern", with_panels=True)
        taken[number] = steps_of(story.desk.database, seen)
    _have_not_grown(taken[SHORT], taken[LONG])


def _have_not_grown(before: dict[str, int], now: dict[str, int]) -> None:
    grown = {one: (before.get(one, 0), now[one]) for one in now if now[one] > NEARLY * before.get(one, 0) + DEEPER}
    told = [f"{fewer} -> {more} steps: {' '.join(one.split())}" for one, (fewer, more) in grown.items()]
    assert not grown, "\n".join(told)


LISTS: tuple[dict[str, str], ...] = (
    {},
    {"status": "any", "team": "mine", "sort": "unchanged"},
    {"assignee": "nobody", "due": "today"},
    {"tag": "vip", "status": "any"},
)


async def test_a_list_and_a_case_read_as_much_among_many_cases_as_among_few(tmp_path: Path) -> None:
    taken = {}
    for number in (FEW, MANY):
        async with an_empty_database(f"sqlite+aiosqlite:///{tmp_path}/{number}.db") as database:
            await fill(database, number)
            desk = Desk(database)
            dana = await desk.agent()
            me = Me(dana.id, dana.name, dana.role, tuple(dana.teams), dana.presence, dana.capacity, "csrf")
            with counted(database) as seen:
                async with database.read() as session:
                    for address in LISTS:
                        await case_list_reads.listed(session, me, address)
                    await case_reads.one(session, me, reference(1), assistant="Fern", with_panels=True)
            taken[number] = steps_of(database, seen)
    _have_not_grown(taken[FEW], taken[MANY])


async def test_nothing_that_happens_often_looks_through_a_whole_table_that_grows(story: Story) -> None:
    database = story.desk.database
    await demo.seed_all(database)
    dana = await story.desk.agent("Dana Again")
    me = Me(dana.id, dana.name, dana.role, tuple(dana.teams), dana.presence, dana.capacity, "csrf")
    async with database.read() as session:
        refs, talks = (
            list(await session.scalars(select(Case.ref))),
            list(await session.scalars(select(Conversation.id))),
        )
    with counted(database) as seen:
        conversation_id = await story.customer("my router blinks, account 10077")
        ref = await story.hands_over(conversation_id)
        await story.accepts(dana, conversation_id)
        await story.customer("order F-20418")
        await story.agent(dana, conversation_id, "What is your order number?")
        await story.transfers(dana, conversation_id, "billing")
        await story.accepts(dana, conversation_id)
        await story.resolves(dana, conversation_id)
        await story.passes(days=4)
        await story.customer("it is broken again")
        async with database.read() as session:
            for address in LISTS:
                await case_list_reads.listed(session, me, address)
            for one in (ref, *refs):
                await case_reads.one(session, me, one, assistant="Fern", with_panels=True)
            for one in talks:
                await pages.conversation(session, me, one, Queue.ALL, "Fern")
    looked_through = sorted(set(_looked_through(database, seen)))
    assert not looked_through, "\n".join(looked_through)


def _looked_through(database: Database, seen: list[tuple[str, Any]]) -> Iterator[str]:
    """The tables that grow with the customers and are read from one end to the other, with the statement."""
    with closing(sqlite3.connect(database.url.removeprefix("sqlite+aiosqlite:///"))) as connection:
        for statement, parameters in seen:
            if statement.startswith("INSERT"):
                continue
            one = parameters[0] if isinstance(parameters, list) else parameters
            for *_, plan in connection.execute(f"EXPLAIN QUERY PLAN {statement}", one):
                scan = re.match(r"SCAN (\w+)(?! USING (COVERING )?INDEX ix_outbox_due)", plan)
                if scan and scan[1] in GROWING:
                    yield f"{plan}: {' '.join(statement.split())}"
