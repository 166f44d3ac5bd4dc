"""Promises, follow-ups and surveys on the case page, what presses, and the report over effort."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.care import follow_ups, promises, reports, surveys
from handoff.desk import care_reads, reads
from handoff.desk.care_reads import ReportPage
from handoff.desk.case_routes import page_of
from handoff.desk.drawing import draw
from handoff.desk.visit import Actor, Reader, Visit
from handoff.errors import BadInput
from handoff.masking import CardFree

router = APIRouter(prefix="/desk")
Words = Annotated[CardFree, Form(max_length=300)]
MONTH = timedelta(days=30)
LONGEST = timedelta(days=366)


@router.post("/cases/{ref}/promises")
async def promise(
    visit: Actor,
    ref: str,
    text: Words,
    due: Annotated[str, Form(max_length=20)] = "",
    agent_id: Annotated[str, Form(max_length=26)] = "",
) -> HTMLResponse:
    """`due` is a moment in the hub's time zone; without one the day is read from the words."""
    due_at = _moment(visit, due)

    async def step(session: AsyncSession) -> None:
        reminds = await reads.agent(session, agent_id or None)
        await promises.make(session, ref, visit.agent, text, due_at, reminds=reminds)

    await visit.write(step)
    return await page_of(visit, ref)


@router.post("/cases/{ref}/promises/{promise_id}/keep")
async def keep(visit: Actor, ref: str, promise_id: str) -> HTMLResponse:
    await visit.write(lambda session: promises.keep(session, promise_id, visit.agent))
    return await page_of(visit, ref)


@router.post("/cases/{ref}/promises/{promise_id}/withdraw")
async def withdraw(visit: Actor, ref: str, promise_id: str, reason: Words) -> HTMLResponse:
    await visit.write(lambda session: promises.withdraw(session, promise_id, visit.agent, reason))
    return await page_of(visit, ref)


@router.post("/cases/{ref}/follow-ups")
async def plan(visit: Actor, ref: str, question: Words, due: Annotated[str, Form(max_length=20)]) -> HTMLResponse:
    due_at = _moment(visit, due)
    if due_at is None:
        raise BadInput("Choose when the customer is asked.")
    await visit.write(lambda session: follow_ups.plan_by(session, ref, visit.agent, question, due_at))
    return await page_of(visit, ref)


@router.post("/cases/{ref}/follow-ups/{follow_up_id}/drop")
async def drop(visit: Actor, ref: str, follow_up_id: str) -> HTMLResponse:
    await visit.write(lambda session: follow_ups.drop(session, follow_up_id, visit.agent, ""))
    return await page_of(visit, ref)


@router.post("/cases/{ref}/survey")
async def survey(visit: Actor, ref: str) -> HTMLResponse:
    await visit.write(lambda session: surveys.plan_by(session, ref, visit.agent))
    return await page_of(visit, ref)


@router.get("/pressing")
async def pressing(visit: Reader) -> HTMLResponse:
    """What this agent promised that is due soon or let pass; the bar asks for it."""
    owed = await visit.read(lambda session: promises.pressing(session, visit.me.id))
    return draw("_pressing.html", owed, visit.me)


@router.get("/reports")
async def report(
    visit: Reader, since: Annotated[date | None, Query()] = None, until: Annotated[date | None, Query()] = None
) -> HTMLResponse:
    return draw("reports.html", await _report(visit, since, until), visit.me)


@router.get("/reports/effort.csv")
async def report_csv(
    visit: Reader, since: Annotated[date | None, Query()] = None, until: Annotated[date | None, Query()] = None
) -> Response:
    page = await _report(visit, since, until)
    headers = {"Content-Disposition": f'attachment; filename="effort-{page.since}-{page.until}.csv"'}
    return Response(reports.as_csv(page.lines), media_type="text/csv; charset=utf-8", headers=headers)


async def _report(visit: Visit, since: date | None, until: date | None) -> ReportPage:
    """The last 30 days unless days are chosen; both days are in it."""
    zone = ZoneInfo(visit.settings.time_zone)
    until = until or clock.now().astimezone(zone).date()
    since = since or until - MONTH
    if not timedelta(0) <= until - since <= LONGEST:
        raise BadInput("Choose a first day before the last one, a year apart at most.")
    first = datetime(since.year, since.month, since.day, tzinfo=zone)
    last = datetime(until.year, until.month, until.day, tzinfo=zone) + timedelta(days=1)
    return await visit.read(lambda session: care_reads.report(session, since, until, first, last))


def _moment(visit: Visit, typed: str) -> datetime | None:
    """`2026-11-27T18:00` as a field for date and time sends it, in the hub's time zone."""
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(visit.settings.time_zone))
    except ValueError:
        raise BadInput("Choose a day and a time.") from None
