"""What domain, rules and actions promise each other."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

from actions.__main__ import topics
from actions.small_talk import TOPICS

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text())
RULES = [rule for path in (ROOT / "data" / "rules").glob("*.yml") for rule in yaml.safe_load(path.read_text())["rules"]]
# Filled by the form itself, by a button, or only mentioned in passing.
NEVER_ASKED = {"policy_refusal", "return_change", "return_when", "case_ref"}


@pytest.fixture(scope="module")
def executor() -> ActionExecutor:
    executor = ActionExecutor()
    for topic in topics():
        importlib.import_module(topic)
    executor.register_package("actions.turn")
    return executor


def test_every_intent_has_a_rule_so_that_no_turn_is_silent() -> None:
    answered = {step["intent"] for rule in RULES for step in rule["steps"] if "intent" in step}
    assert set(DOMAIN["intents"]) == answered


def test_every_action_of_the_domain_is_there(executor: ActionExecutor) -> None:
    assert set(DOMAIN["actions"]) <= set(executor.actions)


def test_every_form_is_validated_and_ends_in_an_action() -> None:
    for form in DOMAIN["forms"]:
        assert f"validate_{form}" in DOMAIN["actions"]
        endings = [rule for rule in RULES if {"active_loop": form} in rule.get("condition", [])]
        assert endings, form


def test_every_slot_of_a_form_can_be_asked_for() -> None:
    known = set(DOMAIN["actions"]) | set(DOMAIN["responses"])
    for form, spec in DOMAIN["forms"].items():
        for slot in set(spec["required_slots"]) - NEVER_ASKED:
            names = {f"{kind}_ask_{middle}{slot}" for kind in ("action", "utter") for middle in ("", f"{form}_")}
            assert names & known, (form, slot)


def test_no_slot_steers_the_policies() -> None:
    assert all(spec["influence_conversation"] is False for spec in DOMAIN["slots"].values())


def test_no_rule_starts_with_a_response_because_the_watch_would_miss_it() -> None:
    actions = [step["action"] for rule in RULES for step in rule["steps"] if "action" in step]
    assert not [action for action in actions if action.startswith("utter_")]


def test_braces_in_payloads_are_doubled_because_rasa_fills_them_in() -> None:
    buttons = [
        button for texts in DOMAIN["responses"].values() for response in texts for button in response.get("buttons", [])
    ]
    assert not [button for button in buttons if re.search(r"(?<!\{)\{(?!\{)", button["payload"])]


def test_every_topic_offered_as_a_button_is_an_intent() -> None:
    assert set(TOPICS) <= set(DOMAIN["intents"])
