"""`make check`: what CI runs before the tests, listed step by step; every step runs even when an earlier one fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools import environments, training
from tools.console import main, say
from tools.processes import ROOT

Step = tuple[str, list[str | Path]]
CODE = ("handoff", "actions", "bot", "words", "tools", "tests", "bench")
YAML = ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "data", ".yamllint", ".pre-commit-config.yaml")


def check() -> int:
    environments.ensure(environments.HUB, "dev")
    environments.ensure(environments.BOT, "bot")
    failed = [name for name, command in steps(set(sys.argv[1:])) if not passes(name, command)]
    say(f"\nmake check failed: {', '.join(failed)}" if failed else "\nmake check passed")
    return 1 if failed else 0


def steps(only: set[str]) -> Iterator[Step]:
    """All steps, or those whose topic (the word before the colon) was asked for."""
    yield from (step for step in _all_steps() if not only or step[0].split(":")[0] in only)


def _all_steps() -> Iterator[Step]:
    python = environments.HUB.python
    code, tool = there(CODE), environments.HUB.folder / "bin"
    yield "format: ruff format", [tool / "ruff", "format", "--check", "--quiet", *code]
    yield "lint: ruff check", [tool / "ruff", "check", "--quiet", *code]
    yield "types: mypy --strict", [python, "-m", "mypy", "handoff", "words"]
    yield "types: mypy tools", [python, "-m", "mypy", "tools"]
    if templates := there(("handoff/desk/templates", "handoff/channels/web/templates")):
        yield "templates: djlint", [tool / "djlint", "--lint", "--quiet", *templates]
    yield "yaml: yamllint", [tool / "yamllint", "--strict", *there(YAML)]
    yield "data: validation", [environments.BOT.python, "-m", "bot.validation"]
    validate = ["data", "validate", "--domain", "domain.yml", "--config", "config.yml", "--fail-on-warnings"]
    yield "data: rasa data validate", [training.RASA, *validate, "--data", *training.data_folders()]


def there(names: tuple[str, ...]) -> list[str | Path]:
    return [name for name in names if (ROOT / name).exists()]


def passes(name: str, command: list[str | Path]) -> bool:
    say(f"── {name}")
    started_at = time.monotonic()
    env = {**os.environ, **training.rasa_env()}
    words = [str(part) for part in command]
    result = subprocess.run(words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode:
        say((result.stdout + result.stderr).rstrip())
    say(f"   {'ok' if result.returncode == 0 else 'FAILED'} in {time.monotonic() - started_at:.0f} s")
    return result.returncode == 0


if __name__ == "__main__":
    main(check)
