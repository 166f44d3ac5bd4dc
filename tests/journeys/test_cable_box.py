"""The story everything is judged by: one cable box, one conversation, told once."""

import httpx

from tests.journeys.breakable import Breakable
from tests.journeys.telling import has_source, is_never_asked_again, is_whole
from tests.support.agent import Agent
from tests.support.customer import Customer


async def test_a_cable_box_goes_back_from_another_address_and_a_person_says_yes_to_the_exception(
    maya: Customer, dana: Agent, stack: Breakable
) -> None:
    await _a_label_is_made_for_the_real_weight(maya)
    await _the_courier_has_a_label_for_twenty_pounds(maya, stack)
    await _policy_refuses_and_a_person_is_offered(maya)
    await _the_person_sees_everything(maya, dana)
    await _the_bot_carries_on_with_what_was_done(maya, dana)
    is_never_asked_again(
        maya,
        {
            "account": "10042",
            "postcode": "48104",
            "device": "TV Box Max",
            "method": "Pick it up",
            "address": "14 Elm Street",
            "reason": "merged two flats",
        },
    )


async def _a_label_is_made_for_the_real_weight(maya: Customer) -> None:
    await maya.says("Hi! We merged two flats into one and I want to return one cable box")
    await maya.hears("account number", by="assistant")
    await maya.says("10042")
    await maya.hears("postcode", by="assistant")
    await maya.says("48104")
    offered = await maya.hears("which one", by="assistant")
    assert any("TV Box Max" in title and "20 lb" in title for title in offered.buttons)
    await maya.presses("TV Box Max")
    await maya.hears("how should it get back")
    await maya.presses("Pick it up")
    await maya.hears("where should the courier come.*any address")
    await maya.says("14 Elm Street, Brightwater 48210, we don't live at the old place any more")
    await maya.hears("when suits you at 14 Elm Street")
    await maya.presses("08:00 to 12:00")
    summary = await maya.hears("shall I set it up")
    assert "20 lb" in summary.text
    assert "14 Elm Street, Brightwater 48210" in summary.text
    await maya.presses("Yes, set it up")


async def _the_courier_has_a_label_for_twenty_pounds(maya: Customer, stack: Breakable) -> None:
    done = await maya.hears("your return number is RN-")
    assert done.link
    assert "20 lb" in done.link["title"]
    assert done.link["url"].startswith(stack.ports.urls["company"])
    async with httpx.AsyncClient(trust_env=False) as courier:
        label = (await courier.get(done.link["url"])).raise_for_status().text
    for words in ("20", "RN-", "14 Elm Street"):
        assert words in label


async def _policy_refuses_and_a_person_is_offered(maya: Customer) -> None:
    await maya.says("I also want to send back the wifi extender I bought, it is cracked")
    refused = await maya.hears("cannot be returned|can't be returned")
    assert any("person" in title.lower() for title in refused.buttons)
    await maya.presses("Ask a person")
    passed_on = await maya.hears("passing you to a person.*reference is C-")
    assert "the customer" not in passed_on.text.lower()
    assert len(maya.replies) == 1


async def _the_person_sees_everything(maya: Customer, dana: Agent) -> None:
    waiting = await dana.sees_waiting(maya)
    assert waiting["reason_code"] == "policy_exception"
    package, messages = await dana.package(maya), await dana.messages(maya)
    is_whole(package, messages)
    has_source(package, messages, "account_number", "10042")
    has_source(package, messages, "postcode", "48210")
    told = {one["name"]: one for one in package["facts"]}
    assert "14 Elm Street" in told["address"]["value"]
    assert told["return_number"]["value"] in maya.transcript
    assert told["return_number"]["set_by"] == "action"
    assert package["form"]["name"] == "return_form"
    assert package["form"]["requested_slot"] == "policy_exception"
    ended = {one["name"]: one["outcome"] for one in package["actions_tried"]}
    assert ended["returns.create"] == "ok"
    assert "returns.check_policy" in ended
    assert "cracked" in package["issue"]["summary_for_agent"] or "damaged" in package["issue"]["summary_for_agent"]


async def _the_bot_carries_on_with_what_was_done(maya: Customer, dana: Agent) -> None:
    await dana.accepts(maya)
    await maya.has_the_floor_with("agent")
    assert maya.talking_to == "Dana Whitlock"
    await dana.says(maya, "Hello, I can see the extender is cracked. I'll take it back all the same.")
    await maya.hears("take it back all the same", by="agent")
    await maya.says("Thank you so much")
    case_ref = (await dana.package(maya))["case_refs"][0]
    await dana.gives_back(
        maya,
        "Dana takes the cracked extender back as an exception.",
        facts_learned=[{"name": "approved_by", "value": "Dana Whitlock"}, {"name": "approved_case", "value": case_ref}],
        promises=[{"text": "The courier takes both parcels"}],
    )
    opening = await maya.hears("takes the cracked extender back", by="assistant")
    assert "courier takes both parcels" in opening.text
    assert maya.floors == ["bot", "queue", "agent", "bot"]
    assert (await dana.case(case_ref))["status"] == "resolved"
    await maya.says("What is the status of my return?")
    status = await maya.hears("RN-", by="assistant")
    assert "TV Box Max" in status.text
    assert "Dana takes the cracked extender back" in status.text
