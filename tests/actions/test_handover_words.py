"""What is said about a transfer: only what the hub has answered."""

import pytest

from actions.handover import announcement, minutes
from actions.hub import HandoverAnswer
from actions.package import build, team_of
from tests.actions.talking import domain
from tests.actions.trackers import a_tracker, answered, did, said

DOMAIN = {
    "actions": ["action_ask_account_number", "action_ask_move_address"],
    "responses": {"utter_ask_move_date": []},
    "forms": {"move_form": {"required_slots": ["account_number", "move_address", "move_date"]}},
}


def an_answer(**told: object) -> HandoverAnswer:
    return HandoverAnswer.model_validate({"case_ref": "C-482-917", "state": "queued"} | told)


def test_the_place_in_line_and_the_wait_are_told() -> None:
    text = announcement("asked", None, an_answer(queue_position=2, wait_s={"low": 60, "high": 170}))
    assert "number 2 in line, about 1 to 3 minutes" in text
    assert text.endswith("Your reference is C-482-917.")


def test_a_place_in_line_is_not_told_while_nobody_is_at_the_desk() -> None:
    text = announcement("asked", None, an_answer(queue_position=1, is_staffed=False))
    assert "Nobody is at the desk this minute" in text
    assert "next" not in text


def test_no_wait_is_promised_when_the_hub_gives_none() -> None:
    text = announcement("asked", None, an_answer())
    assert "minute" not in text
    assert "line" not in text


def test_out_of_hours_the_promised_time_is_told_and_no_transfer() -> None:
    text = announcement("asked", None, an_answer(state="out_of_hours", promised_at="2026-11-23T10:00:00Z"))
    assert "Monday 10:00 UTC" in text
    assert "passing you" not in text


def test_who_already_waits_is_told_so() -> None:
    assert announcement("asked", None, an_answer(already=True, queue_position=1)).startswith("You're already in good")


@pytest.mark.parametrize("reason", ["company_down", "policy_exception", "high_value"])
def test_the_reason_is_given_first_where_it_concerns_the_customer(reason: str) -> None:
    assert announcement(reason, "Our billing system is not answering.", an_answer()).startswith("Our billing system")


@pytest.mark.parametrize(
    ("low", "high", "spoken"), [(1, 20, "a minute"), (60, 61, "1 to 2 minutes"), (200, 230, "4 minutes")]
)
def test_waits_are_rounded_up(low: int, high: int, spoken: str) -> None:
    assert minutes(low, high) == spoken


@pytest.mark.parametrize(
    ("topic", "team"),
    [
        ("return_start", "returns"),
        ("order_status", "returns"),
        ("outage_report", "network"),
        ("troubleshoot", "network"),
        ("bill_dispute", "billing"),
        ("payment_problem", "billing"),
        ("service_move", "care"),
        (None, "care"),
    ],
)
def test_each_topic_has_its_team(topic: str | None, team: str) -> None:
    assert team_of("asked", topic) == team


def test_who_wants_to_leave_goes_to_retention() -> None:
    assert team_of("cancel_service", "service_cancel") == "retention"


def test_the_package_tells_topic_form_calls_and_facts() -> None:
    call = {"name": "accounts.get", "started_at": "2026-11-22T10:00:00.000Z", "ms": 4, "outcome": "ok"}
    tracker = a_tracker(
        said("i am moving house", "service_move"),
        answered("What day do you move?"),
        answered("", tried=call),
        did("move_form"),
        said("a person please", "talk_to_human"),
        slots={"account_number": "10042", "move_address": {"line1": "14 Elm Street", "city": "Alder Falls"}},
        form="move_form",
        asked="move_date",
        metadata={"conversation_id": "c_1", "turn_id": "t_1", "message_id": "m_1"},
    )
    package = build(tracker, DOMAIN)
    assert package["reason_code"] == "asked"
    assert package["idempotency_key"] == "m_1:handover"
    assert package["issue"]["type"] == "service_move"
    assert package["form"] == {
        "name": "move_form",
        "requested_slot": "move_date",
        "answered": ["account_number", "move_address"],
        "missing": ["move_date"],
    }
    assert package["facts"] == [{"name": "move_address", "value": "14 Elm Street, Alder Falls", "set_by": "customer"}]
    assert package["actions_tried"] == [call]
    assert package["open_questions"] == ["Not answered yet: move date."]


def test_a_refusal_the_form_keeps_for_itself_is_no_answer_of_the_customers() -> None:
    slots = {"return_item": "SN-1", "policy_refusal": "It is too late."}
    package = build(a_tracker(said("a person", "talk_to_human"), slots=slots, form="return_form"), domain())
    assert package["form"]["answered"] == ["return_item"]
    assert "policy_refusal" not in package["form"]["missing"]
    assert package["facts"] == [{"name": "return_item", "value": "SN-1", "set_by": "customer"}]


def test_the_package_is_one_the_hub_takes() -> None:
    package_module = pytest.importorskip("handoff.package")
    tracker = a_tracker(said("HELP", "nlu_fallback"), metadata={"conversation_id": "c_1", "message_id": "m_1"})
    package_module.HandoverRequest.model_validate(build(tracker, DOMAIN))
