"""What else a message asked for: kept, offered when the first topic has ended, started from its own words."""

from collections.abc import Mapping
from typing import Any

import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.next_topic import OFFER, TopicOffer, answer
from actions.package import build
from actions.small_talk import CancelFlow, Fallback, SmallTalk
from actions.waiting_topics import Topic, first_topic_of, notice, waiting
from actions.watch import WatchfulExecutor, enough
from tests.actions.trackers import a_message, a_tracker, did, said

Json = dict[str, Any]

BOX = Topic("return_start", "I want to return the TV box")
COPY = Topic("bill_copy", "send me a copy")
TWO = "my bill is wrong and I want to return the TV box, account 10042"


class Answer(Action):
    """Any topic's last action: it says something, and perhaps leads on."""

    def __init__(self, *events: EventType, name: str = "action_bill_explain") -> None:
        self._events, self._name = events, name

    def name(self) -> str:
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> list[EventType]:
        dispatcher.utter_message(text="Your bill is $40.")
        return list(self._events)


def two_things(intent: str = "bill_dispute") -> Json:
    start = TWO.index("I want")
    wish = {"name": BOX.intent, "confidence": 0.9, "text": BOX.text, "start": start, "end": start + len(BOX.text)}
    found = [{"entity": "item", "value": "TV box", "start": TWO.index("TV box"), "end": TWO.index("TV box") + 6}]
    found += [{"entity": "account_number", "value": "10042", "start": len(TWO) - 5, "end": len(TWO)}]
    return a_message(TWO, intent) | {"intents_also": [wish], "entities": found}


def after(text: str, intent: str, *topics: Topic, offered: str | None = None, **more: Any) -> Tracker:
    kept = [{"intent": topic.intent, "text": topic.text, "entities": list(topic.entities)} for topic in topics]
    slots = {"waiting_topics": kept or None, "offered_topic": offered} | more.pop("slots", {})
    return a_tracker(*more.pop("events", []), message=a_message(text, intent), slots=slots, **more)


async def ran(action: Action, tracker: Tracker) -> Json:
    """The events by what they are, as the executor sends them back."""
    executor = WatchfulExecutor()
    executor.register_action(action)
    call = {"next_action": action.name(), "sender_id": "s_1", "tracker": tracker.current_state(), "domain": {}}
    result = await executor.run(call)
    assert result is not None
    return {
        "slots": {event["name"]: event["value"] for event in result.events if event["event"] == "slot"},
        "next": next((event["name"] for event in result.events if event["event"] == "followup"), None),
        "texts": [message["text"] for message in result.responses if message.get("text")],
    }


def started(events: list[EventType] | None) -> Mapping[str, Any]:
    return next(event for event in events or [] if event["event"] == "user")


async def test_what_else_was_asked_for_is_kept_and_offered_in_the_turn_that_answers_the_first() -> None:
    outcome = await ran(Answer(), a_tracker(message=two_things()))
    assert [one["intent"] for one in outcome["slots"]["waiting_topics"]] == ["return_start"]
    assert outcome["next"] == OFFER


async def test_the_first_topic_does_not_hear_the_words_of_the_second() -> None:
    message = first_topic_of(a_tracker(message=two_things()))
    assert message["text"].split() == ["my", "bill", "is", "wrong", "and", ",", "account", "10042"]
    assert message["text"].index("10042") == TWO.index("10042")
    assert [one["entity"] for one in message["entities"]] == ["account_number"]
    assert first_topic_of(a_tracker(message=a_message("yes", "affirm"))) == a_message("yes", "affirm") | {
        "metadata": {}
    }


async def test_a_topic_that_goes_on_in_a_form_or_another_action_is_not_interrupted() -> None:
    for action in (Answer(FollowupAction("dispute_form")), Answer(ActiveLoop("dispute_form"))):
        assert (await ran(action, a_tracker(message=two_things())))["next"] != OFFER
    in_form = a_tracker(message=two_things(), form="dispute_form")
    assert (await ran(Answer(name="action_ask_dispute_reason"), in_form))["next"] is None


async def test_the_end_of_a_form_given_up_is_an_end_too() -> None:
    outcome = await ran(Answer(ActiveLoop(None)), after("stop it", "cancel_flow", BOX, form="dispute_form"))
    assert outcome["next"] == OFFER


@pytest.mark.parametrize("action", ["action_help", "action_small_talk", "action_handover"])
async def test_small_talk_and_people_are_no_end_of_a_topic(action: str) -> None:
    assert (await ran(Answer(name=action), after("hm", "help", BOX)))["next"] is None


async def test_a_message_of_one_topic_changes_nothing() -> None:
    outcome = await ran(Answer(), a_tracker(message=a_message("explain my bill", "bill_explain")))
    assert outcome["slots"] == {}
    assert outcome["next"] is None


