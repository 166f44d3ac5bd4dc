"""What the hub asked of its own accord, answered through real Rasa and the real action server."""

import pytest

from tests.bot.conftest import Assistant, words

pytestmark = pytest.mark.slow

PICKUP = {
    "kind": "follow_up",
    "id": "f1",
    "case_ref": "C-482-917",
    "step": "went_well",
    "question": "Did the pickup go well?",
}


def survey(step: str) -> dict[str, str]:
    return {"kind": "survey", "id": "s1", "case_ref": "C-482-917", "step": step, "question": "Is it solved?"}


@pytest.mark.parametrize(
    "text", ["no it never came", "nobody showed up", "not really, he took the wrong box", "no", "still waiting for it"]
)
def test_a_bad_answer_in_free_words_is_passed_on_and_gets_a_person(assistant: Assistant, text: str) -> None:
    turn = assistant.chat("10042").say(text, asking=PICKUP)
    assert [(one["went_well"], one["words"]) for one in assistant.desk.answers] == [(False, text)]
    assert assistant.desk.packages[-1]["reason_code"] == "not_solved"
    assert text in assistant.desk.packages[-1]["reason_text"]
    assert "open again" in words(turn)


@pytest.mark.parametrize("text", ["yes it did", "all good thanks", "perfect, no problems", "they picked it up"])
def test_a_good_answer_in_free_words_is_thanked_for(assistant: Assistant, text: str) -> None:
    turn = assistant.chat("10042").say(text, asking=PICKUP)
    assert [one["went_well"] for one in assistant.desk.answers] == [True]
    assert "Good to hear" in words(turn)
    assert assistant.desk.packages == []


def test_another_question_is_answered_and_the_follow_up_left_open(assistant: Assistant) -> None:
    turn = assistant.chat("10042").say("what do i owe right now?", asking=PICKUP)
    assert assistant.desk.answers == []
    assert "$" in words(turn)


def test_a_pressed_answer_is_taken_long_after(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    chat.say("hello")
    turn = chat.say('/follow_up_answer{"follow_up_id": "f1", "went_well": "no"}')
    assert [(one["path"], one["went_well"]) for one in assistant.desk.answers] == [
        ("/api/v1/follow-ups/f1/answer", False)
    ]
    assert "C-482-917" in words(turn)


def test_an_answer_inside_a_form_brings_the_forms_question_back(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    asked = chat.say("i am moving house")["messages"][-1]["text"]
    turn = chat.say("yes, all went well", asking=PICKUP)
    assert "Good to hear" in words(turn)
    assert turn["messages"][-1]["text"] == asked
    assert turn["question"] == "move_address"


def test_a_survey_is_walked_through_with_buttons_and_words(assistant: Assistant) -> None:
    chat = assistant.chat("10042")
    turn = chat.say('/survey_answer{"survey_id": "s1", "survey_solved": "yes"}')
    assert turn["question"] == "survey_ease"
    turn = chat.press("4")
    assert turn["question"] == "survey_words"
    turn = chat.say("Dana was quick and kind", asking=survey("words"))
    assert "Thank you" in words(turn)
    told = [
        {name: one[name] for name in ("is_solved", "ease", "words") if name in one} for one in assistant.desk.answers
    ]
    assert told == [{"is_solved": True}, {"ease": 4}, {"words": "Dana was quick and kind"}]


def test_how_easy_it_was_may_be_typed(assistant: Assistant) -> None:
    turn = assistant.chat("10042").say("2", asking=survey("ease"))
    assert [one["ease"] for one in assistant.desk.answers] == [2]
    assert turn["question"] == "survey_words"


def test_a_promise_answers_when_the_label_comes(assistant: Assistant) -> None:
    promised = [{"text": "A label by Friday", "due_at": "2026-11-27T18:00:00+00:00", "is_broken": False}]
    cases = [{"ref": "C-482-917", "title": "Return", "status": "open", "promises": promised}]
    turn = assistant.chat("10042").say("when will my label come?", open_cases=cases)
    assert "“A label by Friday”" in words(turn)
    assert "6:00 pm" in words(turn)
