"""How often several matters are told from one, on the messages of `several.yml`, by the whole assistant."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bot.conftest import Assistant

pytestmark = pytest.mark.slow

MESSAGES = yaml.safe_load((Path(__file__).parent / "several.yml").read_text(encoding="utf-8"))
PRECISION, RECALL = 0.95, 0.85


def offers_more(assistant: Assistant, message: Mapping[str, Any]) -> bool:
    return bool(assistant.chat().say(message["text"])["understood"]["also"])


def test_two_matters_are_found_and_one_is_hardly_ever_split(assistant: Assistant) -> None:
    missed = [one["text"] for one in MESSAGES["two"] if not offers_more(assistant, one)]
    split = [one["text"] for one in MESSAGES["one"] if offers_more(assistant, one)]
    found = len(MESSAGES["two"]) - len(missed)
    assert found / (found + len(split)) >= PRECISION, split
    assert found / len(MESSAGES["two"]) >= RECALL, missed
