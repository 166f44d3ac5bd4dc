"""Invented cases in any number, written in bulk: customers, conversations, cases, words, events, clocks and texts.

The same seed gives the same cases. Of them 10 % are open, 5 % wait and the rest are resolved; each has one short
message, its opening event and the text it is found by, and a live one a running clock. A customer has two cases.
"""

import asyncio
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Table
from stdnum import luhn

from handoff import clock
from handoff.cases import normal_ref
from handoff.db import Database
from handoff.models import Base
from handoff.models.base import ALPHABET

AT_ONCE = 20_000
FIRST = ("Maya", "Omar", "Lena", "Priya", "Tom", "Ines", "Karl", "Aiko", "Nora", "Sam", "Rosa", "Jun")
LAST = ("Okafor", "Haddad", "Voss", "Nair", "Becker", "Silva", "Lind", "Tanaka", "Moreau", "Price", "Ortiz", "Park")
TEAMS = ("care", "returns", "network", "billing", "retention")
TOPICS = ("return_start", "outage_report", "bill_dispute", "troubleshoot", "account_update", "plan_change")
PRIORITIES = (("normal", 80), ("high", 12), ("low", 6), ("urgent", 2))
STATUSES = (("resolved", 85), ("open", 10), ("waiting", 5))
THINGS = ("router", "cable box", "modem", "remote control", "bill", "invoice", "refund", "pickup", "label", "parcel")
TROUBLES = (
    "blinks red since Monday",
    "was charged twice",
    "never arrived at my address",
    "stopped working after the storm",
    "has to go back, I moved to another street",
    "is slow every evening",
    "was promised for Friday and nobody came",
    "shows the wrong amount",
)
STREETS = ("Maple Street", "Elm Street", "Harbour Road", "Mill Lane", "Station Road", "Orchard Avenue")


@dataclass(frozen=True)
class Rows:
    table: Table
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


async def fill(database: Database, number: int, *, start: int = 0, seed: int = 1) -> None:
    """Write cases `start` to `start + number`, a part at a time, straight to the driver: no rule of ours is asked."""
    for first in range(start, start + number, AT_ONCE):
        part = made(first, min(AT_ONCE, start + number - first), seed)
        await asyncio.to_thread(_to_sqlite if database.is_sqlite else _to_postgresql, database, list(part))


