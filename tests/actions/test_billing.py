"""Bills, disputes and payments to their ends, with the demo company as the billing system."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import requests

from actions.backends import billing
from actions.backends.billing import Balance, BillLine, Payment
from actions.billing import BillBalance, BillCopy, BillExplain, balance_words, line_meant
from actions.complaints import Complaint
from actions.disputes import BillDispute, DisputeForm, DisputeSend
from actions.instalments import InstalmentForm, InstalmentStart, PaymentArrangement
from actions.payments import BillPay, PaymentProblem, failure_words, unsettled
from tests.actions.backends.fernway import running_company
from tests.actions.talking import Turn, run, said

pytestmark = pytest.mark.usefixtures("company")


@pytest.fixture(scope="module")
def fernway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A company of this module's own: its tests spend what other tests may count on."""
    with running_company(tmp_path_factory.mktemp("fernway") / "company.db") as url:
        yield url


def a_line(number: str, label: str, amount: str, kind: str = "equipment") -> BillLine:
    return BillLine.model_validate({"line_id": number, "kind": kind, "label": label, "amount": amount})


def a_payment(status: str, **changed: object) -> Payment:
    known = {"payment_id": "P-1", "account_number": "1", "amount": "40", "paid_on": "2026-11-02", "method": "card"}
    return Payment.model_validate(known | {"status": status} | changed)


LINES = [
    a_line("1", "Fiber 1000", "75.00", "plan"),
    a_line("2", "TV Box Mini rent", "6.00"),
    a_line("3", "TV Box Max rent", "12.00"),
    a_line("4", "Late fee", "9.50", "late_fee"),
]


# What is owed


async def test_the_balance_comes_with_its_due_date_and_what_to_do_next() -> None:
    turn = await run(BillBalance(), said("what do i owe", "bill_balance", account="10027"))
    assert "You owe $115.40, due" in turn.text
    assert turn.payload("Pay now") == "/bill_pay"
    assert turn.tried == {"billing.balance": "ok"}


@pytest.mark.parametrize(
    ("amount", "words"),
    [("-5", "You're $5.00 in credit"), ("0", "all paid up"), ("20", "You owe $20.00, due Tuesday, December 1.")],
)
def test_nobody_is_told_to_pay_what_they_do_not_owe(amount: str, words: str) -> None:
    owed = Balance(
        account_number="1",
        amount_due=Decimal(amount),
        due_on=date(2026, 12, 1),
        is_overdue=False,
        is_autopay=False,
        last_payment=None,
    )
    assert words in balance_words(owed)


async def test_someone_we_do_not_know_is_asked_who_they_are_first() -> None:
    turn = await run(BillBalance(), said("what do i owe", "bill_balance"))
    assert turn.next_action == "identify_form"
    assert turn.slots["wanted"] == "action_bill_balance"
    assert turn.tried == {}


# Why it changed


async def test_a_higher_bill_is_explained_line_by_line_with_the_reason_of_each() -> None:
    turn = await run(BillExplain(), said("why is it so high", "bill_explain", account="10042"))
    assert "$30.50 more than in October" in turn.text
    for line in ("Welcome discount +$15.00: ", "Late fee +$9.50: ", "TV Box Mini rent +$6.00: "):
        assert line in turn.text


async def test_one_charge_is_explained_when_one_is_asked_about() -> None:
    words = said("what's the late fee of $9.50", "bill_explain", account="10042", entities={"amount": "$9.50"})
    turn = await run(BillExplain(), words)
    assert turn.text.startswith("Late fee is $9.50")
    assert "nine days" in turn.text


@pytest.mark.parametrize(
    ("words", "line_id"),
    [("the late fee", "4"), ("i dont owe $6", "2"), ("9.50 for what", "4"), ("the box", None), ("wrong charge", None)],
)
def test_a_line_is_taken_only_when_the_words_fit_no_other(words: str, line_id: str | None) -> None:
    found = line_meant(words, LINES)
    assert (found.line_id if found else None) == line_id


# Disputes


async def dispute(account: str, text: str) -> Turn:
    """A dispute that names its line and reason, confirmed."""
    started = await run(BillDispute(), said(text, "bill_dispute", account=account))
    assert started.next_action == "dispute_form"
    assert started.slots["bill_line"] is not None
    slots = started.slots | {"dispute_confirm": "yes", "dispute_reason": started.slots["dispute_reason"] or "not mine"}
    return await run(DisputeSend(), said("yes", "affirm", account=account, slots=slots))


