"""What the measuring targets refuse before anything is built, and where they look."""

import subprocess
from pathlib import Path

import pytest

from tools import comparison, evaluation
from tools.console import Refusal


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "PIPELINE", "BASE", "FRESH"):
        monkeypatch.delenv(name, raising=False)


def test_without_data_it_says_how_to_name_it() -> None:
    with pytest.raises(Refusal, match=r"^Say what to measure on: make eval-intents DATA=path\.jsonl"):
        evaluation.asked_rows("eval-intents")


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA", str(tmp_path / "rows.jsonl"))

    with pytest.raises(Refusal, match=f"There is no file {tmp_path}/rows.jsonl"):
        evaluation.asked_rows("eval-intents")


def test_data_may_be_several_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paths = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for path in paths:
        path.write_text("")
    monkeypatch.setenv("DATA", " ".join(map(str, paths)))

    assert evaluation.asked_rows("eval-intents") == paths


@pytest.mark.parametrize(("asked", "names"), [("", ("ours",)), ("stock", ("stock",)), ("both", ("ours", "stock"))])
def test_the_pipeline_is_ours_unless_asked_otherwise(
    monkeypatch: pytest.MonkeyPatch, asked: str, names: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PIPELINE", asked)

    assert evaluation.asked_pipeline() == names


def test_an_unknown_pipeline_is_refused_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE", "diet")

    with pytest.raises(Refusal, match=r"^There is no pipeline diet; PIPELINE is one of ours, stock, both\.$"):
        evaluation.asked_pipeline()


def test_comparing_with_nothing_is_refused() -> None:
    with pytest.raises(Refusal, match=r"^Say what to compare with: make eval-compare BASE="):
        comparison.compare()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit of training data, which the working tree has left since."""
    root = tmp_path / "repository"
    (root / "data" / "nlu").mkdir(parents=True)
    (root / "data" / "nlu" / "billing.yml").write_text("nlu: []\n")
    (root / "domain.yml").write_text("intents: []\n")
    author = ["-c", "user.name=Noor Haddad", "-c", "user.email=noor@example.com"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "Start."]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    (root / "data" / "nlu" / "billing.yml").write_text("nlu: [changed]\n")
    return root


def test_the_data_of_a_revision_is_taken_out_beside_the_working_tree(repository: Path, tmp_path: Path) -> None:
    folder = comparison.take_out("HEAD", repository, tmp_path / "out")

    assert (folder / "data" / "nlu" / "billing.yml").read_text() == "nlu: []\n"
    assert (repository / "data" / "nlu" / "billing.yml").read_text() == "nlu: [changed]\n"


def test_what_an_earlier_comparison_left_is_gone(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "data").mkdir(parents=True)
    (tmp_path / "out" / "data" / "old.yml").write_text("")

    assert not (comparison.take_out("HEAD", repository, tmp_path / "out") / "data" / "old.yml").exists()


def test_a_revision_git_does_not_know_is_refused_with_what_git_says(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"^git cannot give the data of nowhere: fatal: not a valid object name: nowhere"):
        comparison.take_out("nowhere", repository, tmp_path / "out")
