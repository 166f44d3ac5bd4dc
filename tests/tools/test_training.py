"""When the assistant is trained again."""

from pathlib import Path

import pytest

from tools import training
from tools.console import Refusal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("config.yml", "domain.yml", "requirements/bot.txt", "data/nlu/returns.yml", "data/demo/bills.yml"):
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
