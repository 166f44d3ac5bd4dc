"""One round of one pipeline in a process of its own: load a model, parse texts one by one, say how long and how big.

    python -m bench.nlu_round MODEL TEXTS.json

Prints one JSON object. Runs in Rasa's environment, and loads for a model without neural network no TensorFlow, as the
assistant's own server does.
"""

import json
import statistics
import sys
import time
from pathlib import Path

from bot import without_tensorflow


def main() -> None:
    model, texts = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    if not without_tensorflow.is_needed(model):
        without_tensorflow.install()
    started_at = time.perf_counter()
    from bot.evaluation.parsing import load, parse_each
    from bot.learning import quieten

    # As in production: Rasa would write a page about each message.
    quieten()
    agent = load(model)
    load_s = time.perf_counter() - started_at
    times_ms = sorted(parsed.ms for parsed in parse_each(agent, texts))
    result = {
        "load_s": round(load_s, 2),
        "parse_ms_p50": round(statistics.median(times_ms), 3),
        "parse_ms_p95": round(times_ms[int(0.95 * (len(times_ms) - 1))], 3),
        "parses_per_s": round(1000 / statistics.mean(times_ms), 1),
        "rss_mb": round(rss_mb(), 1),
    }
    print(json.dumps(result))


def rss_mb() -> float:
    """Resident memory of this process now, of Linux's own account."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024


if __name__ == "__main__":
    main()
