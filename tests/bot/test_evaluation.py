"""What rows may look like, what each figure means, and how floors and comparisons speak."""

from pathlib import Path

import pytest

from bot.evaluation.answers import Parsed, read
from bot.evaluation.changes import compare, summary, told
from bot.evaluation.figures import Answered, bins, by_intent, confusions, figures
from bot.evaluation.floors import broken, read_floors, write_floors
from bot.evaluation.rows import BadRow, Row, read_rows

PAY, COPY, OUT = "bill_pay", "bill_copy", "out_of_scope"
INTENTS = {PAY, COPY, OUT}
GOOD = '{"text": "let me pay", "intent": "bill_pay", "source": "shop", "human": true}\n'


def answered(meant: str, taken: str, confidence: float = 0.9, **row: object) -> Answered:
    given = {"text": f"{meant} as {taken}", "source": "shop", "human": True, "oos_kind": None, "place": "rows:1"} | row
    return Row(intent=meant, **given), Parsed(taken, confidence, ms=5.0)  # type: ignore[arg-type]


def test_rows_are_read_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(GOOD + '\n{"text": "hm", "intent": "out_of_scope", "oos_kind": "far"}\n')

    one, two = read_rows([path], INTENTS)

    assert (one.text, one.intent, one.source, one.human) == ("let me pay", "bill_pay", "shop", True)
    assert (two.oos_kind, two.place) == ("far", f"{path}:3")


BAD = [
    ('{"text": "pay", "intent"', ":2: this is not JSON"),
    ('["pay", "bill_pay"]', ":2: this is no object"),
    ('{"intent": "bill_pay"}', ":2: this row has no text"),
    ('{"text": "  ", "intent": "bill_pay"}', ":2: this row has no text"),
    ('{"text": 4, "intent": "bill_pay"}', ":2: this row has no text"),
    ('{"text": "pay"}', ":2: the assistant has no intent None"),
    ('{"text": "pay", "intent": "pay_bill"}', ":2: the assistant has no intent 'pay_bill'. Correct it, or declare it"),
    ('{"text": "pay", "intent": "bill_pay", "human": "yes"}', ":2: human is 'yes'; it is true for"),
    ('{"text": "pay", "intent": "out_of_scope", "oos_kind": "mid"}', ":2: oos_kind is 'mid'"),
    ('{"text": "pay", "intent": "bill_pay", "oos_kind": "far"}', ":2: oos_kind is 'far'; it is"),
]


