"""Routes for programs, the fields their conditions look at, and the trial of the routes on a case. Supervisors only."""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.api.auth import DatabaseOf
from handoff.api.partners import SupervisorCaller
from handoff.api.settings_shapes import ConditionField, RouteMade, RouteMoved, RoutePut, RouteShape, TrialShape
from handoff.db import Database
from handoff.routers import Router
from handoff.routing import looking, routes
from handoff.rules import conditions

router = Router(prefix="/settings", tags=["settings"])


@router.get("/condition-fields")
async def fields(caller: SupervisorCaller, database: DatabaseOf) -> list[ConditionField]:
    """What conditions of routes and triggers can look at, with today's teams, people and custom fields."""
    async with database.read() as session:
        known = await conditions.known(session)
    return [
        ConditionField(
            name=one.name,
            label=one.label,
            kind=one.kind,
            operators=list(one.operators),
            choices=list(one.choices),
            unit=one.unit,
        )
        for one in known.values()
    ]


@router.get("/routes")
async def all_routes(caller: SupervisorCaller, database: DatabaseOf) -> list[RouteShape]:
    async with database.read() as session:
        return [_shape(one) for one in await looking.route_views(session)]


@router.post("/routes", status_code=201)
async def add_route(body: RouteMade, caller: SupervisorCaller, database: DatabaseOf) -> RouteShape:
    """Tried last. A repeated `idempotency_key` gives back the first."""
    return await _put(database, None, body, body.idempotency_key)


@router.put("/routes/{route_id}")
async def change_route(route_id: str, body: RoutePut, caller: SupervisorCaller, database: DatabaseOf) -> RouteShape:
    return await _put(database, route_id, body)


async def _put(database: Database, route_id: str | None, body: RoutePut, key: str | None = None) -> RouteShape:
    async def step(session: AsyncSession) -> str:
        made = await routes.put(
            session,
            route_id,
            name=body.name,
            team=body.team,
            raw_conditions=[one.model_dump() for one in body.conditions],
            needs=body.skills,
            priority=body.priority,
            is_on=body.is_on,
            idempotency_key=key,
        )
        return made.id

    return await _one(database, await database.write(step))


@router.post("/routes/{route_id}/move")
async def move_route(route_id: str, body: RouteMoved, caller: SupervisorCaller, database: DatabaseOf) -> RouteShape:
    """Try it one place earlier or later."""
    await database.write(lambda session: routes.move(session, route_id, body.where))
    return await _one(database, route_id)


@router.delete("/routes/{route_id}", status_code=204)
async def remove_route(route_id: str, caller: SupervisorCaller, database: DatabaseOf) -> None:
    await database.write(lambda session: routes.remove(session, route_id))


@router.get("/routes/trial/{ref}")
async def trial(ref: str, caller: SupervisorCaller, database: DatabaseOf) -> TrialShape:
    """Which team a case would get if it were opened now, whom it would be offered to, and why. Changes nothing."""
    async with database.read() as session:
        return TrialShape.model_validate(await looking.trial(session, ref))


async def _one(database: Database, route_id: str) -> RouteShape:
    async with database.read() as session:
        return next(_shape(one) for one in await looking.route_views(session) if one.id == route_id)


def _shape(view: looking.RouteView) -> RouteShape:
    return RouteShape.model_validate(view)