def test_what_the_customer_starts_by_themselves_waits_no_longer() -> None:
    [event] = notice(after("ok let's do the return now", "return_start", BOX, COPY))
    assert [one["intent"] for one in event["value"]] == ["bill_copy"]


def test_inside_a_form_an_answer_that_sounds_like_it_takes_nothing_off() -> None:
    assert notice(after("I returned it", "return_start", BOX, form="dispute_form")) == []


def test_the_same_wish_waits_once() -> None:
    tracker = a_tracker(message=two_things())
    tracker.slots["waiting_topics"] = notice(tracker)[0]["value"]
    assert notice(tracker) == []


async def test_the_offer_quotes_the_customer_and_can_be_answered_by_a_button() -> None:
    dispatcher = CollectingDispatcher()
    await TopicOffer().run(dispatcher, after("why", "bill_explain", BOX, COPY), {})
    said_now, noted = dispatcher.messages
    assert said_now["text"] == "You also wrote “I want to return the TV box”. Shall I start with that?"
    assert [button["payload"] for button in said_now["buttons"]] == ["/affirm", "/deny"]
    assert noted["custom"] == {"tellonce": {"question": "waiting_topic"}}


def test_a_long_wish_is_quoted_in_part() -> None:
    quote = Topic("complaint", "word " * 60).quote
    assert len(quote) < 100
    assert quote.endswith("word …")


def test_yes_starts_the_topic_from_its_own_words_and_entities() -> None:
    tracker = a_tracker(message=two_things())
    kept = notice(tracker)[0]["value"]
    tracker = after(
        "yes", "affirm", offered="return_start", slots={"waiting_topics": kept}, metadata={"turn_id": "t_2"}
    )
    message = started(answer(CollectingDispatcher(), tracker))
    assert message["parse_data"]["intent"]["name"] == "return_start"
    assert message["parse_data"]["metadata"] == {"turn_id": "t_2"}
    at = BOX.text.index("TV box")
    assert message["parse_data"]["entities"] == [{"entity": "item", "value": "TV box", "start": at, "end": at + 6}]
    assert message["text"][at : at + 6] == "TV box"


@pytest.mark.parametrize(
    ("words", "intent", "action"),
    [
        ("yep do that", "nlu_fallback", Fallback()),
        ("yes thanks", "thank", SmallTalk()),
        ("/affirm", "affirm", Fallback()),
    ],
)
async def test_yes_is_heard_however_it_was_understood(words: str, intent: str, action: Action) -> None:
    events = await action.run(CollectingDispatcher(), after(words, intent, BOX, offered="return_start"), {})
    assert started(events)["text"] == BOX.text


@pytest.mark.parametrize(
    ("words", "intent", "action"), [("no", "deny", Fallback()), ("never mind", "cancel_flow", CancelFlow())]
)
async def test_no_drops_it_and_offers_what_is_left(words: str, intent: str, action: Action) -> None:
    outcome = await ran(action, after(words, intent, BOX, COPY, offered="return_start"))
    assert [one["intent"] for one in outcome["slots"]["waiting_topics"]] == ["bill_copy"]
    assert outcome["texts"] == ["All right, I'll leave that."]
    assert outcome["next"] == OFFER


async def test_after_no_to_the_last_one_nothing_waits() -> None:
    outcome = await ran(Fallback(), after("no", "deny", BOX, offered="return_start"))
    assert outcome["slots"] == {"waiting_topics": None, "offered_topic": None}
    assert outcome["next"] is None


async def test_another_topic_closes_the_offer_and_leaves_it_waiting_until_that_ends() -> None:
    outcome = await ran(
        Answer(FollowupAction("move_form")), after("I'm moving", "service_move", BOX, offered="return_start")
    )
    assert outcome["slots"] == {"offered_topic": None}
    assert waiting(after("yes", "affirm", BOX)) == [BOX]
    assert answer(CollectingDispatcher(), after("yes", "affirm", BOX)) is None
    assert (await ran(Answer(), after("I'm moving", "service_move", BOX)))["next"] == OFFER


def test_a_wish_beside_a_mere_detail_is_started_without_asking() -> None:
    tracker = a_tracker(message=two_things("inform"))
    tracker.slots["waiting_topics"] = notice(tracker)[0]["value"]
    assert started(answer(CollectingDispatcher(), tracker))["text"] == BOX.text


def test_words_taken_up_again_are_not_counted_as_said_twice() -> None:
    angry = "I HAVE TO RETURN THIS BOX"
    again = said(angry, "return_start") | {"metadata": {"continues": True}}
    assert enough(a_tracker(said(angry), did("action_bill_explain"), again)) is None


def test_the_package_tells_people_what_waits() -> None:
    body = build(after("a person please", "talk_to_human", BOX, COPY), {})
    assert body["open_questions"] == [
        "Also asked for, not started yet: “I want to return the TV box”.",
        "Also asked for, not started yet: “send me a copy”.",
    ]
    assert body["issue"]["type"] == "return_start"
    assert body["team"] == "returns"
