"""Conditions: what must be true of a case for a route, a trigger or a saved view to mean it.

A condition is a field, an operator and a value, all from closed lists (`fields.py`): no code and no patterns of a
user's. `check` turns what a form or the API sent into conditions or says which one is wrong; `holds` looks at a
`CaseView`, which `reading.py` reads from the database.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from handoff.errors import BadInput
from handoff.rules.fields import CUSTOM, FIELDS, LABELS, LISTS, OPERATORS, WITHOUT_VALUE, CaseView, Field, Kind, Op
from handoff.rules.reading import known, view_of, views_of

__all__ = [
    "CUSTOM",
    "FIELDS",
    "LABELS",
    "OPERATORS",
    "CaseView",
    "Condition",
    "Field",
    "Kind",
    "Op",
    "check",
    "holds",
    "is_true",
    "known",
    "spoken",
    "stored",
    "view_of",
    "views_of",
]

MOST_CONDITIONS = 20
LONGEST_VALUE = 200


@dataclass(frozen=True)
class Condition:
    """`value` is a text, a number, yes or no, a list of texts for the operators in `LISTS`, or None."""

    field: str
    op: Op
    value: Any = None

    def as_dict(self) -> dict[str, Any]:
        return {"field": self.field, "op": str(self.op), "value": self.value}


def holds(conditions: Iterable[Condition], view: CaseView) -> bool:
    """Whether all of them are true of the case; without any, it is."""
    return all(is_true(one, view) for one in conditions)


def is_true(condition: Condition, view: CaseView) -> bool:
    """A value the case does not have is nothing: only `is not`, `none of` and `is empty` are true of it."""
    has, wanted = view.value(condition.field), condition.value
    if condition.op in WITHOUT_VALUE:
        return (has is None or has in ("", frozenset())) == (condition.op is Op.IS_EMPTY)
    if has is None:
        return condition.op in (Op.IS_NOT, Op.NONE_OF, Op.HAS_NONE)
    match condition.op:
        case Op.IS | Op.IS_NOT:
            return (_same_value(has, wanted)) == (condition.op is Op.IS)
        case Op.ANY_OF | Op.NONE_OF:
            return any(_same_value(has, one) for one in wanted) == (condition.op is Op.ANY_OF)
        case Op.STARTS_WITH:
            return str(has).casefold().startswith(str(wanted).casefold())
        case Op.AT_LEAST | Op.AT_MOST:
            return bool(_number(has) >= wanted if condition.op is Op.AT_LEAST else _number(has) <= wanted)
        case Op.BEFORE | Op.AFTER:
            return bool(str(has) < wanted if condition.op is Op.BEFORE else str(has) > wanted)
        case _:
            found = [_has(has, one) for one in wanted]
            return {Op.HAS_ANY: any(found), Op.HAS_ALL: all(found), Op.HAS_NONE: not any(found)}[condition.op]


def _same_value(has: Any, wanted: Any) -> bool:
    if isinstance(has, str) and isinstance(wanted, str):
        return has.casefold() == wanted.casefold()
    return bool(has == wanted)


def _number(has: Any) -> float:
    try:
        return float(has)
    except (TypeError, ValueError):
        return float("nan")


def _has(has: Any, wanted: str) -> bool:
    """A tag among tags, or whole words, in their order, among words."""
    if isinstance(has, frozenset):
        return wanted.casefold() in {tag.casefold() for tag in has}
    asked = _words(wanted)
    return bool(asked.strip()) and asked in _words(str(has))


def _words(text: str) -> str:
    return " ".join(["", *re.findall(r"[^\W_]+", text.casefold()), ""])


def check(raw: Any, fields: Mapping[str, Field] = FIELDS) -> list[Condition]:
    """Conditions out of `[{field, op, value}]` as a form or the API sends them, or `BadInput` naming the wrong one.

    Numbers, yes or no and lists may come as text: `"3"`, `"yes"`, `"billing, returns"`.
    """
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise BadInput("Conditions are a list of {field, op, value}.")
    if len(raw) > MOST_CONDITIONS:
        raise BadInput(f"There are {len(raw)} conditions; {MOST_CONDITIONS} are the most. Take some out.")
    return [_checked(one, fields, number) for number, one in enumerate(raw, start=1)]


def _checked(raw: Mapping[str, Any], fields: Mapping[str, Field], number: int) -> Condition:
    if extra := sorted(set(raw) - {"field", "op", "value"}):
        raise BadInput(f"Condition {number} has '{extra[0]}', which means nothing. Leave field, op and value.")
    name = str(raw.get("field") or "")
    found = fields.get(name)
    if found is None:
        raise BadInput(f"Condition {number}: there is no field '{name[:60]}'. Choose one of {', '.join(fields)}.")
    op = str(raw.get("op") or "")
    if op not in found.operators:
        offered = ", ".join(found.operators)
        raise BadInput(f"Condition {number}: '{found.label}' cannot be compared with '{op[:40]}'. Choose {offered}.")
    try:
        return Condition(name, Op(op), _value(found, Op(op), raw.get("value")))
    except ValueError as wrong:
        raise BadInput(f"Condition {number}, {found.label}: {wrong}") from wrong


def _value(known: Field, op: Op, given: Any) -> Any:
    if op in WITHOUT_VALUE:
        return None
    if op in LISTS:
        many = given.split(",") if isinstance(given, str) else given
        if not isinstance(many, list) or not any(str(one).strip() for one in many):
            raise ValueError("give at least one value; separate several with commas.")
        return [_one(known, one) for one in many if str(one).strip()][:50]
    return _one(known, given)


def _one(known: Field, given: Any) -> Any:
    text = str(given).strip() if given is not None else ""
    if not text or len(text) > LONGEST_VALUE:
        raise ValueError(f"give a value of at most {LONGEST_VALUE} signs.")
    if known.kind is Kind.YES_NO:
        return _yes_or_no(text)
    if known.kind is Kind.NUMBER:
        return _whole(text)
    if known.kind is Kind.DATE:
        return _day(text)
    if known.choices and text not in dict(known.choices):
        raise ValueError(f"there is no '{text}'. Choose one of {', '.join(value for value, _ in known.choices)}.")
    return text


def _yes_or_no(text: str) -> bool:
    if text.lower() in ("yes", "true", "1"):
        return True
    if text.lower() in ("no", "false", "0"):
        return False
    raise ValueError("say yes or no.")


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError(f"'{text}' is not a whole number.")
    return int(text)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"'{text}' is not a day. Write it as 2026-12-24.") from None


def stored(raw: Sequence[Mapping[str, Any]]) -> list[Condition]:
    """Conditions as a table keeps them; they were checked on the way in."""
    return [Condition(one["field"], Op(one["op"]), one.get("value")) for one in raw]


def spoken(condition: Condition, fields: Mapping[str, Field] = FIELDS) -> str:
    """`the topic is return_start`: for explanations and lists of rules."""
    known = fields.get(condition.field) or Field(condition.field, condition.field.removeprefix(CUSTOM), Kind.TEXT)
    if condition.op in WITHOUT_VALUE:
        return f"the {known.label.lower()} {LABELS[condition.op]}"
    if known.kind is Kind.YES_NO:
        return f"the {known.label.lower()}" if condition.value else f"it is not so that the {known.label.lower()}"
    many = condition.value if isinstance(condition.value, list) else [condition.value]
    values = ", ".join(known.label_of(str(one)) for one in many)
    return " ".join(filter(None, (f"the {known.label.lower()} {LABELS[condition.op]} {values}", known.unit)))
