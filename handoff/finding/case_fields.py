"""Custom fields: what a company wants to know of the cases of a topic, each of a kind that is checked.

A field belongs to a topic's first word (`return`, …) or to every case (`*`). Values live in `Case.fields` by the
field's name; a field that was taken away leaves its values where they are, unseen.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, masking
from handoff.cases import Actor
from handoff.errors import BadInput, NotAllowed, NotFound
from handoff.finding.tags import may
from handoff.models import Agent, Case, CaseField, FieldKind, Role

EVERY = "*"
LONGEST = 500
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
YES, NO = {"yes", "true", "1", "on"}, {"no", "false", "0"}


async def put(session: AsyncSession, ref: str, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set the given fields of a case; an empty value takes one away. The event `fields_changed` holds what changed."""
    case = await cases.hold(session, ref)
    await may(session, actor, ref)
    known = {field.name: field for field in await of_topic(session, case.topic)}
    if strange := sorted(set(values) - set(known)):
        offered = ", ".join(known) or "none"
        raise BadInput(f"Cases of this topic have no field '{strange[0][:40]}'. Its fields: {offered}.")
    read = {name: checked(known[name], value) for name, value in values.items()}
    changed = {name: value for name, value in read.items() if case.fields.get(name) != value}
    if changed:
        case.fields = {name: value for name, value in {**case.fields, **read}.items() if value is not None}
        await cases.record(session, case, "fields_changed", actor, {"values": changed})
    return case.fields


def checked(field: CaseField, given: Any) -> Any:
    """The value as it is kept: text, a number, an ISO day, one of the options, or a bool; None for nothing."""
    text = str(given).strip() if given is not None else ""
    if not text:
        return None
    match field.kind:
        case FieldKind.NUMBER:
            return _number(field, text)
        case FieldKind.DATE:
            return _day(field, text)
        case FieldKind.CHOICE if text not in field.options:
            raise BadInput(f"{field.label} is one of {', '.join(map(str, field.options))}.")
        case FieldKind.YES_NO:
            if text.lower() not in YES | NO:
                raise BadInput(f"{field.label} is yes or no.")
            return text.lower() in YES
    if len(text) > LONGEST:
        raise BadInput(f"{field.label} takes {LONGEST} signs; these are {len(text)}.")
    return masking.mask(text).text


def _number(field: CaseField, text: str) -> int | float:
    try:
        number = float(text.replace(" ", ""))
        if not math.isfinite(number) or abs(number) > 1e15:
            raise ValueError
    except ValueError as error:
        raise BadInput(f"{field.label} is a number, such as 12 or 12.5.") from error
    return int(number) if number.is_integer() else number


def _day(field: CaseField, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadInput(f"{field.label} is a day, such as 2026-11-27.") from error


async def of_topic(session: AsyncSession, topic: str) -> Sequence[CaseField]:
    """The fields of a case with this topic, in their order."""
    query = select(CaseField).where(CaseField.topic.in_((EVERY, topic.split("_")[0], topic)))
    return list(await session.scalars(query.order_by(CaseField.position, CaseField.label)))


async def every(session: AsyncSession) -> Sequence[CaseField]:
    return list(await session.scalars(select(CaseField).order_by(CaseField.topic, CaseField.position, CaseField.label)))


async def define(
    session: AsyncSession,
    agent: Agent,
    *,
    topic: str,
    name: str,
    label: str,
    kind: str,
    options: Sequence[str] = (),
    position: int = 0,
    field_id: str | None = None,
) -> CaseField:
    """A new field, or another wording, order or choice for one. What kind a field is never changes: its values stay."""
    _must_supervise(agent)
    options = [one.strip() for one in options if one.strip()]
    if not label.strip():
        raise BadInput("Give the field a label: what people read beside it.")
    if kind == FieldKind.CHOICE and not 1 <= len(options) <= 50:
        raise BadInput("Give a choice 1 to 50 options, one a line.")
    if field_id:
        field = await _get(session, field_id)
        field.label, field.options, field.position = label.strip()[:100], options, position
        return field
    if kind not in set(FieldKind):
        raise BadInput(f"A field is one of {', '.join(FieldKind)}.")
    topic = topic.strip().lower() or EVERY
    if not NAME.fullmatch(name) or not (topic == EVERY or NAME.fullmatch(topic)):
        raise BadInput("Write the name and the topic in small letters, digits and _, such as box_serial.")
    taken = select(CaseField.id).where(CaseField.topic == topic, CaseField.name == name)
    if await session.scalar(taken):
        raise BadInput(f"The topic has a field '{name}' already. Change that one or choose another name.")
    field = CaseField(topic=topic, name=name, label=label.strip()[:100], kind=kind, options=options, position=position)
    session.add(field)
    await session.flush()
    return field


async def remove(session: AsyncSession, agent: Agent, field_id: str) -> None:
    _must_supervise(agent)
    await session.delete(await _get(session, field_id))


def shown(case: Case, field: CaseField) -> str:
    """A value as people read it."""
    value = case.fields.get(field.name)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


async def _get(session: AsyncSession, field_id: str) -> CaseField:
    found = await session.get(CaseField, field_id)
    if found is None:
        raise NotFound("There is no such field; somebody may have removed it. Reload the page.")
    return found


def _must_supervise(agent: Agent) -> None:
    if agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise NotAllowed("Only a supervisor may change which fields cases have. Ask one of yours.")
