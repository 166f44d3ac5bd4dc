"""A list of cases as a sheet: CSV that a spreadsheet opens without running anything a customer wrote."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.finding import lists
from handoff.finding.chosen import Chosen
from handoff.finding.lists import CaseRow, Looker

ROWS = 5000
AT_ONCE = 500
HEAD = (
    "reference",
    "title",
    "customer",
    "topic",
    "team",
    "assignee",
    "status",
    "priority",
    "tags",
    "next_clock_due_at",
    "contacts",
    "transfers",
    "repeats",
    "created_at",
    "updated_at",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


async def written(session: AsyncSession, who: Looker, chosen: Chosen) -> str:
    """The first `ROWS` cases of the list, in its order, times as ISO 8601 in UTC."""
    rows: list[CaseRow] = []
    after: str | None = ""
    while after is not None and len(rows) < ROWS:
        page = await lists.page(session, who, chosen, after, limit=AT_ONCE)
        rows += page.rows
        after = page.after
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows([cell(value) for value in _cells(row)] for row in rows[:ROWS])
    return out.getvalue()


def cell(value: Any) -> str:
    """As text; what a spreadsheet would take for a formula gets a mark in front that makes it words (OWASP)."""
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) and not isinstance(value, int) else text


def _cells(row: CaseRow) -> Sequence[Any]:
    return (
        row.ref,
        row.title,
        row.customer,
        row.topic,
        row.team,
        row.assignee,
        row.status,
        row.priority,
        ", ".join(row.tags),
        row.due_at,
        row.contacts,
        row.transfers,
        row.repeats,
        row.created_at,
        row.updated_at,
    )
