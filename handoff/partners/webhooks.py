"""Webhooks out: every case event to every address that wants it, and to partners what their shares show.

`follow` makes one delivery of each event and address; `deliveries` sends it until it is taken.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.errors import Gone, IllegalMove
from handoff.models import Agent, Case, Endpoint, Share, SharedMessage, new_id
from handoff.partners import deliveries, directory, endpoints, sealing, views
from handoff.partners.endpoints import MESSAGE
from handoff.partners.granting import entry_of
from handoff.ports import Author
from handoff.settings import settings

if TYPE_CHECKING:
    from handoff.casework import Happened

OWN = frozenset({"webhook_failed", "gave_up"})
"""Events about webhooks are told to nobody: telling them would make more of them."""


async def follow(session: AsyncSession, happened: "Happened") -> None:
    """Write down who is to be told. Cheap when nobody listens; counted by `cause`."""
    listening = list(await session.scalars(select(Endpoint).where(Endpoint.is_on.is_(True))))
    for endpoint in listening:
        if endpoint.partner_id:
            await _tell_partner(session, endpoint, happened)
        elif _wants(endpoint, happened):
            await deliveries.add(session, endpoint, happened.case, happened.cause, _kind(happened), _told(happened))


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
        await deliveries.add(
            session, endpoint, happened.case, cause, "share_ended", {"share_ref": share.id, "why": share.revoked_why}
        )
        return
    try:
        view = await views.view_of(session, await entry_of(session, share))
    except Gone:
        return
    if happened.event:
        await deliveries.add(session, endpoint, happened.case, cause, happened.event.kind, views.as_dict(view))
    elif said := next((one for one in view.words if one.id == happened.cause), None):
        told = {"share_ref": share.id, "case_ref": view.case_ref, "message": views.words_as_dict(said)}
        await deliveries.add(session, endpoint, happened.case, cause, "share_message", told)


async def tell(session: AsyncSession, endpoint: Endpoint, case: Case, cause: str, told: Mapping[str, Any]) -> None:
    """By rule: one address of our own, whatever it listens for. Once for each `cause`."""
    await deliveries.add(session, endpoint, case, cause[:60], "told_by_rule", {"case": case_as_dict(case), **told})


async def tell_link(session: AsyncSession, share: Share, token: str, kind: str) -> None:
    """Send a partner's own systems the link to a share: `share_opened`, or `share_renewed` for another one."""
    query = select(Endpoint).where(Endpoint.is_on.is_(True), Endpoint.partner_id == share.partner_id)
    for endpoint in list(await session.scalars(query)):
        entry = await entry_of(session, share)
        told = {**views.as_dict(await views.view_of(session, entry)), "link": sealing.seal(link_of(token))}
        await deliveries.add(session, endpoint, entry.live, f"link:{share.token_hash[:40]}", kind, told)


def link_of(token: str) -> str:
    return f"{settings().public_url}/p/{token}"


async def test(session: AsyncSession, endpoint_id: str, agent: Agent) -> None:
    """Send a `ping` that is about no case."""
    directory.must_supervise(agent)
    endpoint = await endpoints.get(session, endpoint_id)
    if not endpoint.is_on:
        raise IllegalMove(f"{endpoint.name} is switched off. Switch it on first, then test it.")
    told = {"text": f"A test from {settings().company_name}."}
    await deliveries.add(session, endpoint, None, f"test:{new_id()}", deliveries.TEST, told)
