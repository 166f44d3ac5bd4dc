"""What the partners panel beside a case and the settings of partners and webhooks show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk.beside import Beside
from handoff.desk.wording import fact_label
from handoff.errors import Gone
from handoff.models import Endpoint, Partner, Share, SharedMessage, WebhookDelivery
from handoff.partners import deliveries, directory, endpoints, granting
from handoff.partners.kinds import KINDS, State, state_named, states_of

NEWEST_WORDS, NEWEST_DELIVERIES = 60, 20


@dataclass(frozen=True)
class ShareView:
    """`words` counts what the partner may read, their own words included."""

    id: str
    partner: str
    task: str
    facts: tuple[str, ...]
    words: int
    state: str | None
    is_problem: bool
    is_open: bool
    seen_at: datetime | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_why: str | None


@dataclass(frozen=True)
class Shareable:
    """A fact that may be ticked; what `is_sensitive` is never ticked beforehand."""

    id: str
    label: str
    value: str
    is_sensitive: bool
    is_usual: bool


@dataclass(frozen=True)
class Markable:
    id: str
    name: str
    text: str
    files: int
    at: datetime


@dataclass(frozen=True)
class PartnersPanel:
    shares: tuple[ShareView, ...]
    partners: tuple[tuple[str, str], ...]
    facts: tuple[Shareable, ...]
    words: tuple[Markable, ...]
    may_share: bool


async def panel(session: AsyncSession, beside: Beside) -> PartnersPanel | None:
    """None where there is no partner and never was: nothing is drawn then."""
    found = await granting.of_case(session, beside.case.id)
    partners = [one for one in await directory.all_of(session) if one.is_active]
    if not found and not partners:
        return None
    counts = await _counts(session, [share.id for share, _ in found]) if found else {}
    return PartnersPanel(
        shares=tuple([await _share(session, share, partner, counts) for share, partner in found]),
        partners=tuple((one.id, one.name) for one in partners),
        facts=_facts(beside, partners) if beside.can_work else (),
        words=_words(beside) if beside.can_work else (),
        may_share=beside.can_work,
    )


async def _counts(session: AsyncSession, share_ids: list[str]) -> Mapping[str, int]:
    query = select(SharedMessage.share_id, func.count()).where(SharedMessage.share_id.in_(share_ids))
    rows = await session.execute(query.group_by(SharedMessage.share_id))
    return {row[0]: row[1] for row in rows}


async def _share(session: AsyncSession, share: Share, partner: Partner, counts: Mapping[str, int]) -> ShareView:
    state = state_named(partner.states, share.state)
    try:
        await granting.entry_of(session, share)
        is_open = True
    except Gone:
        is_open = False
    return ShareView(
        id=share.id,
        partner=partner.name,
        task=share.task,
        facts=tuple(fact_label(item["name"]) for item in share.facts),
        words=counts.get(share.id, 0),
        state=state.label if state else share.state,
        is_problem=share.state == "problem",
        is_open=is_open,
        seen_at=share.seen_at,
        created_at=share.created_at,
        expires_at=share.expires_at,
        ended_at=None if is_open else share.revoked_at or share.expires_at,
        ended_why=share.revoked_why,
    )


def _facts(beside: Beside, partners: Sequence[Partner]) -> tuple[Shareable, ...]:
    """Every value that was told, for there may be two addresses in one story: what partners usually need first, and
    what was told last before the rest."""
    usual = {name for partner in partners for name in partner.facts}
    found = [
        Shareable(fact.id, fact_label(fact.name), fact.value, granting.is_sensitive(fact), fact.name in usual)
        for fact in beside.facts
    ]
    return tuple(sorted(found, key=lambda fact: not fact.is_usual))


def _words(beside: Beside) -> tuple[Markable, ...]:
    newest = beside.words[-NEWEST_WORDS:]
    words = [one for one in newest if not one.redacted_at and one.author != "system"]
    return tuple(
        Markable(
            one.id,
            one.name or one.author.capitalize(),
            one.words[:160],
            len(beside.files.get(one.id, ())),
            one.created_at,
        )
        for one in words[::-1]
    )


@dataclass(frozen=True)
class PartnerRow:
    id: str
    name: str
    kind: str
    states: tuple[State, ...]
    facts: tuple[str, ...]
    is_active: bool
    has_secret: bool
    open_shares: int


@dataclass(frozen=True)
class PartnersPage:
    partners: tuple[PartnerRow, ...]
    kinds: tuple[tuple[str, str], ...]
    hook_url: str


async def partners_page(session: AsyncSession, public_url: str) -> PartnersPage:
    standing = select(Share.partner_id, func.count()).where(Share.revoked_at.is_(None)).group_by(Share.partner_id)
    counts: dict[str, int] = {row[0]: row[1] for row in await session.execute(standing)}
    rows = tuple(
        PartnerRow(
            one.id,
            one.name,
            KINDS[one.kind].label if one.kind in KINDS else one.kind,
            states_of(one.states),
            tuple(one.facts),
            one.is_active,
            one.webhook_secret is not None,
            counts.get(one.id, 0),
        )
        for one in await directory.all_of(session)
    )
    kinds = tuple((name, kind.label) for name, kind in KINDS.items())
    return PartnersPage(rows, kinds, f"{public_url}/api/v1/partners")


@dataclass(frozen=True)
class EndpointRow:
    endpoint: Endpoint
    partner: str | None
    deliveries: tuple[WebhookDelivery, ...]


@dataclass(frozen=True)
class WebhooksPage:
    endpoints: tuple[EndpointRow, ...]
    partners: tuple[tuple[str, str], ...]


async def webhooks_page(session: AsyncSession) -> WebhooksPage:
    names = {one.id: one.name for one in await directory.all_of(session)}
    rows: list[EndpointRow] = []
    for one in await endpoints.all_of(session):
        recent = await deliveries.of_endpoint(session, one.id, NEWEST_DELIVERIES)
        rows.append(EndpointRow(one, names.get(one.partner_id or ""), tuple(recent)))
    return WebhooksPage(tuple(rows), tuple(names.items()))
