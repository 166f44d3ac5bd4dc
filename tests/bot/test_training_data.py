"""What must hold for `data/nlu/` before anything is trained: complete, unambiguous, well-formed, and our own words.

Reads the YAML as text, without Rasa, so it runs in the hub's environment. The evaluation sets beside the repository are
compared in place; on a machine without them that one test still checks that the comparison can
tell copies apart.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
NLU = ROOT / "data" / "nlu"
EVALUATION = ROOT.parent / "shared" / "eval"

# The labels are a contract: the evaluation sets use them too.
TOPICS = (
    "return_start return_status return_method return_policy refund_status refund_request exchange_item",
    "order_status order_cancel outage_report outage_status outage_notify outage_credit troubleshoot",
    "bill_balance bill_explain bill_dispute bill_pay payment_arrangement payment_problem bill_copy",
    "plan_change service_cancel service_move account_update password_reset case_status case_reopen complaint",
    "talk_to_human greet goodbye affirm deny thank help bot_challenge cancel_flow out_of_scope inform",
)
INTENTS = frozenset(intent for topic in TOPICS for intent in topic.split())
SHAPED = "account_number order_number case_ref email phone postcode amount date address"
WORDED = "item name return_method return_reason"
ENTITIES = frozenset(entity for kind in (SHAPED, WORDED) for entity in kind.split())
CANONICAL_ITEMS = {"tv_box", "router", "modem", "remote", "extender", "power_adapter", "phone_adapter"}
CANONICAL_METHODS = {"pickup", "dropoff", "ship"}
FEWEST_EXAMPLES = 25
ANNOTATION = re.compile(r"\[(?P<text>[^\[\]]+)\]\((?P<entity>\w+)\)")


def blocks() -> Iterator[dict[str, str]]:
    for path in sorted(NLU.glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]


def lines(block: dict[str, str]) -> list[str]:
    listed = block["examples"].splitlines()
    assert all(line.startswith("- ") for line in listed), f"a line of {block} is not a list item"
    return [line.removeprefix("- ").strip() for line in listed]


def named(kind: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for block in blocks():
        if kind in block:
            found[block[kind]] += lines(block)
    return found


def plain(example: str) -> str:
    return ANNOTATION.sub(r"\g<text>", example)


def normalised(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower().replace("'", "").replace("’", "")).split())


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(row) for row in (EVALUATION / name).read_text(encoding="utf-8").splitlines()]


def third_party_texts() -> set[str]:
    if not EVALUATION.is_dir():
        return set()
    texts = [row["text"] for row in rows("intents_dev.jsonl")]
    texts += [turn["text"] for dialogue in rows("dialogues_dev.jsonl") for turn in dialogue["turns"]]
    clinc = json.loads((EVALUATION / "clinc150_20shot.json").read_text(encoding="utf-8"))
    texts += [text for text, _ in clinc["train"] + clinc["test"]]
    texts += [row if isinstance(row, str) else row[0] for row in clinc["oos"]]
    return {normalised(text) for text in texts}


def copies(examples: list[str], texts: set[str]) -> list[str]:
    """Examples of more than two words that equal somebody else's text; everybody says "thank you" the same way."""
    return [e for e in examples if len(normalised(e).split()) > 2 and normalised(e) in texts]


EXAMPLES = {intent: [plain(e) for e in examples] for intent, examples in named("intent").items()}


def test_every_intent_of_the_contract_has_examples() -> None:
    assert set(EXAMPLES) >= INTENTS


@pytest.mark.parametrize("intent", sorted(EXAMPLES))
def test_an_intent_has_enough_examples(intent: str) -> None:
    assert len(EXAMPLES[intent]) >= FEWEST_EXAMPLES


def test_no_example_is_written_twice_or_stands_under_two_intents() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for intent, examples in EXAMPLES.items():
        for example in examples:
            homes[normalised(example)].append(intent)
    assert {text: intents for text, intents in homes.items() if len(intents) > 1} == {}


def test_no_example_is_somebody_elses_sentence() -> None:
    ours = [example for examples in EXAMPLES.values() for example in examples]
    assert copies(["What's my  BILL?"], {"whats my bill"}) == ["What's my  BILL?"]
    assert copies(ours, third_party_texts()) == []


def test_annotations_name_known_entities_and_close_their_brackets() -> None:
    for examples in named("intent").values():
        for example in examples:
            assert {m["entity"] for m in ANNOTATION.finditer(example)} <= ENTITIES, example
            assert not set("[]{}") & set(plain(example)), example


def test_every_entity_is_shown_in_an_example() -> None:
    shown = {m["entity"] for es in named("intent").values() for e in es for m in ANNOTATION.finditer(e)}
    assert shown == ENTITIES


def test_shapes_and_lists_belong_to_known_entities() -> None:
    assert set(named("regex")) | set(named("lookup")) <= ENTITIES


def test_a_synonym_has_one_meaning_and_every_canonical_value_is_reachable() -> None:
    synonyms = named("synonym")
    counted = Counter(variant for value in synonyms for variant in {normalised(v) for v in synonyms[value]})
    assert [variant for variant, times in counted.items() if times > 1] == []
    values = set(synonyms) | set(named("lookup")["item"])
    assert values >= CANONICAL_ITEMS | CANONICAL_METHODS
