"""Returns from the first words to a label, with the demo company as the orders system."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from rasa_sdk import Action

from actions.backends import returns
from actions.device_form import ActionAskReturnItem
from actions.refusals import ActionAskPolicyException
from actions.return_changes import ActionReturnChange, ActionReturnMethod, ValidateReturnChangeForm
from actions.return_rules import ActionReturnPolicy
from actions.return_status import ActionReturnStatus
from actions.returns import ActionAskReturnConfirm, ActionReturnMake, ValidateReturnForm
from actions.travel_questions import ActionAskReturnMethod, ActionAskReturnPoint, ActionAskReturnWindow
from tests.actions.backends.fernway import running_company
from tests.actions.talking import Turn, run, said
from words import days

pytestmark = pytest.mark.usefixtures("company")

MAYA = {"account_number": "10042", "account_postcode": "48104"}
RECORDER, MINI, EXTENDER = "FWTVB404096", "FWTVB404133", "FWEXT404170"
PLANNED = MAYA | {"return_item": RECORDER, "return_reason": "not needed", "policy_refusal": ""}
ELM_STREET = "14 Elm Street, Brightwater 48210"


@pytest.fixture(scope="module")
def fernway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A company of this module's own: its tests make and cancel returns."""
    with running_company(tmp_path_factory.mktemp("fernway") / "company.db") as url:
        yield url


@pytest.fixture
def window() -> str:
    return returns.pickup_windows("48210")[0].window_id


async def filling(form: Action, text: str, asked: str | None, slots: dict[str, Any], intent: str, **more: Any) -> Turn:
    """One message to a form: the answer to `asked`, or what starts it when nothing was asked."""
    name = form.name().removeprefix("validate_")
    tracker = said(text, intent, slots=slots | {"requested_slot": asked}, form=name if asked else None, **more)
    if not asked:
        tracker.events.append({"event": "active_loop", "name": name})
    return await run(form, tracker)


async def answering(text: str, asked: str | None, slots: dict[str, Any], intent: str = "inform", **more: Any) -> Turn:
    return await filling(ValidateReturnForm(), text, asked, slots, intent, **more)


def asked_next(turn: Turn) -> str | None:
    return next((str(slot) for slot in [turn.slots.get("requested_slot")] if slot), None)


# What the customer's words tell


async def test_several_details_in_one_message_are_all_taken() -> None:
    text = "I want to return my tv box max, I don't need it, pick it up at 12 Elm Street, Brightwater 48210 tomorrow"
    turn = await answering(text, None, MAYA, "return_start")
    assert turn.slots["return_item"] == RECORDER
    assert turn.slots["return_method"] == "pickup"
    assert turn.slots["return_address"] == "12 Elm Street, Brightwater 48210"
    assert turn.slots["return_reason"] == "not needed"
    assert asked_next(turn) == "return_window"


@pytest.mark.parametrize(
    "text", ["the big recordr", "tv box max", "FWTVB404096", "its teh recorder", "the big cabel boxx"]
)
async def test_a_device_is_understood_however_it_is_written(text: str) -> None:
    turn = await answering(text, "return_item", MAYA)
    assert turn.slots["return_item"] == RECORDER


async def test_why_once_more_is_no_device_and_brings_no_reproach() -> None:
    slots = MAYA | {"return_reason": "faulty"}
    turn = await answering("we merged two flats and only need one", "return_item", slots, "return_start")
    assert turn.text == ""
    assert turn.slots.get("return_reason", "faulty") == "faulty"
    assert asked_next(turn) == "return_item"


async def test_a_bare_device_name_means_that_one_and_not_the_one_before() -> None:
    turn = await answering("the tv box mini", "return_method", PLANNED)
    assert turn.slots["return_item"] == MINI


async def test_a_place_told_while_the_reason_is_asked_is_said_back() -> None:
    slots = MAYA | {"return_item": RECORDER}
    turn = await answering("pick it up from my mum's at 9 Oak Ave please", "return_reason", slots, "return_method")
    assert turn.slots["return_address"] == "9 Oak Ave"
    assert turn.text == "Noted: pickup at 9 Oak Ave."
    assert asked_next(turn) == "return_reason"


async def test_the_answer_that_was_asked_for_is_not_said_back() -> None:
    turn = await answering("I don't need it any more", "return_reason", MAYA | {"return_item": RECORDER})
    assert turn.slots["return_reason"] == "not needed"
    assert turn.text == ""


async def test_a_day_told_early_is_said_back_by_its_date() -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    turn = await answering("fetch it tomorrow", "return_reason", MAYA | {"return_item": RECORDER}, "return_method")
    assert turn.text == f"Noted: pickup, {days.spoken(tomorrow)}."


