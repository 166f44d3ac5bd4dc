"""Webhooks in: what a partner's own systems tell us of a case that was shared with them.

Signed as Standard Webhooks say, at most five minutes old by either clock, and counted once by their `webhook-id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook, WebhookVerificationError

from handoff import cases, clock
from handoff.errors import BadInput, Gone, NotFound, NotSignedIn
from handoff.models import Case, Partner, Share, WebhookSeen
from handoff.partners import answers, directory, granting
from handoff.partners.granting import Entry

LONGEST_ID = 100
REFUSED = "The signature does not hold. Sign id, time and body with the partner's secret, within five minutes."
NOBODYS = directory.made_up_secret()
"""So that a partner who has no secret, or does not exist, is refused in the same way and time."""


@dataclass(frozen=True)
class Told:
    """What they say of a case: a state that was agreed on, words for the desk, or both."""

    share_ref: str | None
    case_ref: str | None
    state: str | None
    text: str | None


async def check(session: AsyncSession, partner_id: str, headers: Mapping[str, str], body: bytes) -> Partner:
    """The partner who signed this body, or `NotSignedIn`. The same refusal whatever is wrong."""
    partner = await session.get(Partner, partner_id)
    secret = partner.webhook_secret if partner and partner.is_active and partner.webhook_secret else NOBODYS
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        raise NotSignedIn(REFUSED) from None
    if partner is None or secret is NOBODYS:
        raise NotSignedIn(REFUSED)
    return partner


async def take(session: AsyncSession, partner_id: str, webhook_id: str, told: Told) -> bool:
    """Do what was told, once for each `webhook_id`; says whether it was new. All of it or, when refused, nothing."""
    if len(webhook_id) > LONGEST_ID:
        raise BadInput(f"The webhook-id is longer than {LONGEST_ID} characters. Send a shorter one.")
    if await session.get(WebhookSeen, (partner_id, webhook_id)):
        return False
    if not told.state and not (told.text or "").strip():
        raise BadInput("There is nothing in it. Send a `state`, a `text`, or both.")
    entry = await _entry(session, partner_id, told)
    session.add(WebhookSeen(partner_id=partner_id, webhook_id=webhook_id, received_at=clock.now()))
    await session.flush()
    if told.text:
        await answers.write_on(session, entry, told.text)
    if told.state:
        await answers.set_state_on(session, entry, told.state)
    return True


async def _entry(session: AsyncSession, partner_id: str, told: Told) -> Entry:
    """The share meant: by its own reference, or the newest that holds of the case."""
    standing = select(Share).where(Share.partner_id == partner_id).order_by(Share.id.desc())
    if told.share_ref:
        share = await session.scalar(standing.where(Share.id == told.share_ref).with_for_update())
        if share is None:
            raise NotFound("There is no such share of yours. Send the `share_ref` you were given.")
        return await granting.entry_of(session, share, locks=True)
    if not told.case_ref:
        raise BadInput("Say which case is meant: send its `share_ref` or its `case_ref`.")
    case_id = await session.scalar(select(Case.id).where(Case.ref == cases.normal_ref(told.case_ref)))
    reaching = [share for share, _ in await granting.of_case(session, case_id)] if case_id else []
    for share in (one for one in reaching if one.partner_id == partner_id):
        try:
            return await granting.entry_of(session, share, locks=True)
        except Gone:
            continue
    raise NotFound("There is no such case that is open to you. Send the `share_ref` you were given.")
