"""The intent model on a small world: what it answers, how sure it is, and what it turns away."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.bot.model_bench import ModelBench, foreign, ours

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelBench]:
    bench = ModelBench(tmp_path_factory.mktemp("bench"))
    yield bench
    bench.close()


def test_worlds_are_never_split_and_intents_are_spread_evenly(bench: ModelBench) -> None:
    told = ours() + foreign()
    fold = bench.folds([intent for _, intent, _ in told], [world for *_, world in told], 5)
    worlds, intents = defaultdict(set), defaultdict(list)
    for at, (_, intent, world) in zip(fold, told, strict=True):
        worlds[world].add(at)
        intents[intent].append(at)
    assert all(len(worlds[world]) == 1 for world in worlds if world)
    for intent in ("return_start", "order_cancel", "troubleshoot"):
        sizes = [intents[intent].count(at) for at in range(5)]
        assert max(sizes) - min(sizes) <= 1


def test_numbers_look_alike_and_capitals_do_not_count(bench: ModelBench) -> None:
    assert bench.blurs("Order F-20418, NOW") == bench.blurs("order f-91773, now")


def test_the_rows_of_ngrams_have_length_one(bench: ModelBench) -> None:
    assert bench.ngrams_of("return the box", ["return the box", "pay the bill"]) == pytest.approx(1.0, abs=1e-4)


def test_a_single_text_has_the_same_ngrams_as_among_many(bench: ModelBench) -> None:
    told = [str(text) for text, *_ in ours() + foreign()]
    assert bench.ngrams_apart(told, [told[0], "RETURN return the Box 10042", "", "ß 😀 xyzzy"]) < 1e-6


def test_the_regression_is_the_one_of_scikit_learn(bench: ModelBench) -> None:
    assert bench.against_scikit() < 0.01


def test_misspelt_and_unseen_words_are_understood(bench: ModelBench) -> None:
    asked = ["pls snd back teh ruoter", "it is broken, please repair it", "CANCEL WHAT I ORDERED"]
    found = [guess["ranking"][0][0] for guess in bench.learnt(ours(), asked, {})]
    assert found == ["return_start", "troubleshoot", "order_cancel"]


def test_the_ranking_has_every_intent_and_its_confidences_are_shares(bench: ModelBench) -> None:
    [guess] = bench.learnt(ours() + foreign(), ["send back the router"], {})
    names, confidences = zip(*guess["ranking"], strict=True)
    assert set(names) == {"return_start", "order_cancel", "troubleshoot", "out_of_scope"}
    assert sum(confidences) == pytest.approx(1.0, abs=1e-3)
    assert list(confidences) == sorted(confidences, reverse=True)


def test_a_world_nobody_wrote_examples_for_is_turned_away_and_ours_is_not(bench: ModelBench) -> None:
    told = ours() + [one for one in foreign() if one[2] != "chess"]
    asked = [str(text) for text, _, world in foreign() if world == "chess"]
    assert sum(guess["is_rejected"] for guess in bench.learnt(told, asked, {})) >= len(asked) - 1
    kept = bench.learnt(told, ["my modem needs fixing", "can you help me send back the old remote"], {})
    assert [guess["is_rejected"] for guess in kept] == [False, False]


def test_a_smaller_budget_turns_away_no_more(bench: ModelBench) -> None:
    told, asked = ours() + foreign(), ["who are you", "what is a cable", "send", "fix my car", "a cake with a remote"]
    rejected = [
        {text for text, guess in zip(asked, bench.learnt(told, asked, {"false_rejections": budget}), strict=True)
         if guess["is_rejected"]}
        for budget in (0.001, 0.3)
    ]  # fmt: skip
    assert rejected[0] <= rejected[1]


def test_a_rejected_message_is_out_of_scope_first_and_keeps_its_ranking(bench: ModelBench) -> None:
    [guess] = bench.learnt(ours() + foreign(), ["roast a chicken with garlic"], {})
    assert guess["is_rejected"]
    assert guess["ranking"][0][0] == "out_of_scope"
    assert len(guess["ranking"]) == 4


def test_without_out_of_scope_examples_what_is_foreign_is_learnt_from_left_out_intents(bench: ModelBench) -> None:
    assert bench.has_learnt_rejection(ours())
    near, far = bench.foreignness(ours(), ["send back the old router", "how tall is the highest mountain"])
    assert near < far


def test_confidences_are_calibrated_unless_that_is_switched_off(bench: ModelBench) -> None:
    assert bench.temperature(ours(), {"has_calibration": False, "has_rejection": False}) == 1.0
    assert bench.temperature(ours(), {}) != 1.0


def test_the_name_of_an_intent_is_an_example_of_it_and_what_is_not_ours_has_none(bench: ModelBench) -> None:
    assert bench.named(ours() + foreign()) == [
        ["order cancel", "order_cancel"],
        ["return start", "return_start"],
        ["troubleshoot", "troubleshoot"],
    ]


def test_the_same_examples_give_the_same_model(bench: ModelBench) -> None:
    assert bench.same_twice(ours() + foreign())


def test_several_texts_are_ranked_as_each_is_alone(bench: ModelBench) -> None:
    asked = ["send back the router", "fix the modem"]
    together = [guess["ranking"][0] for guess in bench.learnt(ours(), asked, {})]
    alone = [bench.learnt(ours(), [text], {})[0]["ranking"][0] for text in asked]
    assert [name for name, _ in together] == [name for name, _ in alone]
    assert [sure for _, sure in together] == pytest.approx([sure for _, sure in alone], abs=1e-3)


def test_a_handful_of_examples_can_be_learnt_but_nothing_is_turned_away_by_them(bench: ModelBench) -> None:
    few = [["send it back", "return_start", None], ["cancel it", "order_cancel", None]]
    [guess] = bench.learnt(few, ["how tall is the highest mountain"], {})
    assert not guess["is_rejected"]
