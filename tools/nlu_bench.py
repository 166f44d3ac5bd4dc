"""`make bench-nlu`: our understanding against stock Rasa's, trained on the same data (bench/nlu.py measures).

`DATA=rows.jsonl` adds accuracy, `FRESH=1` trains stock again, `ARGS="--rounds 5"` measures more often.
"""

from __future__ import annotations

import sys

from tools import environments, evaluation, stock, training
from tools.console import main


def measure() -> int:
    rows = evaluation.asked_rows("bench-nlu", is_needed=False)
    training.train()
    other = stock.trained()
    measured = ["--stock", other.model, "--stock-train-s", str(other.train_s)]
    command = [environments.BOT.python, "-m", "bench.nlu", *measured, *sys.argv[1:], *rows]
    return evaluation.run_bot_program(command, "bench-nlu")


if __name__ == "__main__":
    main(measure)
