"""The watch in front of all actions."""

import pytest

from actions.watch import WatchfulExecutor, enough, is_first_of_turn
from tests.actions.trackers import a_tracker, answered, did, said

ANGRY = "this is the third time i'm asking"


def call(action: str, *events: dict[str, object], form: str | None = None) -> dict[str, object]:
    tracker = a_tracker(*events, form=form)
    return {"next_action": action, "sender_id": "s_1", "tracker": tracker.current_state(), "domain": {}}


async def test_an_angry_customer_gets_a_person_instead_of_an_answer() -> None:
    result = await WatchfulExecutor().run(call("action_help", said(ANGRY)))
    assert result is not None
    assert {"event": "followup", "timestamp": None, "name": "action_handover"} in result.events
    assert result.responses == []


async def test_a_form_is_left_waiting_so_that_its_state_travels() -> None:
    events = [{"event": "active_loop", "name": "move_form"}, said(ANGRY), did("move_form")]
    result = await WatchfulExecutor().run(call("validate_move_form", *events, form="move_form"))
    assert result is not None
    assert result.events[0]["event"] == "action_execution_rejected"
    assert result.events[0]["name"] == "move_form"


def test_the_same_anger_is_passed_on_only_once() -> None:
    assert enough(a_tracker(said(ANGRY)))
    assert enough(a_tracker(said(ANGRY), did("action_handover"), said("thanks"))) is None
    assert enough(a_tracker(said(ANGRY), did("action_handback"), said("hello"))) is None


@pytest.mark.parametrize("after", [did("action_help"), answered("I can help with returns.")])
def test_only_the_first_action_of_a_turn_is_replaced(after: dict[str, object]) -> None:
    assert is_first_of_turn(a_tracker(said(ANGRY)))
    assert not is_first_of_turn(a_tracker(said(ANGRY), after))


def test_a_pressed_button_is_never_angry() -> None:
    assert not is_first_of_turn(a_tracker(said('/inform{"reason": "fucked up"}')))
