from decimal import Decimal
from functools import partial

import pytest
import requests

from actions.backends import errors, orders, returns
from actions.backends.results import Address

pytestmark = pytest.mark.usefixtures("company")
MAYA = "10042"
NEW_HOME = Address(line1="14 Elm Street", city="Alder Falls", postcode="48106")


def serial(account: str, name: str) -> str:
    return next(item.serial for item in orders.equipment(account) if name in item.name)


def rented(account: str) -> str:
    return next(item.serial for item in orders.equipment(account) if item.is_rented)


def test_the_cable_box_is_picked_up_where_they_live_now_with_a_label_for_its_weight(key: str) -> None:
    window = returns.pickup_windows("48106")[0]
    made = returns.create(
        MAYA,
        serial=serial(MAYA, "TV Box Max"),
        reason="two flats became one",
        method="pickup",
        address=NEW_HOME,
        window_id=window.window_id,
        key=key,
    )
    assert (made.pickup_address, made.pickup_window) == (NEW_HOME, window)
    assert (made.label.weight_kg, made.label.weight_lb) == (9.1, 20.0)
    page = requests.get(made.label.url, timeout=5).text
    assert "9.1 kg (20 lb)" in page
    assert "14 Elm Street" in page
    assert made.return_number in page
    assert returns.get(made.return_number.lower()) == made
    assert made in returns.of_account(MAYA)


@pytest.mark.parametrize("postcode", ["48104", "90210"])
def test_pickup_is_offered_at_any_address_in_the_next_days(postcode: str) -> None:
    windows = returns.pickup_windows(postcode)
    assert len(windows) == 15
    assert all(window.starts_at.weekday() != 6 for window in windows)


def test_a_pickup_needs_a_window_that_is_on_offer(key: str) -> None:
    with pytest.raises(errors.Invalid, match="pickup windows"):
        returns.create("10016", serial=rented("10016"), reason="moving", method="pickup", window_id="1999", key=key)


def test_drop_off_points_are_the_nearest_that_take_the_weight() -> None:
    near = returns.drop_off_points("48104")
    assert near[0].name == "Corner Books"
    assert [point.distance_km for point in near] == sorted(point.distance_km for point in near)
    heavy = returns.drop_off_points("48104", weight_kg=9.1)
    assert "Corner Books" not in {point.name for point in heavy}
    assert len(returns.drop_off_points("90210", limit=5)) == 5


def test_a_drop_off_point_that_cannot_take_the_weight_is_refused_with_the_reason(key: str) -> None:
    box = serial(MAYA, "TV Box Max")
    for made in returns.of_account(MAYA):
        if made.serial == box and made.status == "created":
            returns.cancel(made.return_number, key=f"{key}-cancel")
    with pytest.raises(errors.Refused, match=r"up to 5 kg; this one weighs 9\.1 kg"):
        returns.create(MAYA, serial=box, reason="no use", method="drop_off", point_id="DP-03", key=key)


def test_shipping_brings_a_carton_that_carries_the_device(key: str) -> None:
    made = returns.create("10018", serial=rented("10018"), reason="spare", method="shipping", key=key)
    assert made.label.carton == "small carton, 30 x 20 x 12 cm"
    assert made.carton_address is not None
    assert made.label.carton_ships_on is not None


def test_method_and_address_change_later_and_the_story_is_kept(key: str) -> None:
    made = returns.create("10019", serial=rented("10019"), reason="spare", method="shipping", key=key)
    window = returns.pickup_windows(NEW_HOME.postcode)[2]
    changed = returns.change(
        made.return_number, method="pickup", address=NEW_HOME, window_id=window.window_id, key=f"{key}-change"
    )
    assert (changed.method, changed.pickup_address, changed.label.carton) == ("pickup", NEW_HOME, None)
    assert [event.text for event in changed.events] == [
        "Return started, by shipping with a carton.",
        "Changed: courier pickup.",
    ]


def test_a_cancelled_return_stays_cancelled_and_its_label_is_void(key: str) -> None:
    made = returns.create("10020", serial=rented("10020"), reason="spare", method="shipping", key=key)
    assert returns.cancel(made.return_number, key=f"{key}-cancel").status == "cancelled"
    assert requests.get(made.label.url, timeout=5).status_code == 404
    with pytest.raises(errors.Refused, match="can no longer be changed"):
        returns.change(made.return_number, method="drop_off", point_id="DP-01", key=f"{key}-change")
    returns.create("10020", serial=made.serial, reason="after all", method="shipping", key=f"{key}-again")


def test_a_device_is_returned_once(key: str) -> None:
    made = returns.create("10021", serial=rented("10021"), reason="spare", method="shipping", key=key)
    with pytest.raises(errors.Refused, match=made.return_number):
        returns.create("10021", serial=made.serial, reason="spare", method="shipping", key=f"{key}-again")


def test_a_repeated_message_makes_one_return(key: str) -> None:
    device = rented("10022")
    first = returns.create("10022", serial=device, reason="spare", method="shipping", key=key)
    assert returns.create("10022", serial=device, reason="spare", method="shipping", key=key) == first
    assert len(returns.of_account("10022")) == 1


@pytest.mark.parametrize(
    ("account", "device", "condition", "is_allowed", "fee", "refund"),
    [
        ("10042", "TV Box Max", "good", True, "0.00", "0.00"),
        ("10042", "TV Box Max", "damaged", True, "60.00", "0.00"),
        ("10042", "extender", "good", True, "0.00", "49.00"),
        ("10042", "extender", "damaged", False, "0.00", "0.00"),
        ("10008", "TV Box 4K", "good", True, "19.35", "109.65"),
        ("10008", "TV Box 4K", "unopened", True, "0.00", "129.00"),
        ("10006", "Hub 7", "good", False, "0.00", "0.00"),
        ("10017", "Hub 7", "faulty", True, "0.00", "179.00"),
        ("10023", "phone", "faulty", False, "0.00", "0.00"),
    ],
)
def test_policy_by_device_age_and_condition(
    account: str, device: str, condition: returns.Condition, is_allowed: bool, fee: str, refund: str
) -> None:
    bought = [item.serial for item in orders.equipment(account) if device in item.name and not item.is_rented]
    check = returns.check_policy(account, serial=(bought or [serial(account, device)])[0], condition=condition)
    assert check.is_allowed is is_allowed
    assert (check.fee, check.refund_estimate) == (Decimal(fee), Decimal(refund))
    assert check.sentence.endswith(".")
    assert bool(check.methods) is is_allowed


def test_what_policy_refuses_a_person_can_allow(key: str) -> None:
    late = next(item.serial for item in orders.equipment("10006") if not item.is_rented)
    send_back = partial(returns.create, "10006", serial=late, reason="was in hospital", method="shipping")
    with pytest.raises(errors.Refused, match="could be returned until") as caught:
        send_back(key=key)
    assert caught.value.code == "policy_refused"
    made = send_back(key=f"{key}-yes", approved_by="Dana Reyes", case_ref="C-482-917")
    assert (made.approved_by, made.case_ref, made.refund_estimate) == ("Dana Reyes", "C-482-917", Decimal("179.00"))


def test_a_device_of_somebody_else_is_not_known(key: str) -> None:
    with pytest.raises(errors.NotFound, match="has no device"):
        returns.create("10010", serial=rented(MAYA), reason="mine", method="shipping", key=key)
