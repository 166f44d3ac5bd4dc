"""Returns, outages and bills, each to its end: the bot does it, nobody waits, nothing is asked twice."""

from tests.journeys.telling import is_never_asked_again
from tests.support.agent import Agent
from tests.support.customer import Customer


async def test_a_router_is_dropped_off_at_the_nearest_point(maya: Customer, dana: Agent) -> None:
    await maya.says("I'd like to return my router. My account is 10012 and my postcode is 48420")
    await maya.hears("reason|why")
    await maya.presses("don't need it")
    await maya.hears("how should it get back")
    await maya.presses("drop it off")
    offered = await maya.hears("48420|near|which", by="assistant")
    assert len(offered.buttons) > 1
    await maya.presses(offered.buttons[0])
    await maya.hears("shall I set it up")
    await maya.presses("Yes, set it up")
    done = await maya.hears("your return number is RN-")
    assert done.link
    is_never_asked_again(maya, {"account": "10012", "postcode": "48420", "device": "router"})
    await _nobody_was_needed(maya, dana)


async def test_a_known_outage_is_explained_and_its_updates_are_sent_by_e_mail(maya: Customer, dana: Agent) -> None:
    await maya.says("My internet is down, I'm in 48104")
    told = await maya.hears("outage in 48104")
    assert "fiber cable" in told.text
    await maya.presses("Send me updates")
    await maya.hears("e-mail|number")
    await maya.says("maya.okafor@example.com")
    await maya.hears("get news", by="assistant")
    assert (await dana.facts(maya))["email"]["value"] == "maya.okafor@example.com"
    is_never_asked_again(maya, {"postcode": "48104"})
    await _nobody_was_needed(maya, dana)


async def test_a_fault_nobody_knew_of_is_tested_and_reported(maya: Customer, dana: Agent) -> None:
    await maya.says("my internet is not working. account 10011, postcode 48307")
    await maya.hears("test", by="assistant")
    is_never_asked_again(maya, {"account": "10011", "postcode": "48307"})
    tried = [one["name"] for turn in await dana.turns(maya) for one in turn["tried"]]
    assert "network.line_test" in tried or any("test" in name for name in tried)
    await _nobody_was_needed(maya, dana)


async def test_a_higher_bill_is_explained_line_by_line_and_a_small_line_is_credited_at_once(
    maya: Customer, dana: Agent
) -> None:
    await maya.says("Why is my bill higher this month?")
    await maya.hears("account number")
    await maya.says("10042, and the postcode is 48104")
    explained = await maya.hears("more than in")
    for line in ("Welcome discount", "Late fee", "TV Box Mini"):
        assert line in explained.text
    await maya.says("I want to dispute the late fee")
    await maya.hears("what's wrong with late fee", by="assistant")
    await maya.says("I paid on time, I have the receipt")
    await maya.hears("is that right", by="assistant")
    await maya.presses("Yes, dispute it")
    credited = await maya.hears("taken off your bill")
    assert "DS-" in credited.text
    assert "$9.50" in credited.text
    is_never_asked_again(maya, {"account": "10042", "postcode": "48104"})
    await _nobody_was_needed(maya, dana)


async def test_two_topics_in_one_chat_need_the_account_only_once(maya: Customer, dana: Agent) -> None:
    await maya.says("what do I owe? account 10003, postcode 48101")
    await maya.hears(r"\$\d+", by="assistant")
    await maya.says("ok. and I want to return my tv box 4k, we don't need it")
    await maya.hears("how should it get back", by="assistant")
    await maya.says("a label please, to 20 Willow Terrace")
    await maya.hears("shall I set it up", by="assistant")
    await maya.presses("Yes, set it up")
    await maya.hears("your return number is RN-")
    is_never_asked_again(maya, {"account": "10003", "postcode": "48101"})
    await _nobody_was_needed(maya, dana)


async def _nobody_was_needed(maya: Customer, agent: Agent) -> None:
    assert maya.floors == ["bot"]
    assert await agent.handover(maya) is None
    assert all(turn["status"] == "answered" for turn in await agent.turns(maya))
