"""Lists of cases show exactly what their filters say, page by page, and saved views keep them."""

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.cases.data import fill
from handoff import clock
from handoff.errors import BadInput, NotAllowed, NotFound
from handoff.finding import chosen as filters
from handoff.finding import lists, views
from handoff.finding.chosen import Chosen
from handoff.finding.lists import Looker
from handoff.models import LIVE, Agent, Case, CaseTag, CaseWatcher, Clock, Role
from tests.hub.conftest import Desk

CASES = 400


@pytest.fixture
async def filled(desk: Desk) -> tuple[Desk, Agent]:
    """Four hundred cases of every kind, and Dana, who has and watches some."""
    dana = await desk.agent("Dana", ("care", "billing"))
    await fill(desk.database, CASES)
    chance = random.Random(5)

    async def more(session: AsyncSession) -> None:
        cases = list(await session.scalars(select(Case).order_by(Case.id)))
        for case in cases:
            if chance.random() < 0.2:
                case.assignee_id = dana.id
            case.contacts = chance.randrange(6)
        tagged = [{"case_id": case.id, "tag": tag} for case in cases for tag in ("vip", "box") if chance.random() < 0.2]
        await session.execute(insert(CaseTag), tagged)
        watched = [{"case_id": case.id, "agent_id": dana.id, "created_at": clock.now()} for case in cases[::17]]
        await session.execute(insert(CaseWatcher), watched)

    await desk.write(more)
    return desk, dana


NARROWED = [
    {},
    {"status": "open"},
    {"status": "any"},
    {"status": "resolved", "sort": "unchanged"},
    {"team": "billing"},
    {"team": "mine", "status": "any"},
    {"assignee": "me", "status": "any"},
    {"assignee": "nobody"},
    {"priority": "urgent", "status": "any"},
    {"topic": "return", "status": "any"},
    {"tag": "vip", "status": "any"},
    {"tag": "vip", "team": "mine", "watched": True, "status": "any"},
    {"watched": True, "status": "any"},
    {"contacts": 3},
    {"due": "overdue"},
    {"due": "today", "team": "care"},
    {"sort": "due"},
    {"tag": "box", "due": "today"},
]


async def expected(desk: Desk, dana: Agent, chosen: Chosen) -> list[str]:
    """The same list the slow way: every case looked at by itself."""
    async with desk.database.read() as session:
        cases = list(await session.scalars(select(Case)))
        tags = {(row.case_id, row.tag) for row in await session.scalars(select(CaseTag))}
        watched = {row.case_id for row in await session.scalars(select(CaseWatcher))}
        due: dict[str, tuple[object, str]] = {}
        for one in await session.scalars(select(Clock).where(Clock.due_at.is_not(None), Clock.met_at.is_(None))):
            due[one.case_id] = min(due.get(one.case_id, (one.due_at, one.id)), (one.due_at, one.id))
    latest = clock.now() + timedelta(hours=24 if chosen.due == "today" else 0)
    teams = {"mine": dana.teams, "": None}.get(chosen.team, [chosen.team])
    owner = {"me": dana.id, "nobody": None}.get(chosen.assignee, chosen.assignee)
    fits = [
        case
        for case in cases
        if case.status in chosen.statuses
        and (teams is None or case.team in teams)
        and (not chosen.assignee or case.assignee_id == owner)
        and (not chosen.priority or case.priority == chosen.priority)
        and (not chosen.topic or (case.topic + "_").startswith(chosen.topic + "_"))
        and (not chosen.tag or (case.id, chosen.tag) in tags)
        and (not chosen.watched or case.id in watched)
        and case.contacts >= chosen.contacts
        and (not chosen.due or (case.id in due and due[case.id][0] < latest))
    ]
    if chosen.tag or chosen.watched:
        fits.sort(key=lambda case: case.id, reverse=True)
    elif chosen.due or chosen.sort == "due":
        fits = sorted((case for case in fits if case.id in due), key=lambda case: due[case.id])
    else:
        fits.sort(key=lambda case: (case.updated_at, case.id), reverse=chosen.sort == "changed")
    return [case.ref for case in fits]


