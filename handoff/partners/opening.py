"""Opening a case to a partner, and giving out another link to it. Partners' own systems are sent the link, too.

What the link then gives a right to is `granting`'s. Only the hash of its token is stored.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, outbox
from handoff.cases.actors import Actor
from handoff.cases.log import by_key
from handoff.errors import BadInput
from handoff.models import Agent, Case, Partner, Share
from handoff.partners import directory, webhooks
from handoff.partners.granting import add_facts, add_messages, digest, held_by_agent, tell_pages

LONGEST_DAYS = 60


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
    """Open a case to a partner for `days`; gives the share and the token of its link, which cannot be had again.

    `facts` are names (the one that holds) or ids of facts of the case. A sensitive one is refused (`BadInput`) unless
    it is named in `sensitive` too. `waits` sets the case waiting for the partner. A repeated `idempotency_key` gives
    back the first share with a new token: the one before no longer opens it.
    """
    case = await cases.hold(session, ref)
    await cases.must_work_on(agent, case)
    if idempotency_key and (known := await _opened_before(session, case, idempotency_key)):
        return known, await _renew(session, known, "share_opened")
    cases.must_be_live(case)
    partner = await directory.get(session, partner_id)
    _check(partner, task, days)
    now, token = clock.now(), secrets.token_urlsafe(32)
    share = Share(
        case_id=case.id,
        partner_id=partner.id,
        token_hash=digest(token),
        task=task.strip(),
        facts=[],
        agent_id=agent.id,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(share)
    await session.flush()
    named = await add_facts(session, share, facts, sensitive)
    await add_messages(session, share, message_ids)
    told: dict[str, Any] = {"share": share.id, "partner": partner.name, "task": share.task, "facts": named}
    told |= {"messages": len(message_ids), "until": share.expires_at.isoformat()}
    await cases.record(session, case, "share_opened", Actor.of(agent), told, idempotency_key)
    outbox.add_for(session, share.id, "timer", "share_expired", {"case_id": case.id}, after_s=days * 86400.0)
    if waits:
        await cases.wait_for(session, case.ref, Actor.of(agent), "partner")
    await webhooks.tell_link(session, share, token, "share_opened")
    return share, token


async def _opened_before(session: AsyncSession, case: Case, key: str) -> Share | None:
    event = await by_key(session, case.id, key, "share_opened")
    return await session.get(Share, event.data["share"]) if event else None


def _check(partner: Partner, task: str, days: int) -> None:
    if not partner.is_active:
        raise BadInput(f"{partner.name} is switched off. Choose another partner, or switch them on in the settings.")
    if not task.strip():
        raise BadInput("Say in a sentence what the partner is asked to do.")
    if len(task) > 1000:
        raise BadInput("The task is longer than 1000 characters. Say it shorter, or mark messages that explain it.")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(f"A link is good for 1 to {LONGEST_DAYS} days. Choose a number between them.")


async def renew_link(session: AsyncSession, share_id: str, agent: Agent) -> tuple[Share, str]:
    """Another link to the same share; the one before opens nothing from now on."""
    entry = await held_by_agent(session, share_id, agent)
    return entry.share, await _renew(session, entry.share, "share_renewed")


async def _renew(session: AsyncSession, share: Share, kind: str) -> str:
    token = secrets.token_urlsafe(32)
    share.token_hash = digest(token)
    await session.flush()
    await tell_pages(session, share)
    await webhooks.tell_link(session, share, token, kind)
    return token
