"""Who and what the case model plays with: an agent, a courier, routes, and what is done by one line of the hub."""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, facts, floor, routing
from handoff.models import LIVE, Agent, Attachment, CaseTag, Message, Partner, Role, new_id
from handoff.partners import directory
from handoff.ports import FoundFact
from handoff.routing import routes
from tests.hub.conftest import Desk


async def a_supervisor(desk: Desk) -> Agent:
    dana = await desk.agent()

    async def promote(session: AsyncSession) -> Agent:
        held = await session.get_one(Agent, dana.id)
        held.role = Role.SUPERVISOR
        return held

    return await desk.write(promote)


async def a_courier(desk: Desk) -> Partner:
    return await desk.write(lambda session: directory.add(session, "NordHaul", "courier"))


async def some_routes(desk: Desk) -> None:
    async def write(session: AsyncSession) -> None:
        for field_name, value, team in (("priority", "urgent", "billing"), ("topic", "returns", "returns")):
            raw = [{"field": field_name, "op": "is", "value": value}]
            await routes.put(session, None, name=f"To {team}", team=team, raw_conditions=raw)

    await desk.write(write)


async def tag(session: AsyncSession, case_id: str) -> bool:
    if await session.get(CaseTag, (case_id, "vip")) is None:
        session.add(CaseTag(case_id=case_id, tag="vip"))
    return True


async def route(session: AsyncSession, ref: str) -> bool | None:
    case = await cases.hold(session, ref)
    if case.status not in LIVE:
        return None
    await routing.route(session, case, case.team)
    return True


async def tell_item(session: AsyncSession, conversation_id: str, message_id: str | None) -> None:
    """As the assistant's form would fill it."""
    conversation = await floor.hold(session, conversation_id)
    message = await session.get_one(Message, message_id)
    found = [FoundFact("item", f"box {message.text[-8:]}")]
    await facts.put(session, conversation, found, set_by="customer", source=message)


async def attach(session: AsyncSession, conversation_id: str, message_id: str | None) -> None:
    message = await session.get_one(Message, message_id)
    session.add(
        Attachment(
            id=new_id(),
            secret=new_id(),
            conversation_id=conversation_id,
            message_id=message.id,
            name="box.jpg",
            kind="image",
            media_type="image/jpeg",
            state="stored",
            store_key=new_id(),
            created_at=message.created_at,
        )
    )