@pytest.mark.parametrize("narrowed", NARROWED, ids=str)
async def test_a_list_is_what_its_filters_say_page_by_page(
    filled: tuple[Desk, Agent], narrowed: dict[str, object]
) -> None:
    desk, dana = filled
    chosen, who = filters.read(narrowed), Looker.of(dana)
    refs: list[str] = []
    after: str | None = ""
    async with desk.database.read() as session:
        while after is not None:
            page = await lists.page(session, who, chosen, after, limit=17)
            refs += [row.ref for row in page.rows]
            after = page.after
        (number,) = await lists.counts(session, who, [chosen])
    assert refs == await expected(desk, dana, chosen)
    assert number == min(len(refs), lists.COUNTED + 1)
    assert refs, "a list of nothing proves nothing"


async def test_a_row_carries_its_tags_its_next_clock_and_its_people(filled: tuple[Desk, Agent]) -> None:
    desk, dana = filled
    async with desk.database.read() as session:
        page = await lists.page(
            session, Looker.of(dana), filters.read({"tag": "vip", "assignee": "me", "status": "any"})
        )
    assert all("vip" in row.tags and row.assignee == "Dana" and row.customer for row in page.rows)
    async with desk.database.read() as session:
        page = await lists.page(session, Looker.of(dana), filters.read({"sort": "due"}))
    dues = [row.due_at for row in page.rows]
    assert None not in dues
    assert dues == sorted(dues)


async def test_words_and_filters_narrow_together(filled: tuple[Desk, Agent]) -> None:
    desk, dana = filled
    async with desk.database.read() as session:
        every = await lists.page(
            session, Looker.of(dana), filters.read({"search": "router", "status": "any"}), limit=400
        )
        live = await lists.page(
            session, Looker.of(dana), filters.read({"search": "routers", "status": "live"}), limit=400
        )
    assert 0 < len(live.rows) < len(every.rows)
    assert all(row.status in LIVE for row in live.rows)
    assert all(any(piece.is_found for piece in row.snippet) for row in every.rows)


async def test_counts_stop_at_a_hundred(desk: Desk) -> None:
    dana = await desk.agent()
    await fill(desk.database, 1200)
    async with desk.database.read() as session:
        found = await lists.counts(session, Looker.of(dana), [Chosen(status="any"), Chosen(status="joined")])
    assert found == [lists.COUNTED + 1, 0]


@pytest.mark.parametrize(
    "given",
    [
        {"status": "gone"},
        {"colour": "red"},
        {"contacts": "many"},
        {"topic": "A;B"},
        {"due": "never"},
        {"tag": "x" * 41},
    ],
    ids=str,
)
def test_a_filter_that_means_nothing_is_refused_by_name(given: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=next(iter(given))):
        filters.read(given)


@pytest.mark.parametrize("after", ["x", "~", "2026~x", "2026-01-01T00:00:00~x", "'; DROP TABLE cases"])
async def test_a_page_address_that_was_changed_is_refused(desk: Desk, after: str) -> None:
    dana = await desk.agent()
    async with desk.database.read() as session:
        with pytest.raises(BadInput, match="Open the list again"):
            await lists.page(session, Looker.of(dana), Chosen(), after)


def _names(found: Sequence[views.View]) -> list[str]:
    return [view.name for view in found if view not in views.BUILT_IN]


async def test_views_are_kept_for_oneself_and_by_supervisors_for_everybody(desk: Desk) -> None:
    dana, omar = await desk.agent("Dana"), await desk.agent("Omar")

    async def promote(session: AsyncSession) -> Agent:
        agent = await session.get_one(Agent, omar.id)
        agent.role = Role.SUPERVISOR
        return agent

    omar = await desk.write(promote)
    wanted = filters.read({"team": "returns", "due": "today"})
    own = await desk.write(lambda session: views.save(session, dana, "Returns due", wanted))
    shared = await desk.write(lambda session: views.save(session, omar, "All returns", wanted, is_shared=True))
    with pytest.raises(NotAllowed):
        await desk.write(lambda session: views.save(session, dana, "For all", wanted, is_shared=True))
    with pytest.raises(NotAllowed):
        await desk.write(lambda session: views.remove(session, dana, shared.id))
    with pytest.raises(NotFound):
        await desk.write(lambda session: views.remove(session, omar, own.id))
    async with desk.database.read() as session:
        assert _names(await views.of(session, dana.id)) == ["All returns", "Returns due"]
        assert _names(await views.of(session, omar.id)) == ["All returns"]
    again = await desk.write(lambda session: views.save(session, dana, " Returns  due ", Chosen(status="any")))
    assert (again.id, again.chosen) == (own.id, Chosen(status="any")), "the same name is the same view"
    await desk.write(lambda session: views.remove(session, dana, own.id))
    async with desk.database.read() as session:
        assert _names(await views.of(session, dana.id)) == ["All returns"]