async def test_what_the_summary_names_anyway_is_not_said_back(window: str) -> None:
    slots = PLANNED | {"return_method": "pickup", "return_window": window, "return_address": ELM_STREET}
    turn = await answering("no, 16 Elm Street", "return_confirm", slots, "deny")
    assert turn.slots["return_address"] == "16 Elm Street, Brightwater 48210"
    assert "Noted" not in turn.text


async def test_a_yes_is_no_reason() -> None:
    turn = await answering("yes pls", "return_reason", MAYA | {"return_item": RECORDER}, "affirm")
    assert "return_reason" not in turn.slots


async def test_a_time_the_courier_does_not_come_is_said_and_the_old_one_kept(window: str) -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_window": window}
    turn = await answering("can they come at 3 am instead", "return_confirm", slots, "return_method")
    assert "doesn't come then" in turn.text
    assert turn.slots.get("return_window", window) == window


async def test_another_time_at_the_summary_replaces_the_one_chosen() -> None:
    windows = returns.pickup_windows("48210")
    later = windows[-1]
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_window": windows[0].window_id}
    wish = f"can they come {later.starts_at:%-d %B} in the evening instead"
    turn = await answering(wish, "return_confirm", slots, "return_method")
    assert turn.slots["return_window"] == later.window_id


async def test_a_device_that_fits_two_is_asked_for_among_those_two() -> None:
    tracker = said("i want to return my cable box", "return_start", slots=MAYA)
    turn = await run(ActionAskReturnItem(), tracker)
    assert [button["title"] for button in turn.buttons] == ["TV Box Max recorder (20 lb)", "TV Box Mini (2 lb)"]


@pytest.mark.parametrize(
    ("text", "intent", "reason"),
    [
        ("i changed my mind", "cancel_flow", "not needed"),
        ("it doesnt work", "troubleshoot", "faulty"),
        ("the screen is cracked", "inform", "damaged"),
        ("my dog hates it", "out_of_scope", None),
    ],
)
async def test_a_reason_counts_as_a_reason_whatever_else_it_sounds_like(
    text: str, intent: str, reason: str | None
) -> None:
    turn = await answering(text, "return_reason", MAYA | {"return_item": RECORDER}, intent)
    assert turn.slots.get("return_reason") == reason


async def test_a_correction_of_the_house_number_keeps_town_and_time(window: str) -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_window": window}
    turn = await answering("no, 16 Elm Street", "return_confirm", slots, "deny", entities={"address": "16 Elm Street"})
    assert turn.slots["return_address"] == "16 Elm Street, Brightwater 48210"
    assert turn.slots["return_window"] == window
    assert asked_next(turn) == "return_confirm"


@pytest.mark.parametrize(
    "text",
    ["hmm no actually not pickup, i rather ship it", "I'd rather ship it", "can't you ship it rather than pick it up"],
)
async def test_another_way_back_is_taken_while_the_time_is_asked(text: str) -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_postcode": "48210"}
    turn = await answering(text, "return_window", slots)
    assert turn.slots["return_method"] == "shipping"
    assert "didn't catch" not in turn.text
    assert asked_next(turn) == "return_confirm"


async def test_another_house_is_taken_while_the_time_is_asked() -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_postcode": "48210"}
    turn = await answering("pick it up at 16 elm street", "return_window", slots)
    assert turn.slots["return_address"] == "16 Elm Street, Brightwater 48210"
    assert asked_next(turn) == "return_window"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("i wanna retrun this stupid cabel box, youre useless", None),
        ("return my tv box you useless bot", None),
        ("I want to return the tv box, it is useless", "faulty"),
    ],
)
async def test_an_insult_is_no_reason_to_send_something_back(text: str, reason: str | None) -> None:
    turn = await answering(text, None, MAYA, "return_start")
    assert turn.slots.get("return_reason") == reason


async def test_a_question_about_pickup_does_not_choose_the_pickup() -> None:
    turn = await answering("how much does pickup cost?", "return_method", PLANNED, "return_method")
    assert "Pickup is free" in turn.text
    assert "return_method" not in turn.slots
    assert asked_next(turn) == "return_method"


async def test_a_wish_for_tomorrow_morning_chooses_the_only_window_that_fits() -> None:
    days = {window.starts_at.date() for window in returns.pickup_windows("48210")}
    day = min(days)
    word = "tomorrow" if day == datetime.now(UTC).date() + timedelta(days=1) else f"{day:%A}"
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET}
    turn = await answering(f"{word} morning please", "return_window", slots)
    assert turn.slots["return_window"] == f"{day:%Y%m%d}-08"


