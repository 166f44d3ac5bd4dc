"""Orders, refunds and exchanges to their ends, with the demo company as the orders system."""

from collections.abc import Iterator
from typing import Any

import pytest
from rasa_sdk import Action

from actions.backends import orders
from actions.exchanges import ActionAskExchangeConfirm, ActionExchangeItem, ValidateExchangeForm
from actions.orders import ActionOrderCancel, ActionOrderCancelled, ActionOrderStatus, ValidateOrderCancelForm
from actions.refunds import ActionRefundRequest, ActionRefundStatus, ValidateRefundForm
from tests.actions.backends.fernway import running_company
from tests.actions.talking import Turn, run, said

pytestmark = pytest.mark.usefixtures("company")

MAYA = {"account_number": "10042", "account_postcode": "48104"}
OLIVIA = {"account_number": "10005", "account_postcode": "known"}


@pytest.fixture(scope="module")
def fernway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A company of this module's own: its tests cancel orders and spend refunds."""
    with running_company(tmp_path_factory.mktemp("fernway") / "company.db") as url:
        yield url


async def starting(form: Action, text: str, slots: dict[str, Any], intent: str, **more: Any) -> Turn:
    tracker = said(text, intent, slots=slots, **more)
    tracker.events.append({"event": "active_loop", "name": form.name().removeprefix("validate_")})
    return await run(form, tracker)


async def test_the_order_under_way_is_told_first_with_what_can_be_done() -> None:
    turn = await run(ActionOrderStatus(), said("where is my order", "order_status", account="10042"))
    assert "F-20431 (TV Box 4K) is being packed" in turn.text
    assert turn.payload("Cancel it") == '/order_cancel{"order_number": "F-20431"}'


async def test_a_named_order_is_told_even_when_its_prefix_is_missing() -> None:
    turn = await run(
        ActionOrderStatus(), said("order 20418?", "order_status", account="10042", facts={"order_number": "20418"})
    )
    assert "F-20418 (Wi-Fi extender) was delivered" in turn.text


async def test_someone_elses_order_is_not_told() -> None:
    turn = await run(
        ActionOrderStatus(), said("", "order_status", account="10042", entities={"order_number": "F-20425"})
    )
    assert "I don't see order F-20425 on your account" in turn.text
    assert "Home Hub" not in turn.text


async def test_the_one_order_that_can_be_cancelled_is_chosen_without_asking() -> None:
    turn = await starting(ValidateOrderCancelForm(), "cancel my order", MAYA, "order_cancel")
    assert turn.slots["order_number"] == "F-20431"
    assert turn.slots["requested_slot"] == "order_cancel_confirm"


async def test_a_cancelled_order_says_what_comes_back() -> None:
    slots = {"account_number": "10021", "account_postcode": "known", "order_number": "F-20434"}
    turn = await run(ActionOrderCancelled(), said("yes", slots=slots | {"order_cancel_confirm": True}))
    assert "F-20434 is cancelled. $168.00" in turn.text
    assert orders.get("F-20434").status == "cancelled"
    progress = await run(ActionRefundStatus(), said("where is my refund", "refund_status", account="10021"))
    assert "$168.00" in progress.text


async def test_an_order_that_has_left_is_offered_to_a_person() -> None:
    turn = await starting(ValidateOrderCancelForm(), "", OLIVIA, "order_cancel", entities={"order_number": "F-20425"})
    assert turn.slots["policy_refusal"] == "Order F-20425 has already left us."
    assert turn.slots["requested_slot"] == "policy_exception"


async def test_calling_off_a_pickup_is_about_the_return() -> None:
    turn = await run(ActionOrderCancel(), said("please cancel my pickup", "order_cancel"))
    assert turn.next_action == "return_change_form"


async def test_a_refund_is_asked_for_once_the_reason_is_known() -> None:
    known = {"account_number": "10003", "account_postcode": "known"}
    turn = await starting(
        ValidateRefundForm(),
        "refund F-20377, it never arrived",
        known,
        "refund_request",
        entities={"order_number": "F-20377"},
    )
    assert turn.slots["refund_reason"] == "never arrived"
    assert turn.slots["requested_slot"] == "refund_confirm"
    asked = known | {"order_number": "F-20377", "refund_reason": "never arrived", "refund_confirm": True}
    done = await run(ActionRefundRequest(), said("yes", slots=asked))
    assert "$49.00" in done.text
    assert done.facts["refund_number"].startswith("RF-")


async def test_a_refund_above_the_limit_goes_to_a_person() -> None:
    slots = {"account_number": "10005", "account_postcode": "known", "order_number": "F-20425"}
    turn = await run(ActionRefundRequest(), said("yes", slots=slots | {"refund_reason": "x", "refund_confirm": True}))
    assert turn.slots["handover_reason"] == "high_value"
    assert turn.tried["orders.request_refund"] == "refused"


async def test_a_refund_the_rules_refuse_becomes_a_question_for_a_person() -> None:
    slots = {"account_number": "10023", "account_postcode": "known", "order_number": "F-19112"}
    turn = await run(ActionRefundRequest(), said("yes", slots=slots | {"refund_reason": "x", "refund_confirm": True}))
    assert "older than 60 days" in turn.slots["policy_refusal"]
    assert turn.next_action == "refund_form"


async def test_an_exchange_sends_a_new_device_and_a_label_for_the_old_one() -> None:
    known = {"account_number": "10008", "account_postcode": "known"}
    turn = await starting(ValidateExchangeForm(), "swap my broken tv box", known, "exchange_item")
    assert turn.slots["requested_slot"] == "exchange_confirm"
    slots = known | {"return_item": "FWTVB400766", "return_reason": "faulty", "exchange_confirm": True}
    assert "TV Box 4K" in (await run(ActionAskExchangeConfirm(), said(slots=slots))).text
    done = await run(ActionExchangeItem(), said("yes", slots=slots))
    assert done.facts["return_number"] in done.text
    assert done.links
