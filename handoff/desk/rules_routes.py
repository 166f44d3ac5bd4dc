"""The settings pages of clocks (targets and how they were kept) and of triggers with their dry run."""

from typing import Annotated, Any, Literal

from fastapi import Form
from fastapi.responses import HTMLResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk import rules_reads
from handoff.desk.forms import Filled
from handoff.desk.settings_forms import ConditionsFilled
from handoff.desk.settings_pages import draw_section
from handoff.desk.visit import Supervisor, SupervisorActor, Visit
from handoff.models import Trigger
from handoff.routers import Router
from handoff.rules import actions, clocks, triggers
from handoff.rules.fields import LABELS
from handoff.rules.happenings import EVENTS, SINCES

router = Router(prefix="/desk/settings")


class TargetFilled(Filled):
    """Minutes of opening hours."""

    kind: Annotated[str, Field(max_length=12)]
    team_id: Annotated[str, Field(max_length=40)] = ""
    priority: Literal["", "urgent", "high", "normal", "low"] = ""
    target_min: Annotated[int, Field(ge=0, le=1_000_000)]
    warn_min: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class TriggerFilled(ConditionsFilled):
    """Rows of conditions and of actions; an action without `do` is not filled in. What was chosen and what was written
    are two controls of a row: the one that fits the action counts."""

    name: Annotated[str, Field(max_length=200)]
    event: Annotated[str, Field(max_length=40)]
    since: Annotated[str, Field(max_length=20)] = ""
    amount: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    unit: Literal["1", "60", "1440"] = "1"
    do: list[Annotated[str, Field(max_length=20)]] = []
    words: list[Annotated[str, Field(max_length=2000)]] = []
    chosen: list[Annotated[str, Field(max_length=60)]] = []

    @property
    def raw(self) -> dict[str, Any]:
        after = {"since": self.since, "minutes": self.amount * int(self.unit)}
        return {
            "name": self.name,
            "event": self.event,
            "after": after,
            "conditions": self.raw_conditions,
            "actions": [{"do": do, "value": value} for do, value in self._done() if do],
        }

    def _done(self) -> list[tuple[str, str]]:
        rows = zip(self.do, self.words, self.chosen, strict=False)
        return [(do, _fitting(do, chosen) if do in actions.CHOOSES else words) for do, words, chosen in rows]


def _fitting(do: str, chosen: str) -> str:
    """One list offers what every action may choose: `team:billing`. Of another action it is nothing."""
    whose, _, value = chosen.partition(":")
    return value if whose == do else "?"


async def _draw_clocks(visit: Visit, said: str | None = None) -> HTMLResponse:
    return draw_section("clocks", await visit.read(rules_reads.clocks_page), visit.me, said)


@router.get("/clocks")
async def clock_page(visit: Supervisor) -> HTMLResponse:
    return await _draw_clocks(visit)


@router.post("/clocks")
async def put_target(visit: SupervisorActor, form: Annotated[TargetFilled, Form()]) -> HTMLResponse:
    async def step(session: AsyncSession) -> None:
        target_s, warn_s = form.target_min * 60, form.warn_min * 60
        await clocks.put_target(session, form.kind, form.team_id or None, form.priority or None, target_s, warn_s)

    await visit.write(step)
    return await _draw_clocks(visit, "The target is saved. Clocks that run are held against it from now on.")


@router.post("/clocks/{target_id}/remove")
async def remove_target(visit: SupervisorActor, target_id: str) -> HTMLResponse:
    await visit.write(lambda session: clocks.remove_target(session, target_id))
    return await _draw_clocks(visit, "The target is removed; what holds without it holds again.")


async def _draw_triggers(visit: Visit, said: str | None = None, try_id: str | None = None) -> HTMLResponse:
    page = await visit.read(lambda session: rules_reads.triggers_page(session, try_id))
    known = {
        "labels": LABELS,
        "events": EVENTS,
        "sinces": SINCES,
        "doings": actions.LABELS,
        "takes_nothing": actions.TAKES_NOTHING,
    }
    return draw_section("triggers", page, visit.me, said, **known)


@router.get("/triggers")
async def trigger_page(visit: Supervisor) -> HTMLResponse:
    return await _draw_triggers(visit)


async def _put(visit: Visit, trigger_id: str | None, form: TriggerFilled) -> Trigger:
    async def step(session: AsyncSession) -> Trigger:
        return await triggers.put(session, await triggers.check(session, form.raw), trigger_id)

    return await visit.write(step)


@router.post("/triggers")
async def add_trigger(visit: SupervisorActor, form: Annotated[TriggerFilled, Form()]) -> HTMLResponse:
    made = await _put(visit, None, form)
    return await _draw_triggers(visit, f"{made.name} is saved and off. This is what it would have done.", made.id)


@router.post("/triggers/{trigger_id}")
async def change_trigger(
    visit: SupervisorActor, trigger_id: str, form: Annotated[TriggerFilled, Form()]
) -> HTMLResponse:
    made = await _put(visit, trigger_id, form)
    if made.is_on:
        return await _draw_triggers(visit, f"{made.name} is saved.")
    return await _draw_triggers(visit, f"{made.name} is saved and off. This is what it would have done.", made.id)


@router.post("/triggers/{trigger_id}/try")
async def try_trigger(visit: SupervisorActor, trigger_id: str) -> HTMLResponse:
    """Changes nothing; a post only so that the page's own form asks."""
    return await _draw_triggers(visit, try_id=trigger_id)


@router.post("/triggers/{trigger_id}/switch")
async def switch_trigger(
    visit: SupervisorActor,
    trigger_id: str,
    is_on: Annotated[bool, Form()],
    tried: Annotated[str, Form(max_length=40)] = "",
) -> HTMLResponse:
    made = await visit.write(lambda session: triggers.switch(session, trigger_id, is_on=is_on, tried=tried))
    return await _draw_triggers(visit, f"{made.name} is {'on' if made.is_on else 'off'}.")


@router.post("/triggers/{trigger_id}/move")
async def move_trigger(
    visit: SupervisorActor, trigger_id: str, where: Annotated[Literal["up", "down"], Form()]
) -> HTMLResponse:
    await visit.write(lambda session: triggers.move(session, trigger_id, up=where == "up"))
    return await _draw_triggers(visit, "The order is changed.")


@router.post("/triggers/{trigger_id}/remove")
async def remove_trigger(visit: SupervisorActor, trigger_id: str) -> HTMLResponse:
    await visit.write(lambda session: triggers.remove(session, trigger_id))
    return await _draw_triggers(visit, "The trigger is removed.")