async def test_nothing_known_from_facts_is_asked_again() -> None:
    facts = {"account_number": "10042", "postcode": "48104", "address": "27 Harbor Lane Apt 3B"}
    turn = await answering("collect my mini tv box, it's broken", None, {}, "return_start", facts=facts)
    assert turn.slots["account_number"] == "10042"
    assert turn.slots["return_address"] == "27 Harbor Lane Apt 3B, Alder Falls 48104"
    assert asked_next(turn) == "return_window"


# What we ask


async def test_the_question_for_the_way_back_names_the_real_weight() -> None:
    turn = await run(ActionAskReturnMethod(), said(slots=PLANNED))
    assert "20 lb" in turn.text
    assert len(turn.buttons) == 3


async def test_drop_off_points_are_those_that_take_the_weight() -> None:
    turn = await run(ActionAskReturnPoint(), said(slots=PLANNED | {"return_method": "drop_off"}))
    assert "Corner Books" not in " ".join(button["title"] for button in turn.buttons)


async def test_a_wish_nobody_can_meet_brings_the_windows_there_are() -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_when": "at 3 am"}
    turn = await run(ActionAskReturnWindow(), said(slots=slots))
    assert "no courier at the time" in turn.text
    assert turn.buttons[-1]["title"] == "Other days"


async def test_the_summary_names_everything_that_will_happen(window: str) -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_window": window}
    turn = await run(ActionAskReturnConfirm(), said(slots=slots))
    for part in ("TV Box Max recorder", "20 lb", ELM_STREET, "08:00", "no longer needed", "nothing to pay"):
        assert part in turn.text


async def test_change_the_address_at_the_summary_asks_for_the_address_only(window: str) -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_window": window}
    turn = await answering("change the address", "return_confirm", slots, "cancel_flow")
    assert asked_next(turn) == "return_address"


# What is made


async def test_a_return_ends_in_a_number_and_a_label_for_the_real_weight(window: str) -> None:
    slots = PLANNED | {"return_method": "pickup", "return_address": ELM_STREET, "return_window": window}
    turn = await run(ActionReturnMake(), said("yes", "affirm", slots=slots | {"return_confirm": True}))
    made = returns.get(turn.facts["return_number"])
    assert made.pickup_address is not None
    assert str(made.pickup_address) == ELM_STREET
    assert round(made.label.weight_lb) == 20
    assert turn.links[0]["url"] == made.label.url
    assert turn.tried["returns.create"] == "ok"
    assert turn.slots["return_item"] is None


async def test_the_same_message_makes_one_return_only(key: str) -> None:
    slots = MAYA | {"return_item": EXTENDER, "return_reason": "unopened", "return_method": "shipping"}
    turns = [await run(ActionReturnMake(), said("yes", slots=slots, key=key)) for _ in range(2)]
    assert turns[0].facts["return_number"] == turns[1].facts["return_number"]


async def test_a_device_already_on_its_way_back_is_not_returned_twice() -> None:
    made = returns.create("10012", serial="FWHUB401099", reason="x", method="shipping", key="twice")
    slots = {"account_number": "10012", "account_postcode": "48420"}
    turn = await answering("return my router", None, slots, "return_start")
    assert turn.slots["return_number"] == made.return_number
    assert asked_next(turn) is None
    told = await run(ActionReturnMake(), said(slots=slots | {"return_number": made.return_number}))
    assert made.return_number in told.text


# What the rules refuse


async def test_a_refusal_is_offered_to_a_person() -> None:
    known = {"account_number": "10017", "account_postcode": "48106"}
    turn = await answering("the bought one", "return_item", known | {"return_reason": "unopened"})
    assert asked_next(turn) == "policy_exception"
    question = await run(ActionAskPolicyException(), said(slots=turn.slots))
    assert question.payload("Ask a person") == '/inform{"policy_exception": "yes"}'


async def test_asking_for_an_exception_hands_over_with_the_rule_that_refused() -> None:
    slots = PLANNED | {"policy_refusal": "It is too late.", "return_reason": "unopened"}
    turn = await answering("yes please", "policy_exception", slots, "affirm")
    assert turn.slots["handover_reason"] == "policy_exception"
    assert "It is too late." in turn.slots["handover_detail"]
    assert turn.next_action == "action_handover"


async def test_another_reason_makes_the_rules_look_again() -> None:
    known = {"account_number": "10017", "account_postcode": "48106", "return_item": "FWHUB401654"}
    slots = known | {"return_reason": "unopened", "policy_refusal": "It is too late."}
    turn = await answering("actually it's faulty", "policy_exception", slots)
    assert turn.slots["return_reason"] == "faulty"
    assert turn.slots["policy_refusal"] == ""
    assert asked_next(turn) == "return_method"


