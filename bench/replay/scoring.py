"""What a replay comes to: the case beside the gold data. Pure."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from bench.replay.dialogues import is_identifier, plain
from bench.replay.playing import Played
from handoff.facts import names_asked
from words.identifiers import kind_of

LONG_ENOUGH_TO_BE_WITHIN = 4
"""A gold value this long also counts when it is part of a fact: a street within an address."""


@dataclass(frozen=True)
class Score:
    """The last line of `make replay`. Shares are 0 to 1, None when nothing was to be shared; times in ms."""

    dialogues: int
    turns: int
    unanswered: int
    transcript_complete: float | None
    identifier_recall: float | None
    slot_recall: float | None
    facts_per_message: float | None
    re_asked: int
    intent_accuracy: float | None
    turn_ms_p50: float | None
    turn_ms_p95: float | None
    handover_ms_p95: float | None

    def as_dict(self) -> dict[str, Any]:
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def score(played: list[Played]) -> Score:
    sent = [one for play in played for one in play.sent]
    there = [is_there for play in played for is_there in in_the_case(play)]
    slots = [(name, is_held) for play in played for name, _, is_held in held(play)]
    answers = [one.answer_ms for one in sent if one.answer_ms is not None]
    return Score(
        dialogues=len(played),
        turns=len(sent),
        unanswered=sum(not one.is_answered for one in sent),
        transcript_complete=_share(there),
        identifier_recall=_share(is_held for name, is_held in slots if is_identifier(name)),
        slot_recall=_share(is_held for _, is_held in slots),
        facts_per_message=sum(len(play.facts) for play in played) / len(sent) if sent else None,
        re_asked=sum(len(asked_again(play)) for play in played),
        intent_accuracy=_share(is_right for play in played for _, is_right in intents(play)),
        turn_ms_p50=percentile(answers, 50),
        turn_ms_p95=percentile(answers, 95),
        handover_ms_p95=percentile([play.handover_ms for play in played if play.handover_ms is not None], 95),
    )


def in_the_case(play: Played) -> list[bool]:
    """For every message that went in or out: whether the case has it, with its words and in its place."""
    stored = {one["id"]: (place, one) for place, one in enumerate(play.case_messages)}
    written = {one.message_id: one.said.text.strip() for one in play.sent}
    places = {one.message_id: one.seq for one in play.sent} | {one["id"]: one["seq"] for one in play.shown}
    shown = {one["id"]: one["text"] for one in play.shown}
    result, last_place = [], -1
    for message_id in sorted(places, key=lambda one: places[one]):
        place, row = stored.get(message_id, (-1, None))
        is_there = row is not None and place > last_place
        if row is not None and is_there:
            words = shown.get(message_id, row["text"])
            is_there = row["text"] == words and (row["is_masked"] or written.get(message_id, words) == words)
            last_place = place
        result.append(is_there)
    return result


def held(play: Played) -> list[tuple[str, str, bool]]:
    """Every gold slot the customer typed, and whether a fact holds its value."""
    values = {plain(fact["value"]) for fact in play.facts}
    return [
        (name, value, plain(value) in values or (not is_identifier(name) and _is_within(plain(value), values)))
        for name, value in play.dialogue.typed()
    ]


def _is_within(value: str, values: set[str]) -> bool:
    return len(value) >= LONG_ENOUGH_TO_BE_WITHIN and any(value in one for one in values)


def asked_again(play: Played) -> list[tuple[int, str]]:
    """The customer's message that was answered by a question for a known fact, and the fact's name."""
    seqs = {one["id"]: one["seq"] for one in play.case_messages}
    said = {one["in_reply_to"]: "" for one in play.case_messages}
    for one in play.case_messages:
        if one["author"] == "assistant" and one["in_reply_to"] and one["audience"] == "everyone":
            said[one["in_reply_to"]] += f"{one['text']}\n"
    again: list[tuple[int, str]] = []
    for turn in play.turns:
        at = seqs.get(turn["message_id"], 0)
        known = {fact["name"] for fact in play.facts if _was_known(fact, turn, seqs, at)}
        again += [(at, name) for name in sorted(_asked(turn, said.get(turn["message_id"], "")) & known)]
    return again


def _asked(turn: dict[str, Any], words: str) -> set[str]:
    question = turn["question"]
    in_words = set(names_asked(words)) if words.rstrip().endswith("?") else set()
    return in_words | ({kind_of(question) or ""} if question and words else set())


def _was_known(fact: dict[str, Any], turn: dict[str, Any], seqs: dict[str, int], at: int) -> bool:
    if fact["source_message_id"]:
        return seqs.get(fact["source_message_id"], at + 1) <= at
    return bool(fact["stated_at"] < turn["created_at"])


def intents(play: Played) -> list[tuple[str, bool]]:
    """Gold intents of the turns that the assistant took, and whether it understood them so."""
    understood = {turn["message_id"]: turn["intent"] for turn in play.turns if turn["intent"]}
    return [
        (one.said.intent, understood[one.message_id] == one.said.intent)
        for one in play.sent
        if one.said.intent and one.message_id in understood
    ]


def percentile(values: Iterable[float], percent: float) -> float | None:
    """Nearest rank: always a value that was measured."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else None


def _share(outcomes: Iterable[bool]) -> float | None:
    counted = list(outcomes)
    return sum(counted) / len(counted) if counted else None
