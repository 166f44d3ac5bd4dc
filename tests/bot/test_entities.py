"""What the assistant takes out of a message: this product's own lists and shapes, read beside what `words/` finds.

The pure part is tried here directly; the component is trained by Rasa in Rasa's own environment and must agree with it.
"""

import json
import subprocess
from datetime import date, datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.reading import told_by_designers
from bot.nlu import phrases, spotting
from bot.nlu.spotting import Named, Spotter
from tests.hub.bounded import unbounded_repeats
from tools import environments
from tools.training import ROOT, rasa_env

NLU = ROOT / "data" / "nlu"
CONTRACT = ROOT / "tests" / "contracts" / "identifiers.json"
SUNDAY = date(2026, 11, 22)
_PIECES = """box cable modum my the 3rd 10042 $ 40 bucks at 5 pm tuesday 12/03 in two weeks 14 elm st , - a@b.co tmrw
last between and 10 12 pick it up İ ß ’ 48103 call 312-555-0128 may"""
PIECES = _PIECES.split()
IDENTIFIERS = spotting.OF_THE_COMPANY


TOLD = told_by_designers()
SPOTTER = Spotter(**TOLD, guessed=["item"])


def spot(text: str) -> list[Named]:
    return SPOTTER.spot(text, SUNDAY)


def values(text: str) -> list[tuple[str, str]]:
    return [(one.entity, one.value) for one in spot(text)]


@pytest.mark.parametrize(
    ("typed", "entity", "value", "words"),
    [
        ("it's 10042", "account_number", "10042", "10042"),
        ("order 6609418823", "order_number", "6609418823", "6609418823"),
        ("6609418823", "order_number", "6609418823", "6609418823"),
        ("48103", "postcode", "48103", "48103"),
        ("SW1A 2AB", "postcode", "SW1A 2AB", "SW1A 2AB"),
        ("write to maya@example.com.", "email", "maya@example.com", "maya@example.com"),
        ("call 404 555 0117", "phone", "+14045550117", "404 555 0117"),
        ("case C-482-917", "case_ref", "C-482-917", "C-482-917"),
        ("my full name is Priya Kapoor", "name", "Priya Kapoor", "Priya Kapoor"),
        ("forty bucks off", "amount", "40.00", "forty bucks"),
        ("221 Orchard Avenue Apt 5", "address", "221 Orchard Avenue Apt 5", "221 Orchard Avenue Apt 5"),
        ("8 Harbour Road, 30114", "address", "8 Harbour Road", "8 Harbour Road"),
        ("no, 14 elm street", "address", "14 Elm Street", "14 elm street"),
        ("last tuesday", "date", "2026-11-17", "last tuesday"),
        ("on the 3rd of May", "date", "2027-05-03", "the 3rd of May"),
        ("the 3rd works", "date", "2026-12-03", "the 3rd"),
        ("in two weeks", "date", "2026-12-06", "in two weeks"),
        ("since yesterday evening", "date", "2026-11-21T17:00/22:00", "yesterday evening"),
        ("tmrw at 5", "date", "2026-11-23T17:00", "tmrw at 5"),
        ("next week", "date", "2026-11-23/2026-11-29", "next week"),
        ("between 10 and 12", "time", "10:00/12:00", "between 10 and 12"),
        ("I have your box", "item", "tv_box", "box"),
        ("set top box", "item", "tv_box", "set top box"),
        ("the cable bx", "item", "tv_box", "cable bx"),
        ("my modum", "item", "modem", "modum"),
        ("teh rooter", "item", "router", "rooter"),
        ("come and get it", "return_method", "pickup", "come and get"),
        ("doesnt work", "return_reason", "doesn't work", "doesnt work"),
    ],
)
def test_an_entity_has_a_normalised_value_and_the_words_it_was_typed_in(
    typed: str, entity: str, value: str, words: str
) -> None:
    assert (entity, value, words) in [(one.entity, one.value, typed[one.start : one.end]) for one in spot(typed)]


