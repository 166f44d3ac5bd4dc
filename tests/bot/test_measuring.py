"""Training, measuring and comparing with real Rasa on a handful of examples, in Rasa's own environment."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import environments
from tools.training import ROOT, TOLD, rasa_env

pytestmark = pytest.mark.slow

KEYS = (
    "rows accuracy macro_f1 accuracy_human oos_recall_far oos_recall_near false_reject ece parse_ms_p50".split()  # noqa: SIM905
)
CONFIG = """\
recipe: default.v1
language: en
assistant_id: tiny
pipeline:
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: LogisticRegressionClassifier
policies:
  - name: RulePolicy
"""
DOMAIN = """\
version: "3.1"
intents: [greet, bill_pay, out_of_scope]
slots:
  amount: {type: any, influence_conversation: false, mappings: [{type: custom}]}
forms:
  pay_form: {required_slots: [amount]}
actions: [action_greet, action_pay]
responses:
  utter_ask_amount: [{text: "How much?"}]
"""
RULES = """\
version: "3.1"
rules:
  - rule: Greet
    steps:
      - intent: greet
      - action: action_greet
  - rule: Pay
    steps:
      - intent: bill_pay
      - action: pay_form
      - active_loop: pay_form
  - rule: Paid
    condition:
      - active_loop: pay_form
    steps:
      - action: pay_form
      - active_loop: null
      - action: action_pay
  - rule: Not ours
    steps:
      - intent: out_of_scope
      - action: action_greet
