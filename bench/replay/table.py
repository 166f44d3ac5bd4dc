"""The replay on paper: one line a dialogue, what was missed, and each figure beside its bar."""

from collections.abc import Callable, Iterator

from bench.replay.playing import Played
from bench.replay.scoring import Score, asked_again, held, in_the_case, intents

BARS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "unanswered": ("0", lambda value: value == 0),
    "transcript_complete": ("1.0", lambda value: value == 1),
    "identifier_recall": (">= 0.90", lambda value: value >= 0.9),
    "facts_per_message": ("<= 0.8", lambda value: value <= 0.8),
    "re_asked": ("0", lambda value: value == 0),
}
WIDTH = 28


def rows(played: list[Played]) -> Iterator[str]:
    yield _row("dialogue", "turns", "open", "lost", "slots", "facts", "again", "intents", "person")
    for play in played:
        slots = [is_held for _, _, is_held in held(play)]
        understood = [is_right for _, is_right in intents(play)]
        yield _row(
            play.dialogue.id[:WIDTH],
            len(play.sent),
            sum(not one.is_answered for one in play.sent),
            in_the_case(play).count(False),
            f"{sum(slots)}/{len(slots)}",
            len(play.facts),
            len(asked_again(play)),
            f"{sum(understood)}/{len(understood)}",
            _person(play),
        )


def _row(dialogue: str, *cells: object) -> str:
    *figures, person = cells
    return f"{dialogue:<{WIDTH}} {' '.join(f'{figure!s:>7}' for figure in figures)}  {person}"


def missed(played: list[Played]) -> Iterator[str]:
    """What to look at: where, which conversation, what."""
    for play in played:
        where = f"{play.dialogue.id[:WIDTH]} {play.conversation_id}"
        for name, _, is_held in held(play):
            if not is_held:
                yield f"not a fact   {where}: {name}"
        for seq, name in asked_again(play):
            yield f"asked again  {where} after message {seq}: {name}"
        for one in play.sent:
            if not one.is_answered:
                yield f"unanswered   {where} message {one.seq}"


def bars(score: Score) -> Iterator[str]:
    for name, value in score.as_dict().items():
        bar, holds = BARS.get(name, ("", lambda _: True))
        verdict = "" if not bar else "pass" if value is not None and holds(value) else "MISS"
        yield f"{name:<20} {value!s:>10}  {bar:<8} {verdict}".rstrip()


def _person(play: Played) -> str:
    if play.handed_over_at is not None:
        return f"after turn {play.handed_over_at}"
    return "asked for" if play.case_ref else "NONE CAME"
