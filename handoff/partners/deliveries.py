"""Deliveries of webhooks: what is to be sent to one address, again over days until it is taken, and how it went.

The `id` of a delivery travels as `webhook-id` at every attempt, so that a receiver can count it once. Order is not
promised: a delivery that has to wait lets the others pass. An address has `SLOTS` lanes of its own: one that hangs
delays no other address and, for long, none of its own messages.
"""

import hashlib
import json
import random
import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, outbox
from handoff.errors import IllegalMove, NotFound
from handoff.models import Agent, Case, Endpoint, OutboxItem, WebhookDelivery, WebhookState, new_id
from handoff.partners import directory, endpoints, sealing
from handoff.ports import HookAnswer

WAITS_S = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Standard Webhooks' schedule: at once, then after each of these, counted from the end of the attempt before."""
LONGEST_WAIT_S = 86400.0
SLOTS = 4
LANE = "webhook"
TEST = "ping"


async def add(
    session: AsyncSession, endpoint: Endpoint, case: Case | None, cause: str, kind: str, told: Mapping[str, Any]
) -> None:
    """Have an address told once for each `cause`. `kind` is the event's, `case` None where it is about none."""
    same = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.cause == cause)
    if await session.scalar(same):
        return
    now = clock.now()
    said = {"type": _type(endpoint, kind), "timestamp": now.isoformat(), "data": told}
    delivery = WebhookDelivery(
        id=new_id(),
        endpoint_id=endpoint.id,
        case_id=case.id if case else None,
        cause=cause,
        kind=kind,
        body=json.dumps(said, ensure_ascii=False, separators=(",", ":")),
        state=WebhookState.WAITING,
        attempts=0,
        next_at=now,
        created_at=now,
    )
    session.add(delivery)
    await session.flush()
    _send_soon(session, delivery)


def _type(endpoint: Endpoint, kind: str) -> str:
    """`case.resolved` for our own systems, `share.opened` for a partner's."""
    if kind == TEST:
        return TEST
    return f"share.{kind.removeprefix('share_')}" if endpoint.partner_id else f"case.{kind}"


def _send_soon(session: AsyncSession, delivery: WebhookDelivery) -> None:
    """In one of its address's lanes: always the same one, so that two attempts never run at once."""
    slot = zlib.crc32(delivery.id.encode()) % SLOTS
    subject = hashlib.sha256(f"{delivery.endpoint_id}/{slot}".encode()).hexdigest()[:26]
    body = {"delivery_id": delivery.id, "case_id": delivery.case_id}
    outbox.add_for(session, subject, LANE, "deliver_webhook", body)


async def due(session: AsyncSession, item: OutboxItem) -> None:
    """The wait of a delivery is over: into its lane. One that was replayed or given up meanwhile waits no more."""
    delivery = await session.get(WebhookDelivery, item.body["delivery_id"], with_for_update=True)
    if delivery and delivery.state == WebhookState.WAITING and delivery.next_at and delivery.next_at <= clock.now():
        _send_soon(session, delivery)


async def to_send(session: AsyncSession, delivery_id: str) -> tuple[Endpoint, WebhookDelivery] | None:
    """What is to be POSTed now, or None when it was sent or given up meanwhile."""
    delivery = await session.get(WebhookDelivery, delivery_id)
    endpoint = await session.get(Endpoint, delivery.endpoint_id) if delivery else None
    if delivery is None or endpoint is None or not endpoint.is_on or delivery.state != WebhookState.WAITING:
        return None
    return endpoint, delivery


async def attempted(
    session: AsyncSession, delivery_id: str, answer: HookAnswer | None, error: str | None = None
) -> WebhookDelivery | None:
    """Write down how an attempt went and, when it went wrong, when the next one is."""
    delivery = await session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if delivery is None or delivery.state != WebhookState.WAITING:
        return None
    delivery.attempts += 1
    delivery.last_status = answer.status if answer else None
    delivery.last_error = None
    if answer and 200 <= answer.status < 300:
        delivery.state, delivery.delivered_at, delivery.next_at = WebhookState.DELIVERED, clock.now(), None
        return delivery
    delivery.last_error = (error or _sentence(answer))[:300]
    if answer and answer.status == 410:
        endpoint = await endpoints.get(session, delivery.endpoint_id)
        await endpoints.switch_off(session, endpoint, "It answered 410: it wants no more messages")
    elif delivery.attempts > len(WAITS_S):
        await _give_up(session, delivery)
    else:
        _try_again(session, delivery, answer)
    return delivery


def _sentence(answer: HookAnswer | None) -> str:
    if answer and 300 <= answer.status < 400:
        return f"It answered {answer.status}; redirects are not followed. Enter the address it leads to."
    return f"It answered {answer.status}." if answer else "No answer came."


def _try_again(session: AsyncSession, delivery: WebhookDelivery, answer: HookAnswer | None) -> None:
    wait_s = WAITS_S[delivery.attempts - 1]
    if wait_s > 60:
        wait_s *= random.uniform(0.95, 1.05)  # noqa: S311, it only spreads retries
    if answer and answer.retry_after_s:
        wait_s = max(wait_s, min(answer.retry_after_s, LONGEST_WAIT_S))
    delivery.next_at = clock.now() + timedelta(seconds=wait_s)
    body = {"delivery_id": delivery.id, "case_id": delivery.case_id}
    outbox.add_for(session, delivery.id, "timer", "webhook_due", body, after_s=wait_s)


async def _give_up(session: AsyncSession, delivery: WebhookDelivery) -> None:
    delivery.state, delivery.next_at = WebhookState.FAILED, None
    case = await session.get(Case, delivery.case_id, with_for_update=True) if delivery.case_id else None
    if case:
        endpoint = await endpoints.get(session, delivery.endpoint_id)
        told = {"endpoint": endpoint.name, "kind": delivery.kind, "text": delivery.last_error}
        await cases.record(session, case, "webhook_failed", cases.SYSTEM, told)


async def replay(session: AsyncSession, delivery_id: str, agent: Agent) -> WebhookDelivery:
    """Send it again now, with the same `webhook-id`; the schedule begins anew."""
    directory.must_supervise(agent)
    delivery = await session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound("There is no such delivery.")
    endpoint = await endpoints.get(session, delivery.endpoint_id)
    if not endpoint.is_on:
        raise IllegalMove(f"{endpoint.name} is switched off. Switch it on first, then replay.")
    delivery.state, delivery.attempts, delivery.next_at = WebhookState.WAITING, 0, clock.now()
    delivery.delivered_at = None
    await outbox.drop(session, delivery.id, "timer", "webhook_due")
    _send_soon(session, delivery)
    return delivery


async def of_endpoint(session: AsyncSession, endpoint_id: str, limit: int = 50) -> list[WebhookDelivery]:
    """The newest first."""
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    return list(await session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit)))


def sendable(body: str) -> str:
    """The body as it travels: a sealed link is opened on the way out, and nowhere else."""
    if sealing.MARK not in body:
        return body
    said = json.loads(body)
    if str(said["data"].get("link", "")).startswith(sealing.MARK):
        said["data"]["link"] = sealing.unseal(said["data"]["link"])
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))