@pytest.mark.parametrize(("row", "told"), BAD, ids=[row for row, _ in BAD])
def test_a_bad_row_is_told_with_its_file_and_line(tmp_path: Path, row: str, told: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(GOOD + row + "\n")

    with pytest.raises(BadRow) as bad:
        read_rows([path], INTENTS)

    assert str(bad.value).startswith(f"{path}{told}")


def test_a_file_without_rows_is_told(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n")

    with pytest.raises(BadRow, match="There is no row in"):
        read_rows([tmp_path / "rows.jsonl"], INTENTS)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'{"text": "\xff\xfe"}')

    with pytest.raises(BadRow, match="is not UTF-8 text"):
        read_rows([tmp_path / "rows.jsonl"], INTENTS)


@pytest.mark.parametrize("name", ["out_of_scope", "nlu_fallback", None])
def test_every_way_of_not_understanding_is_a_rejection(name: str | None) -> None:
    assert read({"intent": {"name": name, "confidence": 0.4}}).is_rejected


def test_further_intents_and_the_ranking_are_read() -> None:
    ranking = [{"name": "bill_pay", "confidence": 0.8}, {"name": "nlu_fallback", "confidence": 0.1}]
    parsed = read({"intent": ranking[0], "intent_ranking": ranking, "intents_also": [{"name": "bill_copy"}]})

    assert parsed.ranking == (("bill_pay", 0.8), ("out_of_scope", 0.1))
    assert parsed.also == ("bill_copy",)


def test_accuracy_counts_all_rows_and_the_other_figures_human_ones() -> None:
    result = figures(
        [
            answered(PAY, PAY),
            answered(PAY, COPY),
            answered(PAY, PAY, human=False),
        ]
    )

    assert (result.rows, result.accuracy, result.accuracy_human) == (3, 0.6667, 0.5)


def test_macro_f1_weighs_the_intents_that_human_rows_have_alike() -> None:
    many = [answered(PAY, PAY)] * 8
    result = figures([*many, answered(COPY, "bill_pay"), answered(COPY, COPY)])
    pay, copy = 2 * 8 / (8 + 9), 2 * 1 / (2 + 1)

    assert result.macro_f1 == round((pay + copy) / 2, 4)


def test_an_intent_that_no_row_means_does_not_lower_macro_f1_by_itself() -> None:
    result = figures([answered(PAY, PAY), answered(PAY, COPY)])

    assert result.macro_f1 == round(2 / 3, 4)


def test_far_and_near_are_counted_apart_and_rejecting_them_is_right() -> None:
    far = [
        answered(OUT, OUT, oos_kind="far"),
        answered(OUT, "bill_pay", oos_kind="far"),
    ]
    near = [answered(OUT, OUT, oos_kind="near")]
    result = figures([*far, *near])

    assert (result.oos_recall_far, result.oos_recall_near, result.accuracy) == (0.5, 1.0, 0.6667)
    assert result.false_reject is None


def test_only_rows_in_scope_can_be_falsely_rejected() -> None:
    rows = [
        answered(PAY, OUT),
        answered(PAY, COPY),
        answered(OUT, OUT),
    ]

    assert figures(rows).false_reject == 0.5


def test_calibration_error_is_the_distance_of_confidence_and_truth_weighed_by_rows() -> None:
    sure = [answered(PAY, PAY, 1.0)] * 3 + [answered(PAY, COPY, 1.0)]
    unsure = [answered(PAY, PAY, 0.5)]

    assert figures([*sure, *unsure]).ece == pytest.approx((4 * 0.25 + 1 * 0.5) / 5)
    assert [one.rows for one in bins([*sure, *unsure])] == [1, 4]


def test_confusions_come_most_frequent_first_and_surest_first_within() -> None:
    rows = [
        answered(PAY, COPY, 0.4),
        answered(PAY, COPY, 0.8),
        answered(COPY, "bill_pay"),
    ]

    pairs = confusions(rows)

    assert [(pair, len(wrong)) for pair, wrong in pairs] == [
        (("bill_pay", "bill_copy"), 2),
        (("bill_copy", "bill_pay"), 1),
    ]
    assert [parsed.confidence for _, parsed in pairs[0][1]] == [0.8, 0.4]


def test_recall_and_precision_of_an_intent() -> None:
    pay = by_intent([answered(PAY, PAY), answered(PAY, COPY), answered(COPY, "bill_pay")])[1]

    assert (pay.name, pay.recall, pay.precision, pay.f1) == ("bill_pay", 0.5, 0.5, 0.5)


GOOD_DAY = [answered(PAY, PAY)] * 19 + [answered(COPY, COPY)] * 20
BAD_DAY = [*GOOD_DAY[:-4], *[answered(COPY, "bill_pay", 0.7, place="data/nlu/billing.yml:31")] * 4]


def test_floors_hold_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "floors.yml"
    write_floors(GOOD_DAY, path)

    floors = read_floors(path)

    assert floors.intents == {"bill_copy": 0.95, "bill_pay": 0.95}
    assert floors.accuracy == 0.99
    assert broken(GOOD_DAY, floors) == []


def test_an_intent_below_its_floor_is_named_with_its_figure_and_its_worst_examples(tmp_path: Path) -> None:
    write_floors(GOOD_DAY, tmp_path / "floors.yml")

    in_all, copy, example, *_ = broken(BAD_DAY, read_floors(tmp_path / "floors.yml"))

    assert in_all == "Over all intents: accuracy 0.897, floor 0.990."
    assert copy.startswith("bill_copy: F1 0.889, floor 0.95 (16 of its 20 examples found, 0 others taken for it).")
    assert example == "  data/nlu/billing.yml:31: 'bill_copy as bill_pay' is bill_copy, taken for bill_pay (0.70)"


def test_a_new_intent_asks_for_a_floor_and_a_removed_one_to_be_forgotten(tmp_path: Path) -> None:
    write_floors(GOOD_DAY, tmp_path / "floors.yml")
    renamed = [answered(PAY, PAY)] * 20 + [answered("bill_receipt", "bill_receipt")] * 20

    missing, left = broken(renamed, read_floors(tmp_path / "floors.yml"))

    assert missing.startswith("bill_receipt has no floor yet")
    assert left.startswith("bill_copy has a floor but no examples")


def test_a_comparison_tells_each_example_that_became_better_or_worse() -> None:
    better, worse, same = (Row(text, "bill_pay", "", True, None, f"rows:{text}") for text in ("one", "two", "three"))
    pay, copy = Parsed(PAY, 0.8), Parsed(COPY, 0.6)
    changes = compare([(better, copy), (worse, pay), (same, pay)], [(same, pay), (worse, copy), (better, pay)])

    text = "\n".join(told(changes))

    assert "Better: 1\n  'one' is bill_pay: was bill_copy 0.60, now bill_pay 0.80  [rows:one]" in text
    assert "Worse: 1\n  'two' is bill_pay: was bill_pay 0.80, now bill_copy 0.60  [rows:two]" in text
    assert summary("HEAD~1", changes) == {
        "base": "HEAD~1",
        "rows": 3,
        "better": 1,
        "worse": 1,
        "accuracy_base": 0.6667,
        "accuracy_now": 0.6667,
        "difference": 0.0,
    }
