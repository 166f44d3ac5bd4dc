"""Lines break, pages are opened twice, an hour passes: the conversation is the same one."""

from tests.journeys.breakable import Breakable
from tests.journeys.later import passes
from tests.journeys.telling import is_never_asked_again
from tests.support.agent import Agent
from tests.support.customer import Customer

A_WHILE_H = 61 / 60


async def test_a_broken_line_in_the_middle_of_a_form_misses_nothing(stack: Breakable, maya: Customer) -> None:
    await maya.says("I want to return my TV Box Mini, we don't need it. Account 10042, postcode 48104")
    await maya.hears("how should it get back")
    stack.company_is("slow", delay_s=1.5)
    await maya.presses("Pick it up")
    await maya.loses_the_line()
    await maya.hears("where should the courier come", by="assistant")
    stack.company_is("ok")
    await maya.says("14 Elm Street, Brightwater 48210")
    await maya.hears("when suits you at 14 Elm Street")
    assert [one.seq for one in maya.arrived] == list(range(1, len(maya.arrived) + 1))
    is_never_asked_again(
        maya, {"account": "10042", "postcode": "48104", "device": "TV Box Mini", "method": "Pick it up"}
    )


async def test_a_second_tab_shows_the_same_and_both_follow(maya: Customer, hub: str, dana: Agent) -> None:
    await maya.says("what can you do?")
    await maya.is_answered()
    async with Customer(hub, session=maya.session) as tab:
        await tab.has_read_up_to(maya.arrived[-1].seq)
        assert tab.arrived == maya.arrived
        await tab.says("I want to talk to a person")
        await maya.hears("reference is C-", by="assistant")
        await dana.sees_waiting(maya)
        await dana.accepts(maya)
        await dana.says(maya, "Hello on both screens.")
        await maya.hears("both screens", by="agent")
        await tab.hears("both screens", by="agent")
        assert tab.arrived == maya.arrived
        assert (tab.floor, tab.talking_to) == (maya.floor, maya.talking_to) == ("agent", "Dana Whitlock")
        assert await tab.conversation() == await maya.conversation()


async def test_after_an_hour_with_a_person_the_bot_does_not_take_the_floor_back(
    stack: Breakable, maya: Customer, dana: Agent
) -> None:
    await maya.says("I want to return my TV Box Mini, we don't need it. Account 10042, postcode 48104")
    await maya.hears("how should it get back")
    await maya.asks_for_a_person()
    await dana.sees_waiting(maya)
    await dana.accepts(maya)
    await dana.says(maya, "Let me look for the crew. This takes a while.")
    await maya.hears("takes a while")
    turns_before = await dana.turns(maya)

    await passes(stack, maya, A_WHILE_H)
    await maya.says("are you still there?")
    await maya.loses_the_line()
    await dana.says(maya, "Yes, I am. It is all settled.")
    await maya.hears("all settled", by="agent")
    assert [turn["id"] for turn in await dana.turns(maya)] == [turn["id"] for turn in turns_before]
    conversation = await dana.conversation(maya)
    assert (conversation["floor"], conversation["agent_id"]) == ("agent", dana.id)

    await passes(stack, maya, A_WHILE_H)
    await dana.gives_back(maya, "Dana booked the crew for Friday.")
    await maya.hears("crew for Friday", by="assistant")
    await maya.says("thanks. what do I owe?")
    await maya.hears(r"\$\d", by="assistant")
    joined = next(one for one in maya.arrived if "has joined" in one.text)
    opening = next(one for one in maya.heard_from("assistant") if one.seq > joined.seq)
    assert "crew for Friday" in opening.text
    is_never_asked_again(maya, {"account": "10042", "postcode": "48104"})
