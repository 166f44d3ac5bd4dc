"""One change to many cases: each checked for itself, reported for itself, and taken back where that is cheap."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bench.cases.data import fill
from handoff import cases
from handoff.cases import Actor
from handoff.errors import BadInput
from handoff.finding import bulk, lists, sheets, tags
from handoff.finding.bulk import Change, Outcome, Undo
from handoff.finding.chosen import Chosen
from handoff.finding.lists import Looker
from handoff.models import Agent, Case, CaseWatcher, Role
from tests.hub.conftest import Desk

Do = Callable[[str, str], Awaitable[Outcome]]


@pytest.fixture
async def desk_with_cases(desk: Desk) -> tuple[Desk, Agent, list[str]]:
    """Dana of billing, and twelve open cases: nine of billing, three of the network team."""
    dana = await desk.agent("Dana", ("billing",))
    await fill(desk.database, 12)

    async def sort(session: AsyncSession) -> list[str]:
        await session.execute(update(Case).values(status="open", waiting_for=None, resolution=None, resolved_at=None))
        found = list(await session.scalars(select(Case).order_by(Case.ref)))
        for place, case in enumerate(found):
            case.team = "billing" if place < 9 else "network"
        return [case.ref for case in found]

    return desk, dana, await desk.write(sort)


async def _case(desk: Desk, ref: str) -> Case:
    async with desk.database.read() as session:
        return await cases.get(session, ref)


async def _apply(desk: Desk, agent: Agent, refs: list[str], do: str, value: str = "") -> Outcome:
    return await desk.write(lambda session: bulk.apply(session, refs, agent, Change(do, value)))  # type: ignore[arg-type]


async def _undo(desk: Desk, agent: Agent, undo: tuple[Undo, ...]) -> Outcome:
    return await desk.write(lambda session: bulk.take_back(session, agent, undo))


async def test_what_may_not_be_changed_holds_nothing_else_up(desk_with_cases: tuple[Desk, Agent, list[str]]) -> None:
    desk, dana, refs = desk_with_cases
    await desk.write(lambda session: cases.resolve(session, refs[0], cases.SYSTEM, "Done."))
    outcome = await _apply(desk, dana, [*refs, "C-999-999-9"], "priority", "high")
    assert set(outcome.changed) == set(refs[1:9])
    assert {ref for ref, _ in outcome.refused} == {refs[0], *refs[9:], "C-999-999-9"}
    assert outcome.sentence.startswith("8 changed, 5 not: ")
    assert (await _case(desk, refs[1])).priority == "high"
    assert (await _case(desk, refs[9])).priority != "high" or (await _case(desk, refs[9])).last_event_seq == 1
    async with desk.database.read() as session:
        history = await cases.history(session, (await cases.get(session, refs[1])).id)
        assert (history[-1].kind, history[-1].actor_name) == ("priority_changed", "Dana")
        assert cases.replay(history)["priority"] == "high"


async def test_each_change_does_what_it_says(desk_with_cases: tuple[Desk, Agent, list[str]]) -> None:
    desk, dana, refs = desk_with_cases
    ours, ref = refs[:3], refs[0]
    await _apply(desk, dana, ours, "assign", dana.id)
    assert (await _case(desk, ref)).assignee_id == dana.id
    await _apply(desk, dana, ours, "assign", "")
    assert (await _case(desk, ref)).assignee_id is None
    await _apply(desk, dana, ours, "tag", "  Second   Visit ")
    async with desk.database.read() as session:
        assert await tags.of(session, (await cases.get(session, ref)).id) == ["second visit"]
    await _apply(desk, dana, ours, "untag", "second visit")
    async with desk.database.read() as session:
        assert await tags.of(session, (await cases.get(session, ref)).id) == []
    await _apply(desk, dana, refs, "watch")
    async with desk.database.read() as session:
        assert len((await session.scalars(select(CaseWatcher))).all()) == len(refs), "anybody may watch any case"
    await _apply(desk, dana, ours, "resolve", "The bill is corrected.")
    found = await _case(desk, ref)
    assert (found.status, found.resolution) == ("resolved", "The bill is corrected.")
    again = await _apply(desk, dana, ours, "resolve", "The bill is corrected.")
    assert again.changed == ()
    assert again.undo == ()
    await _apply(desk, dana, refs[3:5], "team", "returns")
    assert (await _case(desk, refs[3])).team == "returns"


@pytest.mark.parametrize(("do", "value"), [("priority", "urgent"), ("tag", "vip"), ("watch", ""), ("assign", "dana")])
async def test_a_change_is_taken_back_unless_somebody_changed_it_since(
    desk_with_cases: tuple[Desk, Agent, list[str]], do: str, value: str
) -> None:
    desk, dana, refs = desk_with_cases
    value = dana.id if value == "dana" else value
    await _apply(desk, dana, refs[:3], "priority", "low")
    before = [await _state(desk, dana, ref) for ref in refs[:3]]
    outcome = await _apply(desk, dana, refs[:3], do, value)
    assert [await _state(desk, dana, ref) for ref in refs[:3]] != before
    other = {
        "priority": ("priority", "normal"),
        "tag": ("tag", "other"),
        "assign": ("assign", ""),
        "watch": ("unwatch", ""),
    }
    await _apply(desk, dana, refs[:1], *other[do])
    back = await _undo(desk, dana, outcome.undo)
    assert set(back.changed) == set(refs[1:3])
    assert [ref for ref, why in back.refused if "since" in why] == [refs[0]]
    assert [await _state(desk, dana, ref) for ref in refs[1:3]] == before[1:]


async def test_resolving_many_is_taken_back_and_whoever_read_it_reads_that_it_is_not_solved(
    desk_with_cases: tuple[Desk, Agent, list[str]],
) -> None:
    desk, dana, refs = desk_with_cases
    opened, waits, changed = refs[:3]
    await desk.write(lambda session: cases.wait_for(session, waits, Actor.of(dana), "customer"))
    outcome = await _apply(desk, dana, [opened, waits, changed], "resolve", "The bill is corrected.")
    assert len(outcome.undo) == 3
    await desk.write(lambda session: cases.reopen(session, changed, Actor.of(dana), "Not yet"))
    await desk.write(lambda session: cases.resolve(session, changed, Actor.of(dana), "Now it is."))
    back = await _undo(desk, dana, outcome.undo)
    assert set(back.changed) == {opened, waits}
    assert [ref for ref, why in back.refused if "since" in why] == [changed]
    first, second, third = [await _case(desk, ref) for ref in (opened, waits, changed)]
    assert (first.status, first.resolution, first.resolved_at) == ("open", None, None)
    assert (second.status, second.waiting_for) == ("waiting", "customer")
    assert (third.status, third.resolution) == ("resolved", "Now it is.")
    async with desk.database.read() as session:
        [conversation_id] = await cases.conversation_ids(session, first)
        assert cases.replay(await cases.history(session, second.id))["status"] == "waiting"
    told = [text for author, _, text in await desk.words(conversation_id) if author == "system" and opened in text]
    assert ["is solved" in told[0], "is not solved yet" in told[1], len(told)] == [True, True, 2]
    again = await _undo(desk, dana, outcome.undo)
    assert again.changed == ()


async def test_what_no_change_gave_is_not_taken_back(desk_with_cases: tuple[Desk, Agent, list[str]]) -> None:
    desk, dana, refs = desk_with_cases
    with pytest.raises(BadInput, match="cannot be taken back"):
        await _undo(desk, dana, (Undo(refs[0], Change("paint"), "care"),))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="Choose one"):
        await _apply(desk, dana, refs[:1], "reopen")


async def _state(desk: Desk, agent: Agent, ref: str) -> tuple[object, ...]:
    async with desk.database.read() as session:
        case = await cases.get(session, ref)
        watched = await session.get(CaseWatcher, (case.id, agent.id))
        return case.priority, case.assignee_id, tuple(await tags.of(session, case.id)), watched is not None


async def test_taking_back_needs_the_same_rights(desk_with_cases: tuple[Desk, Agent, list[str]]) -> None:
    desk, dana, refs = desk_with_cases
    made_up = (Undo(refs[9], Change("priority", "urgent"), (await _case(desk, refs[9])).priority),)
    outcome = await _undo(desk, dana, made_up)
    assert outcome.changed == ()
    assert "not yours" in outcome.refused[0][1]


@pytest.mark.parametrize(
    ("do", "value", "why"),
    [
        ("priority", "enormous", "urgent"),
        ("resolve", "  ", "what was done"),
        ("tag", "a,b", "comma"),
        ("paint", "red", "Choose one"),
        ("team", "", "team"),
    ],
)
async def test_what_is_wrong_for_every_case_is_refused_before_any_is_touched(
    desk_with_cases: tuple[Desk, Agent, list[str]], do: str, value: str, why: str
) -> None:
    desk, dana, refs = desk_with_cases
    with pytest.raises(BadInput, match=why):
        await _apply(desk, dana, refs, do, value)
    with pytest.raises(BadInput, match="at least one"):
        await _apply(desk, dana, [], "watch")


async def test_a_renamed_tag_joins_the_other_by_a_supervisor(
    desk_with_cases: tuple[Desk, Agent, list[str]],
) -> None:
    desk, dana, refs = desk_with_cases
    await _apply(desk, dana, refs[:4], "tag", "vip")
    await _apply(desk, dana, refs[2:6], "tag", "very important")

    async def promote(session: AsyncSession) -> Agent:
        agent = await session.get_one(Agent, dana.id)
        agent.role = Role.SUPERVISOR
        return agent

    with pytest.raises(Exception, match="supervisor"):
        await desk.write(lambda session: tags.rename(session, dana, "very important", "vip"))
    supervisor = await desk.write(promote)
    assert await desk.write(lambda session: tags.rename(session, supervisor, "very important", "vip")) == 4
    async with desk.database.read() as session:
        assert dict(await tags.counted(session)) == {"vip": 6}
        assert await tags.known(session, "v") == ["vip"]
        page = await lists.page(session, Looker.of(dana), Chosen(tag="vip", status="any"))
        assert {row.ref for row in page.rows} == set(refs[:6])


async def test_tags_are_suggested_by_their_beginning(desk_with_cases: tuple[Desk, Agent, list[str]]) -> None:
    desk, dana, refs = desk_with_cases
    for tag in ("returns", "return label", "vip", "éclair", "résumé"):
        await _apply(desk, dana, refs[:2], "tag", tag)
    async with desk.database.read() as session:
        assert sorted(await tags.known(session, "ret")) == ["return label", "returns"]
        assert set(await tags.known(session)) == {"returns", "return label", "vip", "éclair", "résumé"}
        assert len(await tags.known(session, limit=2)) == 2
        assert await tags.known(session, "zzz") == []


async def test_a_sheet_runs_nothing_a_customer_wrote(desk_with_cases: tuple[Desk, Agent, list[str]]) -> None:
    desk, dana, refs = desk_with_cases
    evil = ['=HYPERLINK("http://x.example","y")', "+1", "-1+2", "@SUM(A1)", "\t=1", "  =1", "fine, really"]

    async def name(session: AsyncSession) -> None:
        for ref, title in zip(refs, evil, strict=False):
            (await cases.get(session, ref)).title = title

    await desk.write(name)
    async with desk.database.read() as session:
        sheet = await sheets.written(session, Looker.of(dana), Chosen())
    import csv
    import io

    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert len(rows) == 12
    titles = {row["reference"]: row["title"] for row in rows}
    assert [titles[ref] for ref in refs[: len(evil)]] == [f"'{title}" for title in evil[:-1]] + [evil[-1]]
