"""The outbox's side of exceptions: has the company's system do what was granted, outside any transaction."""

from dataclasses import dataclass

from handoff.cases import exceptions
from handoff.db import Database
from handoff.errors import PermanentDeliveryError
from handoff.models import OutboxItem
from handoff.ports import Company


@dataclass(frozen=True)
class CarryingOut:
    database: Database
    company: Company

    async def carry_out(self, item: OutboxItem) -> None:
        """One attempt. A company that is away raises and is asked again later; its no is written on the case."""
        exception_id = item.body["exception_id"]
        async with self.database.read() as session:
            order = await exceptions.order_of(session, exception_id)
        if order is None:
            return
        try:
            result = await self.company.make_exception(order)
        except PermanentDeliveryError as refused:
            reason = refused.reason
            await self.database.write(lambda session: exceptions.has_failed(session, exception_id, reason))
            return
        await self.database.write(lambda session: exceptions.was_done(session, exception_id, result))
