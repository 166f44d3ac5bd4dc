"""`python -m bench.replay PATH --hub URL`: see the package. `make replay` starts a stack and calls this.

Exit code 1 when a message was lost or a card number was found in a file; a missed bar is printed, not punished.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from bench.replay import leaks, table
from bench.replay.desk import Desk, sign_in
from bench.replay.dialogues import Dialogue, load
from bench.replay.playing import Played, play
from bench.replay.scoring import score
from handoff.demo import PASSWORD

AGENT = "priya@fernway.example"
FROM_ENVIRONMENT = "TELLONCE_REPLAY_TOKEN"


def main() -> int:
    asked = _arguments()
    dialogues = load(asked.dialogues)
    played = asyncio.run(_replay(dialogues, asked))
    result = score(played)
    leaking = leaks.found(_cards(dialogues), leaks.written_below(asked.state)) if asked.state else None
    for line in (*table.rows(played), "", *table.missed(played), "", *table.bars(result), _on_cards(leaking), ""):
        print(line)
    print(json.dumps(result.as_dict()))
    lost = len(played) < len(dialogues) or result.transcript_complete != 1
    return 1 if lost or leaking else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("--hub", required=True, help="base URL of a running hub")
    parser.add_argument("--state", type=Path, help="its state folder, to look for card numbers in")
    parser.add_argument("--at-once", type=int, default=2, help="dialogues played side by side")
    return parser.parse_args()


async def _replay(dialogues: list[Dialogue], asked: argparse.Namespace) -> list[Played]:
    desk = Desk(asked.hub, os.environ.get(FROM_ENVIRONMENT) or await sign_in(asked.hub, AGENT, PASSWORD))
    room = asyncio.Semaphore(asked.at_once)

    async def one(dialogue: Dialogue) -> Played | None:
        async with room:
            try:
                return await play(dialogue, asked.hub, desk)
            except Exception as error:  # noqa: BLE001 (one broken dialogue must not hide what the others say)
                print(f"broken       {dialogue.id}: {type(error).__name__}: {error}", file=sys.stderr)
                return None

    try:
        return [played for played in await asyncio.gather(*map(one, dialogues)) if played]
    finally:
        await desk.close()


def _cards(dialogues: list[Dialogue]) -> list[str]:
    return [card for dialogue in dialogues for card in dialogue.cards()]


def _on_cards(leaking: list[Path] | None) -> str:
    if leaking is None:
        return "card numbers         not looked for: the hub's files are elsewhere"
    return f"card numbers         {'LEAKED into ' + ', '.join(map(str, leaking)) if leaking else 'in no file'}"


if __name__ == "__main__":
    sys.exit(main())
