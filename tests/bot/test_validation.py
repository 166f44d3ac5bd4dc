"""Every mistake a designer can make is told with its file and line; each test breaks one small, right project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

from bot.validation.contradictions import placed
from bot.validation.project import load, mistakes_in
from tools.processes import ROOT

CONFIG = """\
recipe: default.v1
pipeline:
  - name: WhitespaceTokenizer
"""
DOMAIN = """\
version: "3.1"
intents:
  - greet
  - bill_pay
  - bill_copy
  - inform
entities:
  - amount
slots:
  amount: {type: any, mappings: [{type: custom}]}
forms:
  pay_form:
    required_slots:
      - amount
actions:
  - action_small_talk
  - action_pay
responses:
  utter_greet:
    - text: "Hello."
      buttons:
        - title: "Pay"
          payload: '/bill_pay{{"amount": "40"}}'
  utter_ask_amount:
    - text: "How much?"
  utter_copy_sent:
    - text: "Sent."
  utter_rules_fee:
    - text: "It's free."
"""
NLU = """\
version: "3.1"
nlu:
  - intent: greet
    examples: |
      - hello
      - good morning

  - intent: bill_pay
    examples: |
      - I want to pay [40 dollars](amount)
      - pay my bill
  - intent: bill_copy
    examples: |
      - send me the bill again
  - intent: inform
    examples: |
      - [12.50](amount)
  - regex: amount
    examples: |
      - \\d+ dollars
  - synonym: "40"
    examples: |
      - forty
"""
RULES = """\
version: "3.1"
rules:
  - rule: Greet
    steps:
      - intent: greet
      - action: action_small_talk

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

  - rule: A bare detail
    steps:
      - intent: inform
      - action: action_pay

  - rule: A copy
    steps:
      - intent: bill_copy
      - action: utter_copy_sent
"""
STORIES = """\
version: "3.1"
stories:
  - story: Copy after paying
    steps:
      - intent: bill_copy
      - action: utter_copy_sent
"""
CODE = """\
def say(dispatcher, topic):
    dispatcher.utter_message(response=f"utter_rules_{topic}")
