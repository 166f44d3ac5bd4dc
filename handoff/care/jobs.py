"""What the outbox runs for this area. Each job is one transaction: it may hold a conversation before its case."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.care import follow_ups, surveys, third_contact
from handoff.db import Database
from handoff.models import OutboxItem
from handoff.outbox import Job

STEPS: Mapping[str, Callable[[AsyncSession, OutboxItem], Awaitable[None]]] = {
    "third_contact": third_contact.call_person,
    "ask_follow_up": follow_ups.ask,
    "ask_survey": surveys.ask,
}


def jobs(database: Database) -> dict[str, Job]:
    """By the name they have in the outbox."""

    async def run(step: Callable[[AsyncSession, OutboxItem], Awaitable[None]], item: OutboxItem) -> None:
        await database.write(lambda session: step(session, item))

    return {name: partial(run, step) for name, step in STEPS.items()}
