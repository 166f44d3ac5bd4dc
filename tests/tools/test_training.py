"""When the assistant is trained again."""

from pathlib import Path

import pytest

from tools import training
from tools.console import Refusal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "config.yml",
        "domain.yml",
        "requirements/bot.txt",
        "requirements/encoder.txt",
        "data/nlu/returns.yml",
        "data/demo/bills.yml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "channel.py").write_text("")
    monkeypatch.setattr(training, "ROOT", tmp_path)
    monkeypatch.setattr(training, "MODEL", tmp_path / "model")
    monkeypatch.setattr(training, "STAMP", tmp_path / "stamp")
    return tmp_path


@pytest.mark.parametrize("name", ["config.yml", "domain.yml", "data/nlu/returns.yml", "bot/channel.py"])
def test_whatever_the_model_is_made_of_makes_it_stale(project: Path, name: str) -> None:
    before = training.fingerprint()
    (project / name).write_text("changed")

    assert training.fingerprint() != before


def test_demo_data_of_the_company_is_no_training_data(project: Path) -> None:
    before = training.fingerprint()
    (project / "data/demo/bills.yml").write_text("changed")

    assert training.fingerprint() == before
    assert training.data_folders() == [project / "data/nlu"]


def test_a_moved_example_file_makes_the_model_stale(project: Path) -> None:
    before = training.fingerprint()
    (project / "data/nlu/returns.yml").rename(project / "data/nlu/refunds.yml")

    assert training.fingerprint() != before


def test_a_stamp_without_a_model_is_not_fresh(project: Path) -> None:
    training.STAMP.write_text("abc")
    assert not training.is_fresh("abc")

    training.MODEL.write_text("")
    assert training.is_fresh("abc")
    assert not training.is_fresh("abd")


def test_a_missing_domain_is_told_in_one_sentence(project: Path) -> None:
    (project / "domain.yml").unlink()

    with pytest.raises(Refusal, match=r"^The assistant cannot be trained: domain\.yml is missing\.$"):
        training.fingerprint()


def test_what_only_looks_through_the_data_does_not_make_the_model_stale(project: Path) -> None:
    before = training.fingerprint()
    for folder in ("validation", "evaluation"):
        (project / "bot" / folder).mkdir()
        (project / "bot" / folder / "parts.py").write_text("")

    assert training.fingerprint() == before


def test_rasa_finds_nothing_in_its_cache_that_other_code_has_trained(project: Path) -> None:
    before = training.rasa_cache()
    before.mkdir(parents=True)
    assert training.rasa_cache() == before

    (project / "bot" / "channel.py").write_text("changed")

    assert training.rasa_cache() != before
    assert not before.exists()


def test_a_program_that_told_what_is_wrong_is_not_quoted_again(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("Traceback\nKeyError: 'x'\n")

    assert training.cause(training.TOLD, log) == "correct what is listed above."
    assert training.cause(1, log).startswith("KeyError: 'x' (the whole output is in ")


@pytest.mark.parametrize(
    ("code", "told"), [(-9, "the system ended it, most often because"), (-15, "something ended it (SIGTERM)")]
)
def test_a_training_that_was_ended_does_not_blame_the_last_line_of_its_log(
    tmp_path: Path, code: int, told: str
) -> None:
    (tmp_path / "train.log").write_text("WARNING: a policy is experimental\n")

    assert training.cause(code, tmp_path / "train.log").startswith(told)
