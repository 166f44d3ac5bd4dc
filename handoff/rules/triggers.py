"""Triggers: when this happens and these conditions hold, these things are done. Written by supervisors, tried first.

`follow` hears of every event of a case and every word of its customer and fires what waits for it, in the order of
`position`; `time_triggers.py` fires what waits for time. Nothing a supervisor writes is code: events, conditions and
actions come from closed lists (`happenings.py`, `conditions.py`, `actions.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.errors import BadInput, Conflict, NotFound
from handoff.models import Case, CaseStatus, Trigger, TriggerFiring, new_id
from handoff.ports import Audience, Author
from handoff.rules import actions, built_in, conditions, firing, happenings
from handoff.rules.actions import Action
from handoff.rules.conditions import Condition
from handoff.rules.happenings import EVENTS, MESSAGE, TIME, Since

if TYPE_CHECKING:
    from handoff.casework import Happened

LONGEST_NAME = 100
MOST_ON = 100


@dataclass(frozen=True)
class Draft:
    """A trigger that was checked. `since` and `minutes` only for `time`."""

    name: str
    event: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    since: Since | None = None
    minutes: int = 0
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def after(self) -> dict[str, Any]:
        return {"since": str(self.since), "minutes": self.minutes} if self.since else {}

    @property
    def version(self) -> str:
        """Names exactly these conditions and actions: a dry run of others is not one of these."""
        told = [self.event, self.after, [c.as_dict() for c in self.conditions], [a.as_dict() for a in self.actions]]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


async def check(session: AsyncSession, raw: Mapping[str, Any]) -> Draft:
    """`{name, event, after: {since, minutes}, conditions, actions}` as a form or the API sends it, or `BadInput`."""
    name = str(raw.get("name") or "").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadInput(f"Give the trigger a name of at most {LONGEST_NAME} signs.")
    event = str(raw.get("event") or "")
    if event not in EVENTS:
        raise BadInput(f"There is no event '{event[:40]}'. Choose one of {', '.join(EVENTS)}.")
    since, minutes = _after(raw.get("after") or {}) if event == TIME else (None, 0)
    fields = await conditions.known(session)
    return Draft(
        name=name,
        event=event,
        conditions=tuple(conditions.check(raw.get("conditions") or [], fields)),
        actions=tuple(actions.check(raw.get("actions") or [], await actions.choices(session))),
        since=since,
        minutes=minutes,
    )


def _after(raw: Any) -> tuple[Since, int]:
    if not isinstance(raw, dict) or raw.get("since") not in list(Since):
        raise BadInput(f"Say what time is counted from: {', '.join(Since)}.")
    try:
        minutes = int(raw.get("minutes") or 0)
    except (TypeError, ValueError):
        minutes = 0
    if not 1 <= minutes <= happenings.MINUTES_AT_MOST:
        raise BadInput("Say after how many minutes: at least 1, at most a year.")
    return Since(raw["since"]), minutes


def draft_of(row: Trigger) -> Draft:
    """A stored trigger, as it was checked."""
    return Draft(
        name=row.name,
        event=row.event,
        conditions=tuple(conditions.stored(row.conditions)),
        actions=tuple(actions.stored(row.actions)),
        since=Since(row.after["since"]) if row.event == TIME else None,
        minutes=int(row.after.get("minutes", 0)),
    )


async def put(session: AsyncSession, draft: Draft, trigger_id: str | None = None, key: str | None = None) -> Trigger:
    """Write down a new trigger, or change one. Either is off until it was tried: see `switch`.

    A repeated `key` gives back the trigger it made."""
    row = await get(session, trigger_id) if trigger_id else await _made_by(session, key)
    if row is None:
        last = await session.scalar(select(func.max(Trigger.position)))
        row = Trigger(id=_id_of(key), position=(last or 0) + 1, created_at=clock.now())
    changes_nothing = trigger_id and draft_of(row).version == draft.version
    row.name, row.event, row.after = draft.name, draft.event, draft.after
    row.conditions = [one.as_dict() for one in draft.conditions]
    row.actions = [one.as_dict() for one in draft.actions]
    row.is_on = bool(row.is_on and changes_nothing)
    row.updated_at = clock.now()
    session.add(row)
    await session.flush()
    return row


def _id_of(key: str | None) -> str:
    return f"T{hashlib.sha256(key.encode()).hexdigest()[:25]}" if key else new_id()


async def _made_by(session: AsyncSession, key: str | None) -> Trigger | None:
    return await session.get(Trigger, _id_of(key)) if key else None


async def switch(session: AsyncSession, trigger_id: str, *, is_on: bool, tried: str = "") -> Trigger:
    """On or off. On only with the version that a dry run of it gave back, so that nothing is switched on unseen.

    A trigger of `time` fires for moments that come after it was switched on, never for what is long past.
    """
    row = await get(session, trigger_id)
    if is_on and tried != draft_of(row).version:
        raise Conflict("Try the trigger first: the dry run shows what it would have done. Then switch it on.")
    if is_on and not row.is_on and await _how_many_are_on(session) >= MOST_ON:
        raise Conflict(f"{MOST_ON} triggers are on, which is the most. Switch one off first.")
    row.is_on, row.updated_at = is_on, clock.now()
    session.add(row)
    await session.flush()
    return row


async def _how_many_are_on(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Trigger).where(Trigger.is_on.is_(True))) or 0


async def move(session: AsyncSession, trigger_id: str, *, up: bool) -> None:
    """Let a trigger change places with the one before or after it."""
    rows = [row for row in await all_of(session) if not built_in.is_one(row.id)]
    place = next((number for number, row in enumerate(rows) if row.id == trigger_id), None)
    if place is None:
        raise NotFound("There is no such trigger any more. Reload the page.")
    other = place + (-1 if up else 1)
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
        for number, row in enumerate(rows, start=1):
            row.position = number


async def remove(session: AsyncSession, trigger_id: str) -> None:
    """Gone, if it never fired; a trigger that did stays for the record and is only switched off."""
    row = await get(session, trigger_id)
    if built_in.is_one(trigger_id):
        raise Conflict("This trigger came with the product. Switch it off instead.")
    if await session.scalar(select(TriggerFiring.id).where(TriggerFiring.trigger_id == row.id).limit(1)):
        raise Conflict("This trigger has fired, so it stays for the record. Switch it off instead.")
    await session.delete(row)


async def get(session: AsyncSession, trigger_id: str) -> Trigger:
    """A trigger by its id, or one that came with the product, or `NotFound`."""
    found = await session.get(Trigger, trigger_id) or built_in.by_id(trigger_id)
    if found is None:
        raise NotFound("There is no such trigger any more. Reload the page.")
    return found


async def all_of(session: AsyncSession) -> Sequence[Trigger]:
    """Those that came with the product first, then in the order they fire."""
    rows = {row.id: row for row in await session.scalars(select(Trigger).order_by(Trigger.position, Trigger.id))}
    ours = [rows.pop(one.id, one) for one in built_in.all_of()]
    return [*ours, *rows.values()]


async def waiting_for(session: AsyncSession, event: str) -> Sequence[Trigger]:
    """The triggers that are on and wait for this, in the order they fire. One statement."""
    query = select(Trigger).where(Trigger.event == event).order_by(Trigger.position, Trigger.id)
    rows = {row.id: row for row in await session.scalars(query)}
    ours = [rows.pop(one.id, one) for one in built_in.all_of() if one.event == event]
    return [row for row in (*ours, *rows.values()) if row.is_on]


def is_waited_for(kind: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """In SQL: whether a trigger may be on that waits for this kind of event. Those that came with the product may."""
    written = select(Trigger.id).where(Trigger.is_on.is_(True), Trigger.event == kind).exists()
    return or_(kind.in_([one.event for one in built_in.all_of()]), written)


async def follow(session: AsyncSession, happened: Happened) -> None:
    """Fire what waits for this. Told twice of one thing, nothing fires the second time."""
    kind = _kind(happened)
    if kind is None or happened.case.status == CaseStatus.JOINED:
        return
    waiting = await waiting_for(session, kind)
    if not waiting:
        return
    chain = await firing.chain_of(session, happened.case.id, happened.cause)
    for row in waiting:
        if await _holds(session, row, happened.case):
            await firing.fire(session, row, happened.case, happened.cause, chain)


async def _holds(session: AsyncSession, row: Trigger, case: Case) -> bool:
    """Looked at afresh for each: one that fired before may have changed what the next one asks."""
    wanted = draft_of(row).conditions
    return not wanted or conditions.holds(wanted, await conditions.view_of(session, case))


def _kind(happened: Happened) -> str | None:
    if happened.event:
        return happened.event.kind if happened.event.kind in EVENTS else None
    message = happened.message
    is_theirs = message and message.author == Author.CUSTOMER and message.audience == Audience.EVERYONE
    return MESSAGE if is_theirs else None