"""
SAID = {
    "greet": ["hello", "hello there", "good morning", "hi", "good evening"],
    "bill_pay": ["pay my bill", "let me pay", "I want to pay the bill", "paying the bill", "pay now"],
    "out_of_scope": ["is it going to rain", "tell me a joke", "book a flight", "rain or sun", "sing a song"],
}
ROWS = [
    {"text": "hello you", "intent": "greet", "source": "desk", "human": True},
    {"text": "pay the bill", "intent": "bill_pay", "source": "desk", "human": True},
    {"text": "hello, pay", "intent": "bill_pay", "source": "template", "human": False},
    {"text": "will it rain", "intent": "out_of_scope", "source": "desk", "human": True, "oos_kind": "far"},
    {"text": "book a flight now", "intent": "out_of_scope", "source": "desk", "human": True, "oos_kind": "near"},
]


def nlu(said: dict[str, list[str]]) -> str:
    blocks = [
        f"  - intent: {name}\n    examples: |\n      - " + "\n      - ".join(texts) for name, texts in said.items()
    ]
    return 'version: "3.1"\nnlu:\n' + "\n".join(blocks) + "\n"


def write(project: Path, name: str, text: str) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text(text)


def run(project: Path, module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    env = {**rasa_env(), "PYTHONPATH": str(ROOT), "RASA_MAX_CACHE_SIZE": "0"}
    command = [str(environments.BOT.python), "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)


def train(project: Path) -> subprocess.CompletedProcess[str]:
    sources = ["--config", "config.yml", "--domain", "domain.yml", "--data", "data/nlu", "data/rules"]
    return run(project, "bot.training", *sources, "--out", "models/tiny.tar.gz", "--took", "took.json")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    files = {"config.yml": CONFIG, "domain.yml": DOMAIN, "data/nlu/all.yml": nlu(SAID), "data/rules/all.yml": RULES}
    for name, text in files.items():
        write(folder, name, text)
    write(folder, "rows.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))
    return folder


@pytest.fixture(scope="module")
def trained(project: Path) -> subprocess.CompletedProcess[str]:
    done = train(project)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done


def test_training_tells_its_components_and_its_seconds(
    trained: subprocess.CompletedProcess[str], project: Path
) -> None:
    took = json.loads((project / "took.json").read_text())

    assert (project / "models" / "tiny.tar.gz").exists()
    assert "\n  trained in " in trained.stdout
    assert {"LogisticRegressionClassifier", "RulePolicy"} <= set(took["components_s"])
    assert took["train_s"] >= sum(took["components_s"].values()) * 0.9


def test_what_only_rasa_finds_in_rules_is_told_in_its_place(project: Path, tmp_path: Path) -> None:
    for name in ("config.yml", "domain.yml", "data/nlu/all.yml"):
        write(tmp_path, name, (project / name).read_text())
    write(
        tmp_path, "data/rules/all.yml", RULES.replace("      - active_loop: pay_form\n  - rule: Paid", "  - rule: Paid")
    )

    done = train(tmp_path)

    assert done.returncode == TOLD, done.stderr[-2000:]
    assert "data/rules/all.yml:7: the form 'pay_form' in rule 'Pay' does not set the 'active_loop'" in done.stdout
    assert not (tmp_path / "models" / "tiny.tar.gz").exists()


@pytest.fixture(scope="module")
def measured(trained: subprocess.CompletedProcess[str], project: Path) -> dict[str, Any]:
    models = ["--model", "ours=models/tiny.tar.gz", "--model", "stock=models/tiny.tar.gz"]
    done = run(project, "bot.evaluation", *models, "--out", "build/eval", "rows.jsonl")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_measuring_ends_with_the_figures_of_both_and_their_difference(measured: dict[str, Any]) -> None:
    assert list(measured) == ["ours", "stock", "difference"]
    assert list(measured["ours"]) == KEYS
    assert (measured["ours"]["rows"], measured["ours"]["accuracy_human"]) == (5, 1.0)
    assert (measured["ours"]["oos_recall_far"], measured["difference"]["accuracy"]) == (1.0, 0.0)


def test_measuring_writes_a_report_to_read_and_pictures_to_look_at(measured: dict[str, Any], project: Path) -> None:
    folder = project / "build" / "eval"

    assert "| template (templates) | 1 |" in (folder / "report.md").read_text()
    assert "rows were misunderstood" in (folder / "confusions.txt").read_text()
    assert json.loads((folder / "report.json").read_text())["intents"]["greet"]["rows"] == 1
    for picture in ("confusions.png", "calibration.png", "stock/confusions.png"):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")


def test_a_round_of_the_benchmark_tells_times_and_memory(
    trained: subprocess.CompletedProcess[str], project: Path
) -> None:
    write(project, "texts.json", json.dumps([row["text"] for row in ROWS]))

    done = run(project, "bench.nlu_round", "models/tiny.tar.gz", "texts.json")

    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert list(figures) == ["load_s", "parse_ms_p50", "parse_ms_p95", "parses_per_s", "rss_mb"]
    assert 0 < figures["parse_ms_p50"] <= figures["parse_ms_p95"]
    assert figures["rss_mb"] > 50


def test_a_bad_row_is_told_before_a_model_is_loaded(project: Path, tmp_path: Path) -> None:
    write(tmp_path, "rows.jsonl", '{"text": "hello", "intent": "greeting"}\n')
    done = run(
        project, "bot.evaluation", "--model", "ours=nowhere.tar.gz", "--out", "build/bad", tmp_path / "rows.jsonl"
    )

    assert done.returncode == TOLD
    assert done.stdout.startswith(f"\n{tmp_path}/rows.jsonl:1: the assistant has no intent 'greeting'.")


def test_comparing_shows_what_new_examples_made_better(project: Path, tmp_path: Path) -> None:
    fewer = {**SAID, "out_of_scope": ["tell me a joke", "sing a song"]}
    for name, text in (("domain.yml", DOMAIN), ("data/nlu/all.yml", nlu(fewer)), ("data/rules/all.yml", RULES)):
        write(tmp_path, name, text)

    done = run(project, "bot.evaluation.comparison", "--base", tmp_path, "--name", "before", "rows.jsonl")

    assert done.returncode == 0, done.stderr[-2000:]
    assert "'will it rain' is out_of_scope: was " in done.stdout
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["base"], summary["rows"], summary["worse"]) == ("before", 5, 0)
    assert summary["better"] >= 1


def test_cross_validation_records_floors_and_names_what_falls_below(project: Path) -> None:
    recorded = run(project, "bot.evaluation.crossval", "--record", "--floors", "floors.yml")
    assert recorded.returncode == 0, recorded.stderr[-2000:]
    floors = (project / "floors.yml").read_text()
    assert "greet: " in floors

    write(project, "high.yml", "accuracy: 1.01\nintents: {greet: 1.01, bill_pay: 0.0, out_of_scope: 0.0}\n")
    fallen = run(project, "bot.evaluation.crossval", "--floors", "high.yml")

    assert fallen.returncode == TOLD
    assert "\ngreet: F1 " in fallen.stdout
    assert "floor 1.01 (" in fallen.stdout
