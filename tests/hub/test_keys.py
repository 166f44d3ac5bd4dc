"""Idempotency keys: said twice they do a thing once, and they open nothing that is somebody else's."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, handovers
from handoff.care import follow_ups
from handoff.cases import Actor
from handoff.errors import Conflict
from handoff.models import Case, CaseStatus, FollowUp
from handoff.package import HandoverRequest, Issue
from tests.hub.case_moves import a_case, again, kinds, replayed_as_stored
from tests.hub.conftest import Desk
from tests.hub.test_case_endings import reopened, resolved

USED = "This idempotency key was used for"


async def two_customers(desk: Desk) -> tuple[str, str]:
    first = await desk.customer_says("I want to return a box", who="maya")
    second = await desk.customer_says("My bill is wrong", who="marta")
    return first.conversation_id, second.conversation_id


async def test_a_key_of_a_case_gives_nobody_the_case_of_another_customer(desk: Desk) -> None:
    mayas, martas = await two_customers(desk)
    first = await a_case(desk, mayas, idempotency_key="one")
    assert (await a_case(desk, mayas, idempotency_key="one")).id == first.id
    with pytest.raises(Conflict, match=USED):
        await a_case(desk, martas, idempotency_key="one")


async def test_a_key_of_a_new_case_is_no_way_to_go_on_with_it_from_another(desk: Desk) -> None:
    mayas, martas = await two_customers(desk)
    await a_case(desk, mayas, idempotency_key="again-one")
    other = await a_case(desk, martas)
    with pytest.raises(Conflict, match=USED):
        await reopened(desk, other, "one")


async def test_a_key_of_a_handover_tells_nobody_where_another_customer_waits(desk: Desk) -> None:
    mayas, martas = await two_customers(desk)

    async def hand_over(session: AsyncSession, conversation_id: str) -> str:
        issue = Issue(title="A person, please")
        told = {"conversation_id": conversation_id, "idempotency_key": "one", "reason_code": "asked", "issue": issue}
        return (await handovers.hand_over(session, HandoverRequest(**told))).case_ref

    first = await desk.write(lambda session: hand_over(session, mayas))
    assert await desk.write(lambda session: hand_over(session, mayas)) == first
    with pytest.raises(Conflict, match=USED):
        await desk.write(lambda session: hand_over(session, martas))


async def test_a_key_of_a_follow_up_plans_it_for_one_case_only(desk: Desk) -> None:
    dana = await desk.agent()
    mayas, martas = await two_customers(desk)
    first, second = await a_case(desk, mayas), await a_case(desk, martas)

    async def plan(session: AsyncSession, case: Case) -> FollowUp:
        at = clock.now() + timedelta(days=1)
        return await follow_ups.plan_by(session, case.ref, dana, f"About {case.ref}?", at, "one")

    planned = await desk.write(lambda session: plan(session, first))
    assert (await desk.write(lambda session: plan(session, first))).id == planned.id
    with pytest.raises(Conflict, match=USED):
        await desk.write(lambda session: plan(session, second))


async def test_a_key_of_a_note_does_nothing_else_to_the_case(desk: Desk) -> None:
    dana = await desk.agent()
    said = await desk.customer_says("I want to return a box")
    case = await a_case(desk, said.conversation_id)
    await desk.write(lambda session: cases.add_note(session, case.ref, Actor.of(dana), "Careful", "one"))

    async def ask(session: AsyncSession) -> None:
        details = {"account_number": "10042"}
        told = {"amount_cents": 100, "details": details, "idempotency_key": "one"}
        await cases.ask_exception(session, case.ref, dana, "credit", "Nine calls.", **told)

    async def escalate(session: AsyncSession) -> None:
        await cases.escalate(session, case.ref, dana, "Nine calls.", team="billing", idempotency_key="one")

    await resolved(desk, case)
    with pytest.raises(Conflict, match=USED):
        await reopened(desk, case, "one")
    await reopened(desk, case)
    for do in (ask, escalate):
        with pytest.raises(Conflict, match=USED):
            await desk.write(do)
    assert (await kinds(desk, case)).count("noted") == 1
    assert await replayed_as_stored(desk, case)


async def test_a_case_that_was_solved_since_is_not_opened_by_what_was_said_before(desk: Desk) -> None:
    said = await desk.customer_says("I want to return a box")
    case = await a_case(desk, said.conversation_id)
    await resolved(desk, case)
    await reopened(desk, case, "one")
    await resolved(desk, case, "Now it is.")
    await reopened(desk, case, "one")
    assert (await again(desk, case)).status == CaseStatus.RESOLVED
    assert await replayed_as_stored(desk, case)
