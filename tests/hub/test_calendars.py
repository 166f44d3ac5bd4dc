"""Opening hours across daylight saving and holidays, held against a count minute by minute; calendars and teams."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.errors import BadInput, Conflict
from handoff.models import Team
from handoff.opening_hours import DAYS, OpeningHours
from handoff.routing import calendars, teams
from tests.hub.conftest import Desk

MINUTE = timedelta(minutes=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu")
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin leaps
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin repeats
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York repeats
    datetime(2026, 9, 6, 4, tzinfo=UTC),  # Santiago leaps over midnight
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe repeats half an hour
    datetime(2026, 7, 1, tzinfo=UTC),
)


def clock_time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def week(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """(weekday, start, end) in quarter hours."""
    parts = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 95), st.integers(1, 96)), max_size=8))
    return [(day, a * 15, b * 15) for day, a, b in parts if a < b]


def written(parts: list[tuple[int, int, int]]) -> str:
    return ", ".join(f"{DAYS[day]} {clock_time(start)}-{clock_time(end)}" for day, start, end in parts)


def open_minutes(
    parts: list[tuple[int, int, int]], zone: str, holidays: set[date], start: datetime, end: datetime
) -> list[datetime]:
    """Looks at the clock on the wall in every single minute."""
    found, at = [], start
    while at < end:
        local = at.astimezone(ZoneInfo(zone))
        minute = local.hour * 60 + local.minute
        day = local.weekday()
        if local.date() not in holidays and any(d == day and a <= minute < b for d, a, b in parts):
            found.append(at)
        at += MINUTE
    return found


@settings(max_examples=150, deadline=None)
@given(
    parts=week(),
    zone=st.sampled_from(ZONES),
    change=st.sampled_from(CHANGES),
    before=st.integers(0, 2880),
    lasts=st.integers(0, 4320),
    holiday=st.none() | st.integers(-1, 2),
    wanted=st.integers(1, 900),
)
@example([(6, 0, 1440)], "Europe/Berlin", CHANGES[0], 600, 1440, None, 500)
@example([(6, 120, 180)], "Europe/Berlin", CHANGES[0], 600, 1440, None, 30)
@example([(6, 120, 180)], "Europe/Berlin", CHANGES[1], 600, 1440, None, 90)
@example([(6, 0, 60)], "America/Santiago", CHANGES[3], 600, 1440, None, 1)
def test_opening_time_is_what_a_count_of_every_minute_gives(
    parts: list[tuple[int, int, int]],
    zone: str,
    change: datetime,
    before: int,
    lasts: int,
    holiday: int | None,
    wanted: int,
) -> None:
    holidays = {(change + timedelta(days=holiday)).date()} if holiday is not None else set()
    hours = OpeningHours.parse(written(parts), zone, holidays)
    start = change - timedelta(minutes=before)
    end = start + timedelta(minutes=lasts)
    counted = open_minutes(parts, zone, holidays, start, end)
    assert hours.between(start, end) == 60 * len(counted)
    assert hours.is_open(start) == (start in open_minutes(parts, zone, holidays, start, start + MINUTE))
    if counted:
        assert hours.opens_at(start) == counted[0]
    if wanted <= len(counted):
        assert hours.after(start, wanted * 60) == counted[wanted - 1] + MINUTE
    closed = [at for at in counted if at + MINUTE not in counted and at + MINUTE < end]
    if closed:
        assert hours.closes_at(start) == closed[0] + MINUTE


@settings(max_examples=50, deadline=None)
@given(parts=week(), zone=st.sampled_from(ZONES), seconds=st.integers(0, 100_000), offset=st.integers(0, 90_000))
def test_what_passes_until_a_moment_is_what_was_asked_for(
    parts: list[tuple[int, int, int]], zone: str, seconds: int, offset: int
) -> None:
    hours = OpeningHours.parse(written(parts), zone)
    start = CHANGES[0] - timedelta(seconds=offset)
    due = hours.after(start, seconds)
    if due is None:
        assert not parts
    else:
        assert hours.between(start, due) == seconds


def test_pieces_of_a_span_add_up_to_the_whole() -> None:
    hours = OpeningHours.parse("mon-fri 08:00-20:00, sat 09:00-17:00", "Europe/Berlin", [date(2026, 4, 3)])
    start = datetime(2026, 3, 20, 7, 13, 11, tzinfo=UTC)
    moments = [start + timedelta(hours=7 * number) for number in range(80)]
    pieces = sum(hours.between(a, b) for a, b in pairwise(moments))
    assert pieces == hours.between(moments[0], moments[-1])


def test_a_holiday_is_closed_and_the_next_opening_lies_behind_it() -> None:
    hours = OpeningHours.parse("mon-fri 08:00-18:00", "Europe/Berlin", [date(2026, 12, 25)])
    christmas = datetime(2026, 12, 25, 9, tzinfo=UTC)
    assert not hours.is_open(christmas)
    assert hours.opens_at(christmas) == datetime(2026, 12, 28, 7, tzinfo=UTC)
    assert hours.between(christmas - timedelta(hours=24), christmas) == 8 * 3600


def test_hours_that_never_are_say_so() -> None:
    never = OpeningHours.parse("", "UTC")
    at = datetime(2026, 7, 1, tzinfo=UTC)
    assert (never.opens_at(at), never.closes_at(at), never.after(at, 1)) == (None, None, None)
    assert OpeningHours.parse("mon-sun 00:00-24:00", "UTC").closes_at(at) is None


@pytest.mark.parametrize(
    ("hours", "zone", "named"),
    [
        ("monday 8-20", "UTC", "Cannot read opening hours 'monday 8-20'"),
        ("mon-fri 20:00-08:00", "UTC", "two parts"),
        ("mon 08:00-25:00", "UTC", "two parts"),
        ("mon 08:60-10:00", "UTC", "two parts"),
        ("mon-fri 08:00-20:00", "Berlin", "There is no time zone 'Berlin'"),
        ("mon-fri 08:00-20:00", "../etc/passwd", "There is no time zone"),
        ("", "UTC", "nobody is ever there"),
    ],
)
async def test_a_mistake_in_a_calendar_is_named(desk: Desk, hours: str, zone: str, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        await desk.write(lambda session: calendars.put(session, None, name="Office", time_zone=zone, hours=hours))
    assert named in refused.value.message


async def an_office(desk: Desk, name: str = "Berlin") -> str:
    holidays = calendars.holidays_in("2026-12-26 Second day\n\n2026-12-25 Christmas Day")
    made = await desk.write(
        lambda session: calendars.put(
            session,
            None,
            name=name,
            time_zone="Europe/Berlin",
            hours="mon-fri 08:00-18:00",
            holidays=holidays,
        )
    )
    return made.id


async def test_a_team_goes_by_its_calendar_or_by_the_settings(desk: Desk) -> None:
    calendar_id = await an_office(desk)

    async def step(session: AsyncSession) -> tuple[OpeningHours, OpeningHours]:
        session.add(Team(id="returns", name="Returns", calendar_id=calendar_id, is_default=True))
        await session.flush()
        return await teams.calendar_of(session, "returns"), await teams.calendar_of(session, "care")

    office, everybody = await desk.write(step)
    monday_night = datetime(2026, 7, 6, 20, tzinfo=UTC)
    assert office.opens_at(monday_night) == datetime(2026, 7, 7, 6, tzinfo=UTC)
    assert everybody.is_always
    assert date(2026, 12, 25) in office.holidays


async def test_a_calendar_in_use_stays_and_one_name_is_taken_once(desk: Desk) -> None:
    calendar_id = await an_office(desk)
    with pytest.raises(BadInput, match="already"):
        await an_office(desk)

    async def use(session: AsyncSession) -> None:
        session.add(Team(id="returns", name="Returns", calendar_id=calendar_id, is_default=True))

    await desk.write(use)
    with pytest.raises(Conflict, match="Returns go by this calendar"):
        await desk.write(lambda session: calendars.remove(session, calendar_id))
    other = await an_office(desk, "Vienna")
    await desk.write(lambda session: calendars.remove(session, other))
    async with desk.database.read() as session:
        assert [one.name for one in await calendars.all_of(session)] == ["Berlin"]