@pytest.mark.parametrize(
    ("typed", "entity"),
    [
        ("order 6609418823", "phone"),
        ("10450 Elm Street", "postcode"),
        ("it's 10042", "postcode"),
        ("the box weighs 20 pounds", "amount"),
        ("still in the box", "item"),
        ("please remove the model from the route", "item"),
        ("a short shift", "item"),
        ("the 3rd time this happened", "date"),
        ("good morning", "time"),
        ("I called 3 times on the way", "address"),
        ("ssn 4417", "account_number"),
    ],
)
def test_what_only_looks_like_an_entity_is_none(typed: str, entity: str) -> None:
    assert entity not in [one.entity for one in spot(typed)]


def test_a_whole_story_in_one_message_is_taken_apart() -> None:
    typed = "I'm at acct 10042, pick up the cabel box at 412 Maple St apt 3, Brightwater 48210 next tuesday morning"
    assert values(typed) == [
        ("account_number", "10042"),
        ("return_method", "pickup"),
        ("item", "tv_box"),
        ("address", "412 Maple St Apt 3, Brightwater"),
        ("postcode", "48210"),
        ("date", "2026-11-24T06:00/12:00"),
    ]


def test_the_longer_phrase_wins_over_the_shorter_one_inside_it() -> None:
    assert values("phone adapter or cable modem") == [("item", "phone_adapter"), ("item", "modem")]


def test_a_checked_identifier_wins_over_a_shape_that_wants_its_digits() -> None:
    assert values("policy number 10042") == []
    assert values("zip 10042") == [("postcode", "10042")]


@pytest.mark.parametrize("case", json.loads(CONTRACT.read_text(encoding="utf-8")), ids=lambda case: case["text"])
def test_the_assistant_reads_identifiers_as_the_contract_says(case: dict[str, Any]) -> None:
    found = [[one.entity, one.value] for one in spot(case["text"]) if one.entity in IDENTIFIERS]
    assert found == case["identifiers"]


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(st.sampled_from(PIECES)).map(" ".join),
    )
)
@example("İİ tmrw bx")
def test_entities_lie_in_the_text_and_never_overlap(text: str) -> None:
    found = spot(text)

    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(text[one.start : one.end].strip() and one.value for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(st.sampled_from(sorted(TOLD["lists"]["item"])), st.sampled_from(["", "the ", "please take my "]))
def test_every_listed_device_is_found_wherever_it_stands(device: str, before: str) -> None:
    assert device in [text[one.start : one.end] for text in [f"{before}{device}!"] for one in spot(text)]


def test_a_very_long_message_gives_no_more_entities_than_anyone_could_use() -> None:
    assert len(spot("modem 48103 $4 " * 2000)) <= spotting.MOST_IN_A_MESSAGE


def test_no_pattern_can_run_away() -> None:
    shapes = [shape for _, shape in SPOTTER._shapes]
    assert shapes
    assert [shape.pattern for shape in [*shapes, phrases._WORD, phrases._GAP] if unbounded_repeats(shape)] == []


CONFIG = """
recipe: default.v1
language: en
assistant_id: tiny
pipeline:
  - name: WhitespaceTokenizer
  - name: bot.nlu.entities.EntitySpotter
"""

READ = """
import asyncio, json, sys
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

async def parsed(agent, texts):
    return [await agent.parse_message(text) for text in texts]

model = train_nlu("config.yml", sys.argv[2], output=sys.argv[1], fixed_model_name="entities")
print("PARSED", json.dumps(asyncio.run(parsed(Agent.load(model), json.loads(sys.argv[3])))))
"""


@pytest.mark.slow
def test_the_trained_component_reads_in_rasas_python_what_the_pure_part_reads_here(tmp_path: Path) -> None:
    texts = [case["text"] for case in json.loads(CONTRACT.read_text(encoding="utf-8"))]
    texts += ["the cable bx and my modum", "doesnt work", "SW1A 2AB", "nothing at all"]
    (tmp_path / "config.yml").write_text(CONFIG)
    env = {**rasa_env(), "PYTHONPATH": str(ROOT)}
    command = [environments.BOT.python, "-c", READ, tmp_path / "models", NLU / "entities.yml", json.dumps(texts)]
    done = subprocess.run([*map(str, command)], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    read = [
        [(one["entity"], one["value"], one["start"], one["end"]) for one in parse["entities"]]
        for parse in json.loads(done.stdout.split("PARSED", 1)[1])
    ]

    here = [SPOTTER.spot(text, datetime.now(timezone.utc).date()) for text in texts]
    assert read == [[(one.entity, one.value, one.start, one.end) for one in found] for found in here]
