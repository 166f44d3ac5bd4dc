"""The busy day of `make seed`: every rule of the hub holds in it, and it is worth looking at."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, demo
from handoff.care import effort, surveys
from handoff.models import Case, CaseMove, Clock, ClockKind, Share, Turn
from handoff.rules import clocks
from tests.hub.conftest import Desk

ANGRY = "C-482-917-2"


async def test_a_busy_day_has_an_angry_customer_an_outage_and_everything_a_case_can_go_through(desk: Desk) -> None:
    assert await demo.seed_all(desk.database)
    async with desk.database.read() as session:
        angry_id = (await cases.get(session, ANGRY)).id
        angry = await effort.of_case(session, angry_id)
        assert angry.contacts == 3
        assert ("account_number" in angry.asked_twice, angry.told_twice) == (True, ("email",))
        assert await _out_of_service(session) == 10
        incident = (await session.scalars(select(Case).where(Case.title.contains("INC-301")))).one()
        assert [one.word for one in await cases.links_of(session, incident.id)] == ["parent of"] * 4
        first = [one for one in await clocks.of_case(session, angry_id) if one.kind == ClockKind.FIRST_REPLY]
        assert [one.due_at < clock.now() for one in first] == [True]
        assert {one.kind for one in await session.scalars(select(CaseMove))} == {"join", "split"}
        assert await session.scalar(select(Share.id))
        past = await surveys.of_case(session, (await cases.get(session, "C-301-877-7")).id)
        assert past
        assert past.ease == 5


async def test_every_open_case_has_a_clock_and_seeding_again_changes_nothing(desk: Desk) -> None:
    await demo.seed_all(desk.database)
    async with desk.database.read() as session:
        open_ones = set(await session.scalars(select(Case.id).where(Case.status.in_(("open", "waiting")))))
        assert open_ones <= set(await session.scalars(select(Clock.case_id)))
    assert not await demo.seed_all(desk.database)


async def _out_of_service(session: AsyncSession) -> int:
    """Customers who asked about the outage."""
    rows = await session.scalars(
        select(Turn).where(Turn.intent.in_(("outage_report", "outage_status", "troubleshoot")))
    )
    return len({one.conversation_id for one in rows})
