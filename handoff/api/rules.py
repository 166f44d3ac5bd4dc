"""Clocks of cases, what they are held against, and triggers. Who may read looks; supervisors change."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock
from handoff.api.auth import DatabaseOf, Reader
from handoff.api.partners import SupervisorCaller
from handoff.api.rules_shapes import (
    ClockShape,
    DryRunShape,
    FiredShape,
    KeptShape,
    Switched,
    TargetPut,
    TargetShape,
    TriggerMade,
    TriggerPut,
    TriggerShape,
)
from handoff.models import ClockTarget, Trigger
from handoff.rules import clocks, dry_runs, targets, triggers

router = APIRouter(tags=["rules"])
Days = Annotated[int, Query(ge=1, le=366)]


@router.get("/cases/{ref}/clocks")
async def of_case(ref: str, caller: Reader, database: DatabaseOf) -> list[ClockShape]:
    """Every clock the case ever had, oldest first."""
    async with database.read() as session:
        case = await cases.get(session, ref)
        return [ClockShape.model_validate(row) for row in await clocks.of_case(session, case.id)]


@router.get("/reports/clocks")
async def report(caller: Reader, database: DatabaseOf, days: Days = 7) -> list[KeptShape]:
    """How well each team kept its clocks: of those that ended in the last `days`, and those that are late now."""
    async with database.read() as session:
        rows = await clocks.report(session, clock.now() - timedelta(days=days))
    return [KeptShape.model_validate(row) for row in rows]


@router.get("/clock-targets")
async def all_targets(caller: Reader, database: DatabaseOf) -> list[TargetShape]:
    """What was written down; where nothing was, the built-in targets hold."""
    async with database.read() as session:
        return [TargetShape.model_validate(row) for row in await targets.all_of(session)]


@router.put("/clock-targets")
async def put_target(body: TargetPut, caller: SupervisorCaller, database: DatabaseOf) -> TargetShape:
    """Write down one target or change it, by kind, team and priority. Clocks that run are held against it at once."""

    async def step(session: AsyncSession) -> ClockTarget:
        return await clocks.put_target(session, body.kind, body.team_id, body.priority, body.target_s, body.warn_s)

    return TargetShape.model_validate(await database.write(step))


@router.delete("/clock-targets/{target_id}", status_code=204)
async def remove_target(target_id: str, caller: SupervisorCaller, database: DatabaseOf) -> Response:
    await database.write(lambda session: clocks.remove_target(session, target_id))
    return Response(status_code=204)


@router.get("/triggers")
async def all_triggers(caller: Reader, database: DatabaseOf) -> list[TriggerShape]:
    """Those that came with the product first, then in the order they fire."""
    async with database.read() as session:
        return [TriggerShape.model_validate(row) for row in await triggers.all_of(session)]


@router.post("/triggers", status_code=201)
async def add(body: TriggerMade, caller: SupervisorCaller, database: DatabaseOf) -> TriggerShape:
    """A new trigger, off until it was tried. A repeated `idempotency_key` gives back the first."""

    async def step(session: AsyncSession) -> Trigger:
        draft = await triggers.check(session, body.model_dump(exclude={"idempotency_key"}))
        return await triggers.put(session, draft, key=body.idempotency_key)

    return TriggerShape.model_validate(await database.write(step))


@router.put("/triggers/{trigger_id}")
async def change(trigger_id: str, body: TriggerPut, caller: SupervisorCaller, database: DatabaseOf) -> TriggerShape:
    """Write it anew. With other conditions or actions it is off until it was tried again."""

    async def step(session: AsyncSession) -> Trigger:
        return await triggers.put(session, await triggers.check(session, body.model_dump()), trigger_id)

    return TriggerShape.model_validate(await database.write(step))


@router.delete("/triggers/{trigger_id}", status_code=204)
async def remove(trigger_id: str, caller: SupervisorCaller, database: DatabaseOf) -> Response:
    """Refused (409) when it has fired: switch it off instead."""
    await database.write(lambda session: triggers.remove(session, trigger_id))
    return Response(status_code=204)


@router.post("/triggers/{trigger_id}/dry-run")
async def dry_run(trigger_id: str, caller: SupervisorCaller, database: DatabaseOf, days: Days = 7) -> DryRunShape:
    """What it would have done in the last `days`. Changes nothing."""
    async with database.read() as session:
        draft = triggers.draft_of(await triggers.get(session, trigger_id))
        found = await dry_runs.try_out(session, draft, clock.now() - timedelta(days=days))
    fired = [FiredShape(case_ref=o.case_ref, title=o.title, at=o.at, actions=list(o.actions)) for o in found.fired]
    return DryRunShape(version=found.version, looked_at=found.looked_at, is_cut=found.is_cut, fired=fired)


@router.post("/triggers/{trigger_id}/switch")
async def switch(trigger_id: str, body: Switched, caller: SupervisorCaller, database: DatabaseOf) -> TriggerShape:
    """On or off. 409 when it is switched on without the version of a dry run."""
    row = await database.write(lambda session: triggers.switch(session, trigger_id, is_on=body.is_on, tried=body.tried))
    return TriggerShape.model_validate(row)
