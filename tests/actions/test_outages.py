"""Outages from first word to ticket, with the demo company as the network."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from actions.backends import network
from actions.diagnosis import OutageDiagnosed, OutageDiagnosisForm, OutageTestLine, advice, described
from actions.downtime import OutageCredit, OutageCreditGive
from actions.outage_updates import OutageNotify, OutageSubscribe, masked
from actions.outages import OutageReport, OutageStatus, told
from actions.places import OutagePlaceForm, Place
from tests.actions.backends.fernway import running_company
from tests.actions.talking import run, said

pytestmark = pytest.mark.usefixtures("company")


@pytest.fixture(scope="module")
def fernway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A company of this module's own: its tests spend what other tests may count on."""
    with running_company(tmp_path_factory.mktemp("fernway") / "company.db") as url:
        yield url


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def an_incident(**changed: object) -> network.Incident:
    known: dict[str, object] = {
        "incident_id": "INC-9",
        "title": "Cut",
        "cause": "A digger cut a cable.",
        "status": "repairing",
        "services": ("internet",),
        "postcodes": ("48103",),
        "started_at": NOW - timedelta(hours=2),
        "updates": (),
    }
    return network.Incident.model_validate(known | changed)


# Known outages


async def test_a_known_outage_is_told_with_cause_estimate_and_a_way_to_hear_more() -> None:
    turn = await run(OutageReport(), said("my internet is down", "outage_report", account="10042"))
    assert "Road works on Orchard Road" in turn.text
    assert "It should be back" in turn.text
    assert turn.payload("Send me updates") == "/outage_notify"
    assert turn.tried == {"network.incidents": "ok"}
    assert turn.slots["outage_incident"] == "INC-301"


async def test_any_postcode_can_be_looked_up_whoever_asks() -> None:
    words = said("is there an outage in 48212", "outage_status", account="10003", entities={"postcode": "48212"})
    turn = await run(OutageStatus(), words)
    assert "outage in 48212" in turn.text
    assert "I can't say yet when it'll be back." in turn.text


async def test_a_stranger_is_asked_where_before_anything_is_claimed() -> None:
    turn = await run(OutageReport(), said("internet is dead", "outage_report"))
    assert turn.next_action == "outage_place_form"
    assert turn.slots["wanted"] == "action_outage_report"


async def test_a_postcode_told_earlier_is_not_asked_again() -> None:
    turn = await run(OutageStatus(), said("is there an outage?", "outage_status", facts={"postcode": "48103"}))
    assert "outage in 48103" in turn.text
    assert turn.next_action is None


async def test_an_account_number_answers_the_question_where_as_well() -> None:
    words = said(
        "it's 10004",
        entities={"account_number": "10004"},
        form="outage_place_form",
        slots={"requested_slot": "outage_place"},
    )
    turn = await run(OutagePlaceForm(), words)
    assert turn.slots["account_number"] == "10004"
    assert turn.slots["requested_slot"] is None


def test_an_estimate_that_has_passed_is_not_promised_again() -> None:
    late = an_incident(estimate_at=NOW - timedelta(hours=1))
    assert "It should have been back" in told(Place(postcode="48103"), late, NOW)


def test_an_outage_that_is_over_is_told_as_over() -> None:
    over = an_incident(status="resolved", resolved_at=NOW - timedelta(hours=1))
    assert told(Place(account_number="10042"), over, NOW).startswith("The outage at your address was fixed today")


# Updates


async def test_only_contacts_we_know_are_offered_and_text_me_chooses_the_phone() -> None:
    turn = await run(OutageNotify(), said("text me when it's back", "outage_notify", account="10005"))
    assert turn.next_action == "outage_contact_form"
    assert turn.slots["outage_contact"].endswith("0105")


async def test_a_subscription_is_made_at_the_company_and_read_back_masked() -> None:
    slots = {"outage_contact": "maya.okafor@example.com", "outage_incident": "INC-301"}
    turn = await run(OutageSubscribe(), said("email me", "outage_notify", account="10042", slots=slots))
    assert "m•••@example.com" in turn.text
    assert turn.tried == {"network.subscribe": "ok"}


async def test_there_is_nothing_to_follow_where_nothing_is_broken() -> None:
    turn = await run(OutageNotify(), said("keep me posted", "outage_notify", account="10003"))
    assert "don't know of any outage" in turn.text
    assert turn.next_action is None


def test_a_masked_contact_can_be_recognised_but_not_read() -> None:
    assert masked("lee@example.com") == "l•••@example.com"
    assert masked("555-0142") == "•••0142"


# Line test, diagnosis, report


async def test_no_known_outage_leads_straight_to_the_line_test() -> None:
    turn = await run(OutageReport(), said("no internet", "outage_report", account="10003"))
    assert turn.next_action == "action_outage_test_line"


async def test_what_was_said_at_the_start_is_an_answer_already() -> None:
    words = said("wifi is so slow", "troubleshoot", account="10012", slots={"outage_said": "wifi is so slow"})
    turn = await run(OutageTestLine(), words)
    assert turn.slots["outage_symptom"] == "slow"
    assert turn.next_action == "outage_diagnosis_form"


