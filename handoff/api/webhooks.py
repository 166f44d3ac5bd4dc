"""Webhooks out: the addresses that are told of case events, and what became of each message to them."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.api.auth import DatabaseOf
from handoff.api.partners import SupervisorCaller
from handoff.api.partners_shapes import (
    DeliveryShape,
    EndpointAdded,
    EndpointChanged,
    EndpointShape,
    EndpointWithSecret,
    SecretShape,
)
from handoff.models import Endpoint
from handoff.partners import deliveries, endpoints, webhooks
from handoff.partners.endpoints import Wanted

router = APIRouter(tags=["webhooks"])


def _endpoint(endpoint: Endpoint) -> EndpointShape:
    told = {name: getattr(endpoint, name) for name in EndpointShape.model_fields}
    return EndpointShape(**told)


@router.get("/webhooks")
async def listed(caller: SupervisorCaller, database: DatabaseOf) -> list[EndpointShape]:
    async with database.read() as session:
        return [_endpoint(one) for one in await endpoints.all_of(session)]


@router.post("/webhooks", status_code=201)
async def add(body: EndpointAdded, caller: SupervisorCaller, database: DatabaseOf) -> EndpointWithSecret:
    wanted = Wanted(body.name, body.url, tuple(body.events), body.partner_id)
    endpoint, secret = await database.write(lambda session: endpoints.add(session, caller.as_agent, wanted))
    return EndpointWithSecret(**_endpoint(endpoint).model_dump(), secret=secret)


@router.patch("/webhooks/{endpoint_id}")
async def change(
    endpoint_id: str, body: EndpointChanged, caller: SupervisorCaller, database: DatabaseOf
) -> EndpointShape:
    """Switched off, nothing is sent, and what waits is given up; it can be replayed."""

    async def step(session: AsyncSession) -> Endpoint:
        if body.is_on is not None:
            await endpoints.switch(session, endpoint_id, caller.as_agent, is_on=body.is_on)
        return await endpoints.change(
            session, endpoint_id, caller.as_agent, name=body.name, url=body.url, events=body.events
        )

    return _endpoint(await database.write(step))


@router.post("/webhooks/{endpoint_id}/secret", status_code=201)
async def new_secret(endpoint_id: str, caller: SupervisorCaller, database: DatabaseOf) -> SecretShape:
    """What is sent from now on is signed with it."""
    return SecretShape(
        secret=await database.write(lambda session: endpoints.new_secret(session, endpoint_id, caller.as_agent))
    )


@router.post("/webhooks/{endpoint_id}/test", status_code=202)
async def test(endpoint_id: str, caller: SupervisorCaller, database: DatabaseOf) -> None:
    """Send a `ping` that is about no case; look at the deliveries for how it went."""
    await database.write(lambda session: webhooks.test(session, endpoint_id, caller.as_agent))


@router.get("/webhooks/{endpoint_id}/deliveries")
async def deliveries_of(
    endpoint_id: str, caller: SupervisorCaller, database: DatabaseOf, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[DeliveryShape]:
    """The newest first."""
    async with database.read() as session:
        await endpoints.get(session, endpoint_id)
        found = await deliveries.of_endpoint(session, endpoint_id, limit)
    return [DeliveryShape(**{name: getattr(one, name) for name in DeliveryShape.model_fields}) for one in found]


@router.post("/webhook-deliveries/{delivery_id}/replay", status_code=202)
async def replay(delivery_id: str, caller: SupervisorCaller, database: DatabaseOf) -> None:
    """Send it again now, with the same `webhook-id`. 409 while its address is switched off."""
    await database.write(lambda session: deliveries.replay(session, delivery_id, caller.as_agent))