async def test_a_small_first_dispute_is_credited_at_once() -> None:
    turn = await dispute("10042", "i dispute the late fee, i paid on time")
    assert "$9.50" in turn.text
    assert turn.facts["dispute_number"].startswith("DS-")
    assert turn.next_action is None


async def test_a_second_dispute_goes_to_a_person_who_reads_line_amount_and_reason() -> None:
    await dispute("10042", "the late fee is wrong, i paid on time")
    turn = await dispute("10042", "i never ordered the TV Box Mini")
    assert turn.tried == {"billing.dispute": "refused"}
    assert turn.next_action == "action_handover"
    assert turn.slots["handover_reason"] == "policy_exception"
    for known in ("TV Box Mini rent", "$6.00", "B-2611-10042", "never ordered"):
        assert known in turn.slots["handover_detail"]


async def test_a_high_charge_goes_to_a_person_as_such() -> None:
    turn = await dispute("10027", "i never made the international calls")
    assert turn.next_action == "action_handover"
    assert "$31.40" in turn.slots["handover_detail"]


async def test_the_lines_are_buttons_when_none_was_named() -> None:
    started = await run(BillDispute(), said("my bill is wrong", "bill_dispute", account="10018"))
    assert started.slots["bill_line"] is None
    named = [line["label"] for line in started.slots["bill_lines"]]
    assert "TV Box Mini rent" in named


@pytest.mark.parametrize(
    ("text", "intent", "line_id"),
    [("no, the late fee", "deny", "4"), ("no the 12 dollar one", "deny", "3"), ("no, another one", "deny", None)],
)
async def test_the_line_can_be_corrected_at_the_last_question(text: str, intent: str, line_id: str | None) -> None:
    kept = {
        "bill_lines": [line.model_dump(mode="json") for line in LINES],
        "bill_line": "2",
        "dispute_reason": "not mine",
    }
    words = said(text, intent, account="10018", form="dispute_form", slots=kept | {"requested_slot": "dispute_confirm"})
    turn = await run(DisputeForm(), words)
    assert turn.slots["bill_line"] == line_id
    assert turn.slots["requested_slot"] == ("dispute_confirm" if line_id else "bill_line")


async def test_a_wish_to_return_what_a_charge_is_for_disputes_nothing() -> None:
    kept = {"bill_lines": [line.model_dump(mode="json") for line in LINES], "requested_slot": "bill_line"}
    words = said(
        "also i want to return my tv box mini", "return_start", form="dispute_form", slots=kept, account="10018"
    )
    turn = await run(DisputeForm(), words)
    assert turn.slots.get("bill_line") is None
    assert {event["event"] for event in turn.events} == {"action_execution_rejected"}


async def test_what_is_not_on_the_bill_goes_to_a_person() -> None:
    kept = {"bill_lines": [line.model_dump(mode="json") for line in LINES], "requested_slot": "bill_line"}
    turn = await run(DisputeForm(), said("it's not listed", account="10018", form="dispute_form", slots=kept))
    assert turn.next_action == "action_handover"


# Paying


async def test_a_pay_link_is_for_the_balance_unless_a_part_is_named() -> None:
    whole = await run(BillPay(), said("i want to pay my bill", "bill_pay", account="10012"))
    part = await run(BillPay(), said("pay $40 now", "bill_pay", account="10012", entities={"amount": "$40"}))
    assert whole.links[0]["title"] == "Pay $73.50"
    assert part.links[0]["title"] == "Pay $40.00"


async def test_the_same_message_makes_one_pay_link_however_often_it_arrives() -> None:
    first = await run(BillPay(), said("pay", "bill_pay", account="10007", key="same"))
    again = await run(BillPay(), said("pay", "bill_pay", account="10007", key="same"))
    assert again.links == first.links


async def test_nothing_owed_is_nothing_to_pay() -> None:
    turn = await run(BillPay(), said("pay", "bill_pay", account="10013"))
    assert turn.links == ()
    assert "nothing to pay" in turn.text


async def test_a_failed_payment_is_told_with_its_reason_and_the_ways_out() -> None:
    turn = await run(PaymentProblem(), said("payment failed?", "payment_problem", account="10008"))
    assert "the card has expired" in turn.text
    assert "Pay another way" in [button["title"] for button in turn.buttons]
    assert "Try it again now" not in [button["title"] for button in turn.buttons]


