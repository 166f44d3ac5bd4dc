"""The replay's own arithmetic: what counts as typed, held, lost, asked again; and the search for card numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.replay import leaks, table
from bench.replay.dialogues import Dialogue, Said, load
from bench.replay.playing import Played, Sent
from bench.replay.scoring import Score, asked_again, held, in_the_case, intents, percentile, score

CUSTOMER, BOT = "m1", "m2"


def a_message(id: str, seq: int, author: str, text: str, **parts: Any) -> dict[str, Any]:
    row = {"id": id, "seq": seq, "author": author, "text": text, "audience": "everyone", "is_masked": False}
    return {**row, "in_reply_to": None, **parts}


def a_fact(name: str, value: str, source: str | None = CUSTOMER) -> dict[str, Any]:
    return {"name": name, "value": value, "source_message_id": source, "stated_at": "2031-01-01T10:00:01Z"}


def a_play(said: str = "acct 5120 8834 7716", *gold: tuple[str, str], **parts: Any) -> Played:
    """One message of the customer, answered by a question of the bot."""
    turn = Said(said, "bill_balance")
    play = Played(Dialogue("d1", (turn,), gold), [Sent(turn, CUSTOMER, 1, True, 40.0)], conversation_id="c1")
    play.case_messages = [
        a_message(CUSTOMER, 1, "customer", said),
        a_message(BOT, 2, "assistant", "What's the postcode?", in_reply_to=CUSTOMER),
    ]
    play.shown = list(play.case_messages)
    play.turns = [
        {
            "message_id": CUSTOMER,
            "intent": "bill_balance",
            "question": "account_postcode",
            "created_at": "2031-01-01T10:00:00Z",
        }
    ]
    for name, value in parts.items():
        setattr(play, name, value)
    return play


def test_only_what_the_customer_speaks_is_played(tmp_path: Path) -> None:
    row = {
        "id": "d1",
        "slots": {"account_id": "51-20"},
        "turns": [
            {"speaker": "agent", "text": "Hello"},
            {"speaker": "customer", "text": "acct 5120", "slots": {"account_id": ["5120"], "zipcode": ["48103"]}},
            {"speaker": "customer", "text": "help", "canonical_intent": "help"},
        ],
    }
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps(row) + "\n\n")

    (dialogue,) = load(path)

    assert dialogue.turns == (Said("acct 5120", None), Said("help", "help"))
    assert dialogue.typed() == [("account_id", "51-20")]


def test_a_card_number_is_no_slot_to_be_found_but_one_to_be_missed() -> None:
    dialogue = Dialogue(
        "d1",
        (Said("4111 1111 1111 1111 and 6325", None),),
        (("card_number", "4111 1111 1111 1111"), ("card_number", "6325")),
    )

    assert dialogue.typed() == []
    assert dialogue.cards() == ["4111 1111 1111 1111"]


def test_a_gold_value_is_held_in_any_spelling_and_under_any_name() -> None:
    play = a_play("acct 5120 8834 7716", ("account_id", "512088347716"), facts=[a_fact("reference", "5120-8834-7716")])

    assert held(play) == [("account_id", "512088347716", True)]


def test_part_of_a_fact_is_enough_for_a_street_but_not_for_an_identifier() -> None:
    facts = [a_fact("address", "229 Elder Close 48422")]
    play = a_play("229 Elder Close 48422", ("address", "229 elder close"), ("zipcode", "48422"), facts=facts)

    assert [is_held for _, _, is_held in held(play)] == [True, False]


def test_a_complete_case_holds_every_message_in_its_place() -> None:
    assert in_the_case(a_play()) == [True, True]


@pytest.mark.parametrize("broken", ["missing", "changed", "out of order"])
def test_a_case_that_is_not_the_conversation_shows(broken: str) -> None:
    play = a_play()
    first, second = play.case_messages
    play.case_messages = {
        "missing": [first],
        "changed": [first, {**second, "text": "Something else"}],
        "out of order": [second, first],
    }[broken]

    assert in_the_case(play) == [True, False]


def test_a_masked_message_is_complete_though_its_words_differ() -> None:
    play = a_play("4111 1111 1111 1111")
    stored = a_message(CUSTOMER, 1, "customer", "[card number removed]", is_masked=True)
    play.case_messages[0] = play.shown[0] = stored

    assert in_the_case(play) == [True, True]


def test_a_question_for_a_known_fact_is_asked_again() -> None:
    assert asked_again(a_play(facts=[a_fact("postcode", "48103")])) == [(1, "postcode")]


def test_a_fact_told_later_was_not_known_yet() -> None:
    play = a_play(facts=[a_fact("postcode", "48103", source="m3")])
    play.case_messages.append(a_message("m3", 3, "customer", "48103"))

    assert asked_again(play) == []


def test_a_question_is_known_by_its_words_too() -> None:
    play = a_play(facts=[a_fact("email", "ada@fernway.example")])
    play.turns[0]["question"] = None
    play.case_messages[1]["text"] = "Thanks. What's your e-mail?"

    assert asked_again(play) == [(1, "email")]


def test_intents_count_where_the_assistant_was_asked() -> None:
    play = a_play()

    assert intents(play) == [("bill_balance", True)]
    play.turns = []
    assert intents(play) == []


def test_the_last_line_has_every_figure_of_the_contract() -> None:
    result = score([a_play("acct 51208834", ("account_id", "51208834"), facts=[a_fact("account_number", "51208834")])])

    assert list(result.as_dict()) == [
        "dialogues", "turns", "unanswered", "transcript_complete", "identifier_recall", "slot_recall",
        "facts_per_message", "re_asked", "intent_accuracy", "turn_ms_p50", "turn_ms_p95", "handover_ms_p95",
    ]  # fmt: skip
    assert (result.dialogues, result.turns, result.identifier_recall, result.turn_ms_p95) == (1, 1, 1.0, 40.0)


def test_a_share_of_nothing_is_no_share() -> None:
    assert score([]).identifier_recall is None


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile(range(1, 101), 95) == 95
    assert percentile([7.0], 50) == 7.0
    assert percentile([], 95) is None


def test_every_bar_is_printed_with_its_verdict() -> None:
    printed = list(table.bars(Score(1, 1, 1, 1.0, 0.95, 0.5, 0.9, 0, None, 1.0, 2.0, None)))

    verdicts = {line.split()[0]: line.split()[-1] for line in printed if line.endswith(("pass", "MISS"))}
    assert verdicts == {
        "unanswered": "MISS",
        "transcript_complete": "pass",
        "identifier_recall": "pass",
        "facts_per_message": "MISS",
        "re_asked": "pass",
    }


def test_a_card_number_in_any_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "hub.log").write_bytes(b"\x00...4111111111111111...")
    (tmp_path / "tellonce.db").write_bytes(b"[card number removed]")

    assert leaks.found(["4111 1111 1111 1111"], leaks.written_below(tmp_path)) == [tmp_path / "log" / "hub.log"]
