"""The watch in front of all actions."""

import pytest
from rasa_sdk import Action

from actions.small_talk import Help
from actions.watch import WatchfulExecutor, enough, has_a_wish, is_first_of_turn
from tests.actions.trackers import a_message, a_tracker, answered, did, said

ANGRY = "this is the third time i'm asking"


def call(action: str, *events: dict[str, object], form: str | None = None) -> dict[str, object]:
    tracker = a_tracker(*events, form=form)
    return {"next_action": action, "sender_id": "s_1", "tracker": tracker.current_state(), "domain": {}}


def watching(action: Action) -> WatchfulExecutor:
    executor = WatchfulExecutor()
    executor.register_action(action)
    return executor


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


RUDE = "you idiots sent me the wrong box, take it back"


async def test_a_rude_wish_is_served_with_an_apology_and_a_person_on_offer() -> None:
    rude = {"event": "user", "text": RUDE, "parse_data": a_message(RUDE, "return_start")}
    result = await watching(Help()).run(call("action_help", rude))
    assert result is not None
    assert result.responses[0]["text"].startswith("I'm sorry")
    assert result.responses[0]["buttons"][0]["payload"] == "/talk_to_human"
    assert len(result.responses) == 2


@pytest.mark.parametrize(
    ("intent", "confidence", "before"),
    [("out_of_scope", 0.9, []), ("return_start", 0.3, []), ("return_start", 0.9, [said("this is bullshit")])],
)
def test_rudeness_without_a_clear_wish_or_for_the_second_time_is_enough(
    intent: str, confidence: float, before: list[dict[str, object]]
) -> None:
    rude = {"event": "user", "text": RUDE, "parse_data": a_message(RUDE, intent, confidence)}
    assert not has_a_wish(a_tracker(*before, rude))
