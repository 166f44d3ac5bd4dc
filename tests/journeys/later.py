"""Time that passes for one customer without anybody waiting for it, and the hour it is where they are.

Whatever was said, done and planned for them happened, and falls due, so much earlier, for the hub and for Rasa. The hub
sees either all of that or nothing: a timer that rings in between would find words that are not old enough yet.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from tests.journeys.breakable import Breakable

HOUR_S = 3600
THEIRS = {
    "conversations": "id = :id",
    "cases": "id IN (SELECT case_id FROM messages WHERE conversation_id = :id)",
    "outbox": "conversation_id = :id OR subject_id IN"
    " (SELECT id FROM follow_ups UNION SELECT id FROM surveys) AND json_extract(body, '$.case_id') IN"
    " (SELECT case_id FROM messages WHERE conversation_id = :id)",
}
"""Which rows are this customer's, of tables that name neither their conversation nor their case."""


class Talking(Protocol):
    async def conversation(self) -> str: ...


async def passes(stack: Breakable, customer: Talking, hours: float) -> None:
    """So many hours of this customer's life."""
    conversation = await customer.conversation()
    [(session,)] = stack.rows("SELECT assistant_session FROM conversations WHERE id = ?", conversation)
    with stack.changing() as database:
        for table, column, theirs in _times(stack):
            earlier = f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-{hours * HOUR_S} seconds')"
            database.execute(f"UPDATE {table} SET {column} = {earlier} WHERE {theirs}", {"id": conversation})  # noqa: S608
    gap_s = hours * HOUR_S
    stack.change(
        "UPDATE events SET timestamp = timestamp - ?,"
        " data = json_set(data, '$.timestamp', json_extract(data, '$.timestamp') - ?) WHERE sender_id = ?",
        gap_s,
        gap_s,
        session,
        file="tracker.db",
    )


def _times(stack: Breakable) -> list[tuple[str, str, str]]:
    """Every column that holds a time, with its table and the condition for rows of one customer."""
    columns = stack.rows(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    )
    of_table = {table: {name for one, name in columns if one == table} for table, _ in columns}
    by_column = {
        "case_id": THEIRS["cases"].replace("id IN", "case_id IN", 1),
        "conversation_id": "conversation_id = :id",
    }
    found = []
    for table, names in of_table.items():
        theirs = THEIRS.get(table) or next((by_column[key] for key in by_column if key in names), None)
        found += [(table, name, theirs) for name in sorted(names) if theirs and name.endswith(("_at", "_since"))]
    return found


def zone_where_it_is(hour: int) -> str:
    """A time zone where the clock shows this hour now: `Etc/GMT-2` is two hours ahead of UTC."""
    ahead = (hour - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"
