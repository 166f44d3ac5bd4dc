"""Clocks, against a ledger computed by hand, and against a count second by second.

The stories play in Berlin, where the week of 16 November 2026 has a holiday on Wednesday. `returns` works Monday to
Friday from 8 to 18, `billing` around the clock, `network` through the night from Saturday 22 to Sunday 6. Targets are
two hours for the first reply (warned half an hour before; four hours in `network`), four for the next (warned one
before) and twenty for the solution (warned four before; ten hours at high priority).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, floor, handbacks, handovers, ledger
from handoff.cases import Actor
from handoff.ledger import Speaker
from handoff.models import (
    Agent,
    Calendar,
    CaseEvent,
    CaseStatus,
    Clock,
    ClockTarget,
    Conversation,
    OutboxItem,
    Priority,
    Team,
)
from handoff.opening_hours import OpeningHours
from handoff.package import Handback, HandoverRequest, Issue, Reason
from handoff.ports import Author, Floor, Words
from handoff.rules import built_in, clocks, counting, triggers
from handoff.rules.reports import Kept
from tests.hub.conftest import Desk
from tests.hub.letting_time_pass import Hand, Time, hand  # noqa: F401, a fixture

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, MINUTE = 3600, 60


def at(local: str) -> datetime:
    """`2026-11-20 17:00` as Berlin reads it; a trailing `b` is the second time an hour comes, in October."""
    moment = datetime.strptime(local.rstrip("b"), "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN, fold=local.endswith("b"))
    return moment.astimezone(UTC)


async def _settings(session: AsyncSession) -> None:
    now = at("2026-01-01 00:00")
    holiday = [{"day": "2026-11-18", "name": "Repentance Day"}]
    by_day = Calendar(
        name="Day", time_zone="Europe/Berlin", hours="mon-fri 08:00-18:00", holidays=holiday, created_at=now
    )
    by_night = Calendar(
        name="Night", time_zone="Europe/Berlin", hours="sat 22:00-24:00, sun 00:00-06:00", created_at=now
    )
    session.add_all((by_day, by_night))
    await session.flush()
    session.add(Team(id="care", name="Care", is_default=True, position=0))
    session.add(Team(id="returns", name="Returns", calendar_id=by_day.id, position=1))
    session.add(Team(id="network", name="Network", calendar_id=by_night.id, position=2))
    session.add(Team(id="billing", name="Billing", position=3))
    await session.flush()
    # The ledger is about clocks alone: a breach raises no priority here.
    await triggers.switch(session, built_in.BREACHED, is_on=False)
    for kind, team, priority, target_s, warn_s in (
        ("first_reply", None, None, 2 * HOUR, 30 * MINUTE),
        ("first_reply", "network", None, 4 * HOUR, 0),
        ("next_reply", None, None, 4 * HOUR, HOUR),
        ("resolution", None, None, 20 * HOUR, 4 * HOUR),
        ("resolution", None, "high", 10 * HOUR, 4 * HOUR),
    ):
        session.add(ClockTarget(kind=kind, team_id=team, priority=priority, target_s=target_s, warn_s=warn_s))


@dataclass
class Story:
    """One customer, one case, one agent. Every verb happens at the moment the hand shows."""

    desk: Desk
    time: Time
    team: str = "returns"
    conversation_id: str = ""
    agent: Agent | None = None
    ref: str = ""
    count: int = 0

    @property
    def dana(self) -> Agent:
        assert self.agent
        return self.agent

    async def play(self, steps: Sequence[tuple[str, str]]) -> None:
        await self.desk.write(_settings)
        self.agent = await self.desk.agent("Dana", teams=("returns", "billing", "network"))
        for when, what in steps:
            await self.time.until(at(when))
            verb, _, rest = what.partition(" ")
            await VERBS[verb](self, rest)
            await self.time.settle()

    async def _write(self, step: Callable[[AsyncSession], Awaitable[object]]) -> None:
        await self.desk.write(step)

    async def customer(self, words: str) -> None:
        self.conversation_id = (await self.desk.customer_says(words or "hello")).conversation_id

    async def asks(self, _: str) -> None:
        """The customer asks for a person and the assistant hands over."""
        if not self.conversation_id:
            await self.customer("I want to return the box")
        self.count += 1
        request = HandoverRequest(
            conversation_id=self.conversation_id,
            idempotency_key=f"k{self.count}",
            reason_code=Reason.ASKED,
            issue=Issue(title="Return", type="return_start"),
            team=self.team,
        )
        self.ref = (await self.desk.write(lambda session: handovers.hand_over(session, request))).case_ref

    async def opens(self, _: str) -> None:
        """The assistant opens a case and goes on talking."""
        await self.customer("I want to return the box")

        async def step(session: AsyncSession) -> str:
            held = await floor.hold(session, self.conversation_id)
            found = await cases.open_case(
                session, held, title="Return", topic="return_start", team=self.team, actor=cases.ASSISTANT
            )
            return found.ref

        self.ref = await self.desk.write(step)

    async def agent_says(self, words: str) -> None:
        conversation = await self.desk.conversation(self.conversation_id)
        if conversation.floor != Floor.AGENT:
            # Accepts who waits; steps in where nobody waits, such as after hours.
            await self._write(lambda session: handovers.take_over(session, self.conversation_id, self.dana))
        await self.desk.agent_says(self.dana, self.conversation_id, words or "hello")

    async def assistant_says(self, words: str) -> None:
        async def step(session: AsyncSession) -> None:
            held = await floor.hold(session, self.conversation_id)
            await ledger.utter(session, held, Speaker(Author.ASSISTANT, "Fern"), Words(words or "one moment"))

        await self._write(step)

    async def waits(self, whom: str) -> None:
        await self._write(lambda session: cases.wait_for(session, self.ref, Actor.of(self.dana), whom))  # type: ignore[arg-type]

    async def goes_on(self, _: str) -> None:
        await self._write(lambda session: cases.set_status(session, self.ref, cases.SYSTEM, CaseStatus.OPEN))

    async def resolve(self, _: str) -> None:
        await self._write(lambda session: cases.resolve(session, self.ref, Actor.of(self.dana), "A label was sent."))

    async def reopen(self, _: str) -> None:
        await self._write(lambda session: cases.reopen(session, self.ref, cases.SYSTEM, "It is broken again."))

    async def goes_to(self, team: str) -> None:
        await self._write(lambda session: cases.set_team(session, self.ref, Actor.of(self.dana), team))

    async def becomes(self, priority: str) -> None:
        await self._write(
            lambda session: cases.set_priority(session, self.ref, Actor.of(self.dana), Priority(priority))
        )

    async def give_back(self, _: str) -> None:
        back = Handback(outcome="partly", summary="The assistant can do the rest.")
        await self._write(lambda session: handbacks.give_back(session, self.conversation_id, self.dana, back))

    async def stands_aside(self, _: str) -> None:
        async def step(session: AsyncSession) -> None:
            await clocks.stand_aside(session, await cases.hold(session, self.ref))

        await self._write(step)

    async def comes_back(self, _: str) -> None:
        async def step(session: AsyncSession) -> None:
            await clocks.come_back(session, await cases.hold(session, self.ref))

        await self._write(step)

    async def nothing(self, _: str) -> None:
        pass

    async def clocks(self) -> list[Clock]:
        async with self.desk.database.read() as session:
            found = await cases.get(session, self.ref)
            return list(await clocks.of_case(session, found.id))

    async def told(self) -> list[tuple[str, str, datetime]]:
        """What the case was told of its clocks: kind, clock, when."""
        async with self.desk.database.read() as session:
            found = await cases.get(session, self.ref)
            events = select(CaseEvent).where(CaseEvent.case_id == found.id, CaseEvent.kind.like("clock%"))
            rows = await session.scalars(events.order_by(CaseEvent.seq))
            return [(row.kind.removeprefix("clock_"), row.data["clock"], row.created_at) for row in rows]


VERBS: Mapping[str, Callable[[Story, str], Awaitable[None]]] = {
    "customer": Story.customer,
    "asks": Story.asks,
    "opens": Story.opens,
    "agent": Story.agent_says,
    "assistant": Story.assistant_says,
    "waits": Story.waits,
    "goes_on": Story.goes_on,
    "resolve": Story.resolve,
    "reopen": Story.reopen,
    "team": Story.goes_to,
    "priority": Story.becomes,
    "give_back": Story.give_back,
    "aside": Story.stands_aside,
    "back": Story.comes_back,
    "later": Story.nothing,
}


@dataclass(frozen=True)
class Entry:
    """A line of the ledger: what one clock shows at the end. `counted` in seconds; `end` is met, cancelled or open."""

    kind: str
    counted: int
    end: str
    breached: str | None = None
    warned: str | None = None
    due: str | None = None


@dataclass(frozen=True)
class Told:
    steps: Sequence[tuple[str, str]]
    ledger: Sequence[Entry]
    team: str = "returns"


STORIES: Mapping[str, Told] = {
    "a weekend is not counted": Told(
        (
            ("2026-11-20 17:00", "asks"),  # Friday
            ("2026-11-23 08:40", "agent"),
            ("2026-11-23 12:00", "resolve"),
        ),
        (
            # Friday 17-18 is 1 h, Monday 8-8:40 is 40 min; the warning at 1 h 30 is Monday 8:30.
            Entry("first_reply", 100 * MINUTE, "met", warned="2026-11-23 08:30"),
            # 1 h on Friday and 4 h on Monday.
            Entry("resolution", 5 * HOUR, "met"),
        ),
    ),
    "a holiday is not counted": Told(
        (
            ("2026-11-17 17:00", "asks"),  # Tuesday; Wednesday is a holiday
            ("2026-11-19 09:30", "agent"),
            ("2026-11-19 09:30", "later"),
        ),
        (
            # 1 h on Tuesday, 1 h 30 on Thursday: 30 min late, warned at Thursday 8:30, breached at 9.
            Entry("first_reply", 150 * MINUTE, "met", breached="2026-11-19 09:00", warned="2026-11-19 08:30"),
            # 20 h: 1 on Tuesday, 10 on Thursday, 9 on Friday: due on Friday at 17.
            Entry("resolution", 0, "open", due="2026-11-20 17:00"),
        ),
    ),
    "the night in October has an hour more": Told(
        (
            ("2026-10-24 23:00", "asks"),  # Saturday; at 3 it is 2 again
            ("2026-10-25 03:30", "agent"),
        ),
        (
            # 23-24, 0-2, 2-3, 2-3 again, 3-3:30: 5 h 30. Four hours were over when the second 2 o'clock struck.
            Entry("first_reply", 5 * HOUR + 30 * MINUTE, "met", breached="2026-10-25 02:00b"),
            # 20 h: 8 h in this night (7 h left of it, 22-23 was before, and one twice), 8 h in the next, 4 h in the
            # one after: Saturday 22-24 and Sunday 0-2.
            Entry("resolution", 0, "open", due="2026-11-08 02:00"),
        ),
        team="network",
    ),
    "the night in March has an hour less": Told(
        (
            ("2027-03-27 23:00", "asks"),  # Saturday; at 2 it is 3
            ("2027-03-28 03:30", "agent"),
        ),
        (
            # 23-24, 0-2, 3-3:30.
            Entry("first_reply", 3 * HOUR + 30 * MINUTE, "met"),
            # 6 h in this night (23-6 without 2-3), 8 h in the next, 6 h in the one after: 22-24 and 0-4.
            Entry("resolution", 0, "open", due="2027-04-11 04:00"),
        ),
        team="network",
    ),
    "waiting for the customer and for a partner is not counted": Told(
        (
            ("2026-11-16 09:00", "asks"),  # Monday
            ("2026-11-16 09:30", "agent"),
            ("2026-11-16 10:00", "waits customer"),
            ("2026-11-17 15:00", "goes_on"),
            ("2026-11-17 16:00", "waits partner"),
            ("2026-11-17 16:10", "waits partner"),
            ("2026-11-19 09:00", "goes_on"),
            ("2026-11-19 11:00", "resolve"),
        ),
        (
            Entry("first_reply", 30 * MINUTE, "met"),
            # 9-10 on Monday, 15-16 on Tuesday, 9-11 on Thursday.
            Entry("resolution", 4 * HOUR, "met"),
        ),
    ),
    "while it waits nothing is warned or breached": Told(
        (
            ("2026-11-16 09:00", "asks"),
            ("2026-11-16 10:00", "waits customer"),
            ("2026-11-19 10:00", "later"),
        ),
        (Entry("first_reply", HOUR, "open"), Entry("resolution", HOUR, "open")),
    ),
    "another team counts on in its own hours": Told(
        (
            ("2026-11-16 16:00", "asks"),  # Monday, returns until 18
            ("2026-11-16 17:00", "team billing"),  # around the clock
            ("2026-11-16 19:30", "agent"),
            ("2026-11-17 17:00", "resolve"),
        ),
        (
            # 1 h of returns and 2 h 30 of billing; 2 h were over at 18:00, 1 h 30 at 17:30.
            Entry("first_reply", 210 * MINUTE, "met", breached="2026-11-16 18:00", warned="2026-11-16 17:30"),
            # 1 h and 24 h; 20 h were over on Tuesday at 12, 16 h at 8.
            Entry("resolution", 25 * HOUR, "met", breached="2026-11-17 12:00", warned="2026-11-17 08:00"),
        ),
    ),
    "another priority keeps what was counted": Told(
        (
            ("2026-11-16 08:00", "asks"),  # Monday
            ("2026-11-16 08:10", "agent"),
            ("2026-11-16 12:00", "priority high"),
            ("2026-11-16 12:00", "later"),
        ),
        (
            Entry("first_reply", 10 * MINUTE, "met"),
            # 4 h counted of now 10: due today at 18, warned at 14.
            Entry("resolution", 4 * HOUR, "open", due="2026-11-16 18:00"),
        ),
    ),
    "a higher priority may be late at once": Told(
        (
            ("2026-11-16 08:00", "asks"),  # Monday
            ("2026-11-16 08:10", "agent"),
            ("2026-11-17 09:00", "priority high"),  # 11 h counted, 10 allowed
            ("2026-11-17 09:00", "later"),
        ),
        (
            Entry("first_reply", 10 * MINUTE, "met"),
            Entry("resolution", 11 * HOUR, "open", breached="2026-11-17 09:00", due="2026-11-17 09:00"),
        ),
    ),
    "a reopened case begins anew": Told(
        (
            ("2026-11-16 09:00", "asks"),  # Monday
            ("2026-11-16 09:10", "agent"),
            ("2026-11-16 10:00", "resolve"),
            ("2026-11-17 17:00", "reopen"),
            ("2026-11-19 09:00", "resolve"),
        ),
        (
            Entry("first_reply", 10 * MINUTE, "met"),
            Entry("resolution", HOUR, "met"),
            # 17-18 on Tuesday, 8-9 on Thursday.
            Entry("resolution", 2 * HOUR, "met"),
        ),
    ),
    "the next reply counts from the first unanswered words, whatever the assistant says": Told(
        (
            ("2026-11-16 09:00", "asks"),
            ("2026-11-16 09:10", "agent"),
            ("2026-11-16 09:20", "customer and another thing"),
            ("2026-11-16 09:30", "assistant one moment"),
            ("2026-11-16 09:50", "customer are you there"),
            ("2026-11-16 10:20", "agent"),
            ("2026-11-16 10:20", "later"),
        ),
        (
            Entry("first_reply", 10 * MINUTE, "met"),
            Entry("next_reply", HOUR, "met"),
            # 20 h: 9 today until 18, 10 on Tuesday, 1 on Thursday.
            Entry("resolution", 80 * MINUTE, "open", due="2026-11-19 09:00"),
        ),
    ),
    "the assistant's words are no reply": Told(
        (
            ("2026-11-16 09:00", "asks"),
            ("2026-11-16 09:10", "assistant somebody will be with you"),
            ("2026-11-16 09:20", "later"),
        ),
        (Entry("first_reply", 20 * MINUTE, "open", due="2026-11-16 11:00"), Entry("resolution", 20 * MINUTE, "open")),
    ),
    "given back to the assistant, nobody owes a word": Told(
        (
            ("2026-11-16 09:00", "asks"),
            ("2026-11-16 09:10", "agent"),
            ("2026-11-16 09:20", "customer and another thing"),
            ("2026-11-16 09:30", "give_back"),
            ("2026-11-16 09:40", "customer thank you"),
            ("2026-11-16 10:00", "resolve"),
        ),
        (
            Entry("first_reply", 10 * MINUTE, "met"),
            Entry("next_reply", 10 * MINUTE, "cancelled"),
            Entry("resolution", HOUR, "met"),
        ),
    ),
    "while the assistant has the floor only the solution is counted": Told(
        (
            ("2026-11-16 09:00", "opens"),
            ("2026-11-16 10:00", "customer it is urgent"),
            ("2026-11-16 11:00", "resolve"),
        ),
        (Entry("resolution", 2 * HOUR, "met"),),
    ),
    "asked for at the weekend is counted from Monday": Told(
        (
            ("2026-11-21 11:00", "asks"),  # Saturday
            ("2026-11-23 08:20", "agent"),
            ("2026-11-23 08:20", "later"),
        ),
        (
            Entry("first_reply", 20 * MINUTE, "met"),
            # 20 h from Monday 8: Tuesday at 18.
            Entry("resolution", 20 * MINUTE, "open", due="2026-11-24 18:00"),
        ),
    ),
    "joined away and taken back, the time between is nobody's": Told(
        (
            ("2026-11-16 09:00", "asks"),
            ("2026-11-16 09:30", "aside"),
            ("2026-11-17 09:30", "back"),
            ("2026-11-17 10:00", "agent"),
            ("2026-11-17 11:30", "resolve"),
        ),
        (
            Entry("first_reply", HOUR, "met"),
            # 9-9:30 on Monday, 9:30-11:30 on Tuesday.
            Entry("resolution", 150 * MINUTE, "met"),
        ),
    ),
    "joined away, no clock goes on": Told(
        (
            ("2026-11-16 09:00", "asks"),
            ("2026-11-16 09:30", "aside"),
            ("2026-12-16 09:30", "later"),
        ),
        (Entry("first_reply", 30 * MINUTE, "cancelled"), Entry("resolution", 30 * MINUTE, "cancelled")),
    ),
}


@pytest.mark.parametrize("name", STORIES)
async def test_clocks_show_what_the_ledger_computed_by_hand_says(name: str, desk: Desk, hand: Hand) -> None:  # noqa: F811
    told = STORIES[name]
    hand.now = at(told.steps[0][0])
    story = Story(desk, Time(desk, hand), told.team)
    await story.play(told.steps)
    shown = sorted(await story.clocks(), key=lambda row: (row.kind, row.started_at))
    assert [row.kind for row in shown] == [entry.kind for entry in told.ledger]
    for row, entry in zip(shown, told.ledger, strict=True):
        assert _end(row) == entry.end, entry
        assert row.breached_at == (at(entry.breached) if entry.breached else None), entry
        if entry.end != "open" or entry.counted:
            hours = OpeningHours.parse("mon-fri 08:00-18:00", "Europe/Berlin")
            assert counting.counted(row, hours, hand.now) == entry.counted, entry
        if entry.warned:
            assert row.warned_at == at(entry.warned), entry
        if entry.due:
            assert row.due_at == at(entry.due), entry


def _end(row: Clock) -> str:
    return "met" if row.met_at else "cancelled" if row.cancelled_at else "open"


async def test_a_breach_is_told_once_and_a_warning_before_it(desk: Desk, hand: Hand) -> None:  # noqa: F811
    hand.now = at("2026-11-16 09:00")
    story = Story(desk, Time(desk, hand))
    await story.play((("2026-11-16 09:00", "asks"), ("2026-11-16 14:00", "later")))
    assert await story.told() == [
        ("warning", "first_reply", at("2026-11-16 10:30")),
        ("breached", "first_reply", at("2026-11-16 11:00")),
    ]


async def test_a_reply_that_came_too_late_is_a_breach_though_nobody_was_there_to_notice(
    desk: Desk,
    hand: Hand,  # noqa: F811
) -> None:
    """The hub was down when the clock was due: it hears of the reply first."""
    hand.now = at("2026-11-16 09:00")
    story = Story(desk, Time(desk, hand))
    await story.play((("2026-11-16 09:00", "asks"),))
    hand.now = at("2026-11-16 12:00")
    await story.agent_says("hello")
    await story.time.settle()
    first = next(row for row in await story.clocks() if row.kind == "first_reply")
    assert (first.breached_at, first.met_at) == (at("2026-11-16 11:00"), at("2026-11-16 12:00"))
    assert ("breached", "first_reply", at("2026-11-16 12:00")) in await story.told()


async def test_every_clock_that_runs_has_one_timer_and_no_other_has_any(desk: Desk, hand: Hand) -> None:  # noqa: F811
    hand.now = at("2026-11-16 09:00")
    story = Story(desk, Time(desk, hand))
    for steps, running in (
        ((("2026-11-16 09:00", "asks"),), {"first_reply", "resolution"}),
        ((("2026-11-16 09:10", "priority high"),), {"first_reply", "resolution"}),
        ((("2026-11-16 09:20", "agent"),), {"resolution"}),
        ((("2026-11-16 09:30", "waits customer"),), set()),
        ((("2026-11-16 09:40", "goes_on"),), {"resolution"}),
        ((("2026-11-16 09:50", "resolve"),), set()),
    ):
        if story.ref:
            await _go_on(story, steps)
        else:
            await story.play(steps)
        kinds = {row.id: row.kind for row in await story.clocks()}
        async with desk.database.read() as session:
            timers = list(await session.scalars(select(OutboxItem.subject_id).where(OutboxItem.job == "clock_due")))
        assert sorted(kinds[one] for one in timers) == sorted(running)


async def _go_on(story: Story, steps: Sequence[tuple[str, str]]) -> None:
    for when, what in steps:
        await story.time.until(at(when))
        verb, _, rest = what.partition(" ")
        await VERBS[verb](story, rest)
        await story.time.settle()


async def test_other_hours_of_a_calendar_keep_what_was_counted_by_the_old(desk: Desk, hand: Hand) -> None:  # noqa: F811
    hand.now = at("2026-11-16 16:00")
    story = Story(desk, Time(desk, hand))
    await story.play((("2026-11-16 16:00", "asks"), ("2026-11-16 17:00", "later")))

    async def work_longer(session: AsyncSession) -> None:
        calendar = await session.scalar(select(Calendar).where(Calendar.name == "Day"))
        assert calendar
        calendar.hours = "mon-fri 08:00-20:00"
        await session.flush()
        await clocks.hours_changed(
            session, calendar.id, OpeningHours.parse("mon-fri 08:00-18:00", "Europe/Berlin", [date(2026, 11, 18)])
        )

    await desk.write(work_longer)
    await _go_on(story, (("2026-11-16 19:30", "agent"),))
    first = next(row for row in await story.clocks() if row.kind == "first_reply")
    assert first.elapsed_s == 210 * MINUTE
    assert first.breached_at == at("2026-11-16 18:00")


async def test_the_report_counts_each_team_s_clocks(desk: Desk, hand: Hand) -> None:  # noqa: F811
    hand.now = at("2026-11-16 08:00")

    async def fill(session: AsyncSession) -> None:
        await _settings(session)
        held = await session.get_one(Conversation, story.conversation_id)
        for number in range(1, 11):
            for team, late in (("returns", number > 8), ("billing", False)):
                opened = await cases.open_case(
                    session, held, title=f"{number}", topic="x", team=team, actor=cases.ASSISTANT
                )
                session.add(
                    Clock(
                        case_id=opened.id,
                        kind="first_reply",
                        target_s=800,
                        elapsed_s=number * 100,
                        started_at=hand.now,
                        breached_at=hand.now if late else None,
                        met_at=hand.now if number < 10 or team == "billing" else None,
                    )
                )

    story = Story(desk, Time(desk, hand))
    await story.customer("hello")
    await desk.write(fill)
    async with desk.database.read() as session:
        found = [row for row in await clocks.report(session, hand.now) if row.kind == "first_reply"]
        assert await clocks.report(session, hand.now + timedelta(days=1)) == [
            Kept("returns", "first_reply", 0, 1, None, None)
        ]
    assert found == [
        Kept("billing", "first_reply", 10, 0, 500, 900),
        # The tenth of returns is late and has not ended: nine ended, of which one was late.
        Kept("returns", "first_reply", 8, 2, 500, 900),
    ]


HOURS = (
    OpeningHours.parse("mon-fri 08:00-18:00", "Europe/Berlin", [date(2026, 10, 26)]),
    OpeningHours.parse("sat 22:00-24:00, sun 00:00-06:00", "Europe/Berlin"),
    OpeningHours.parse("mon-sun 00:00-24:00", "UTC"),
)
SECONDS = st.integers(min_value=0, max_value=2 * HOUR)
MOVES = st.lists(st.tuples(SECONDS, st.sampled_from(["run", "stand", "hours 0", "hours 1", "hours 2"])), max_size=8)
BEGINNINGS = st.sampled_from(["2026-10-23 16:30", "2026-10-24 21:30", "2026-10-25 01:15", "2026-10-26 23:30"])


@settings(max_examples=40, deadline=None)
@given(begins=BEGINNINGS, moves=MOVES, fraction=st.integers(min_value=0, max_value=999_999))
def test_what_is_counted_in_pieces_is_what_a_count_second_by_second_gives(
    begins: str, moves: list[tuple[int, str]], fraction: int
) -> None:
    """Pauses and other hours at any moment; moments with fractions of a second; the night with an hour twice."""
    now = at(begins)
    row, hours, naive, is_running = Clock(target_s=3 * HOUR, elapsed_s=0), HOURS[0], 0, True
    counting.run(row, hours, now)
    first_late = None
    for seconds, what in moves:
        for second in range(seconds if is_running else 0):
            naive += hours.is_open(now + timedelta(seconds=second))
            if first_late is None and naive >= row.target_s:
                first_late = now + timedelta(seconds=second + 1)
        if is_running and first_late is not None and first_late > now:
            assert counting.moment_of(row, hours, row.target_s) == first_late
        now += timedelta(seconds=seconds)
        heard = now.replace(microsecond=fraction)
        assert counting.counted(row, hours, heard) == naive
        assert counting.is_late(row, hours, heard) == (first_late is not None)
        if what == "run":
            counting.run(row, hours, heard)
            is_running = True
        elif what == "stand":
            counting.stand(row, hours, heard)
            is_running = False
        else:
            counting.stand(row, hours, heard)
            hours = HOURS[int(what[-1])]
            if is_running:
                counting.run(row, hours, heard)