"""
FILES = {
    "config.yml": CONFIG,
    "domain.yml": DOMAIN,
    "data/nlu/billing.yml": NLU,
    "data/rules/billing.yml": RULES,
    "data/stories/billing.yml": STORIES,
    "actions/billing.py": CODE,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def told(project: Path) -> list[str]:
    return [str(mistake) for mistake in mistakes_in(project)]


def change(project: Path, name: str, old: str, new: str) -> int:
    """Replace one piece of a file; returns the line on which the new piece begins."""
    text = (project / name).read_text()
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    (project / name).write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def test_a_right_project_has_no_mistakes(project: Path) -> None:
    assert told(project) == []


# name, file, what stood there, what stands there now, lines further down, what is told
BROKEN = [
    (
        "an unknown intent in a rule",
        "data/rules/billing.yml",
        "intent: bill_copy",
        "intent: bill_copie",
        0,
        "'A copy' waits for bill_copie: domain.yml has no intent bill_copie. Did you mean bill_copy?",
    ),
    (
        "an unknown intent in a story",
        "data/stories/billing.yml",
        "intent: bill_copy",
        "intent: refund",
        0,
        "'Copy after paying' waits for refund: domain.yml has no intent refund. Add it there or correct it.",
    ),
    (
        "an unknown action in a rule",
        "data/rules/billing.yml",
        "intent: inform\n      - action: action_pay",
        "intent: inform\n      - action: action_play",
        1,
        "'A bare detail' does action_play: domain.yml has no action, form or response action_play. Did you mean act",
    ),
    (
        "a response that is missing",
        "data/rules/billing.yml",
        "action: utter_copy_sent",
        "action: utter_copy_send",
        0,
        "'A copy' says utter_copy_send: domain.yml has no response utter_copy_send. Did you mean utter_copy_sent?",
    ),
    (
        "an unknown form",
        "data/rules/billing.yml",
        "- action: pay_form\n      - active_loop: pay_form",
        "- action: pay_form\n      - active_loop: pray_form",
        1,
        "'Pay' is about pray_form: domain.yml has no form pray_form. Did you mean pay_form?",
    ),
    (
        "an unknown slot in a story",
        "data/stories/billing.yml",
        "- intent: bill_copy",
        "- slot_was_set:\n          - amont: 40\n      - intent: bill_copy",
        1,
        "'Copy after paying' needs amont: domain.yml has no slot amont. Did you mean amount?",
    ),
    (
        "an unknown step",
        "data/stories/billing.yml",
        "action: utter_copy_sent",
        "actoin: utter_copy_sent",
        0,
        "actoin is no step Rasa knows, in 'Copy after paying'.",
    ),
    (
        "an intent with examples that the domain does not know",
        "data/nlu/billing.yml",
        "      - pay my bill\n",
        "      - pay my bill\n  - intent: bill_pey\n    examples: |\n      - let me pay\n",
        3,
        "examples of bill_pey: domain.yml has no intent bill_pey. Did you mean bill_pay?",
    ),
    (
        "an example under two intents",
        "data/nlu/billing.yml",
        "- send me the bill again",
        "- Pay my BILL!",
        0,
        "'Pay my BILL!' is an example of bill_copy here and of bill_pay at data/nlu/billing.yml:11.",
    ),
    (
        "an example written twice",
        "data/nlu/billing.yml",
        "- pay my bill",
        "- I want to pay 40 dollars",
        0,
        "this example of bill_pay stands already at data/nlu/billing.yml:10. Remove one.",
    ),
    (
        "a line that is no example",
        "data/nlu/billing.yml",
        "- good morning",
        "good morning",
        0,
        "'good morning' is no example: Rasa leaves it out.",
    ),
    (
        "an intent without examples",
        "data/nlu/billing.yml",
        "      - send me the bill again\n",
        "",
        -2,
        "the intent bill_copy has no examples. Write them under `examples: |`, one a line.",
    ),
    (
        "an unknown entity in an annotation",
        "data/nlu/billing.yml",
        "[40 dollars](amount)",
        "[40 dollars](amnt)",
        0,
        "an annotation names 'amnt': domain.yml has no entity amnt. Did you mean amount?",
    ),
    (
        "an annotation that is not closed",
        "data/nlu/billing.yml",
        "[40 dollars](amount)",
        "[40 dollars(amount)",
        0,
        "an annotation is not closed",
    ),
    (
        "a shape that is no regular expression",
        "data/nlu/billing.yml",
        "\\d+ dollars",
        "(\\d+",
        0,
        "the shape of amount",
    ),
    (
        "a word list of an unknown entity",
        "data/nlu/billing.yml",
        "- regex: amount",
        "- regex: amounts",
        2,
        "a regex finds amounts: domain.yml has no entity amounts. Did you mean amount?",
    ),
    (
        "a synonym with two meanings",
        "data/nlu/billing.yml",
        "      - forty\n",
        '      - forty\n  - synonym: "4"\n    examples: |\n      - Forty\n',
        3,
        "'Forty' means 4 here and 40 at data/nlu/billing.yml:23. Keep one meaning.",
    ),
    (
        "a heading with a slip of the pen",
        "data/nlu/billing.yml",
        "- intent: inform",
        "- intnet: inform",
        0,
        "this block has no heading.",
    ),
    (
        "a slot without mapping",
        "domain.yml",
        "amount: {type: any, mappings: [{type: custom}]}",
        "amount: {type: any}",
        0,
        "the slot amount has no mapping, so nothing fills it.",
    ),
    (
        "a slot of an unknown type",
        "domain.yml",
        "amount: {type: any,",
        "amount: {type: money,",
        0,
        "the slot amount has the type money; it has to be one of text, bool,",
    ),
    (
        "a slot mapped from an unknown entity",
        "domain.yml",
        "[{type: custom}]",
        "[{type: from_entity, entity: sum}]",
        0,
        "a mapping of the slot amount: domain.yml has no entity sum.",
    ),
    (
        "a form that asks for an unknown slot",
        "domain.yml",
        "required_slots:\n      - amount",
        "required_slots:\n      - amount\n      - account",
        2,
        "the form pay_form asks for account: domain.yml has no slot account.",
    ),
    (
        "a response that nothing says",
        "domain.yml",
        "  utter_rules_fee:",
        '  utter_bill_paid:\n    - text: "Paid."\n  utter_rules_fee:',
        0,
        "nothing says utter_bill_paid: no rule, no story, no form, no action.",
    ),
    (
        "a response without words",
        "domain.yml",
        '    - text: "Sent."\n',
        "",
        -1,
        "the response utter_copy_sent says nothing.",
    ),
    (
        "an intent that no rule answers",
        "domain.yml",
        "  - inform\n",
        "  - inform\n  - refund\n",
        1,
        "no rule or story says what follows the intent refund. Write a rule in data/rules/.",
    ),
    (
        "a name listed twice",
        "domain.yml",
        "  - inform\n",
        "  - greet\n",
        0,
        "greet is listed twice under intents, first at",
    ),
    (
        "a key given twice",
        "domain.yml",
        "  utter_copy_sent:",
        "  utter_ask_amount:",
        0,
        "utter_ask_amount stands here again; the first is at domain.yml:24. Keep one of them.",
    ),
    (
        "a button for an unknown intent",
        "domain.yml",
        "'/bill_pay{{",
        "'/pay_bill{{",
        0,
        "the button sends pay_bill: domain.yml has no intent pay_bill.",
    ),
    (
        "a button with an unknown entity",
        "domain.yml",
        '{{"amount": "40"}}',
        '{{"amuont": "40"}}',
        0,
        "the button sends amuont: domain.yml has no entity amuont. Did you mean amount?",
    ),
    (
        "a response missing for an intent answered by its name",
        "data/rules/billing.yml",
        "action: utter_copy_sent",
        "action: action_small_talk",
        0,
        "'A copy' answers bill_copy with the words of utter_bill_copy: domain.yml has no response utter_bill_copy.",
    ),
    (
        "a response missing for an action",
        "actions/billing.py",
        'f"utter_rules_{topic}"',
        '"utter_rules_free"',
        0,
        "the action says utter_rules_free: domain.yml has no response utter_rules_free. Did you mean utter_rules_fee?",
    ),
    (
        "two rules that contradict each other",
        "data/rules/billing.yml",
        "- intent: bill_copy\n",
        "- intent: greet\n",
        1,
        "the rule 'A copy' does utter_copy_sent where the rule 'Greet' does action_small_talk (data/rules/",
    ),
    (
        "a story that contradicts a rule",
        "data/stories/billing.yml",
        "action: utter_copy_sent",
        "action: action_pay",
        0,
        "the story 'Copy after paying' does action_pay where the rule 'A copy' does utter_copy_sent (data/rules/",
    ),
    (
        "two rules of one name",
        "data/rules/billing.yml",
        "rule: A copy",
        "rule: Greet",
        0,
        "there is a rule 'Greet' at data/rules/billing.yml:3 too. Give this one its own name.",
    ),
    (
        "broken YAML",
        "data/rules/billing.yml",
        "    steps:\n      - intent: greet",
        "    steps:\n     intent: greet",
        2,
        "this is not YAML:",
    ),
    (
        "a component that is not there",
        "config.yml",
        "WhitespaceTokenizer",
        "bot.guess.Guesser",
        0,
        "there is no bot/guess.py for the component bot.guess.Guesser.",
    ),
    (
        "a file of something else",
        "data/stories/billing.yml",
        "stories:",
        "storys:",
        0,
        "storys is nothing Rasa reads here",
    ),
]


@pytest.mark.parametrize(("_name", "file", "old", "new", "further", "text"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_mistake_is_told_with_its_file_and_line(
    project: Path, _name: str, file: str, old: str, new: str, further: int, text: str
) -> None:
    line = change(project, file, old, new) + further

    assert any(one.startswith(f"{file}:{line}: {text}") for one in told(project)), told(project)


def test_a_file_that_is_missing_is_told(project: Path) -> None:
    (project / "domain.yml").unlink()

    assert told(project) == ["domain.yml:1: this file is missing."]


def test_all_mistakes_are_told_at_once_and_in_order(project: Path) -> None:
    change(project, "domain.yml", "mappings: [{type: custom}]", "mappings: []")
    change(project, "data/nlu/billing.yml", "- pay my bill", "- hello")

    assert [one.split(": ")[0] for one in told(project)] == ["data/nlu/billing.yml:11", "domain.yml:10"]


def test_an_intent_that_only_programs_send_needs_no_examples(project: Path) -> None:
    change(project, "data/nlu/billing.yml", "  - intent: inform\n    examples: |\n      - [12.50](amount)\n", "")
    assert [one for one in told(project) if "the intent inform has no examples" in one]

    (project / "actions" / "payments.py").write_text('PAYLOAD = "/inform"\n')
    assert told(project) == []


def test_the_world_of_an_out_of_scope_block_belongs_to_each_of_its_examples(project: Path) -> None:
    metadata = "- intent: inform\n    metadata: {world: banking, kind: near}\n"
    change(project, "data/nlu/billing.yml", "- intent: inform\n", metadata)

    about = {(example.name, example.world, example.distance) for example in load(project).examples}

    assert ("inform", "banking", "near") in about
    assert ("greet", None, None) in about
    assert told(project) == []


def test_what_rasa_says_of_rules_is_put_in_its_places(project: Path) -> None:
    message = """
