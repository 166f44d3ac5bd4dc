"""Splitting and taking it back: nothing lost, nobody sees more, both cases as they were."""

from typing import Any

import pytest

from handoff import cases, facts
from handoff.cases import carried
from handoff.cases.actors import Actor
from handoff.errors import BadInput
from handoff.models import Base, Case, CaseStatus
from handoff.routing import routes
from tests.hub.case_moves import (
    BILL,
    again,
    ids,
    last_move,
    replayed_as_stored,
    split_off,
    system_words,
    texts,
    two_matters,
    undone,
)
from tests.hub.conftest import Desk


def test_every_column_that_names_a_case_is_carried_or_said_to_stay() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "cases" for key in column.foreign_keys)
    }
    columns = (*carried.ROWS, *carried.ENDS, *carried.ONLY_ONE, *carried.PLACES, *(one for one, _ in carried.SETS))
    listed = {f"{carried.table(one)}.{one.key}" for one in columns}
    assert listed & carried.STAYS == set()
    assert named == listed | carried.STAYS


async def test_two_matters_in_one_chat_become_two_cases(desk: Desk) -> None:
    dana = await desk.agent()
    case, _ = await two_matters(desk)
    new = await split_off(desk, case, dana, BILL)
    assert await texts(desk, case) == ["I want to return a box, order FB-204417", "The box weighs 20 lb"]
    assert await texts(desk, new) == [BILL]
    assert (new.title, new.topic, new.team, new.customer_id) == ("Wrong bill", "billing", "billing", case.customer_id)
    assert await replayed_as_stored(desk, case, new)
    async with desk.database.read() as session:
        here, there = await cases.links_of(session, case.id), await cases.links_of(session, new.id)
    assert [(one.word, one.ref) for one in here] == [("split into", new.ref)]
    assert [(one.word, one.ref) for one in there] == [("split off from", case.ref)]


async def test_facts_go_with_the_words_that_told_them(desk: Desk) -> None:
    dana = await desk.agent()
    case, conversation_id = await two_matters(desk)
    new = await split_off(desk, case, dana, BILL)
    async with desk.database.read() as session:
        moved = {fact.value for fact in await cases.facts_of(session, new.id)}
        stayed = {fact.value for fact in await cases.facts_of(session, case.id)}
        known = {fact.value for fact in await facts.current(session, conversation_id)}
    assert any("maya@" in value for value in moved)
    assert any("204417" in value for value in stayed)
    assert moved | stayed == known
    assert not moved & stayed


async def test_a_split_tells_the_customer_once_and_names_both(desk: Desk) -> None:
    dana = await desk.agent()
    case, conversation_id = await two_matters(desk)
    new = await split_off(desk, case, dana, BILL, idempotency_key="one")
    same = await split_off(desk, case, dana, BILL, idempotency_key="one")
    told = await system_words(desk, conversation_id)
    assert same.id == new.id
    assert len(told) == 1
    assert all(part in told[0] for part in (case.ref, case.title, new.ref, "Wrong bill"))


async def test_a_split_keeps_the_conversation_on_its_subject_unless_its_newest_words_left(desk: Desk) -> None:
    dana = await desk.agent()
    case, conversation_id = await two_matters(desk)
    await split_off(desk, case, dana, BILL)
    assert (await desk.conversation(conversation_id)).case_id == case.id
    await desk.customer_says("One more thing: the router is slow")
    third = await split_off(desk, case, dana, "One more thing: the router is slow", title="Slow router")
    assert (await desk.conversation(conversation_id)).case_id == third.id
    await desk.customer_says("It is slow in the evening")
    assert "It is slow in the evening" in await texts(desk, third)


async def routed(desk: Desk, case: Case) -> list[dict[str, Any]]:
    async with desk.database.read() as session:
        return [event.data for event in await cases.history(session, case.id) if event.kind == "routed"]


async def test_a_split_off_case_goes_to_the_team_of_its_own_topic_and_says_why(desk: Desk) -> None:
    dana = await desk.agent()
    raw = [{"field": "topic", "op": "is", "value": "billing"}]
    route = {"name": "Bills", "team": "billing", "raw_conditions": raw, "priority": "high"}
    await desk.write(lambda session: routes.put(session, None, **route))
    case, _ = await two_matters(desk)
    await desk.write(lambda session: cases.assign(session, case.ref, Actor.of(dana), dana))
    new = await split_off(desk, case, dana, BILL, team=None)
    assert (new.team, new.priority, new.assignee_id) == ("billing", "high", None)
    [told] = await routed(desk, new)
    assert "The team is Billing, because" in told["because"][0]
    assert "route “Bills”" in told["because"][0]
    assert await replayed_as_stored(desk, case, new)


async def test_without_a_route_a_split_off_case_stays_with_its_team_and_whoever_has_it(desk: Desk) -> None:
    dana = await desk.agent()
    case, _ = await two_matters(desk)
    await desk.write(lambda session: cases.set_team(session, case.ref, Actor.of(dana), "returns"))
    await desk.write(lambda session: cases.assign(session, case.ref, Actor.of(dana), dana))
    new = await split_off(desk, case, dana, BILL, team=None)
    assert (new.team, new.assignee_id) == ("returns", dana.id)
    assert await replayed_as_stored(desk, case, new)


async def test_a_team_that_is_named_at_a_split_stays_whatever_the_routes_say(desk: Desk) -> None:
    dana = await desk.agent()
    await desk.write(lambda session: routes.put(session, None, name="All", team="returns", raw_conditions=[]))
    case, _ = await two_matters(desk)
    new = await split_off(desk, case, dana, BILL, team="billing")
    assert new.team == "billing"
    assert [one["because"] for one in await routed(desk, new)] == [["The team is Billing, because Dana chose it."]]


@pytest.mark.parametrize(
    ("chosen", "said"), [("none", "Choose"), ("strange", "are not in"), ("all", "all the words"), ("untitled", "about")]
)
async def test_a_split_that_makes_no_sense_is_refused_in_a_sentence(desk: Desk, chosen: str, said: str) -> None:
    dana = await desk.agent()
    case, _ = await two_matters(desk)
    other = await desk.customer_says("Hello", who="noor")
    words = {"none": [], "strange": [other.message_id], "untitled": await ids(desk, case, BILL)}
    async with desk.database.read() as session:
        words["all"] = [one.id for one in await cases.words_of(session, case.id)]
    title = " " if chosen == "untitled" else "Bill"
    with pytest.raises(BadInput, match=said):
        await desk.write(lambda session: cases.split(session, case.ref, dana, words[chosen], title=title))


async def test_a_split_taken_back_restores_the_case_with_what_came_since(desk: Desk) -> None:
    dana = await desk.agent()
    case, conversation_id = await two_matters(desk)
    before = await texts(desk, case)
    new = await split_off(desk, case, dana, BILL)
    await desk.write(lambda session: cases.add_note(session, new.ref, Actor.of(dana), "Looked at it"))
    move = await last_move(desk, case)
    await undone(desk, move, dana)
    await undone(desk, move, dana)
    assert await texts(desk, case) == before
    assert await texts(desk, new) == []
    gone = await again(desk, new)
    assert (gone.status, gone.joined_into_id) == (CaseStatus.JOINED, case.id)
    assert await replayed_as_stored(desk, case, new)
    assert len(await system_words(desk, conversation_id)) == 2
    async with desk.database.read() as session:
        assert await cases.links_of(session, case.id) == []
