"""How the assistant starts: what it loads, and what it says when it cannot."""

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from bot import without_tensorflow
from tools import environments
from tools.training import ROOT, rasa_env

NEURAL = ["rasa.nlu.classifiers.diet_classifier.DIETClassifier", "rasa.core.policies.ted_policy.TEDPolicy"]
LIGHT = ["rasa.nlu.tokenizers.whitespace_tokenizer.WhitespaceTokenizer", "bot.nlu.entities.EntitySpotter"]
ALL_OF_RASA = """
from bot import without_tensorflow
without_tensorflow.install()
import rasa.core.run, rasa.core.policies.ted_policy, rasa.core.policies.unexpected_intent_policy
import rasa.nlu.classifiers.diet_classifier, rasa.nlu.selectors.response_selector
import sys
print("LOADED", sorted(name for name in sys.modules if name.startswith("tensorflow.python")))
"""


def model_of(folder: Path, *uses: str) -> Path:
    graph = {"nodes": {str(at): {"uses": name} for at, name in enumerate(uses)}}
    told = json.dumps({"predict_schema": graph, "train_schema": graph}).encode()
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("metadata.json")
        member.size = len(told)
        archive.addfile(member, io.BytesIO(told))
    return folder / "model.tar.gz"


def in_rasa(*words: str) -> subprocess.CompletedProcess[str]:
    command = [str(environments.BOT.python), "-W", "ignore", *words]
    return subprocess.run(command, cwd=ROOT, env=rasa_env(), capture_output=True, text=True)


@pytest.mark.parametrize(("uses", "is_needed"), [(LIGHT, False), ([*LIGHT, NEURAL[0]], True), (NEURAL[1:], True)])
def test_tensorflow_is_loaded_only_for_models_that_calculate_with_it(
    tmp_path: Path, uses: list[str], is_needed: bool
) -> None:
    assert without_tensorflow.is_needed(model_of(tmp_path, *uses)) is is_needed


def test_a_model_that_cannot_be_read_gets_the_real_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "broken.tar.gz").write_bytes(b"no archive")
    assert without_tensorflow.is_needed(tmp_path / "broken.tar.gz")


@pytest.mark.slow
def test_all_of_rasa_can_be_imported_without_tensorflow() -> None:
    done = in_rasa("-c", ALL_OF_RASA)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "LOADED []" in done.stdout


def test_without_a_model_it_says_how_to_get_one() -> None:
    done = in_rasa("-m", "bot", "--model", "models/no-such.tar.gz")
    assert done.returncode == 1
    assert "There is no model at models/no-such.tar.gz; train one with `make train`." in done.stderr
