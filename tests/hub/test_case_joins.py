"""Joining and taking it back: one thread in the order of time, and two cases again as they were."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, facts, floor
from handoff.cases import carried
from handoff.cases.actors import Actor
from handoff.errors import Conflict, IllegalMove, NotAllowed
from handoff.models import Agent, Case, CaseStatus, CaseTag, CaseWatcher, Message, Promise, Role
from handoff.ports import FoundFact
from tests.hub.case_moves import (
    a_case,
    again,
    joined,
    kinds,
    last_move,
    one_person,
    part_people,
    replayed_as_stored,
    split_off,
    texts,
    undone,
)
from tests.hub.conftest import Desk


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
