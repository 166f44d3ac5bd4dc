"""What the assistant understood, tried and left behind, out of its turns and the handover package. Pure."""

import re
from collections.abc import Sequence
from typing import Any

from handoff import packing
from handoff.desk.pages import AlsoView, AnsweredSlot, FactView, FormView, HandoverView, IntentView, Promise, TriedView
from handoff.models import Conversation, Handover, Turn

INTERNAL = re.compile(r"^(policy|case)_|_(confirm|change)$|^requested_slot$")
"""Slots of a form that steer it and tell a person nothing."""
BARE_ANSWERS = frozenset({"inform", "affirm", "deny", "handback"})
"""Answers to a question of the form, and our own word for a return: nothing about what the customer wants."""


def handover_view(handover: Handover | None, package: dict[str, Any], offered: str | None) -> HandoverView | None:
    if handover is None:
        return None
    issue, transcript = package.get("issue") or {}, package.get("transcript") or {}
    return HandoverView(
        id=handover.id,
        state=handover.state,
        team=handover.team,
        priority=handover.priority,
        reason_code=handover.reason_code,
        reason_text=handover.reason_text,
        title=issue.get("title"),
        summary=issue.get("summary_for_agent") or issue.get("summary_for_customer"),
        offered_to=offered,
        created_at=handover.created_at,
        accepted_at=handover.accepted_at,
        transcript_count=transcript.get("count"),
        open_questions=tuple(_said(question) for question in package.get("open_questions") or ()),
        promises=tuple(_promise(promise) for promise in _promises(handover, package)),
        handback=(handover.handback or {}).get("summary"),
    )


def _promises(handover: Handover, package: dict[str, Any]) -> list[Any]:
    return [*(package.get("promises") or ()), *((handover.handback or {}).get("promises") or ())]


def _said(question: Any) -> str:
    return str(question.get("text") or question.get("name") or "") if isinstance(question, dict) else str(question)


def _promise(promise: Any) -> Promise:
    if isinstance(promise, dict):
        return Promise(str(promise.get("text", "")), promise.get("due_at"))
    return Promise(str(promise))


def intents(turns: Sequence[tuple[Turn, int | None]]) -> tuple[IntentView, ...]:
    """What was understood, newest first; bare answers to a form's question say nothing and are left out."""
    return tuple(
        IntentView(turn.intent, turn.confidence or 0.0, turn.message_id, seq)
        for turn, seq in turns
        if turn.intent and turn.intent not in BARE_ANSWERS
    )[:6]


def alternatives(turns: Sequence[tuple[Turn, int | None]], package: dict[str, Any]) -> tuple[IntentView, ...]:
    """What else the last understood message might have meant."""
    ranking = next((turn.ranking for turn, _ in turns if turn.ranking), None)
    ranking = ranking or (package.get("nlu") or {}).get("intent_ranking") or []
    return tuple(IntentView(str(r.get("name")), float(r.get("confidence") or 0), None, None) for r in ranking[1:3])


def also(conversation: Conversation) -> tuple[AlsoView, ...]:
    """What else was asked for and has not been started."""
    return tuple(AlsoView(one["intent"], one["text"]) for one in packing.waiting_topics(conversation))


def tried(turns: Sequence[tuple[Turn, int | None]], package: dict[str, Any]) -> tuple[TriedView, ...]:
    """What the assistant did, oldest first; the package stands in when its turns are no longer at hand."""
    rows = [(turn.message_id, tried) for turn, _ in reversed(turns) for tried in turn.tried]
    rows = rows or [(None, tried) for tried in package.get("actions_tried") or ()]
    return tuple(
        TriedView(
            name=str(tried.get("name", "")),
            outcome=str(tried.get("outcome", "")),
            ms=tried.get("ms"),
            error_code=tried.get("error_code"),
            result_ref=tried.get("result_ref"),
            message_id=message_id,
        )
        for message_id, tried in rows
    )


def form(
    turns: Sequence[tuple[Turn, int | None]], package: dict[str, Any], known: Sequence[FactView]
) -> FormView | None:
    """The form the assistant was filling last: as the newest turn left it, or as the package says."""
    latest = turns[0][0].form if turns else None
    form = latest or package.get("form")
    if not form or not form.get("name"):
        return None
    values = {fact.name: "given" if fact.is_sensitive else fact.value for fact in known}
    return FormView(
        name=str(form["name"]),
        requested=form.get("requested_slot"),
        answered=tuple(one for item in form.get("answered") or () if _is_read(one := _answered(item, values))),
        missing=tuple(str(item) for item in form.get("missing") or () if not INTERNAL.search(str(item))),
    )


def _is_read(slot: AnsweredSlot) -> bool:
    return not INTERNAL.search(slot.name)


def _answered(item: Any, values: dict[str, str]) -> AnsweredSlot:
    if isinstance(item, dict):
        name, value = str(item.get("name", "")), item.get("value")
        return AnsweredSlot(name, str(value) if value is not None else values.get(name))
    return AnsweredSlot(str(item), values.get(str(item)))
