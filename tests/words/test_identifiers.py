"""What `identifiers` reads in a customer's words, and what it leaves alone."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hub.bounded import unbounded_repeats
from words import identifiers, spellings
from words.identifiers import find, normalize

CONTRACT = Path(__file__).resolve().parents[1] / "contracts" / "identifiers.json"
NOT_FOR_THE_ASSISTANT = {"ssn", identifiers.REFERENCE}


def read(text: str, asked_for: str | None = None) -> list[tuple[str, str]]:
    return [(one.name, one.value) for one in find(text, asked_for=asked_for)]


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ("write to maya.okafor+tv@fernway.example please", "email", "maya.okafor+tv@fernway.example"),
        ("It's MAYA@Fernway.Example.", "email", "MAYA@Fernway.Example"),
        ("where is F-20418", "order_number", "F-20418"),
        ("f20418 never came", "order_number", "F20418"),
        ("about RN-12345", "return_number", "RN-12345"),
        ("what about c-482-917-4?", "case_ref", "C-482-917-4"),
        ("you can reach me at 312-555-0128", "phone", "312-555-0128"),
        ("(312) 555-0128", "phone", "(312) 555-0128"),
        ("call me: 3125550128", "phone", "3125550128"),
        ("from abroad +49 1512 3456789", "phone", "+49 1512 3456789"),
        ("a fee of $12.50 is wrong", "amount", "$12.50"),
        ("it was 65 dollars", "amount", "65 dollars"),
        ("the charge was 4500 i think", "amount", "4500"),
        ("delivered on 2031-11-15", "date", "2031-11-15"),
        ("since March 3rd", "date", "March 3rd"),
        ("3 march 2031 it broke", "date", "3 march 2031"),
        ("it came on 05212031", "date", "05212031"),
        ("pick it up at 229 Elder Close", "address", "229 Elder Close"),
        ("14 Elm St apt 3 is home", "address", "14 Elm St apt 3"),
        ("my name is Ada Quist and I moved", "customer_name", "Ada Quist"),
    ],
)
def test_what_looks_like_nothing_else_is_named_by_its_shape(said: str, name: str, value: str) -> None:
    assert (name, value) in read(said)


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ("my account number is 10042", "account_number", "10042"),
        ("Account: K7QX2M9PLD", "account_number", "K7QX2M9PLD"),
        ("acct 582014736951", "account_number", "582014736951"),
        ("account RTWPLKBNQY", "account_number", "RTWPLKBNQY"),
        ("Order ID - 7304418265", "order_number", "7304418265"),
        ("order no. 7304418265 is late", "order_number", "7304418265"),
        ("policy number qrs 714820396", "policy_number", "qrs 714820396"),
        ("claim is wet 417", "claim_number", "wet 417"),
        ("serial 8KX-22B7-01", "serial_number", "8KX-22B7-01"),
        ("zip code 00412", "postcode", "00412"),
        ("pin code 560417", "postcode", "560417"),
        ("customer no 5120 8834 7716", "account_number", "5120 8834 7716"),
        ("10042 is my account", "account_number", "10042"),
        ("7304418265, that's my order number", "order_number", "7304418265"),
        ("user name: aquist88", "username", "aquist88"),
        ("last four of my ssn are 4417", "ssn", "4417"),
        ("4417 this is my ssn", "ssn", "4417"),
    ],
)
def test_words_beside_an_identifier_name_it(said: str, name: str, value: str) -> None:
    assert read(said) == [(name, value)]


@pytest.mark.parametrize(
    ("said", "asked_for", "name"),
    [
        ("10042", "account_number", "account_number"),
        ("10042", "account_postcode", "postcode"),
        ("it's 7304418265", "order_number", "order_number"),
        ("K7QX2M9PLD", "account_number", "account_number"),
        ("3125550128", "phone", "phone"),
        ("48103", "outage_place", "postcode"),
        ("4417", "ssn", "ssn"),
        ("65", "amount", "amount"),
        ("Ada Quist", "customer_name", "customer_name"),
        ("it's ada van quist.", "customer_name", "customer_name"),
    ],
)
def test_a_bare_answer_is_named_by_the_question(said: str, asked_for: str, name: str) -> None:
    assert [found for found, _ in read(said, asked_for)] == [name]


@pytest.mark.parametrize("said", ["yes please", "why do you ask", "Ada", "no idea", "the cable box"])
def test_an_evasive_answer_is_no_name(said: str) -> None:
    assert read(said, "customer_name") == []


def test_a_name_of_its_own_beats_the_question() -> None:
    assert read("my zip is 48103", "account_number") == [("postcode", "48103")]
    assert read("ada@fernway.example", "account_number") == [("email", "ada@fernway.example")]


def test_an_account_and_its_postcode_may_stand_side_by_side() -> None:
    assert read("10019 48212", "account_number") == [("account_number", "10019"), ("postcode", "48212")]


@pytest.mark.parametrize("said", ["my account is 10042, 48104", "account 10042 48104", "acct no. 10042 / 48104"])
def test_a_number_behind_that_of_the_account_is_its_postcode(said: str) -> None:
    assert read(said) == [("account_number", "10042"), ("postcode", "48104")]


def test_two_accounts_are_two_accounts() -> None:
    assert read("accounts 10042, 10043") == [("account_number", "10042"), ("account_number", "10043")]


def test_a_place_spoken_of_is_no_account_number() -> None:
    assert read("is there an outage in 48212?", "account_number") == [("postcode", "48212")]


@pytest.mark.parametrize(
    "said", ["7304418265", "K7QX2M9PLD", "RTWPLKBNQY", "5120 8834 7716", "qrs 714820396", "aquist88"]
)
def test_an_identifier_nobody_asked_for_is_kept_as_a_reference(said: str) -> None:
    assert read(said) == [("reference", said)]


def test_several_bare_identifiers_are_all_kept() -> None:
    assert read("qrs 714820396 and wet 417") == [("reference", "qrs 714820396"), ("reference", "wet 417")]
    assert read("4417 and 8820") == [("reference", "4417"), ("reference", "8820")]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("is there an outage in 48103", "postcode"),
        ("dunmore 48422", "postcode"),
        ("10042 please check the account", "account_number"),
        ("the account 10042", "account_number"),
        ("can you see my account? I live in 48103", "postcode"),
        ("48103", "reference"),
    ],
)
def test_five_digits_are_what_the_message_speaks_of(said: str, name: str) -> None:
    assert [found for found, _ in read(said)] == [name]


def test_a_label_belongs_to_the_number_after_it() -> None:
    found = find("10042, postcode 48104", asked_for="account_number")

    assert {one.name: one.value for one in found} == {"account_number": "10042", "postcode": "48104"}


def test_an_address_tells_its_postcode_too() -> None:
    assert read("send it to 229 Elder Close, Dunmore 48422") == [
        ("address", "229 Elder Close, Dunmore 48422"),
        ("postcode", "48422"),
    ]


def test_several_details_in_one_message_are_told_apart() -> None:
    said = "10042 is my account, order F-20418 from 2031-11-15, $79.00, write to ada@fernway.example or 312-555-0128"

    assert {name for name, _ in read(said)} == {
        "account_number", "order_number", "date", "amount", "email", "phone",
    }  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "hello",
        "I have 2 boxes and 3 remotes",
        "order from last year",
        "it has been down since 2019",
        "my account is locked",
        "THE ACCOUNT IS BROKEN AGAIN",
        "100 mbps is what I pay for",
        "call me at 5",
        "third time this week, 45 minutes on hold",
        "this is a joke",
        "in case you wonder",
        "[card number removed]",
    ],
)
def test_plain_talk_holds_no_identifier(said: str) -> None:
    assert read(said) == []


def test_only_the_last_digits_of_a_social_security_number_are_sensitive() -> None:
    (ssn,) = find("ssn 4417")
    (order,) = find("order 7304418265")

    assert ssn.is_sensitive
    assert not order.is_sensitive


def test_a_phone_number_that_exists_is_validated() -> None:
    (good,) = find("312-555-0128")
    (odd,) = find("phone 555-0128")

    assert good.is_validated
    assert not odd.is_validated


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("phone", "(312) 555-0128", "+1 312.555.0128"),
        ("email", "Ada@Fernway.example", "ada@fernway.example"),
        ("account_number", "5120 8834 7716", "512088347716"),
        ("order_number", "F-20418", "f20418"),
        ("amount", "$79", "79.00 dollars"),
        ("address", "14  Elm St", "14 elm st"),
    ],
)
def test_two_spellings_of_one_value_are_one(name: str, one: str, other: str) -> None:
    assert normalize(name, one) == normalize(name, other)


@given(st.text(max_size=300), st.sampled_from([None, "account_number", "postcode", "phone", "amount", "anything"]))
def test_findings_are_words_of_the_text_and_only_postcodes_lie_within_others(text: str, asked_for: str | None) -> None:
    found = find(text, asked_for=asked_for)

    assert all(one.value.lower() in text.lower() for one in found)
    apart = [one for one in found if one.name != "postcode"]
    assert all(one.end <= other.start for one, other in itertools.pairwise(apart))


@given(
    st.lists(
        st.sampled_from(["account ", "4", " ", "12345 ", "a@", "1 a ", "jan 1", "(312)", "+1 ", "$", "A1", "-"]),
        max_size=200,
    )
)
def test_a_message_never_gives_more_facts_than_anyone_could_read(pieces: list[str]) -> None:
    assert len(find("".join(pieces))) <= identifiers.MOST_IN_A_MESSAGE


def test_no_pattern_can_run_away() -> None:
    patterns = [value for value in vars(spellings).values() if isinstance(value, re.Pattern)]

    assert patterns
    assert [pattern.pattern for pattern in patterns if unbounded_repeats(pattern)] == []


@pytest.mark.parametrize("case", json.loads(CONTRACT.read_text(encoding="utf-8")), ids=lambda case: case["text"])
def test_the_hub_reads_identifiers_as_the_contract_says(case: dict[str, Any]) -> None:
    found = [one for one in find(case["text"]) if one.name not in NOT_FOR_THE_ASSISTANT]

    names = {"customer_name": "name"}
    assert [[names.get(one.name, one.name), one.canonical] for one in found] == case["identifiers"]


@pytest.mark.parametrize(
    ("name", "typed", "written"),
    [
        ("order_number", "f 20418", "F-20418"),
        ("case_ref", "c482 9174", "C-482-917-4"),
        ("return_number", "rn 2041", "RN-2041"),
        ("phone", "(312) 555-0128", "+13125550128"),
        ("phone", "555-0142", "555-0142"),
        ("amount", "forty bucks", "40.00"),
        ("account_number", "k7qx2m9pld", "K7QX2M9PLD"),
        ("customer_name", "ada quist", "Ada Quist"),
    ],
)
def test_an_identifier_is_written_as_the_company_writes_it(name: str, typed: str, written: str) -> None:
    assert identifiers.canonical(name, typed) == written


def test_the_first_of_a_name_is_given_in_the_companys_form() -> None:
    assert identifiers.first("return_number", "rn2041, or was it rn 2042?") == "RN-2041"
    assert identifiers.first("return_number", "no idea") is None


def test_both_environments_check_phone_numbers_with_the_same_library() -> None:
    locks = Path(__file__).resolve().parents[2] / "requirements"
    versions = {
        re.findall(r"^phonenumbers==\S+", (locks / name).read_text(), re.M)[0] for name in ("hub.txt", "bot.txt")
    }
    assert len(versions) == 1
