"""`make bench-ablation`: what each part of the intent model is worth (bench/ablation.py measures).

`DATA=rows.jsonl` adds the figures on those rows. CLINC150 is measured too where it lies beside the project.
"""

from __future__ import annotations

import sys

from tools import clinc_bench, environments, evaluation
from tools.console import main


def measure() -> int:
    rows = evaluation.asked_rows("bench-ablation", is_needed=False)
    environments.ensure(environments.BOT, "bot")
    given = [*(["--clinc", clinc_bench.USUAL] if clinc_bench.USUAL.is_file() else [])]
    given += ["--rows", *rows] if rows else []
    return evaluation.run_bot_program(
        [environments.BOT.python, "-m", "bench.ablation", *given, *sys.argv[1:]], "bench-ablation"
    )


if __name__ == "__main__":
    main(measure)
