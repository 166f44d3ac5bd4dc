"""Answers to what the hub asked of its own accord: did it go well, is it solved, how easy was it.

Buttons come as `follow_up_answer` and `survey_answer`. In their own words people answer with any intent, so
`HearsAnswers` stands in front of all actions, like the watch: while the hub says that such a question was the last
thing said, and the words read as an answer to it, the first action of the turn gives way to the one that takes it.
A bad answer goes to a person, with the case that the hub opened again.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType, FollowupAction
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult, CollectingDispatcher

from actions import cases, promises, verdicts
from actions.hearing import is_sure, yes_or_no
from actions.hub import HubError, HubRefused, SurveyAnswered, hub
from actions.next_topic import is_continued
from actions.said import entity_of, intent_of, text_of
from actions.small_talk import TOPICS
from actions.tried import tell_hub, to_person
from actions.turn import Asking, turn
from actions.watch import is_first_of_turn
from actions.wording import Button, button

FOLLOW_UP, SURVEY = "action_follow_up_answer", "action_survey_answer"
TAKES = {"follow_up": FOLLOW_UP, "survey": SURVEY}
LEFT_ALONE = frozenset({"talk_to_human", "handback", "cancel_flow", "follow_up_answer", "survey_answer", "files_sent"})
CLOSED = "That question is closed by now, but I'm here. What can I do for you?"
DOWN = "I couldn't write your answer down just now, so a person should hear it."


class HearsAnswers(ActionExecutor):
    """Before `WatchfulExecutor` in the order of classes: "no, it never came!" is an answer first and anger second."""

    async def run(self, action_call: dict[str, Any]) -> ActionExecutorRunResult | None:
        name = action_call.get("next_action") or ""
        if action_call.get("tracker") and (takes := taker(Tracker.from_dict(action_call["tracker"]))) and takes != name:
            form = name.removeprefix("validate_")
            rejected = [ActionExecutionRejected(form)] if form != name else []
            return ActionExecutorRunResult(events=[*rejected, FollowupAction(takes)], responses=[])
        return await super().run(action_call)


def taker(tracker: Tracker) -> str | None:
    """The action these words are for, whatever intent they look like; None when they are for their own rule."""
    said = [event for event in tracker.events if event["event"] == "user"]
    if not said or is_continued(said[-1]) or intent_of(tracker) in LEFT_ALONE or not is_first_of_turn(tracker):
        return None
    asking = turn(tracker).asking
    if asking is not None and read(tracker, asking):
        return TAKES.get(asking.kind)
    if promises.asked_about(tracker):
        return promises.TELL
    if cases.asked_about(tracker):
        return cases.TELL
    is_about_return = (
        cases.asks_what_next(tracker) and not tracker.active_loop_name and turn(tracker).fact("return_number")
    )
    return "action_return_status" if is_about_return else None


def read(tracker: Tracker, asking: Asking) -> Mapping[str, Any]:
    """The answer in the customer's own words, as the hub takes it; empty when there is none."""
    text = text_of(tracker)
    if asking.step in ("went_well", "solved"):
        verdict = verdicts.went_well(text)
        verdict = yes_or_no(tracker) if verdict is None and intent_of(tracker) in ("affirm", "deny") else verdict
        name = "went_well" if asking.step == "went_well" else "is_solved"
        return {} if verdict is None else {name: verdict, "words": text}
    if asking.step == "ease":
        rating = verdicts.ease(text)
        return {} if rating is None else {"ease": rating}
    is_elsewhere = intent_of(tracker) in TOPICS and is_sure(tracker)
    return {} if is_elsewhere else {"words": text}


