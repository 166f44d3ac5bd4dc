"""Splitting, joining and taking either back: nothing lost, nobody sees more, both cases as they were."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, customers, facts, floor, joins
from handoff.cases import carried
from handoff.cases.actors import Actor
from handoff.errors import BadInput, Conflict, IllegalMove, NotAllowed
from handoff.models import (
    Agent,
    Base,
    Case,
    CaseMove,
    CaseStatus,
    CaseTag,
    CaseWatcher,
    Identity,
    Join,
    LinkKind,
    Message,
    Promise,
    Role,
)
from handoff.ports import FoundFact
from handoff.routing import routes
from tests.hub.conftest import Desk


async def a_case(desk: Desk, conversation_id: str, title: str = "Cable box return", **parts: Any) -> Case:
    async def step(session: AsyncSession) -> Case:
        conversation = await floor.hold(session, conversation_id)
        parts.setdefault("topic", "returns")
        parts.setdefault("first_seq", 1)
        return await cases.open_case(session, conversation, title=title, actor=cases.ASSISTANT, **parts)

    return await desk.write(step)


async def again(desk: Desk, case: Case) -> Case:
    async with desk.database.read() as session:
        return await session.get_one(Case, case.id)


async def texts(desk: Desk, case: Case) -> list[str]:
    """What people said in it; the hub's own sentences are left out."""
    async with desk.database.read() as session:
        return [one.text for one in await cases.words_of(session, case.id) if one.author != "system"]


async def ids(desk: Desk, case: Case, *words: str) -> list[str]:
    async with desk.database.read() as session:
        return [one.id for one in await cases.words_of(session, case.id) if one.text in words]


async def system_words(desk: Desk, conversation_id: str) -> list[str]:
    return [text for author, _, text in await desk.words(conversation_id) if author == "system"]


async def kinds(desk: Desk, case: Case) -> list[str]:
    async with desk.database.read() as session:
        return [event.kind for event in await cases.history(session, case.id)]


async def replayed_as_stored(desk: Desk, *all_cases: Case) -> bool:
    async with desk.database.read() as session:
        for case in all_cases:
            stored = await session.get_one(Case, case.id)
            told = cases.replay(await cases.history(session, case.id))
            if told != {name: getattr(stored, name) for name in told}:
                return False
    return True


async def one_person(desk: Desk, first: str, second: str) -> None:
    """Say that two conversations are one customer's, as an agent would confirm."""

    async def step(session: AsyncSession) -> None:
        here, there = await floor.hold(session, first), await floor.hold(session, second)
        identity = await session.get_one(Identity, here.identity_id)
        await customers.join(session, identity, there.customer_id, "agent")

    await desk.write(step)


async def part_people(desk: Desk, agent: Agent) -> None:
    """They are two people after all."""
    async with desk.database.read() as session:
        made = (await session.scalars(select(Join))).one()
    await desk.write(lambda session: joins.undo(session, made.id, agent))


async def two_matters(desk: Desk) -> tuple[Case, str]:
    """One chat about a return and, in the middle of it, a bill."""
    receipt = await desk.customer_says("I want to return a box, order FB-204417")
    case = await a_case(desk, receipt.conversation_id)
    await desk.customer_says("And my bill of 12 May is wrong, write to maya@example.com")
    await desk.customer_says("The box weighs 20 lb")
    return case, receipt.conversation_id


BILL = "And my bill of 12 May is wrong, write to maya@example.com"


async def split_off(desk: Desk, case: Case, agent: Agent, *words: str, **parts: Any) -> Case:
    chosen = await ids(desk, case, *words)
    parts = {"title": "Wrong bill", "topic": "billing", "team": "billing", **parts}
    return await desk.write(lambda session: cases.split(session, case.ref, agent, chosen, **parts))


async def joined(desk: Desk, first: Case, second: Case, agent: Agent, **parts: Any) -> CaseMove:
    return await desk.write(lambda session: cases.join(session, first.ref, second.ref, agent, **parts))


async def undone(desk: Desk, move: CaseMove, agent: Agent) -> CaseMove:
    return await desk.write(lambda session: cases.undo(session, move.id, agent))


async def last_move(desk: Desk, case: Case) -> CaseMove:
    async with desk.database.read() as session:
        return (await cases.moves_of(session, case.id))[0]


# -- what hangs on a case


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


# -- split


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


# -- join


