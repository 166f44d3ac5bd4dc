"""A replay on the real processes: what `make replay` would print of a small recording."""

import json
from pathlib import Path

from bench.replay import leaks
from bench.replay.desk import Desk, sign_in
from bench.replay.dialogues import load
from bench.replay.playing import play
from bench.replay.scoring import asked_again, held, in_the_case, score
from handoff.demo import PASSWORD
from tests.journeys.breakable import Breakable

CARD = "4455 4477 4488 4499"
RECORDED = {
    "id": "small-1",
    "slots": {"account_id": "K7QX2M9PLD", "email": "ada.quist@fernway.example", "card_number": CARD},
    "turns": [
        {"speaker": "customer", "text": "hello there", "canonical_intent": "greet"},
        {"speaker": "customer", "text": "my bill is wrong, account K7QX2M9PLD", "canonical_intent": "bill_dispute"},
        {"speaker": "customer", "text": f"i paid with {CARD}"},
        {"speaker": "customer", "text": "ada.quist@fernway.example"},
    ],
}


async def test_a_recorded_dialogue_ends_in_a_case_that_holds_all_of_it(
    stack: Breakable, hub: str, tmp_path: Path
) -> None:
    path = tmp_path / "small.jsonl"
    path.write_text(json.dumps(RECORDED))
    (dialogue,) = load(path)
    desk = Desk(hub, await sign_in(hub, "priya@fernway.example", PASSWORD))
    try:
        played = await play(dialogue, hub, desk)
    finally:
        await desk.close()

    assert [one.is_answered for one in played.sent] == [True] * 4
    assert played.case_ref
    assert len(in_the_case(played)) > len(played.sent)
    assert all(in_the_case(played))
    assert [(name, is_held) for name, _, is_held in held(played)] == [("account_id", True), ("email", True)]
    assert asked_again(played) == []
    assert score([played]).handover_ms_p95
    assert leaks.found(dialogue.cards(), leaks.written_below(stack.var)) == []
