"""Webhooks out: every case event, signed, to every address that wants it. Sent again over days until it is taken.

`follow` writes one delivery for each event and address; the delivery's `id` travels as `webhook-id` at every attempt,
so that a receiver can count it once. Order is not promised: a delivery that has to wait lets the others pass. An
address has `SLOTS` lanes of its own: one that hangs delays no other address and, for long, none of its own messages.
"""

import hashlib
import json
import random
import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, outbox
from handoff.errors import Gone, IllegalMove, NotFound
from handoff.models import (
    Agent,
    Case,
    Endpoint,
    OutboxItem,
    Share,
    SharedMessage,
    WebhookDelivery,
    WebhookState,
    new_id,
)
from handoff.partners import directory, endpoints, sealing, views
from handoff.partners.endpoints import MESSAGE
from handoff.partners.granting import entry_of
from handoff.ports import Author, HookAnswer
from handoff.settings import settings

if TYPE_CHECKING:
    from handoff.casework import Happened

WAITS_S = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Standard Webhooks' schedule: at once, then after each of these, counted from the end of the attempt before."""
LONGEST_WAIT_S = 86400.0
SLOTS = 4
LANE = "webhook"
TEST = "ping"
OWN = frozenset({"webhook_failed", "gave_up"})
"""Events about webhooks are told to nobody: telling them would make more of them."""


async def follow(session: AsyncSession, happened: "Happened") -> None:
    """Write down who is to be told. Cheap when nobody listens; counted by `cause`."""
    listening = list(await session.scalars(select(Endpoint).where(Endpoint.is_on.is_(True))))
    for endpoint in listening:
        if endpoint.partner_id:
            await _tell_partner(session, endpoint, happened)
        elif _wants(endpoint, happened):
            await _add(session, endpoint, happened.case, happened.cause, _kind(happened), _told(happened))


def _kind(happened: "Happened") -> str:
    return happened.event.kind if happened.event else MESSAGE


def _wants(endpoint: Endpoint, happened: "Happened") -> bool:
    kind = _kind(happened)
    return kind not in OWN and (kind in endpoint.events or (not endpoint.events and kind != MESSAGE))


def _told(happened: "Happened") -> dict[str, Any]:
    case, event, message = happened.case, happened.event, happened.message
    told: dict[str, Any] = {"case": case_as_dict(case)}
    if event:
        told["event"] = {"seq": event.seq, "actor": event.actor, "actor_name": event.actor_name, "data": event.data}
    elif message:
        said = {"id": message.id, "author": message.author, "audience": message.audience, "channel": message.channel}
        told["message"] = {**said, "name": message.name, "text": message.words}
    return told


def case_as_dict(case: Case) -> dict[str, Any]:
    fields = ("ref", "title", "topic", "team", "status", "waiting_for", "priority", "customer_id", "assignee_id")
    return {name: getattr(case, name) for name in fields}


async def _tell_partner(session: AsyncSession, endpoint: Endpoint, happened: "Happened") -> None:
    """Of their own shares alone, and of those only what their page shows."""
    event, message = happened.event, happened.message
    if event and event.kind in ("share_widened", "share_ended"):
        share = await session.get(Share, event.data.get("share"))
        if share and share.partner_id == endpoint.partner_id:
            await _tell_share(session, endpoint, happened, share)
    elif message and message.author != Author.PARTNER:
        query = select(Share).join(SharedMessage, SharedMessage.share_id == Share.id)
        query = query.where(SharedMessage.message_id == message.id, Share.partner_id == endpoint.partner_id)
        for share in await session.scalars(query):
            await _tell_share(session, endpoint, happened, share)


async def _tell_share(session: AsyncSession, endpoint: Endpoint, happened: "Happened", share: Share) -> None:
    cause = f"{happened.cause}:{share.id}"
    if happened.event and happened.event.kind == "share_ended":
        await _add(
            session, endpoint, happened.case, cause, "share_ended", {"share_ref": share.id, "why": share.revoked_why}
        )
        return
    try:
        view = await views.view_of(session, await entry_of(session, share))
    except Gone:
        return
    if happened.event:
        await _add(session, endpoint, happened.case, cause, happened.event.kind, views.as_dict(view))
    elif said := next((one for one in view.words if one.id == happened.cause), None):
        told = {"share_ref": share.id, "case_ref": view.case_ref, "message": views.words_as_dict(said)}
        await _add(session, endpoint, happened.case, cause, "share_message", told)


async def tell(session: AsyncSession, endpoint: Endpoint, case: Case, cause: str, told: Mapping[str, Any]) -> None:
    """By rule: one address of our own, whatever it listens for. Once for each `cause`."""
    await _add(session, endpoint, case, cause[:60], "told_by_rule", {"case": case_as_dict(case), **told})


async def tell_link(session: AsyncSession, share: Share, token: str, kind: str) -> None:
    """Send a partner's own systems the link to a share: `share_opened`, or `share_renewed` for another one."""
    query = select(Endpoint).where(Endpoint.is_on.is_(True), Endpoint.partner_id == share.partner_id)
    for endpoint in list(await session.scalars(query)):
        entry = await entry_of(session, share)
        told = {**views.as_dict(await views.view_of(session, entry)), "link": sealing.seal(link_of(token))}
        await _add(session, endpoint, entry.live, f"link:{share.token_hash[:40]}", kind, told)


def link_of(token: str) -> str:
    return f"{settings().public_url}/p/{token}"


async def _add(
    session: AsyncSession, endpoint: Endpoint, case: Case | None, cause: str, kind: str, told: Mapping[str, Any]
) -> None:
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


async def test(session: AsyncSession, endpoint_id: str, agent: Agent) -> None:
    """Send a `ping` that is about no case."""
    directory.must_supervise(agent)
    endpoint = await endpoints.get(session, endpoint_id)
    if not endpoint.is_on:
        raise IllegalMove(f"{endpoint.name} is switched off. Switch it on first, then test it.")
    await _add(session, endpoint, None, f"test:{new_id()}", TEST, {"text": f"A test from {settings().company_name}."})


async def deliveries_of(session: AsyncSession, endpoint_id: str, limit: int = 50) -> list[WebhookDelivery]:
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