async def test_a_payment_worth_retrying_is_retried_by_its_button() -> None:
    told = await run(PaymentProblem(), said("payment failed?", "payment_problem", account="10025"))
    assert '"payment_again"' in told.payload("Try it again now")
    payment_id = billing.payments("10025", status="failed")[0].payment_id
    turn = await run(
        PaymentProblem(), said("", "payment_problem", account="10025", entities={"payment_again": payment_id})
    )
    assert turn.tried == {"billing.retry_payment": "ok"}


def test_a_failure_made_good_since_is_no_problem_any_more() -> None:
    assert unsettled([a_payment("paid"), a_payment("failed")]) is None
    assert unsettled([a_payment("pending"), a_payment("failed")]) is not None
    assert "didn't go through." in failure_words(a_payment("failed"))


# In parts


async def test_instalments_are_offered_by_rule_and_set_up_on_a_yes() -> None:
    offered = await run(PaymentArrangement(), said("pay in parts", "payment_arrangement", account="10030"))
    assert [option["months"] for option in offered.slots["instalment_options"]] == [2, 3, 6]
    chosen = await run(
        InstalmentForm(),
        said(
            "over three months",
            account="10030",
            form="instalment_form",
            slots=offered.slots | {"requested_slot": "instalment_option"},
        ),
    )
    assert chosen.slots["instalment_option"] == "three"
    slots = offered.slots | chosen.slots | {"instalment_confirm": "yes"}
    turn = await run(InstalmentStart(), said("yes", "affirm", account="10030", slots=slots))
    assert turn.text.count("•") == 3
    assert turn.facts["plan_number"].startswith("IP-")


async def test_no_six_months_changes_the_plan_and_is_not_taken_for_a_no() -> None:
    offered = await run(PaymentArrangement(), said("pay in parts", "payment_arrangement", account="10014"))
    kept = offered.slots | {"instalment_option": "three", "requested_slot": "instalment_confirm"}
    turn = await run(
        InstalmentForm(), said("no, 6 months", "deny", account="10014", form="instalment_form", slots=kept)
    )
    assert turn.slots["instalment_option"] == "six"
    assert turn.slots["requested_slot"] == "instalment_confirm"


async def test_what_the_rules_refuse_can_be_asked_of_a_person_without_telling_it_again() -> None:
    refused = await run(PaymentArrangement(), said("instalments", "payment_arrangement", account="10035"))
    assert "Instalments are for $60.00 or more" in refused.text
    assert refused.payload("Ask a person").startswith("/payment_arrangement{")
    pressed = said("", "payment_arrangement", account="10035", entities={"exception_detail": "Instalments are for …"})
    turn = await run(PaymentArrangement(), pressed)
    assert turn.slots["handover_reason"] == "policy_exception"
    assert turn.slots["handover_detail"] == "Instalments are for …"


# Copies


@pytest.mark.parametrize(
    ("words", "title"), [("copy of my bill", "November bill"), ("my october bill", "October bill")]
)
async def test_a_copy_is_of_the_month_that_was_named_else_the_newest(words: str, title: str) -> None:
    turn = await run(BillCopy(), said(words, "bill_copy", account="10042"))
    assert turn.links[0]["title"] == title
    assert len(turn.buttons) == 2


# Complaints


async def test_a_complaint_is_heard_with_what_we_can_see_of_the_trouble() -> None:
    turn = await run(Complaint(), said("this is a disgrace", "complaint", account="10008"))
    assert "an outage at your address right now" in turn.text
    assert "$64.00" in turn.text
    assert turn.payload("Talk to a person") == "/talk_to_human"


# The company is down


@pytest.fixture
def billing_is_down(company: str) -> None:
    requests.post(f"{company}/demo/faults", json={"system": "billing", "mode": "down"}, timeout=5).raise_for_status()


@pytest.mark.usefixtures("billing_is_down")
async def test_a_billing_system_that_is_down_leads_to_a_person_and_a_complaint_is_still_heard() -> None:
    turn = await run(BillBalance(), said("what do i owe", "bill_balance", account="10042"))
    assert turn.slots["handover_reason"] == "company_down"
    assert turn.tried == {"billing.balance": "failed"}
    heard = await run(Complaint(), said("i complain", "complaint", account="10042"))
    assert "an outage at your address" in heard.text


async def test_an_account_the_company_does_not_know_is_a_persons_to_sort_out() -> None:
    turn = await run(BillBalance(), said("what do i owe", "bill_balance", account="99999"))
    assert turn.next_action == "action_handover"
