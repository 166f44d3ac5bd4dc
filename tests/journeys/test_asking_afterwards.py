"""Is it really solved? Some time after, the assistant asks: by rule, by day, where the customer wrote last, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.breakable import Breakable
from tests.journeys.later import passes, zone_where_it_is
from tests.support.agent import Agent
from tests.support.customer import Customer
from tests.support.telegram import TelegramCustomer
from tests.support.waiting import until

Json = dict[str, Any]
PICKUP = "Did the pickup go well?"
RETURN = "I want to return my TV Box Mini, we don't need it. Account 10042, postcode 48104"
NOON, NIGHT, MORNING = 12, 2, 9


@pytest.fixture
async def maya(hub: str) -> AsyncIterator[Customer]:
    """It is noon where she is, whenever these journeys run."""
    async with Customer(hub, timezone=zone_where_it_is(NOON)) as customer:
        yield customer


@pytest.fixture
async def priya(hub: str) -> AsyncIterator[Agent]:
    """A supervisor."""
    async with await Agent.signs_in(hub, "Priya") as agent:
        yield agent


@pytest.fixture
async def rule(priya: Agent) -> AsyncIterator[Json]:
    """A day after a return was resolved, the customer is asked about the pickup."""
    made = await priya.posts(
        "/triggers",
        name="How was the pickup?",
        event="resolved",
        conditions=[{"field": "topic", "op": "starts_with", "value": "return"}],
        actions=[{"do": "follow_up", "value": PICKUP}],
    )
    tried = await priya.posts(f"/triggers/{made['id']}/dry-run")
    yield await priya.posts(f"/triggers/{made['id']}/switch", is_on=True, tried=tried["version"])
    await priya.posts(f"/triggers/{made['id']}/switch", is_on=False)


@pytest.mark.usefixtures("rule")
async def test_a_bad_answer_opens_the_case_again_and_a_person_has_the_words(
    stack: Breakable, maya: Customer, dana: Agent
) -> None:
    ref = await _a_pickup_is_set_up_and_resolved(maya, dana)
    await passes(stack, maya, hours=25)
    asked = await maya.hears("did the pickup go well", by="assistant")
    assert ref in asked.text
    assert asked.buttons == ("Yes", "No")

    await maya.says("no, nobody came and I waited all morning")

    await maya.hears(f"open again.*{ref}", by="assistant")
    waiting = await dana.sees_waiting(maya)
    assert waiting["reason_code"] == "not_solved"
    case = await dana.case(ref)
    assert case["status"] == "open"
    [again] = [one for one in case["history"] if one["kind"] == "reopened"]
    assert "nobody came and I waited all morning" in again["data"]["reason"]
    assert "nobody came" in _said(await dana.reads(ref, "messages"))
    assert (await dana.package(maya))["case_refs"] == [ref]
    assert (await dana.reads(ref, "effort"))["contacts"] == 1


@pytest.mark.usefixtures("rule")
async def test_a_good_answer_leaves_the_case_as_it_is(stack: Breakable, maya: Customer, dana: Agent) -> None:
    ref = await _a_pickup_is_set_up_and_resolved(maya, dana)
    await passes(stack, maya, hours=25)
    await maya.hears("did the pickup go well", by="assistant")

    await maya.presses("Yes")

    await maya.hears("good to hear", by="assistant")
    case = await dana.case(ref)
    assert case["status"] == "resolved"
    [answered] = [one for one in case["history"] if one["kind"] == "follow_up_answered"]
    assert answered["data"]["went_well"] is True
    assert maya.floor == "bot"


@pytest.mark.usefixtures("rule")
async def test_who_went_on_in_telegram_is_asked_there(
    stack: Breakable, maya: Customer, maya_there: TelegramCustomer, dana: Agent
) -> None:
    await _a_pickup_is_set_up(maya)
    way = await maya.asks_for_a_way_to("telegram")
    assert await maya_there.starts(way["code"])
    await maya_there.hears("going on in telegram")
    await maya_there.says("/human")
    ref = await _is_resolved(maya_there, dana)
    await passes(stack, maya_there, hours=25)
    asked = await maya_there.hears("did the pickup go well")
    assert asked.buttons == ("Yes", "No")

    await maya_there.presses("No")

    await maya_there.hears(f"open again.*{ref}")
    assert (await dana.sees_waiting(maya_there))["reason_code"] == "not_solved"
    assert (await dana.case(ref))["status"] == "open"
    await dana.accepts(maya_there)
    await dana.says(maya_there, "I am sorry. I send another courier.")
    await maya_there.hears("another courier")


async def test_on_the_web_three_questions_are_asked_and_never_again(
    stack: Breakable, maya: Customer, dana: Agent
) -> None:
    await maya.says("the remote of my tv box does nothing")
    await maya.is_answered()
    await maya.asks_for_a_person()
    ref = await _is_resolved(maya, dana)
    await passes(stack, maya, hours=25)
    asked = await maya.hears("is it solved", by="assistant")
    assert ref in asked.text
    await maya.presses("Yes, it is")
    eased = await maya.hears("how easy", by="assistant")
    assert eased.buttons == ("1", "2", "3", "4", "5")
    await maya.presses("4")
    await maya.hears("anything.*add", by="assistant")
    await maya.says("Dana was quick and kind")
    await maya.hears("thank you", by="assistant")
    told = await dana.reads(ref, "survey")
    assert (told["state"], told["is_solved"], told["ease"], told["words"]) == (
        "answered",
        True,
        4,
        "Dana was quick and kind",
    )
    assert (await dana.case(ref))["status"] == "resolved"

    await maya.says(f"it is broken again, please reopen case {ref}")
    await maya.hears(f"{ref}.*open again", by="assistant")
    await maya.asks_for_a_person()
    assert await _is_resolved(maya, dana) == ref
    await _planned(dana, ref)
    await passes(stack, maya, hours=49)
    await maya.hears("does the new remote work", by="assistant")
    assert maya.transcript.lower().count("is it solved") == 1


async def test_in_telegram_a_no_brings_a_person(stack: Breakable, maya_there: TelegramCustomer, dana: Agent) -> None:
    await stack.is_in(zone_where_it_is(NOON))
    await maya_there.starts()
    await maya_there.says("the remote of my tv box does nothing")
    await maya_there.hears(".")
    await maya_there.says("/human")
    ref = await _is_resolved(maya_there, dana)
    await passes(stack, maya_there, hours=25)
    await maya_there.hears("is it solved")

    await maya_there.says("no, it still does nothing")

    await maya_there.hears(f"open again.*{ref}")
    assert (await dana.sees_waiting(maya_there))["reason_code"] == "not_solved"
    told = await dana.reads(ref, "survey")
    assert (told["is_solved"], told["ease"], told["words"]) == (False, None, "no, it still does nothing")
    assert (await dana.case(ref))["status"] == "open"


async def test_nobody_is_asked_at_night(stack: Breakable, hub: str, dana: Agent) -> None:
    night = zone_where_it_is(NIGHT)
    async with Customer(hub, timezone=night) as maya:
        await maya.says("the remote of my tv box does nothing")
        await maya.is_answered()
        await maya.asks_for_a_person()
        ref = await _is_resolved(maya, dana)
        await passes(stack, maya, hours=25)

        put_off = await _is_put_off(stack, ref)

        there = put_off.astimezone(ZoneInfo(night))
        assert (there.hour, there.minute) == (MORNING, 0)
        assert put_off - datetime.now(UTC) < timedelta(hours=24)
        assert "is it solved" not in maya.transcript.lower()


async def _is_put_off(stack: Breakable, ref: str) -> datetime:
    """When the hub looks again, once it has looked."""
    at = "SELECT due_at FROM outbox WHERE job = 'ask_survey' AND json_extract(body, '$.case_id') ="
    case = "(SELECT id FROM cases WHERE ref = ?)"
    [due_at] = await stack.has_row(f"{at} {case} AND due_at > strftime('%Y-%m-%d %H:%M:%f', 'now')", ref)
    return datetime.fromisoformat(f"{due_at}+00:00")


async def _planned(dana: Agent, ref: str) -> None:
    """Another question, by hand, for a day after the survey would come."""
    due_at = datetime.fromisoformat((await dana.case(ref))["updated_at"]) + timedelta(hours=48)
    await dana.does(ref, "follow-ups", question="Does the new remote work?", due_at=due_at.isoformat())


async def _a_pickup_is_set_up_and_resolved(maya: Customer, dana: Agent) -> str:
    await _a_pickup_is_set_up(maya)
    await maya.asks_for_a_person()
    return await _is_resolved(maya, dana, "The courier has your address.")


async def _a_pickup_is_set_up(maya: Customer) -> None:
    await maya.says(RETURN)
    await maya.hears("how should it get back")
    await maya.presses("Pick it up")
    await maya.hears("where should the courier come")
    await maya.says("14 Elm Street, Brightwater 48210")
    await maya.hears("when suits you")
    await maya.presses("08:00 to 12:00")
    await maya.hears("shall I set it up")
    await maya.presses("Yes, set it up")
    await maya.hears("your return number is RN-")


async def _is_resolved(customer: Any, dana: Agent, resolution: str = "A new remote is on its way.") -> str:
    """The reference of the case, which waits for nothing any more but to be asked about."""
    await dana.sees_waiting(customer)
    await dana.accepts(customer)
    ref: str = (await dana.case_of(customer))["ref"]
    await dana.resolves(customer, resolution)
    await customer.hears(resolution)
    await _is_planned(dana, ref)
    return ref


async def _is_planned(dana: Agent, ref: str) -> None:
    """The rules for a case that is resolved have done what they do."""

    async def look() -> bool:
        events = [one["kind"] for one in (await dana.case(ref))["history"]]
        resolved = max(at for at, kind in enumerate(events) if kind == "resolved")
        return "trigger_fired" in events[resolved:]

    await until(look, "the triggers to fire")


def _said(messages: list[Json]) -> str:
    return "\n".join(one["text"] for one in messages)
