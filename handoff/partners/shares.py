"""A case open to a partner, as everybody outside calls it: `shares.open`, `shares.read`, `shares.revoke`, …

The rights are given in `granting`, shown in `views`, and talked through in `answers`. What a partner's own systems are
told of a link is put together here.
"""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import Agent, Share
from handoff.partners import granting, webhooks
from handoff.partners.answers import say, set_state, write
from handoff.partners.granting import end_all, enter, expire, of_case, revoke, show
from handoff.partners.views import PartnerView, file_of, first_seen, read
from handoff.partners.webhooks import link_of

__all__ = [
    "PartnerView",
    "end_all",
    "enter",
    "expire",
    "file_of",
    "first_seen",
    "link_of",
    "of_case",
    "open",
    "read",
    "renew_link",
    "revoke",
    "say",
    "set_state",
    "show",
    "write",
]


async def open(  # noqa: A001, one opens a case to somebody
    session: AsyncSession,
    ref: str,
    agent: Agent,
    partner_id: str,
    task: str,
    facts: Sequence[str],
    message_ids: Sequence[str],
    days: int,
    *,
    sensitive: Collection[str] = (),
    waits: bool = False,
    idempotency_key: str | None = None,
) -> tuple[Share, str]:
    """Open a case to a partner, and send the link to their systems where those listen. See `granting.open`."""
    share, token = await granting.open(
        session,
        ref,
        agent,
        partner_id,
        task,
        facts,
        message_ids,
        days,
        sensitive=sensitive,
        waits=waits,
        idempotency_key=idempotency_key,
    )
    await webhooks.tell_link(session, share, token, "share_opened")
    return share, token


async def renew_link(session: AsyncSession, share_id: str, agent: Agent) -> tuple[Share, str]:
    """Another link to the same share; the one before opens nothing from now on."""
    share, token = await granting.renew_link(session, share_id, agent)
    await webhooks.tell_link(session, share, token, "share_renewed")
    return share, token
