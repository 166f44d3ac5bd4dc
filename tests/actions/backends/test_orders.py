from decimal import Decimal

import pytest

from actions.backends import errors, orders

pytestmark = pytest.mark.usefixtures("company")


def test_orders_come_newest_first() -> None:
    assert [order.order_number for order in orders.of_account("10042")] == ["F-20431", "F-20418"]


def test_an_order_is_found_however_its_number_is_typed() -> None:
    order = orders.get("f-20418")
    assert (order.status, order.items[0].name, order.total) == ("delivered", "Wi-Fi extender", Decimal("49.00"))


def test_two_of_the_same_device_are_one_item() -> None:
    order = orders.get("F-20428")
    assert [(item.sku, item.quantity) for item in order.items] == [("tv_box_mini", 2)]
    assert order.total == Decimal("158.00")


def test_an_order_that_has_not_left_is_cancelled_and_refunded(key: str) -> None:
    order = orders.cancel("F-20433", reason="ordered twice", key=key)
    assert (order.status, order.can_cancel) == ("cancelled", False)
    assert [refund.amount for refund in orders.refunds(order_number="F-20433")] == [Decimal("49.00")]


def test_cancelling_again_changes_nothing(key: str) -> None:
    orders.cancel("F-20434", reason="no longer needed", key=key)
    orders.cancel("F-20434", reason="no longer needed", key=f"{key}-later")
    assert len(orders.refunds(order_number="F-20434")) == 1


@pytest.mark.parametrize(("order", "why"), [("F-20425", "left our warehouse"), ("F-20418", "return it instead")])
def test_an_order_on_its_way_cannot_be_cancelled(order: str, why: str, key: str) -> None:
    with pytest.raises(errors.Refused, match=why):
        orders.cancel(order, reason="changed my mind", key=key)


def test_equipment_carries_the_weight_it_really_has() -> None:
    weights = {item.name: item.weight_kg for item in orders.equipment("10042")}
    assert weights["TV Box Max recorder"] == 9.1


def test_an_exchange_sends_a_new_one_and_takes_the_old_one_back(key: str) -> None:
    modem = next(item for item in orders.equipment("10036") if item.kind == "modem")
    exchange = orders.exchange("10036", serial=modem.serial, reason="lights stay off", key=key)
    assert exchange.replacement_order.items[0].name == modem.name
    assert (exchange.old_item.serial, exchange.old_item.method) == (modem.serial, "shipping")
    assert orders.get(exchange.replacement_order.order_number).status == "processing"


def test_refunds_are_found_by_account_order_and_number() -> None:
    (refund,) = orders.refunds(account_number="10029")
    assert refund.status == "sent"
    assert orders.refund(refund.refund_number) == refund
    assert orders.refunds(order_number="f-20388") == (refund,)


def test_a_small_refund_is_granted_at_once(key: str) -> None:
    refund = orders.request_refund(
        "10003", order_number="F-20377", reason="arrived late", amount=Decimal("9.5"), key=key
    )
    assert (refund.amount, refund.status) == (Decimal("9.50"), "requested")
    with pytest.raises(errors.Refused, match="already a refund"):
        orders.request_refund("10003", order_number="F-20377", reason="again", key=f"{key}-again")


def test_a_large_refund_goes_to_a_person(key: str) -> None:
    with pytest.raises(errors.Refused) as caught:
        orders.request_refund("10005", order_number="F-20425", reason="never came", key=key)
    assert caught.value.code == "needs_person"


@pytest.mark.parametrize("order", ["F-19988", "F-20290"])
def test_a_refund_for_an_old_order_is_refused(order: str, key: str) -> None:
    account = orders.get(order).account_number
    with pytest.raises(errors.Refused, match="older than 60 days"):
        orders.request_refund(account, order_number=order, reason="too late", key=key)


def test_nobody_is_refunded_for_an_order_of_somebody_else(key: str) -> None:
    with pytest.raises(errors.NotFound, match="has no order"):
        orders.request_refund("10042", order_number="F-20377", reason="mine now", key=key)
