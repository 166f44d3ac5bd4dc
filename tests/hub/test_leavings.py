"""Leavings: what nobody works on any more goes after a while, and nothing else does."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, conversations, leavings
from handoff.models import (
    Code,
    ContinueLink,
    Endpoint,
    OutboxItem,
    Partner,
    WebhookDelivery,
    WebhookSeen,
    WebhookState,
    new_id,
)
from handoff.partners import directory
from handoff.settings import settings
from tests.hub.caring import Story

Step = Callable[[AsyncSession], Awaitable[None]]


async def _count(story: Story, kind: type, *conditions: object) -> int:
    async with story.desk.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(kind).where(*conditions)) or 0)  # type: ignore[arg-type]


def _delivery(endpoint_id: str, state: WebhookState) -> WebhookDelivery:
    told = {"endpoint_id": endpoint_id, "cause": new_id(), "kind": "opened", "body": "{}"}
    return WebhookDelivery(**told, state=state, created_at=clock.now())


async def _some_of_each(story: Story, number: int = 1) -> None:
    async def step(session: AsyncSession) -> None:
        partner = await session.scalar(select(Partner)) or await directory.add(session, "Swift", "courier")
        endpoint = Endpoint(name="Ours", url="https://example.com", secret="whsec_", events=[], created_at=clock.now())
        session.add(endpoint)
        await session.flush()
        for _ in range(number):
            session.add_all(_delivery(endpoint.id, state) for state in WebhookState)
            session.add(WebhookSeen(partner_id=partner.id, webhook_id=new_id(), received_at=clock.now()))
            for is_dead in (True, False):
                item = OutboxItem(subject_id=new_id(), lane="company", job="order", due_at=clock.now())
                item.is_dead, item.created_at = is_dead, clock.now()
                if not is_dead:
                    item.lease_until = clock.now() + timedelta(days=365)
                session.add(item)

    await story.desk.write(step)


async def _later(story: Story, **time: float) -> None:
    story.now += timedelta(**time)
    await story.settles()


async def _left(story: Story) -> tuple[int, int, int, int]:
    """Deliveries that wait, those that are settled, webhooks taken in, and work that was given up."""
    waiting = WebhookDelivery.state == WebhookState.WAITING
    return (
        await _count(story, WebhookDelivery, waiting),
        await _count(story, WebhookDelivery, ~waiting),
        await _count(story, WebhookSeen),
        await _count(story, OutboxItem, OutboxItem.is_dead.is_(True)),
    )


async def test_what_is_settled_goes_after_its_days_and_what_waits_stays(story: Story) -> None:
    await story.desk.write(leavings.begin)
    await _some_of_each(story)
    await _later(story, days=29)
    await _some_of_each(story)
    assert await _left(story) == (2, 4, 2, 2)
    await _later(story, days=2)
    assert await _left(story) == (2, 2, 1, 1)
    still_to_do = OutboxItem.job == "order", OutboxItem.is_dead.is_(False)
    assert await _count(story, OutboxItem, *still_to_do) == 2


async def test_codes_and_unused_links_go_and_what_says_who_came_in_through_whom_stays(story: Story) -> None:
    conversation_id = await story.customer("hello")
    ends_at = clock.now()

    async def step(session: AsyncSession) -> None:
        identity_id = (await conversations.get(session, conversation_id)).identity_id
        made = {"conversation_id": conversation_id, "identity_id": identity_id}
        made |= {"expires_at": ends_at, "created_at": ends_at}
        session.add(Code(**made, handle="email", address="maya@example.com", code_hash="c"))
        session.add(ContinueLink(**made, to_channel="telegram", token_hash="unused"))
        session.add(ContinueLink(**made, to_channel="telegram", token_hash="used", used_at=ends_at))

    await story.desk.write(step)
    await story.desk.write(leavings.begin)
    await _later(story, days=29)
    assert (await _count(story, Code), await _count(story, ContinueLink)) == (1, 2)
    await _later(story, days=2)
    assert await _count(story, Code) == 0
    assert await _count(story, ContinueLink, ContinueLink.used_at.is_(None)) == 0
    assert await _count(story, ContinueLink) == 1


async def test_more_than_fits_at_once_is_cleared_in_several_goes(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leavings, "AT_ONCE", 2)
    await _some_of_each(story, 3)
    story.now += timedelta(days=31)
    await story.desk.write(leavings.begin)
    await _later(story)
    assert await _left(story) == (3, 4, 1, 1)
    for _ in range(2):
        await _later(story, seconds=2)
    assert await _left(story) == (3, 0, 0, 0)


async def test_nothing_is_cleared_when_everything_is_to_be_kept(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLONCE_KEEP_SETTLED_DAYS", "0")
    settings.cache_clear()
    await story.desk.write(leavings.begin)
    await _some_of_each(story)
    await _later(story, days=400)
    assert await _left(story) == (1, 2, 1, 1)


async def test_however_many_hubs_start_one_clears(story: Story) -> None:
    for _ in range(3):
        await story.desk.write(leavings.begin)
        await _later(story, hours=2)
    assert await _count(story, OutboxItem, OutboxItem.job == leavings.CLEAR) == 1
