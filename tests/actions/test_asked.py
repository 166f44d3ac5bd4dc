"""Answers to follow-ups and surveys, by button and in free words, and promises that are asked about."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from rasa_sdk import Action, Tracker

from actions.asked import FollowUpAnswer, HearsAnswers, SurveyAnswer, taker
from actions.promises import PromiseTell
from actions.small_talk import Help
from actions.watch import WatchfulExecutor
from handoff.settings import settings
from tests.actions.talking import Turn, run
from tests.actions.trackers import a_message, a_tracker, did, said
from tests.bot.scripted_desk import ScriptedDesk

Json = dict[str, Any]
PICKUP = {
    "kind": "follow_up",
    "id": "f1",
    "case_ref": "C-482-917",
    "step": "went_well",
    "question": "Did the pickup go well?",
}
LABEL = {"text": "A label by Friday", "due_at": "2026-11-27T18:00:00+00:00", "is_broken": False}


def survey(step: str) -> Json:
    return {"kind": "survey", "id": "s1", "case_ref": "C-482-917", "step": step, "question": "Is it solved?"}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedDesk]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("TELLONCE_HUB_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("TELLONCE_ACTIONS_TOKEN", "t")
    settings.cache_clear()
    desk = ScriptedDesk(port)
    yield desk
    desk.close()
    settings.cache_clear()


def heard(
    text: str, intent: str = "inform", *, asking: Json | None = None, form: str | None = None, **parts: Any
) -> Tracker:
    entities = parts.pop("entities", {})
    message = a_message(text, intent, **entities)
    metadata = {"message_id": "m1", "conversation_id": "c1", "asking": asking, **parts}
    return a_tracker(
        {"event": "user", "text": text, "parse_data": message}, message=message, form=form, metadata=metadata
    )


async def ran(action: Action, tracker: Tracker) -> Turn:
    return await run(action, tracker)


@pytest.mark.parametrize("intent", ["deny", "return_status", "complaint", "case_reopen", "nlu_fallback"])
def test_a_free_answer_is_heard_whatever_intent_it_looks_like(intent: str) -> None:
    assert taker(heard("no it never came", intent, asking=PICKUP)) == "action_follow_up_answer"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("what do I owe?", "bill_balance"),
        ("let me talk to a person, it never came", "talk_to_human"),
        ("stop", "cancel_flow"),
        ('/follow_up_answer{"follow_up_id": "f1"}', "follow_up_answer"),
    ],
)
def test_what_is_no_answer_keeps_its_own_rule(text: str, intent: str) -> None:
    assert taker(heard(text, intent, asking=PICKUP)) is None


def test_the_same_words_are_no_answer_when_nothing_was_asked() -> None:
    assert taker(heard("no it never came", "deny")) is None


class Executor(HearsAnswers, WatchfulExecutor):
    pass


async def test_the_answer_comes_before_the_anger_and_a_form_is_left_waiting() -> None:
    executor = Executor()
    executor.register_action(Help())
    angry = heard("no, nobody came and this is the third time!", "complaint", asking=PICKUP, form="move_form")
    state = {**angry.current_state(), "events": [*angry.events, did("move_form")]}
    call = {"next_action": "validate_move_form", "sender_id": "s_1", "tracker": state, "domain": {}}
    result = await executor.run(call)
    assert result is not None
    assert [(one["event"], one["name"]) for one in result.events] == [
        ("action_execution_rejected", "move_form"),
        ("followup", "action_follow_up_answer"),
    ]


async def test_a_bad_answer_reaches_the_hub_in_their_words_and_gets_a_person(desk: ScriptedDesk) -> None:
    turn = await ran(FollowUpAnswer(), heard("no it never came", "deny", asking=PICKUP))
    assert desk.answers == [
        {
            "went_well": False,
            "words": "no it never came",
            "message_id": "m1",
            "path": "/api/v1/follow-ups/f1/answer",
        }
    ]
    assert turn.next_action == "action_handover"
    assert turn.slots["handover_reason"] == "not_solved"
    assert turn.slots["handover_detail"] == "Asked “Did the pickup go well?”, the customer said: no it never came"


async def test_a_button_answers_by_itself_though_much_was_said_since(desk: ScriptedDesk) -> None:
    pressed = heard("/follow_up_answer", "follow_up_answer", entities={"follow_up_id": "f1", "went_well": "yes"})
    turn = await ran(FollowUpAnswer(), pressed)
    assert [one["went_well"] for one in desk.answers] == [True]
    assert "Good to hear" in turn.text


async def test_a_good_answer_inside_a_form_brings_its_question_back(desk: ScriptedDesk) -> None:
    turn = await ran(FollowUpAnswer(), heard("all good", "affirm", asking=PICKUP, form="move_form"))
    assert turn.next_action == "move_form"


async def test_a_hub_that_is_away_loses_no_bad_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLONCE_HUB_URL", "http://127.0.0.1:9")
    settings.cache_clear()
    turn = await ran(FollowUpAnswer(), heard("no it never came", "deny", asking=PICKUP))
    settings.cache_clear()
    assert (turn.next_action, turn.slots["handover_reason"]) == ("action_handover", "company_down")


async def test_a_survey_goes_on_from_question_to_question(desk: ScriptedDesk) -> None:
    solved = await ran(SurveyAnswer(), heard("yes it works now", "affirm", asking=survey("solved")))
    assert solved.noted == ({"question": "survey_ease"},)
    assert [button["title"] for button in solved.buttons] == ["1", "2", "3", "4", "5"]
    rated = await ran(SurveyAnswer(), heard("pretty easy", "inform", asking=survey("ease")))
    assert rated.noted == ({"question": "survey_words"},)
    thanked = await ran(SurveyAnswer(), heard("Dana was very kind", "inform", asking=survey("words")))
    assert "Thank you" in thanked.text
    told = [{name: one[name] for name in ("is_solved", "ease", "words") if name in one} for one in desk.answers]
    assert told == [{"is_solved": True}, {"ease": 4}, {"words": "Dana was very kind"}]


async def test_nothing_to_add_is_not_written_down(desk: ScriptedDesk) -> None:
    turn = await ran(SurveyAnswer(), heard("no, thanks", "deny", asking=survey("words")))
    assert ("Thank you" in turn.text, desk.answers) == (True, [])


async def test_a_button_of_a_survey_says_which_one_it_answers(desk: ScriptedDesk) -> None:
    await ran(
        SurveyAnswer(), heard("/survey_answer", "survey_answer", entities={"survey_id": "s1", "survey_ease": "3"})
    )
    assert [(one["path"], one["ease"]) for one in desk.answers] == [("/api/v1/surveys/s1/answer", 3)]


async def test_not_solved_gets_a_person(desk: ScriptedDesk) -> None:
    turn = await ran(SurveyAnswer(), heard("no, the light still blinks", "deny", asking=survey("solved")))
    assert (turn.next_action, turn.slots["handover_reason"]) == ("action_handover", "not_solved")
    assert [one["words"] for one in desk.answers] == ["no, the light still blinks"]


def cases(**promise: Any) -> list[Json]:
    return [{"ref": "C-482-917", "title": "Return", "status": "open", "promises": [{**LABEL, **promise}]}]


@pytest.mark.parametrize(
    "text", ["when will my label come?", "any news on the labels", "still no label", "where is the label you promised"]
)
async def test_a_promise_answers_when_it_comes(text: str) -> None:
    tracker = heard(text, "return_status", open_cases=cases())
    assert taker(tracker) == "action_promise_tell"
    turn = await ran(PromiseTell(), tracker)
    assert "“A label by Friday”" in turn.text
    assert "C-482-917" in turn.text


async def test_a_broken_promise_is_owned_up_to() -> None:
    turn = await ran(PromiseTell(), heard("where is my label?", open_cases=cases(is_broken=True)))
    assert "That time has passed, and I'm sorry" in turn.text
    assert turn.payload("Talk to a person") == "/talk_to_human"


@pytest.mark.parametrize("text", ["when do you open?", "I want a label", "when is my bill due"])
def test_other_questions_are_left_to_their_topics(text: str) -> None:
    assert taker(heard(text, open_cases=cases())) is None


@pytest.mark.parametrize(
    "text", ["so what happens now?", "ok and what now", "what's next?", "What will happen next?", "what did dana do?"]
)
@pytest.mark.parametrize("intent", ["out_of_scope", "inform", "case_status", "nlu_fallback"])
def test_what_happens_now_is_answered_from_the_case(text: str, intent: str) -> None:
    assert taker(heard(text, intent, open_cases=cases())) == "action_case_status"
    assert taker(heard(text, intent)) is None


@pytest.mark.parametrize("text", ["C-482-917", "c482917 ?", "C-482-917-4 please"])
def test_a_bare_reference_asks_where_that_case_stands(text: str) -> None:
    assert taker(heard(text)) == "action_case_status"


@pytest.mark.parametrize(
    "text", ["what next week suits you", "add to C-482-917 that it blinks", "what did the bill say?"]
)
def test_more_than_a_reference_keeps_its_own_rule(text: str) -> None:
    assert taker(heard(text, open_cases=[{"ref": "C-482-917", "title": "Return", "status": "open"}])) is None


def test_what_happens_now_without_a_case_is_about_the_return_just_made() -> None:
    made = {"return_number": {"value": "RN-40001", "source_message_id": "earlier"}}
    assert taker(heard("so what happens now?", "out_of_scope", facts=made)) == "action_return_status"
    assert taker(heard("my bill is too high", "bill_explain", facts=made)) is None


def test_inside_a_form_the_next_step_is_its_question() -> None:
    assert taker(heard("so what happens now?", open_cases=cases(), form="return_form")) is None


def test_an_answer_taken_up_again_later_is_not_heard_twice() -> None:
    event = {**said("no it never came"), "metadata": {"continues": True}}
    message = {**a_message("no it never came"), "metadata": {"asking": PICKUP}}
    assert taker(a_tracker(event, message=message, metadata={"asking": PICKUP})) is None
