"""Sessions in memory and in SQL. Rasa's own store, beside ours on a database of its own, says what is right."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bot.tracker_bench import SENDERS, Clock, Json, TrackerBench, action, events, slot, turns, user

pytestmark = pytest.mark.slow

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

steps = st.one_of(
    st.tuples(st.just("turn"), st.sampled_from(SENDERS), turns),
    st.tuples(st.just("turn"), st.sampled_from(SENDERS), turns),
    st.tuples(st.just("broken_turn"), st.sampled_from(SENDERS), turns),
    st.tuples(st.just("refused_turn"), st.sampled_from(SENDERS), turns),
    st.tuples(st.just("restart")),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackerBench]:
    bench = TrackerBench(tmp_path_factory.mktemp("trackers"))
    yield bench
    bench.close()


@MANY
@given(st.lists(steps, min_size=1, max_size=8), st.sampled_from([1, 2, 100]), st.sampled_from([10, 1000]))
def test_whatever_happens_a_session_is_what_rasas_store_would_give_back(
    bench: TrackerBench, steps: list[tuple[str, ...]], sessions: int, most_events: int
) -> None:
    bench.open(sessions=sessions, events=most_events)
    clock = Clock()
    for name, *words in steps:
        bench.step(name, *[clock.stamped(word) if isinstance(word, list) else word for word in words])
        for sender in SENDERS:
            told = bench.told(sender)
            assert told["ours"] == told["stock"]
            assert told["restarted"] == told["stock"]


@MANY
@given(turns, turns, turns)
def test_two_turns_at_once_are_both_kept_and_memory_agrees_with_sql(
    bench: TrackerBench, before: list[Json], one: list[Json], other: list[Json]
) -> None:
    bench.open()
    clock = Clock()
    bench.step("turn", "s_1", clock.stamped([user("greet"), *before]))
    one, other = clock.stamped([user("bill", "m_one"), *one]), clock.stamped([user("bill", "m_other"), *other])
    bench.step("two_turns", "s_1", one, other)
    told = bench.told("s_1")
    assert told["ours"] == told["restarted"]
    bench.step("turn", "s_1", clock.stamped([user("stop")]))
    told = bench.told("s_1")
    assert told["ours"] == told["restarted"]
    assert bench.forget("s_1") == 1 + len(before) + len(one) + len(other) + 1


def test_a_turn_the_database_refuses_is_no_turn_and_the_next_one_is_whole(bench: TrackerBench) -> None:
    bench.open()
    clock = Clock()
    bench.step("turn", "s_1", clock.stamped([user("greet"), slot("amount", "5")]))
    assert bench.step("refused_turn", "s_1", clock.stamped([user("bill"), slot("amount", "40")])) is True
    bench.step("turn", "s_1", clock.stamped([user("stop")]))
    told = bench.told("s_1")
    assert told["ours"]["slots"]["amount"] == "5"
    assert told["ours"] == told["restarted"] == told["stock"]


@settings(MANY, max_examples=20)
@given(st.lists(st.tuples(st.sampled_from([f"s_{n}" for n in range(8)]), turns), min_size=5, max_size=12))
def test_memory_keeps_no_more_than_it_may_and_drops_who_was_away_longest(
    bench: TrackerBench, told: list[tuple[str, list[Json]]]
) -> None:
    bench.open(sessions=3, events=40)
    clock = Clock()
    for sender, said in told:
        bench.step("turn", sender, clock.stamped([user("greet"), *said]))
        held = bench.held()
        assert len(held["sessions"]) <= 3
        assert held["events"] <= 40
        assert held["sessions"][-1:] == [sender]
    latest = list(dict.fromkeys(sender for sender, _ in reversed(told)))
    assert held["sessions"] == latest[: len(held["sessions"])][::-1]


def test_a_forgotten_session_is_gone_from_memory_and_sql_and_others_are_not(bench: TrackerBench) -> None:
    bench.open()
    clock = Clock()
    for sender in ("s_1", "s_2"):
        bench.step("turn", sender, clock.stamped([user("greet"), {"event": "session_started"}, user("bill")]))
    assert bench.forget("s_1") == 3
    assert bench.told("s_1")["ours"] is None
    assert bench.told("s_1")["restarted"] is None
    assert bench.told("s_2")["ours"]["latest_message"]["text"] == "bill"


@MANY
@given(st.lists(turns, max_size=8))
def test_a_live_tracker_answers_every_question_as_rasas_own_does(bench: TrackerBench, said: list[list[Json]]) -> None:
    clock = Clock()
    assert bench.remembers([clock.stamped(turn) for turn in said])["wrong"] == []


@MANY
@given(st.lists(st.sampled_from(["greet", "bill", "stop"]), min_size=1, max_size=8), st.data())
def test_a_live_tracker_follows_a_form_through_questions_and_digressions(
    bench: TrackerBench, intents: list[str], data: st.DataObject
) -> None:
    """Forms are where Rasa takes events back, so their turns are played as Rasa writes them."""
    loop, said = {"event": "active_loop", "name": "pay_form"}, [action("action_listen")]
    for intent in intents:
        aside = data.draw(st.sampled_from([[], [action("action_say")], [{"event": "action_execution_rejected"}]]))
        aside = [event | {"name": event.get("name", "pay_form"), "policy": None, "confidence": None} for event in aside]
        heard = {"event": "user_featurization", "use_text_for_featurization": False}
        form = [action("pay_form"), *data.draw(st.sampled_from([[], [loop], [loop | {"name": None}]]))]
        said += [user(intent), heard, *aside, *form, slot("requested_slot", "amount"), action("action_listen")]
    assert bench.remembers([Clock().stamped(said)])["wrong"] == []


def test_an_action_is_sent_what_it_reads_and_no_bookkeeping(bench: TrackerBench) -> None:
    bot = {"event": "bot", "text": "hi", "data": {"buttons": [1]}, "metadata": {"utter_action": "utter_ask_amount"}}
    heard = {"event": "user_featurization", "use_text_for_featurization": False}
    said = user("greet") | {"metadata": {"facts": {"email": {}}, "model_id": "m", "continues": True}}
    sent = bench.sent(Clock().stamped([action("action_listen"), said, heard, slot("amount", "5"), bot]))
    assert sent["slots"]["amount"] == "5"
    assert sent["latest_message"]["metadata"] == said["metadata"]
    assert [sorted(event) for event in sent["events"]] == [
        ["event", "name", "timestamp"],
        ["event", "metadata", "parse_data", "text", "timestamp"],
        ["event", "name", "timestamp", "value"],
        ["data", "event", "text", "timestamp"],
    ]
    assert sent["events"][1]["metadata"] == {"continues": True}
    assert sent["events"][1]["parse_data"] == {"intent": {"name": "greet", "confidence": 0.9}, "entities": []}


@MANY
@given(turns, turns)
def test_inside_a_form_the_session_looks_as_rasa_makes_it_look(
    bench: TrackerBench, said: list[Json], more: list[Json]
) -> None:
    restart = {"event": "restart"}
    said, more = ([event for event in told if event != restart] for told in (said, more))
    stock, ours = bench.inside_form(Clock().stamped(said), Clock().stamped(more))
    assert ours == stock


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"events": [], "responses": []},
        {"events": [slot("amount", "5") | {"timestamp": None}], "responses": [{"text": "hi"}]},
        {"events": [{"name": "amount"}], "responses": []},
        {"events": [{"event": "slot"}], "responses": []},
        {"events": [{"event": "no such event"}], "responses": []},
        {"events": {}, "responses": []},
        {"events": [], "responses": ["hi"]},
        {"events": None, "responses": None},
        [],
    ],
)
def test_an_answer_of_the_action_server_is_found_wrong_as_rasa_finds_it(bench: TrackerBench, answer: object) -> None:
    stock, ours = bench.checks(answer)
    assert (ours is None) == (stock is None)
    assert (ours or "") in (stock or "")


@MANY
@given(st.lists(events, max_size=3))
def test_no_answer_is_found_wrong_by_one_and_right_by_the_other(bench: TrackerBench, said: list[Json]) -> None:
    stock, ours = bench.checks({"events": said, "responses": []})
    assert (ours is None) == (stock is None)
