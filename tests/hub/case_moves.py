"""Cases, and what tests of them do and look at: opened, split, joined, undone."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, customers, floor, joins
from handoff.models import Agent, Case, CaseMove, Identity, Join
from tests.hub.conftest import Desk

BILL = "And my bill of 12 May is wrong, write to maya@example.com"


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
    await desk.customer_says(BILL)
    await desk.customer_says("The box weighs 20 lb")
    return case, receipt.conversation_id


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
