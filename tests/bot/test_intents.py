"""The intent classifier, trained by Rasa on a handful of examples in Rasa's own environment."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import environments
from tools.training import ROOT, rasa_env

pytestmark = pytest.mark.slow

CONFIG = """
recipe: default.v1
language: en
assistant_id: tiny
pipeline:
  - name: WhitespaceTokenizer
  - name: bot.nlu.featurizer.SentenceVectors
  - name: bot.nlu.intents.IntentRanker
    ranking_length: 2
    asks_below: 0.5
"""

EXAMPLES = """
version: "3.1"
nlu:
  - intent: bill
    examples: |
      - why is my bill so high
      - explain the bill
      - what is this charge on my bill
  - intent: router
    examples: |
      - I want to return the router
      - send the router back
      - return this router please
  - intent: number
    examples: |
      - my number is 10042
      - it's 20417
      - 31009
"""

TWICE = """
import asyncio, json, sys
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

async def parsed(agent, texts):
    return [await agent.parse_message(text) for text in texts]

texts = json.loads(sys.argv[2])
models = [train_nlu("config.yml", "nlu.yml", output=sys.argv[1], fixed_model_name=name) for name in ("one", "two")]
print("PARSED", json.dumps([asyncio.run(parsed(Agent.load(model), texts)) for model in models]))
"""

WITH_ANOTHER_ENCODER = """
import os, sys
from pathlib import Path
from tests.bot.model_side import put
put(sys.argv[1], onnx="pieces", tokenizer="real")
os.environ["TELLONCE_ENCODER"] = sys.argv[1]
from rasa.core.agent import Agent
Agent.load(sys.argv[2])
"""

TYPED = ["EXPLAIN MY BILL", "retrun teh router", "98765", "/router", "zebra crossing"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="module")
def parsed(folder: Path) -> list[list[dict[str, Any]]]:
    """What two models, trained one after the other without Rasa's cache, make of the same messages."""
    (folder / "config.yml").write_text(CONFIG)
    (folder / "nlu.yml").write_text(EXAMPLES)
    env = {**rasa_env(), "PYTHONPATH": str(ROOT), "RASA_MAX_CACHE_SIZE": "0"}
    command = [environments.BOT.python, "-c", TWICE, folder / "models", json.dumps(TYPED)]
    done = subprocess.run([*map(str, command)], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    answer: list[list[dict[str, Any]]] = json.loads(done.stdout.split("PARSED", 1)[1])
    return answer


def test_capitals_misspellings_and_unseen_numbers_are_understood(parsed: list[list[dict[str, Any]]]) -> None:
    assert [one["intent"]["name"] for one in parsed[0][:4]] == ["bill", "router", "number", "router"]


def test_the_ranking_is_as_long_as_configured_and_best_first(parsed: list[list[dict[str, Any]]]) -> None:
    ranking = parsed[0][0]["intent_ranking"]
    assert len(ranking) == 2
    assert ranking[0] == parsed[0][0]["intent"]
    assert 1 > ranking[0]["confidence"] > ranking[1]["confidence"] > 0


def test_what_is_too_unsure_is_asked_about_and_keeps_what_it_looked_like(parsed: list[list[dict[str, Any]]]) -> None:
    asked, guess = parsed[0][4]["intent_ranking"]
    assert parsed[0][4]["intent"] == asked
    assert asked["name"] == "nlu_fallback"
    assert guess["name"] in {"bill", "router", "number"}
    assert asked["confidence"] == pytest.approx(1 - guess["confidence"])


def test_training_twice_gives_the_same_answers(parsed: list[list[dict[str, Any]]]) -> None:
    one, two = ([(p["intent"], p["intent_ranking"]) for p in model] for model in parsed)
    assert one == two


@pytest.mark.usefixtures("parsed")
def test_a_model_of_another_encoder_is_not_run_with_this_one(folder: Path) -> None:
    command = [environments.BOT.python, "-c", WITH_ANOTHER_ENCODER, folder / "own", folder / "models" / "one.tar.gz"]
    env = {**rasa_env(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*map(str, command)], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    assert "trained with another encoder than TELLONCE_ENCODER names now: run `make train`" in done.stderr
