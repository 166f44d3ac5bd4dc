"""What an issue goes through until it is really solved: split, joined by mistake, done with a partner, come back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.agent import Agent
from tests.support.customer import Customer
from tests.support.partner import Partner
from tests.support.telegram import TelegramCustomer
from tests.support.waiting import until

Json = dict[str, Any]
COURIER = "Swift Parcel Couriers"
ADDRESS = "14 Elm Street, Brightwater 48210"


@pytest.fixture
async def priya(hub: str) -> AsyncIterator[Agent]:
    """A supervisor."""
    async with await Agent.signs_in(hub, "Priya") as agent:
        yield agent


async def test_two_issues_in_one_chat_become_two_cases_each_with_its_own_team(maya: Customer, priya: Agent) -> None:
    both = await _two_issues(maya, priya)
    bill = await _splits_off_the_bill(maya, priya, both)

    told = await maya.hears(f"{both}.*{bill['ref']}|{bill['ref']}.*{both}")
    assert [one.text for one in maya.arrived].count(told.text) == 1
    assert (bill["team"], (await priya.case(both))["team"]) == ("billing", "returns")
    assert "41.50" in _said(await priya.reads(bill["ref"], "messages"))
    assert "41.50" not in _said(await priya.reads(both, "messages"))
    assert [one["value"] for one in await priya.reads(bill["ref"], "facts") if one["name"] == "amount"] == ["$41.50"]
    assert {one["ref"] for one in await priya.reads(both, "links")} == {bill["ref"]}
    assert await priya.reads(bill["ref"], "clocks")
    assert {one["case_ref"] for one in await priya.reads(bill["ref"], "clocks") if "case_ref" in one} <= {bill["ref"]}


async def test_a_wrong_join_is_undone_after_new_messages(maya: Customer, priya: Agent) -> None:
    returned = await _two_issues(maya, priya)
    bill = (await _splits_off_the_bill(maya, priya, returned))["ref"]
    before = {ref: await _ids(priya, ref) for ref in (returned, bill)}

    move = await priya.does(bill, "join", into=returned)
    assert await _ids(priya, returned) >= before[returned] | before[bill]
    assert (await priya.case(returned))["status"] == "open"
    await maya.says("It has been on every bill since August")
    await priya.does(bill, f"moves/{move['id']}/undo")

    after = {ref: await _ids(priya, ref) for ref in (returned, bill)}
    assert not after[returned] & after[bill]
    assert after[bill] >= before[bill]
    assert after[returned] >= before[returned]
    # The words just before were about the bill, so these are too.
    assert "since August" in _said(await priya.reads(bill, "messages"))
    assert (await priya.case(bill))["status"] == "open"


async def test_a_case_is_opened_again_from_the_web(maya: Customer, dana: Agent) -> None:
    await maya.says("the remote of my tv box does nothing")
    await maya.is_answered()
    await maya.asks_for_a_person()
    ref = await _is_solved(maya, dana)
    await maya.says(f"it is broken again, please reopen case {ref}")
    await maya.hears(f"{ref}.*open again", by="assistant")
    again = await dana.case(ref)
    assert again["status"] == "open"
    assert "broken again" in str(again["history"])


async def test_a_case_is_opened_again_from_telegram(maya_there: TelegramCustomer, dana: Agent) -> None:
    await maya_there.starts()
    await maya_there.says("/human")
    ref = await _is_solved(maya_there, dana)
    await maya_there.says(f"it is broken again, please reopen case {ref}")
    await maya_there.hears(f"{ref}.*open again")
    assert (await dana.case(ref))["status"] == "open"


async def test_a_box_goes_back_with_an_exception_and_a_courier_and_costs_its_customer_one_contact(
    maya: Customer, dana: Agent, priya: Agent
) -> None:
    ref = await _policy_says_no(maya, dana)
    await _a_supervisor_says_yes_and_the_company_does_it(dana, priya, ref)
    async with Partner(await _courier_is_asked(dana, priya, maya, ref)) as courier:
        await _the_courier_sees_what_it_needs_and_no_more(courier)
        await courier.sets("picked_up")
        await maya.hears(f"{COURIER} has picked it up")
        await courier.says("It was one parcel, 20 lb. All fine.")
        assert "All fine." in _said(await dana.reads(ref, "messages"))
        assert "All fine." not in maya.transcript
        await dana.resolves(maya, "The courier has your extender; the refund is on its way.")
        await maya.hears("the refund is on its way")
        assert (await courier.opens()).status_code in (404, 410)
    effort = await dana.reads(ref, "effort")
    assert (effort["contacts"], effort["transfers"], effort["told_twice"], effort["asked_twice"]) == (1, 0, [], [])


async def test_a_partner_who_is_revoked_while_connected_sees_nothing_any_more(
    maya: Customer, dana: Agent, priya: Agent
) -> None:
    await maya.asks_for_a_person()
    await dana.sees_waiting(maya)
    await dana.accepts(maya)
    ref = (await dana.case_of(maya))["ref"]
    async with Partner(await _courier_is_asked(dana, priya, maya, ref)) as courier:
        assert "Elm Street" in await courier.reads()
        await courier.stays_connected()
        [share] = await dana.reads(ref, "shares")
        await dana.posts(f"/shares/{share['id']}/revoke", why="Another courier comes.")
        assert await courier.is_told_of_the_end()
        gone = await courier.opens()
        assert gone.status_code in (403, 404, 410)
        assert "Elm Street" not in gone.text


async def _two_issues(maya: Customer, agent: Agent) -> str:
    """The customer told a person of a return and of a bill, in one chat; gives back the reference."""
    await maya.says("I want to return my tv box mini")
    await maya.is_answered()
    await maya.asks_for_a_person()
    await agent.sees_waiting(maya)
    await agent.accepts(maya)
    await maya.has_the_floor_with("agent")
    await maya.says("We have two of them since we moved in together")
    await maya.says("And my bill is wrong, there is a charge of $41.50 that I never ordered")
    ref: str = (await agent.case_of(maya))["ref"]
    await agent.client.patch(f"/cases/{ref}", json={"team": "returns"})
    return ref


async def _splits_off_the_bill(maya: Customer, agent: Agent, ref: str) -> Json:
    said = await agent.reads(ref, "messages")
    about_the_bill = [one["id"] for one in said if "41.50" in one["text"]]
    split: Json = await agent.does(
        ref, "split", message_ids=about_the_bill, title="A charge nobody ordered", topic="bill_dispute", team="billing"
    )
    return split


async def _is_solved(customer: Any, agent: Agent) -> str:
    await agent.sees_waiting(customer)
    await agent.accepts(customer)
    ref: str = (await agent.case_of(customer))["ref"]
    await agent.resolves(customer, "A new remote is on its way.")
    await customer.hears("new remote is on its way")
    return ref


async def _policy_says_no(maya: Customer, dana: Agent) -> str:
    await maya.says("Account 10042, postcode 48104. I want to send back the wifi extender I bought, it is cracked")
    refused = await maya.hears("cannot be returned|can't be returned")
    assert any("person" in title.lower() for title in refused.buttons)
    await maya.presses("Ask a person")
    await maya.hears("reference is C-")
    await dana.sees_waiting(maya)
    await dana.accepts(maya)
    await maya.has_the_floor_with("agent")
    ref: str = (await dana.case_of(maya))["ref"]
    return ref


async def _a_supervisor_says_yes_and_the_company_does_it(dana: Agent, priya: Agent, ref: str) -> None:
    asked = await dana.does(ref, "exceptions", kind="late_return", reason="It came cracked; the photo shows it.")
    assert asked["state"] == "asked"
    assert "return" in asked["refused_by"].lower()
    await priya.posts(f"/exceptions/{asked['id']}/decide", grant=True, note="Fine.")

    async def look() -> bool:
        [one] = await dana.reads(ref, "exceptions")
        assert one["state"] in ("granted", "done"), one
        return bool(one["state"] == "done")

    await until(look, "the company to carry out the exception")


async def _courier_is_asked(dana: Agent, priya: Agent, maya: Customer, ref: str) -> str:
    """The link to the case, with the address and nothing else."""
    couriers = [one for one in await dana._get("/partners") if one["name"] == COURIER]
    partner = couriers[0] if couriers else await priya.posts("/partners", name=COURIER, kind="courier")
    await dana.learns(maya, "address", ADDRESS)
    share = await dana.does(ref, "shares", partner_id=partner["id"], task="Pick up one parcel", facts=["address"])
    return str(share["link"])


async def _the_courier_sees_what_it_needs_and_no_more(courier: Partner) -> None:
    page = await courier.reads()
    assert "14 Elm Street" in page
    assert "Pick up one parcel" in page
    for words in ("10042", "48104", "cracked"):
        assert words not in page


async def _ids(agent: Agent, ref: str) -> set[str]:
    return {one["id"] for one in await agent.reads(ref, "messages")}


def _said(messages: list[Json]) -> str:
    return "\n".join(one["text"] for one in messages)
