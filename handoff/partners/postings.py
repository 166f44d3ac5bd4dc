"""The outbox's side of webhooks: signs what is due and POSTs it, outside any transaction."""

from dataclasses import dataclass

from standardwebhooks import Webhook

from handoff import clock
from handoff.db import Database
from handoff.errors import DeliveryError
from handoff.models import OutboxItem
from handoff.partners import deliveries
from handoff.ports import HookAnswer, Hooks


@dataclass(frozen=True)
class Poster:
    database: Database
    hooks: Hooks

    async def deliver(self, item: OutboxItem) -> None:
        """One attempt. How it went is written down here, so a failed one is no failure of the outbox item."""
        async with self.database.read() as session:
            found = await deliveries.to_send(session, item.body["delivery_id"])
        if found is None:
            return
        endpoint, delivery = found
        body = deliveries.sendable(delivery.body)
        answer: HookAnswer | None = None
        error: str | None = None
        try:
            answer = await self.hooks.post(endpoint.url, signed(endpoint.secret, delivery.id, body), body.encode())
        except DeliveryError as refused:
            error = refused.message
        await self.database.write(lambda session: deliveries.attempted(session, delivery.id, answer, error))


def signed(secret: str, webhook_id: str, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks for one attempt now."""
    at = clock.now()
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body),
    }