async def two_cases(desk: Desk) -> tuple[Case, Case, str, str]:
    """The same person wrote from two browsers; a case each."""
    first = await desk.customer_says("My box does not work", who="maya")
    second = await desk.customer_says("Still waiting about the box, account 10042", who="maya-phone")
    await one_person(desk, first.conversation_id, second.conversation_id)
    here = await a_case(desk, first.conversation_id, "Broken box", priority="low")
    there = await a_case(desk, second.conversation_id, "Waiting for box", team="returns", priority="high")
    await desk.customer_says("It blinks red", who="maya")
    return there, here, second.conversation_id, first.conversation_id


async def test_two_cases_become_one_thread_in_the_order_of_time(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, _, _ = await two_cases(desk)
    async with desk.database.read() as session:
        before = {one.id: _placed(one) for one in await _words(session)}
    await joined(desk, source, target, dana, reason="The same box")
    assert await texts(desk, target) == [
        "My box does not work",
        "Still waiting about the box, account 10042",
        "It blinks red",
    ]
    async with desk.database.read() as session:
        assert {one.id: _placed(one) for one in await _words(session)} == before
        assert (await cases.leads_to(session, await cases.get(session, source.ref))).id == target.id
    assert (await again(desk, source)).status == CaseStatus.JOINED
    assert (await again(desk, target)).priority == "high"
    assert await replayed_as_stored(desk, source, target)


async def _words(session: AsyncSession) -> list[Message]:
    return list(await session.scalars(select(Message)))


def _placed(message: Message) -> tuple[object, ...]:
    return message.conversation_id, message.seq, message.channel, message.audience, message.identity_id


async def test_what_hangs_on_a_case_goes_along_and_comes_back(desk: Desk) -> None:
    dana, sam = await desk.agent(), await desk.agent("Sam")
    source, target, _, _ = await two_cases(desk)

    async def hang(session: AsyncSession) -> None:
        now = source.created_at
        session.add_all(
            [
                CaseTag(case_id=source.id, tag="vip"),
                CaseTag(case_id=source.id, tag="box"),
                CaseTag(case_id=target.id, tag="box"),
                CaseWatcher(case_id=source.id, agent_id=sam.id, created_at=now),
                Promise(case_id=source.id, text="A label by Friday", due_at=now, state="open", created_at=now),
            ]
        )
        held = await cases.hold(session, source.ref)
        held.contacts, held.waited_s = 2, 90
        (await cases.hold(session, target.ref)).contacts = 1

    await desk.write(hang)
    move = await joined(desk, source, target, dana)
    assert await _hanging(desk, target) == (["box", "vip"], [sam.id], ["A label by Friday"], 3, 90)
    assert await _hanging(desk, source) == (["box"], [], [], 0, 0)
    await undone(desk, move, dana)
    assert await _hanging(desk, source) == (["box", "vip"], [sam.id], ["A label by Friday"], 2, 90)
    assert await _hanging(desk, target) == (["box"], [], [], 1, 0)


async def _hanging(desk: Desk, case: Case) -> tuple[object, ...]:
    async with desk.database.read() as session:
        stored = await session.get_one(Case, case.id)
        tags = await carried.keys_of(session, CaseTag.case_id, CaseTag.tag, case.id)
        watchers = await carried.keys_of(session, CaseWatcher.case_id, CaseWatcher.agent_id, case.id)
        promises = list(await session.scalars(select(Promise.text).where(Promise.case_id == case.id)))
    return tags, watchers, promises, stored.contacts, stored.waited_s


async def test_a_wrong_join_is_undone_after_new_messages(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, phone, web = await two_cases(desk)
    move = await joined(desk, source, target, dana)
    await desk.customer_says("From my phone: when will it come?", who="maya-phone")
    await desk.customer_says("From my computer: it blinks green now", who="maya")
    await undone(desk, move, dana)
    assert await texts(desk, source) == [
        "Still waiting about the box, account 10042",
        "From my phone: when will it come?",
    ]
    assert await texts(desk, target) == [
        "My box does not work",
        "It blinks red",
        "From my computer: it blinks green now",
    ]
    stored = [await again(desk, one) for one in (source, target)]
    assert [(one.status, one.priority, one.team) for one in stored] == [
        ("open", "high", "returns"),
        ("open", "low", "care"),
    ]
    assert (await desk.conversation(phone)).case_id == source.id
    assert (await desk.conversation(web)).case_id == target.id
    assert await replayed_as_stored(desk, source, target)


async def test_a_change_made_after_a_join_outlives_its_undoing(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, _, _ = await two_cases(desk)
    move = await joined(desk, source, target, dana)
    await desk.write(lambda session: cases.set_priority(session, target.ref, Actor.of(dana), "urgent"))
    await undone(desk, move, dana)
    assert (await again(desk, target)).priority == "urgent"
    assert (await again(desk, source)).priority == "high"


async def test_a_join_others_rest_on_is_not_undone_under_them(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, _, _ = await two_cases(desk)
    move = await joined(desk, source, target, dana)
    new = await split_off(desk, target, dana, "Still waiting about the box, account 10042")
    with pytest.raises(Conflict, match=f"split off to {new.ref}"):
        await undone(desk, move, dana)
    await undone(desk, await last_move(desk, new), dana)
    await undone(desk, move, dana)
    assert "Still waiting about the box, account 10042" in await texts(desk, source)


async def test_cases_of_two_people_are_never_joined(desk: Desk) -> None:
    dana = await desk.agent()
    first = await desk.customer_says("A", who="maya")
    second = await desk.customer_says("B", who="noor")
    here, there = await a_case(desk, first.conversation_id), await a_case(desk, second.conversation_id)
    with pytest.raises(IllegalMove, match="two customers"):
        await joined(desk, here, there, dana)


async def test_rights_are_needed_on_both_ends(desk: Desk) -> None:
    dana, sam = await desk.agent(teams=("care",)), await desk.agent("Sam", teams=("returns",))
    source, target, _, _ = await two_cases(desk)
    for agent in (dana, sam):
        with pytest.raises(NotAllowed):
            await joined(desk, source, target, agent)
        with pytest.raises(NotAllowed):
            await joined(desk, target, source, agent)

    async def promote(session: AsyncSession) -> Agent:
        held = await session.get_one(Agent, dana.id)
        held.role = Role.SUPERVISOR
        return held

    boss = await desk.write(promote)
    move = await joined(desk, source, target, boss)
    with pytest.raises(NotAllowed):
        await undone(desk, move, sam)


async def test_nobody_works_on_a_case_that_became_part_of_another(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, _, _ = await two_cases(desk)
    await joined(desk, source, target, dana)
    by = Actor.of(dana)
    for step in (
        lambda session: cases.set_priority(session, source.ref, by, "low"),
        lambda session: cases.assign(session, source.ref, by, dana),
        lambda session: cases.resolve(session, source.ref, by, "Done"),
        lambda session: cases.wait_for(session, source.ref, by, "customer"),
        lambda session: cases.join(session, source.ref, target.ref, dana),
        lambda session: cases.split(session, source.ref, dana, ["x"], title="x"),
    ):
        with pytest.raises(IllegalMove, match="part of another"):
            await desk.write(step)
    await desk.write(lambda session: cases.add_note(session, source.ref, by, "Seen"))
    assert (await kinds(desk, target))[-1] == "noted"


async def test_a_preview_says_what_a_join_does_and_changes_nothing(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, phone, web = await two_cases(desk)

    async def told(session: AsyncSession) -> None:
        for conversation_id, value in ((phone, "10042"), (web, "10099")):
            conversation = await floor.hold(session, conversation_id)
            await facts.put(session, conversation, [FoundFact("account_number", value, True)], set_by="action")

    await desk.write(told)
    async with desk.database.read() as session:
        seen = await cases.preview_join(session, source.ref, target.ref, dana)
    assert (seen.source.messages, seen.target.messages) == (1, 2)
    assert [(one.name, one.in_from, one.in_into) for one in seen.conflicts] == [("account_number", "10042", "10099")]
    said = " ".join(seen.sentences)
    assert "1 message, 0 files and 1 fact" in said
    assert f"{target.ref} becomes high" in said
    assert (await again(desk, source)).status == CaseStatus.OPEN


async def test_a_repeated_key_joins_once(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, _, _ = await two_cases(desk)
    first = await joined(desk, source, target, dana, idempotency_key="j1")
    second = await joined(desk, source, target, dana, idempotency_key="j1")
    assert first.id == second.id
    assert (await kinds(desk, target)).count("joined_in") == 1


async def test_taking_back_who_somebody_is_takes_their_cases_apart(desk: Desk) -> None:
    dana = await desk.agent()
    source, target, _, _ = await two_cases(desk)
    await joined(desk, source, target, dana)
    await part_people(desk, dana)
    assert await texts(desk, source) == ["Still waiting about the box, account 10042"]
    assert (await again(desk, source)).status == CaseStatus.OPEN


async def test_two_people_keep_nothing_of_each_other_in_their_cases(desk: Desk) -> None:
    """Maya was taken for Noor, and said something while her chat was about Noor's case."""
    dana = await desk.agent()
    maya = await desk.customer_says("My box does not work", who="maya")
    noor = await desk.customer_says("My bill is wrong", who="noor")
    own, strange = await a_case(desk, maya.conversation_id), await a_case(desk, noor.conversation_id, "Bill")
    await one_person(desk, maya.conversation_id, noor.conversation_id)
    await desk.write(lambda session: cases.talk_about(session, maya.conversation_id, strange.ref, dana))
    await desk.customer_says("It blinks red, write to maya@example.com", who="maya")
    assert "It blinks red, write to maya@example.com" in await texts(desk, strange)

    await part_people(desk, dana)
    assert await texts(desk, strange) == ["My bill is wrong"]
    assert await texts(desk, own) == ["My box does not work", "It blinks red, write to maya@example.com"]
    async with desk.database.read() as session:
        assert list(await cases.conversation_ids(session, strange)) == [noor.conversation_id]
        assert [fact.case_id for fact in await facts.current(session, maya.conversation_id)] == [own.id]
    await desk.customer_says("It blinks green", who="maya")
    assert "It blinks green" in await texts(desk, own)


async def test_whoever_stops_watching_a_case_is_told_of_it_no_more_and_nobody_else_is_touched(desk: Desk) -> None:
    dana, sam = await desk.agent(), await desk.agent("Sam")
    said = await desk.customer_says("My box does not work")
    case = await a_case(desk, said.conversation_id)

    async def watchers() -> set[str]:
        async with desk.database.read() as session:
            return set(await session.scalars(select(CaseWatcher.agent_id).where(CaseWatcher.case_id == case.id)))

    for agent in (dana, sam, dana):
        await desk.write(lambda session, agent=agent: cases.watch(session, case.ref, agent))
    assert await watchers() == {dana.id, sam.id}
    for _ in range(2):
        await desk.write(lambda session: cases.unwatch(session, case.ref, dana))
        assert await watchers() == {sam.id}


# -- links


async def test_a_parent_knows_its_open_children_and_resolves_them_together(desk: Desk) -> None:
    dana = await desk.agent()
    first = await desk.customer_says("No internet", who="maya")
    incident = await a_case(desk, first.conversation_id, "Outage in Elm Street")
    children = []
    for who in ("noor", "ivo"):
        said = await desk.customer_says("No internet here", who=who)
        child = await a_case(desk, said.conversation_id, f"No internet at {who}'s")
        await desk.write(lambda session, ref=child.ref: cases.link(session, incident.ref, ref, dana, LinkKind.PARENT))
        children.append((child, said.conversation_id))
    by = Actor.of(dana)
    with pytest.raises(IllegalMove, match="2 open cases below it"):
        await desk.write(lambda session: cases.resolve(session, incident.ref, by, "Repaired", children="ask"))
    await desk.write(lambda session: cases.resolve_children(session, incident.ref, dana, "The cable is repaired."))
    await desk.write(lambda session: cases.resolve(session, incident.ref, by, "Repaired", children="ask"))
    for child, conversation_id in children:
        assert (await again(desk, child)).status == CaseStatus.RESOLVED
        told = [words for words in await system_words(desk, conversation_id) if "The cable is repaired." in words]
        assert len(told) == 1


async def test_links_make_no_circles_and_can_be_taken_off(desk: Desk) -> None:
    dana = await desk.agent()
    said = await desk.customer_says("Hello")
    one, two = [await a_case(desk, said.conversation_id, title) for title in ("One", "Two")]
    made = await desk.write(lambda session: cases.link(session, one.ref, two.ref, dana, LinkKind.PARENT))
    with pytest.raises(IllegalMove, match="below"):
        await desk.write(lambda session: cases.link(session, two.ref, one.ref, dana, LinkKind.PARENT))
    with pytest.raises(BadInput, match="itself"):
        await desk.write(lambda session: cases.link(session, one.ref, one.ref, dana, LinkKind.RELATED))
    await desk.write(lambda session: cases.unlink(session, made.id, dana))
    async with desk.database.read() as session:
        assert await cases.links_of(session, one.id) == []
    assert (await kinds(desk, two))[-2:] == ["linked", "unlinked"]