async def test_a_broken_line_is_not_questioned_but_booked() -> None:
    tested = await run(OutageTestLine(), said("internet down", "outage_report", account="10014"))
    asked = await run(
        OutageDiagnosisForm(),
        said(
            "yes",
            "affirm",
            account="10014",
            form="outage_diagnosis_form",
            slots=tested.slots | {"requested_slot": "outage_visit"},
        ),
    )
    assert asked.slots["outage_visit"] == "yes"
    assert asked.slots["requested_slot"] is None
    turn = await run(OutageDiagnosed(), said("yes", "affirm", account="10014", slots=tested.slots | asked.slots))
    assert "A technician comes" in turn.text
    assert turn.facts["fault_number"].startswith("FR-")
    again = await run(OutageTestLine(), said("still down", "outage_report", account="10014"))
    assert "already reported" in again.text


async def test_dead_internet_says_nothing_about_lights_until_we_ask() -> None:
    test = {"outcome": "router_offline", "needs_technician": False, "steps": []}
    early = said("internet is dead", "outage_report", form="outage_diagnosis_form", slots={"outage_test": test})
    assert OutageDiagnosisForm().hear(early, "starting") == {"outage_symptom": "nothing works"}
    asked = said(
        "all dead", form="outage_diagnosis_form", slots={"outage_test": test, "requested_slot": "outage_lights"}
    )
    assert (await run(OutageDiagnosisForm(), asked)).slots["outage_lights"] == "none"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("nope still slow", "no"),
        ("yes its back", "yes"),
        ("tried it already, same", "no"),
        ("im at work, later", "later"),
    ],
)
async def test_whether_the_advice_helped_is_understood_in_plain_words(text: str, meant: str) -> None:
    slots = {"outage_test": {"outcome": "ok"}, "outage_symptom": "slow", "outage_scope": "every device"}
    words = said(text, form="outage_diagnosis_form", slots=slots | {"requested_slot": "outage_fixed"})
    assert (await run(OutageDiagnosisForm(), words)).slots["outage_fixed"] == meant


@pytest.mark.parametrize(("text", "intent"), [("sorry, only one device", "troubleshoot"), ("just my laptop", "inform")])
async def test_an_earlier_answer_can_be_corrected_while_another_is_asked(text: str, intent: str) -> None:
    slots = {"outage_test": {"outcome": "ok"}, "outage_symptom": "slow", "outage_scope": "every device"}
    words = said(text, intent, form="outage_diagnosis_form", slots=slots | {"requested_slot": "outage_fixed"})
    turn = await run(OutageDiagnosisForm(), words)
    assert turn.slots["outage_scope"] == "one device"
    assert turn.slots["requested_slot"] == "outage_fixed"


async def test_a_question_about_the_bill_is_not_taken_for_a_device() -> None:
    slots = {"outage_test": {"outcome": "ok"}, "outage_symptom": "slow", "requested_slot": "outage_scope"}
    words = said("hows my bill btw", "bill_balance", form="outage_diagnosis_form", slots=slots)
    turn = await run(OutageDiagnosisForm(), words)
    assert "outage_scope" not in turn.slots


async def test_saying_it_again_does_not_start_the_diagnosis_again() -> None:
    words = said("my internet is down", "outage_report", account="10003", form="outage_diagnosis_form")
    turn = await run(OutageReport(), words)
    assert turn.tried == {}
    assert turn.next_action is None


async def test_a_fault_report_holds_all_that_was_said_and_tried() -> None:
    tested = await run(
        OutageTestLine(), said("", "troubleshoot", account="10016", slots={"outage_said": "wifi is so slow"})
    )
    answers = {"outage_said": "wifi is so slow", "outage_scope": "one device", "outage_fixed": "no"}
    words = said("no", account="10016", slots=tested.slots | answers)
    assert "wifi is so slow" in described(words)
    assert advice(words) in described(words)
    turn = await run(OutageDiagnosed(), words)
    assert turn.slots["outage_symptom"] is None
    (fault,) = network.faults("10016")
    assert "one device" in fault.description


# Credit


async def test_credit_follows_the_rule_and_is_given_once() -> None:
    quoted = await run(OutageCredit(), said("credit me for the outage", "outage_credit", account="10017"))
    assert quoted.slots["credit_quote"] == {"hours": 7, "amount": "$7.00"}
    given = await run(OutageCreditGive(), said("yes", account="10017", slots=quoted.slots | {"credit_confirm": "yes"}))
    assert given.facts["credit_number"].startswith("CR-")
    again = await run(OutageCredit(), said("credit me again", "outage_credit", account="10017"))
    assert again.next_action is None
    assert "A colleague may still decide otherwise." in again.text


async def test_credit_above_the_limit_goes_to_a_person_with_the_numbers() -> None:
    turn = await run(OutageCredit(), said("money back please", "outage_credit", account="10010"))
    assert turn.next_action == "action_handover"
    assert turn.slots["handover_reason"] == "high_value"
    assert "$52.00" in turn.slots["handover_detail"]


async def test_a_no_leaves_the_bill_alone() -> None:
    turn = await run(OutageCreditGive(), said("no", "deny", account="10006", slots={"credit_confirm": "no"}))
    assert turn.tried == {}
    assert "left it as it is" in turn.text


# The company is down


@pytest.fixture
def network_is_down(company: str) -> None:
    requests.post(f"{company}/demo/faults", json={"system": "network", "mode": "down"}, timeout=5).raise_for_status()


@pytest.mark.usefixtures("network_is_down")
async def test_a_network_system_that_is_down_leads_to_a_person_and_is_noted() -> None:
    turn = await run(OutageReport(), said("no internet", "outage_report", account="10003"))
    assert turn.tried == {"network.incidents": "failed"}
    assert turn.slots["handover_reason"] == "company_down"
    assert turn.next_action == "action_handover"
