"""`make eval-compare BASE=<git revision>`: what the training data of now does better and worse than that of BASE.

BASE's data is taken out of git into build/compare/; the working tree stays as it is. The pipeline and the code are
those of now for both. `DATA=rows.jsonl` measures on those rows instead of cross-validating over our own examples.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from tools import environments, evaluation, training
from tools.console import Refusal, main
from tools.processes import ROOT

FOLDER = ROOT / "build" / "compare"


def compare() -> int:
    base = os.environ.get("BASE", "")
    if not base:
        raise Refusal("Say what to compare with: make eval-compare BASE=<git revision>, e.g. BASE=HEAD or BASE=main~5.")
    rows = evaluation.asked_rows("eval-compare", is_needed=False)
    environments.ensure(environments.BOT, "bot")
    taken_out = take_out(base, ROOT, FOLDER)
    training.validate()
    command = [environments.BOT.python, "-m", "bot.evaluation.comparison", "--base", taken_out, "--name", base, *rows]
    return evaluation.run_bot_program(command, "eval-compare")


def take_out(base: str, repository: Path, folder: Path) -> Path:
    """The data and domain of a revision, in `folder`; a name git does not know is refused."""
    command = ["git", "-C", str(repository), "archive", "--format=tar", base, "data", "domain.yml"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Refusal(f"git cannot give the data of {base}: {said[-1] if said else 'it said nothing'}.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder)  # noqa: S202 (made by git a moment ago)
    return folder


if __name__ == "__main__":
    main(compare)