Contradicting rules or stories found 🚨

- the prediction of the action 'action_pay' in rule 'A bare detail' is contradicting with rule(s) 'Pay'.
- the prediction of the action 'utter_greet' in story 'Copy after paying' is contradicting with rule(s) 'Paid, Greet'.
Please update your stories and rules so that they don't contradict each other.
You can find more information about the usage of rules at somewhere."""

    first, second = placed(message, load(project).flows)

    assert first.startswith("data/rules/billing.yml:22: the prediction of the action 'action_pay'")
    assert "'Pay' is at data/rules/billing.yml:8" in first
    assert second.startswith("data/stories/billing.yml:3:")
    assert "'Paid' is at data/rules/billing.yml:14; 'Greet' is at data/rules/billing.yml:3" in second


def test_the_command_fails_and_says_how_much_there_is_to_correct(project: Path) -> None:
    change(project, "data/nlu/billing.yml", "- pay my bill", "- hello")
    command = [sys.executable, "-m", "bot.validation", str(project)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 3
    assert done.stdout.endswith("\n1 to correct in the training data, then run it again.\n")


def test_the_recipe_for_an_intent_on_the_designers_page_makes_no_mistakes(tmp_path: Path) -> None:
    for name in ("data/nlu", "data/rules", "data/stories", "actions", "bot", "handoff"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    page = (ROOT / "docs" / "designers.md").read_text(encoding="utf-8")
    examples, response, rule = (
        indent(dedent(block), "  ") for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    )

    for name, block in (("data/nlu/orders.yml", examples), ("data/rules/orders.yml", rule)):
        (tmp_path / name).write_text((tmp_path / name).read_text() + block)
    change(tmp_path, "domain.yml", "\nintents:\n", "\nintents:\n  - repair_old_phone\n")
    assert [one for one in told(tmp_path) if "answers repair_old_phone with the words of utter_repair_old_phone" in one]
    change(tmp_path, "domain.yml", "\nresponses:\n", "\nresponses:\n" + response)

    assert told(tmp_path) == []


def test_our_own_training_data_has_no_mistakes() -> None:
    assert told(ROOT) == []