class FollowUpAnswer(Action):
    """Thanks for a good answer; a bad one opens the case again and gets a person."""

    def name(self) -> str:
        return FOLLOW_UP

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        asking, pressed = turn(tracker).asking, entity_of(tracker, "went_well")
        follow_up = entity_of(tracker, "follow_up_id") or (asking.id if asking else None)
        told = {"went_well": pressed == "yes"} if pressed else dict(read(tracker, asking)) if asking else {}
        if not (follow_up and "went_well" in told):
            dispatcher.utter_message(text=CLOSED)
            return listening(tracker)
        try:
            key = turn(tracker).message_id
            await asyncio.to_thread(hub().answer_follow_up, follow_up, {**told, "message_id": key})
        except HubRefused:
            dispatcher.utter_message(text=CLOSED)
            return listening(tracker)
        except HubError:
            return to_person("company_down", DOWN)
        if not told["went_well"]:
            return to_person("not_solved", _bad(asking.question if asking else "", told.get("words")))
        dispatcher.utter_message(text="Good to hear. Thanks for telling me.")
        return listening(tracker)


class SurveyAnswer(Action):
    """Takes one answer of a survey and asks what is still to be asked."""

    def name(self) -> str:
        return SURVEY

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        asking = turn(tracker).asking
        survey, told = _survey_told(tracker, asking)
        if not survey or told is None:
            dispatcher.utter_message(text=CLOSED)
            return listening(tracker)
        try:
            body = {**told, "message_id": turn(tracker).message_id}
            done = await asyncio.to_thread(hub().answer_survey, survey, body) if told else None
        except HubRefused:
            dispatcher.utter_message(text=CLOSED)
            return listening(tracker)
        except HubError:
            if told.get("is_solved") is False:
                return to_person("company_down", DOWN)
            dispatcher.utter_message(text="I couldn't write that down just now, sorry. Thanks for telling me.")
            return listening(tracker)
        if told.get("is_solved") is False:
            return to_person("not_solved", _bad("Is it solved?", told.get("words")))
        _ask_next(dispatcher, survey, done)
        return listening(tracker)


def _survey_told(tracker: Tracker, asking: Asking | None) -> tuple[str | None, dict[str, Any] | None]:
    """Which survey, and what to write into it; nothing to write for "that's all", None when it was no answer."""
    survey = entity_of(tracker, "survey_id")
    if survey and (solved := entity_of(tracker, "survey_solved")):
        return survey, {"is_solved": solved == "yes"}
    if survey and (rating := entity_of(tracker, "survey_ease")):
        return survey, {"ease": int(rating)}
    if survey:
        return survey, {}
    if asking is None or asking.kind != "survey":
        return None, None
    if asking.step == "words" and verdicts.is_nothing(text_of(tracker)):
        return asking.id, {}
    told = dict(read(tracker, asking))
    if told.get("is_solved"):
        # A bare "yes" is no word to add.
        told.pop("words", None)
    return asking.id, told or None


def _ask_next(dispatcher: CollectingDispatcher, survey: str, done: SurveyAnswered | None) -> None:
    if done and done.ask_next == "ease":
        dispatcher.utter_message(
            text="Good. How easy was it for you, from 1 (hard) to 5 (easy)?", buttons=_ratings(survey)
        )
        tell_hub(dispatcher, question="survey_ease")
    elif done and done.ask_next == "words":
        nothing = button("No, that's all", "survey_answer", {"survey_id": survey, "survey_done": "yes"})
        dispatcher.utter_message(text="Thanks. Anything you would like to add?", buttons=[nothing])
        tell_hub(dispatcher, question="survey_words")
    else:
        dispatcher.utter_message(text="Thank you, that helps us do better.")


def _ratings(survey: str) -> list[Button]:
    return [button(str(one), "survey_answer", {"survey_id": survey, "survey_ease": str(one)}) for one in range(1, 6)]


def _bad(question: str, words: str | None) -> str:
    asked = f"Asked “{question}”, the" if question else "The"
    return f"{asked} customer said: {words or 'No.'}"


def listening(tracker: Tracker) -> list[EventType]:
    """The question of a form that was open is put again."""
    return [FollowupAction(tracker.active_loop_name or "action_listen")]