def made(start: int, number: int, seed: int = 1) -> Iterator[Rows]:
    """The rows of some cases, table by table, in the order their keys need."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for index in range(start, start + number):
        for name, row in _case(index, random.Random(f"{seed}-{index}")):
            tables.setdefault(name, []).append(row)
    order = [table for table in Base.metadata.sorted_tables if table.name in tables]
    for table in order:
        given = tables[table.name]
        defaults = {column.name: _default(column) for column in table.columns if column.name not in given[0]}
        whole = {name: value for name, value in defaults.items() if name != "number"}
        columns = (*given[0], *whole)
        yield Rows(table, columns, [(*row.values(), *whole.values()) for row in given])


def _case(index: int, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    at = clock.now() - timedelta(days=720) + timedelta(seconds=index % 60_000_000)
    person, ids = index // 2, {kind: spelled(kind, index) for kind in ("case", "event", "message", "clock")}
    customer, identity, conversation = (spelled(kind, person) for kind in ("customer", "identity", "thread"))
    name = f"{FIRST[person % len(FIRST)]} {LAST[person // len(FIRST) % len(LAST)]}"
    account, ref, seq = f"{100_000 + person}", reference(index), index % 2 + 1
    thing, trouble, street = chance.choice(THINGS), chance.choice(TROUBLES), chance.choice(STREETS)
    title = f"{thing.capitalize()} {trouble.split(',')[0]}"
    words = f"Hello, the {thing} {trouble}. I live at {chance.randrange(1, 900)} {street}, order F-{index:07d}."
    team, topic = chance.choice(TEAMS), chance.choice(TOPICS)
    priority, status = _one(PRIORITIES, chance), _one(STATUSES, chance)
    changed = at + timedelta(minutes=chance.randrange(1, 40_000))
    if index % 2 == 0:
        yield "customers", {"id": customer, "name": name, "account_number": account, "created_at": at}
        yield (
            "identities",
            {"id": identity, "customer_id": customer, "channel": "web", "external_id": identity, "created_at": at},
        )
        yield (
            "conversations",
            {
                "id": conversation,
                "customer_id": customer,
                "identity_id": identity,
                "channel": "web",
                "assistant_session": f"s_{conversation}",
                "last_seq": 2,
                "created_at": at,
                "last_message_at": changed,
            },
        )
    yield (
        "cases",
        {
            "id": ids["case"],
            "ref": ref,
            "customer_id": customer,
            "title": title[:200],
            "topic": topic,
            "team": team,
            "status": status,
            "priority": priority,
            "last_event_seq": 1,
            "resolution": "Done as asked." if status == "resolved" else None,
            "resolved_at": changed if status == "resolved" else None,
            "waiting_for": "customer" if status == "waiting" else None,
            "created_at": at,
            "updated_at": changed,
        },
    )
    link = {"case_id": ids["case"], "conversation_id": conversation, "first_seq": seq, "created_at": at}
    yield "case_conversations", link
    yield (
        "case_events",
        {
            "id": ids["event"],
            "case_id": ids["case"],
            "seq": 1,
            "kind": "opened",
            "actor": "system",
            "data": {"title": title, "team": team, "priority": priority, "status": status},
            "created_at": at,
        },
    )
    yield (
        "messages",
        {
            "id": ids["message"],
            "conversation_id": conversation,
            "seq": seq,
            "author": "customer",
            "text": words,
            "client_ref": f"bench-{index}",
            "case_id": ids["case"],
            "channel": "web",
            "identity_id": identity,
            "epoch": 1,
            "created_at": at,
        },
    )
    if status in ("open", "waiting"):
        due = clock.now() + timedelta(minutes=chance.randrange(-600, 4_000))
        yield (
            "clocks",
            {
                "id": ids["clock"],
                "case_id": ids["case"],
                "kind": "resolution",
                "target_s": 172_800,
                "started_at": at,
                "running_since": at if status == "open" else None,
                "due_at": due if status == "open" else None,
            },
        )
    head = "\n".join((ref, title, name, account))
    yield "case_texts", {"case_id": ids["case"], "head": head, "body": f"{head}\n{words}", "updated_at": changed}


def spelled(kind: str, number: int) -> str:
    """An id of 26 signs that sorts as its number does and no other kind has."""
    letters = []
    for _ in range(20):
        number, index = divmod(number, 32)
        letters.append(ALPHABET[index])
    return "01" + kind[:4].upper() + "".join(reversed(letters))


def reference(index: int) -> str:
    """The first half million have the short form, as the product gives them out while there are any."""
    digits = f"{index * 7919 % 1_000_000:06d}" if index < 500_000 else f"{index:09d}"
    return normal_ref(digits + str(luhn.calc_check_digit(digits)))


def _one(shares: Sequence[tuple[str, int]], chance: random.Random) -> str:
    return chance.choices([name for name, _ in shares], [share for _, share in shares])[0]


def _default(column: Any) -> Any:
    if column.default is None or column.default.is_sequence:
        return None
    if column.default.is_callable:
        return column.default.arg(None)
    return column.default.arg


def _to_sqlite(database: Database, parts: Sequence[Rows]) -> None:
    with sqlite3.connect(str(database.engine.url.database), timeout=60) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {pragma}")
        for part in parts:
            marks = ", ".join("?" * len(part.columns))
            connection.executemany(
                f"INSERT INTO {part.table.name} ({', '.join(part.columns)}) VALUES ({marks})",  # noqa: S608
                (tuple(map(_sqlite_value, row)) for row in part.rows),
            )
    connection.close()


def _to_postgresql(database: Database, parts: Sequence[Rows]) -> None:
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for part in parts:
            into = f"COPY {part.table.name} ({', '.join(part.columns)}) FROM STDIN"
            with cursor.copy(into.encode()) as copy:
                for row in part.rows:
                    copy.write_row([json.dumps(one) if isinstance(one, dict | list) else one for one in row])


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return json.dumps(value) if isinstance(value, dict | list) else value
