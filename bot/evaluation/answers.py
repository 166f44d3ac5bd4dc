"""What a pipeline answered to one text, whichever components it is made of. Knows nothing of Rasa but its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.evaluation.rows import OUT_OF_SCOPE

REJECTIONS = frozenset({OUT_OF_SCOPE, "nlu_fallback"})


@dataclass(frozen=True)
class Parsed:
    """Both ways of rejecting a message read `out_of_scope`.

    `also` are further intents of the message; `ms` is the time of the whole parse, 0 when many were parsed at once.
    """

    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...] = ()
    also: tuple[str, ...] = ()
    ms: float = 0.0

    @property
    def is_rejected(self) -> bool:
        return self.intent == OUT_OF_SCOPE


def read(answer: dict[str, Any], ms: float = 0.0) -> Parsed:
    """A parsed message as Rasa gives it (`intent`, `intent_ranking`, our `intents_also`)."""
    intent = answer.get("intent") or {}
    ranking = tuple((_named(one), float(one["confidence"])) for one in answer.get("intent_ranking") or [])
    also = tuple(_named(one) for one in answer.get("intents_also") or [])
    return Parsed(_named(intent), float(intent.get("confidence") or 0.0), ranking, also, ms)


def _named(intent: dict[str, Any]) -> str:
    """No intent at all is a rejection too."""
    name = intent.get("name") or OUT_OF_SCOPE
    return OUT_OF_SCOPE if name in REJECTIONS else str(name)
