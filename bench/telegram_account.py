"""What became of every word on Telegram's worst days, and how close together the hub's own words came."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support.telegram import TOKEN, TelegramCustomer

Json = dict[str, Any]
Rows = Callable[..., list[tuple[Any, ...]]]
LIMIT_S = 1.0
# Two calls a second apart may arrive a little closer together.
JITTER_S = 0.1


async def account_of(people: Sequence[TelegramCustomer], said_by: Mapping[int, Sequence[str]], rows: Rows) -> Json:
    """Each word a customer said against what is stored and what they heard in answer."""
    figures: Counter[str] = Counter()
    for person in people:
        said = said_by[person.id]
        stored = [text for (text,) in rows(STORED, f"{TOKEN.split(':')[0]}:{person.id}") if text in set(said)]
        answers = [one.text.partition(": ")[2] for one in await person.sees() if one.by_bot]
        answered = Counter(text for text in answers if text in set(said))
        figures["sent"] += len(said)
        figures["stored"] += len(stored)
        figures["answers_seen"] += sum(answered.values())
        figures["lost"] += len(set(said) - set(stored))
        figures["doubled"] += len(stored) - len(set(stored))
        figures["reordered"] += list(dict.fromkeys(stored)) != [text for text in said if text in set(stored)]
        figures["answers_lost"] += len(set(said) - set(answered))
        figures["answers_doubled"] += sum(count - 1 for count in answered.values())
    return dict(figures)


STORED = (
    "SELECT m.text FROM messages m JOIN identities i ON i.id = m.identity_id"
    " WHERE i.external_id = ? AND m.author = 'customer' ORDER BY m.seq"
)


def pace_of(calls: Sequence[Json]) -> Json:
    """How close together two messages to one chat were, and how many there were in the fullest second overall."""
    sent = [call for call in calls if call["method"].startswith("send") and call["status"] == 200]
    sent = [call for call in sent if call["method"] != "sendChatAction"]
    by_chat: dict[int, list[float]] = defaultdict(list)
    for call in sent:
        by_chat[call["chat"]].append(call["at"])
    gaps = [later - earlier for times in by_chat.values() for earlier, later in pairwise(times)]
    times = sorted(call["at"] for call in sent)
    fullest = max((sum(at <= other < at + 1 for other in times[place:]) for place, at in enumerate(times)), default=0)
    return {
        "messages_sent": len(sent),
        "refused_with_429": sum(call["status"] == 429 for call in calls),
        "closest_two_in_a_chat_s": round(min(gaps, default=0.0), 3),
        "too_close_in_a_chat": sum(gap < LIMIT_S - JITTER_S for gap in gaps),
        "most_in_a_second_overall": fullest,
    }


def tokens_in(log: Path) -> int:
    return log.read_text(errors="replace").count(TOKEN.split(":")[1])
