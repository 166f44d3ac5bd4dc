"""Nobody talks over anybody: what the bot was still preparing never reaches a customer who is with a person."""

from tests.journeys.breakable import Breakable
from tests.support.agent import Agent
from tests.support.customer import Customer
from tests.support.waiting import until


async def test_no_bot_word_follows_a_take_over_while_a_slow_turn_is_in_flight(
    stack: Breakable, maya: Customer, dana: Agent
) -> None:
    await maya.says("I want to return my TV Box Mini, we don't need it any more")
    await maya.hears("account number")
    stack.company_is("slow", delay_s=1.5)
    await maya.says("10042, postcode 48104")
    await stack.is_asking_the_assistant(maya)
    await dana.takes_over(maya)
    await dana.says(maya, "I am taking this one myself.")

    await _is_stale(maya, dana)
    await dana.says(maya, "Still here.")
    await maya.hears("Still here", by="agent")
    joined = await maya.hears("Dana Whitlock has joined", by="system")
    assert not [one for one in maya.heard_from("assistant") if one.seq > joined.seq], maya.transcript
    assert any(note.startswith("Not sent") for note in await dana.notes_of(maya))
    assert (await dana.facts(maya))["account_number"]["value"] == "10042"


async def test_a_bot_that_wants_to_hand_over_after_a_take_over_stays_silent(
    stack: Breakable, maya: Customer, dana: Agent
) -> None:
    await maya.says("I want to return my TV Box Mini, we don't need it any more")
    await maya.hears("account number")
    stack.company_is("slow", delay_s=10)
    await maya.says("10042, postcode 48104")
    await stack.is_asking_the_assistant(maya)
    await dana.takes_over(maya)
    await _is_stale(maya, dana)
    await dana.says(maya, "The system is slow today, I'll do it by hand.")
    await maya.hears("by hand", by="agent")
    joined = await maya.hears("Dana Whitlock has joined", by="system")
    assert not [one for one in maya.heard_from("assistant") if one.seq > joined.seq], maya.transcript
    assert len(await dana.cases(maya)) == 1
    assert maya.floors == ["bot", "agent"]


async def _is_stale(maya: Customer, dana: Agent) -> None:
    async def look() -> bool:
        return (await dana.turns(maya))[-1]["status"] in ("stale", "failed")

    await until(look, "the turn in flight to end")
