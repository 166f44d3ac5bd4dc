"""`python -m bench.turns --ours MODEL --stock MODEL …`: see the package. `make bench-turns` trains both and calls this.

Each round starts ours and then stock afresh, lets customers have short conversations, one at a time and eight at once,
and stops them. Then each has one conversation of 1,000 turns: ours as the hub holds it (sessions renewed after 40
turns, knowledge carried over) and once more in a single session, stock in a single session. Stock's turns grow so slow
that the conversation is broken off after `--long-limit-s`; the turns it got to are in `long_turns`.

The last line is one JSON object. Exit code 1 when more than one turn in fifty had no real answer.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.turns import driving
from bench.turns.dialogues import TURNS
from bench.turns.driving import Timings
from bench.turns.figures import Figures, growth, headline, medians, of_short, ratios
from bench.turns.servers import Assistant, Running, Servers
from tools.console import main

MOST_FAILED = 0.02
SENDERS = (1, 8)


def measure() -> int:
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(Path(folder), asked.ours.resolve(), asked.stock.resolve())
        with servers.shared():
            result = _measured(servers, asked)
    ours, stock = result["ours"], result["stock"]
    for line in _table(ours, stock):
        print(line)
    told = {"rounds": asked.rounds, **{key: result[key] for key in ("ours", "stock")}, **_ratios(ours, stock)}
    print(
        "\n"
        + json.dumps(
            told | {"train_s_measured": "from clean, no caches, when the model was made; kept beside it in build/"}
        )
    )
    return 1 if any(one["failed_share"] > MOST_FAILED for one in (ours, stock)) else 0


def _measured(servers: Servers, asked: argparse.Namespace) -> dict[str, dict[str, Any]]:
    rounds: dict[str, list[Figures]] = {assistant.name: [] for assistant in servers.assistants}
    failed: dict[str, Timings] = {name: Timings() for name in rounds}
    for number in range(1, asked.rounds + 1):
        for assistant in servers.assistants:
            figures = _round(servers, assistant, asked.each, failed[assistant.name])
            rounds[assistant.name].append(figures)
            _say(f"round {number}: {assistant.name} {_told(figures)}")
    trained = {"ours": asked.ours_train_s, "stock": asked.stock_train_s}
    result: dict[str, dict[str, Any]] = {}
    for assistant in servers.assistants:
        name = assistant.name
        figures = headline(medians(rounds[name]))
        figures |= _long(servers, assistant, asked, failed[name])
        result[name] = {**figures, "train_s": trained[name], **_answered(failed[name])}
    return result


def _round(servers: Servers, assistant: Assistant, each: int, seen: Timings) -> Figures:
    with servers.running(assistant) as server:
        driving.warm_up(assistant.line)
        figures: Figures = {"start_s": server.start_s}
        for senders in SENDERS:
            timings = driving.short(assistant.line, senders, each)
            figures |= of_short(timings, senders)
            seen.add(timings)
        return figures | {"rss_mb": server.rss_mb()}


def _long(servers: Servers, assistant: Assistant, asked: argparse.Namespace, seen: Timings) -> dict[str, Any]:
    """`growth` is as customers meet it; ours also in one single session, which the hub would never let happen."""
    figures: dict[str, Any] = {}
    kinds = {"growth": True, "growth_one_session": False} if assistant.name == "ours" else {"growth": False}
    for name, is_renewed in kinds.items():
        with servers.running(assistant) as server:
            driving.warm_up(assistant.line)
            timings = driving.long(assistant.line, asked.turns, asked.long_limit_s, is_renewed=is_renewed)
            seen.add(timings)
            grown = growth(timings)
            _say(f"long: {assistant.name} {_long_told(timings, asked, server)}, {name} {grown or 'unknown'}")
        figures[name] = grown
        figures.setdefault("long_turns", len(timings.ms) + timings.failed)
    return figures


def _long_told(timings: Timings, asked: argparse.Namespace, server: Running) -> str:
    turns = len(timings.ms) + timings.failed
    why = "" if turns == asked.turns else f" (broken off after {asked.long_limit_s:.0f} s)"
    return f"{turns} turns in {timings.took_s:.0f} s{why}, {server.rss_mb():.0f} MB"


def _answered(seen: Timings) -> Figures:
    turns = len(seen.ms) + seen.failed
    return {
        "turns": turns,
        "failed_share": round(seen.failed / turns, 4),
        "texts_per_turn": round(seen.texts / len(seen.ms), 2),
    }


def _ratios(ours: Figures, stock: Figures) -> Figures:
    measured = ("turns_per_s", "p50_ms", "p95_ms", "train_s", "start_s", "rss_mb", "growth")
    wanted = {name: value for name, value in ours.items() if name.startswith(measured) and value and name in stock}
    return ratios(wanted, stock)


def _table(ours: Figures, stock: Figures) -> Iterator[str]:
    yield f"\n{'':<20}{'ours':>12}{'stock':>12}{'ratio':>9}"
    for name, value in ours.items():
        other = stock.get(name)
        ratio = f"{value / other:9.3f}" if value and other else ""
        yield f"{name:<20}{_shown(value):>12}{_shown(other):>12}{ratio}"


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _told(figures: Figures) -> str:
    return json.dumps({name: round(value, 1) for name, value in figures.items()})


def _say(line: str) -> None:
    print(line, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", type=Path, required=True, help="our trained model")
    parser.add_argument("--ours-train-s", type=float, required=True, help="how long its training took from clean")
    parser.add_argument("--stock", type=Path, required=True, help="the stock model of the same data")
    parser.add_argument("--stock-train-s", type=float, required=True, help="how long its training took from clean")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", type=int, default=3, help=f"times that a customer has all {TURNS} turns in a round")
    parser.add_argument("--turns", type=int, default=1000, help="of the long conversation")
    parser.add_argument("--long-limit-s", type=float, default=420.0, help="when a long conversation is broken off")
    return parser.parse_args()


if __name__ == "__main__":
    main(measure)