async def test_what_a_person_has_approved_is_made_in_their_name() -> None:
    known = {"account_number": "10017", "account_postcode": "48106", "return_item": "FWHUB401654"}
    slots = known | {"return_reason": "unopened", "policy_refusal": "It is too late.", "policy_exception": False}
    yes = {"approved_by": "Dana Ruiz", "case_ref": "C-482-917-3"}
    turn = await answering("ship it", "return_method", slots, facts=yes)
    assert turn.slots["policy_refusal"] == ""
    agreed = slots | turn.slots | {"return_address": "188 Church Rise, Alder Falls 48106"}
    done = await run(ActionReturnMake(), said("yes", slots=agreed, facts=yes))
    made = returns.get(done.facts["return_number"])
    assert (made.approved_by, made.case_ref) == ("Dana Ruiz", "C-482-917-3")


@pytest.fixture
def orders_down(company: str) -> None:
    requests.post(f"{company}/demo/faults", json={"system": "orders", "mode": "down"}, timeout=5).raise_for_status()


@pytest.mark.usefixtures("orders_down")
async def test_a_company_that_is_down_leads_to_a_person() -> None:
    turn = await answering("return my tv box", None, MAYA, "return_start")
    assert turn.slots["handover_reason"] == "company_down"
    assert turn.tried["orders.equipment"] == "failed"


# Afterwards


async def changing(text: str, asked: str | None, slots: dict[str, Any], intent: str = "return_method") -> Turn:
    return await filling(ValidateReturnChangeForm(), text, asked, slots, intent)


async def test_another_address_keeps_the_time_and_is_confirmed_first(window: str) -> None:
    home = returns.Address(line1="26 South Road", city="Dunmore", postcode="48420")
    made = returns.create(
        "10012", serial="FWEXT401173", reason="x", method="pickup", address=home, window_id=window, key="address"
    )
    slots = {"account_number": "10012", "account_postcode": "48420", "return_number": made.return_number}
    turn = await changing("pick it up at 77 Ocean Road, Brightwater 48212 instead", None, slots)
    assert asked_next(turn) == "return_confirm"
    assert turn.slots["return_window"] == window
    agreed = slots | turn.slots | {"return_confirm": True, "requested_slot": None}
    await run(ActionReturnChange(), said("yes", "affirm", slots=agreed))
    assert str(returns.get(made.return_number).pickup_address) == "77 Ocean Road, Brightwater 48212"


async def test_cancelling_asks_once_and_then_cancels() -> None:
    made = returns.create("10012", serial="FWCAB401062", reason="x", method="shipping", key="cancel")
    slots = {"account_number": "10012", "account_postcode": "48420", "return_number": made.return_number}
    turn = await changing("cancel my return", None, slots, "order_cancel")
    assert asked_next(turn) == "return_confirm"
    await run(ActionReturnChange(), said("yes", slots=slots | turn.slots | {"return_confirm": True}))
    assert returns.get(made.return_number).status == "cancelled"


async def test_a_return_that_is_on_its_way_is_changed_by_a_person_only() -> None:
    tracker = said("change it", slots=MAYA | {"return_number": "RN-1", "policy_refusal": "It is on its way."})
    assert (await ValidateReturnChangeForm().required_slots([], None, tracker, {}))[-1] == "policy_exception"  # type: ignore[arg-type]


async def test_without_a_return_the_status_offers_to_start_one() -> None:
    turn = await run(ActionReturnStatus(), said("where is my return", "return_status", account="10014"))
    assert turn.payload("Return something") == "/return_start"


async def test_what_a_person_did_about_a_return_is_told_first() -> None:
    note = {"by": "Dana Whitlock", "topic": "return_start", "summary": "a courier takes it on Friday", "promises": []}
    tracker = said("what happens with my return?", "return_status", account="10014", slots={"handback_note": note})
    assert (await run(ActionReturnStatus(), tracker)).text.startswith(
        "Dana noted: a courier takes it on Friday. I see no"
    )


async def test_can_you_pick_it_up_starts_a_return_when_there_is_none() -> None:
    turn = await run(ActionReturnMethod(), said("can you pick up my router", "return_method", account="10014"))
    assert turn.next_action == "return_form"


async def test_the_rules_are_told_without_an_account() -> None:
    turn = await run(ActionReturnPolicy(), said("what is your return policy", "return_policy"))
    assert turn.payload("Return something") == "/return_start"


@pytest.mark.parametrize(
    ("text", "next_action"),
    [("cancel the return", "action_cancel_flow"), ("please cancel my pickup", "return_change_form")],
)
async def test_cancelling_in_the_middle_means_the_plan_unless_another_return_is_named(
    text: str, next_action: str
) -> None:
    turn = await run(ActionReturnMethod(), said(text, "return_method", slots=MAYA, form="return_form"))
    assert turn.next_action == next_action
