"""What a form makes of a customer's words."""

from typing import Any

import pytest

from actions.hearing import PATIENCE_TURNS, is_stuck
from actions.slots import Field, FormFromFacts, Moment, moment_of
from tests.actions.trackers import a_message, a_tracker, did, said


class ParcelForm(FormFromFacts):
    """A form for these tests: where a parcel goes, how, and whether that is right."""

    form = "parcel_form"
    topic = frozenset({"return_start"})
    fields = {
        "place": Field(entities=("address",), facts=("address",)),
        "way": Field(words={r"\bcollect|pick": "pickup", r"\bdrop": "dropoff"}),
        "why": Field(is_free_text=True),
        "story": Field(is_free_text=True, is_told=True),
        "sure": Field(is_yes_no=True),
    }


def hear(message: dict[str, Any], asked: str | None = None, **slots: Any) -> dict[str, Any]:
    tracker = a_tracker(message=message, asked=asked, slots=slots, form="parcel_form")
    return ParcelForm().hear(tracker, Moment.ANSWERING if asked else Moment.STARTING)


def is_interrupted(message: dict[str, Any], asked: str) -> bool:
    form, tracker = ParcelForm(), a_tracker(message=message, asked=asked, form="parcel_form")
    return form.is_interrupted(tracker, form.hear(tracker, Moment.ANSWERING))


def test_details_are_taken_from_the_message_that_starts_the_form() -> None:
    message = a_message("collect it at 12 Elm Street", "return_start", address="12 Elm Street")
    assert hear(message) == {"place": "12 Elm Street", "way": "pickup"}


def test_a_yes_is_a_yes_only_where_one_was_asked_for() -> None:
    assert hear(a_message("yes", "affirm"), asked="sure") == {"sure": True}
    assert hear(a_message("yes", "affirm"), asked="place") == {}


def test_a_no_that_brings_a_correction_is_not_the_answer() -> None:
    message = a_message("no, 14 Elm Street", "deny", address="14 Elm Street")
    assert hear(message, asked="sure", place="12 Elm Street") == {"place": "14 Elm Street"}


def test_free_text_may_speak_of_other_things_without_changing_them() -> None:
    message = a_message("somebody dropped it", "inform")
    assert hear(message, asked="why", way="pickup") == {"why": "somebody dropped it"}


def test_a_correction_is_heard_even_where_free_text_was_asked_for() -> None:
    message = a_message("no, I'd rather drop it off", "inform")
    assert hear(message, asked="why", way="pickup")["way"] == "dropoff"


def test_a_button_names_its_slot() -> None:
    assert hear(a_message('/inform{"way": "pickup"}', way="pickup"), asked="way") == {"way": "pickup"}


def test_a_fact_stated_in_this_message_counts_as_said() -> None:
    facts = {"address": {"value": "12 Elm Street", "validated": True, "source_message_id": "m_2"}}
    tracker = a_tracker(message=a_message("12 elm st"), asked="place", form="parcel_form")
    tracker.latest_message["metadata"] = {"message_id": "m_2", "facts": facts}
    assert ParcelForm().hear(tracker, Moment.ANSWERING) == {"place": "12 Elm Street"}


@pytest.mark.parametrize("intent", ["talk_to_human", "cancel_flow", "handback", "help", "bill_balance", "nlu_fallback"])
def test_words_that_answer_nothing_interrupt(intent: str) -> None:
    assert is_interrupted(a_message("something else", intent), asked="place")


@pytest.mark.parametrize("intent", ["talk_to_human", "cancel_flow"])
def test_wanting_a_person_or_out_is_never_taken_for_free_text(intent: str) -> None:
    assert is_interrupted(a_message("enough of this", intent), asked="why")


def test_an_answer_is_an_answer_whatever_it_looks_like() -> None:
    assert not is_interrupted(a_message("drop it off", "return_method"), asked="way")


def test_a_plain_question_is_not_taken_for_free_text() -> None:
    assert is_interrupted(a_message("what do i owe", "bill_balance", 0.95), asked="why")


def test_a_trouble_told_where_one_was_asked_for_is_the_answer() -> None:
    assert not is_interrupted(a_message("the technician never came", "complaint", 0.95), asked="story")
    assert is_interrupted(a_message("the technician never came", "complaint", 0.95), asked="why")
    assert is_interrupted(a_message("what do i owe", "bill_balance", 0.95), asked="story")


def test_starting_answering_and_returning_are_told_apart() -> None:
    started = {"event": "active_loop", "name": "parcel_form"}
    assert moment_of(a_tracker(said("x"), started, did("parcel_form")), "parcel_form") is Moment.STARTING
    assert moment_of(a_tracker(started, said("x"), did("parcel_form")), "parcel_form") is Moment.ANSWERING
    aside = [started, said("x"), did("action_help"), did("parcel_form")]
    assert moment_of(a_tracker(*aside), "parcel_form") is Moment.RETURNING


@pytest.mark.parametrize("words", ["yes pls", "no", "ok thanks", "😀"])
def test_small_words_are_no_story(words: str) -> None:
    assert hear(a_message(words, "affirm"), asked="why") == {}


def test_what_only_sounds_a_little_like_giving_up_is_heard_as_an_answer() -> None:
    assert not is_interrupted(a_message("we don't need it any more", "cancel_flow", 0.3), asked="why")
    assert is_interrupted(a_message("forget it", "cancel_flow", 0.8), asked="why")


def test_a_question_is_stuck_only_while_nothing_else_is_learned() -> None:
    asked = {"event": "slot", "name": "requested_slot", "value": "place"}
    learned = {"event": "slot", "name": "way", "value": "pickup"}
    turns = [said("hm")] * (PATIENCE_TURNS + 1)
    assert is_stuck(a_tracker(asked, *turns, asked="place", form="parcel_form"))
    assert not is_stuck(a_tracker(asked, *turns[1:], learned, said("hm"), asked="place", form="parcel_form"))
