"""`make replay DIALOGUES=path.jsonl`: recorded dialogues through a stack of their own, started and stopped here.

`HUB=http://…` plays them through a hub that runs already, as its demo supervisor or with the agent's token in
TELLONCE_REPLAY_TOKEN. Other arguments go to `bench.replay`. Its state stays readable in var/replay/ until the next run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import environments, training
from tools.console import Refusal, main, say, shown
from tools.ports import Ports
from tools.processes import ROOT
from tools.stack import Stack

STATE = ROOT / "var" / "replay"


def replay() -> int:
    dialogues, *arguments = sys.argv[1:] or [""]
    path = Path(dialogues).expanduser().resolve()
    if not dialogues or not path.is_file():
        raise Refusal("Say which dialogues to play: make replay DIALOGUES=path.jsonl")
    environments.ensure(environments.HUB, "hub")
    if hub := os.environ.get("HUB"):
        return _play(path, hub.rstrip("/"), arguments)
    training.train()
    shutil.rmtree(STATE, ignore_errors=True)
    with Stack(STATE, Ports.free()) as stack:
        say(f"Playing {shown(path)} …")
        return _play(path, stack.ports.urls["hub"], ["--state", str(STATE), *arguments])


def _play(path: Path, hub: str, arguments: list[str]) -> int:
    command = [str(environments.HUB.python), "-m", "bench.replay", str(path), "--hub", hub, *arguments]
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    main(replay)
