"""To a person and back, at any moment and as often as it takes."""

import asyncio
from dataclasses import dataclass

import pytest

from tests.journeys.telling import has_source, is_never_asked_again, is_whole
from tests.support.agent import Agent, Refusal
from tests.support.customer import Customer


@dataclass(frozen=True)
class Moment:
    """Where in the talk the customer asks for a person. `[title]` in `before` presses a button."""

    before: tuple[str, ...]
    words: str | None
    form: str | None = None
    requested: str | None = None
    answered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


RETURN = "I want to return my TV Box Mini, we don't need it any more"
MOMENTS = {
    "with the very first words": Moment((), "Let me talk to a human please"),
    "when asked who they are": Moment(
        (RETURN,),
        None,
        "return_form",
        "account_number",
        answered=("return_item", "return_reason"),
        missing=("account_number", "return_method"),
    ),
    "in the middle of a return": Moment(
        (RETURN, "account 10042, postcode 48104", "[Pick it up", "14 Elm Street, Brightwater 48210"),
        "can I speak to a real person?",
        "return_form",
        "return_window",
        answered=("account_number", "return_item", "return_reason", "return_method", "return_address"),
        missing=("return_window", "return_confirm"),
        names=("Maya Okafor",),
        facts=(("account_number", "10042"), ("postcode", "48210")),
    ),
    "in the middle of a dispute": Moment(
        ("I want to dispute the late fee. Account 10042, postcode 48104",),
        None,
        "dispute_form",
        "dispute_reason",
        answered=("bill_line",),
        missing=("dispute_reason",),
        names=("Maya Okafor",),
        facts=(("account_number", "10042"), ("postcode", "48104")),
    ),
    "after everything was settled": Moment(
        ("what do I owe? My account is 10003 and the postcode 48101",),
        "thanks. I'd rather talk to somebody about that",
        facts=(("account_number", "10003"), ("postcode", "48101")),
    ),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
async def test_a_person_asked_for_gets_everything(moment: Moment, maya: Customer, dana: Agent) -> None:
    for words in moment.before:
        await (maya.presses(words.strip("[")) if words.startswith("[") else maya.says(words))
        await maya.is_answered()
    await (maya.says(moment.words) if moment.words else maya.asks_for_a_person())
    await maya.hears(r"reference is C-", by="assistant")
    assert len(maya.replies) == 1, f"A transfer is announced once.\n{maya.transcript}"
    assert await maya.waits_in_line() >= 1

    await dana.sees_waiting(maya)
    package, messages = await dana.package(maya), await dana.messages(maya)
    is_whole(package, messages)
    for name, value in moment.facts:
        has_source(package, messages, name, value)
    assert set(moment.names) <= set(package["customer"]["names"])
    form = package["form"] or {}
    assert form.get("name") == moment.form
    assert form.get("requested_slot") == moment.requested
    assert set(moment.answered) <= set(form.get("answered", ()))
    assert set(moment.missing) <= set(form.get("missing", ()))

    await dana.accepts(maya)
    await maya.hears("Dana Whitlock has joined", by="system")
    await dana.says(maya, "Hello, I have read everything.")
    await maya.hears("I have read everything", by="agent")
    assert not [note for note in await dana.notes_of(maya) if "transcript" in note.lower()]


async def test_a_form_is_taken_up_where_the_person_left_it(maya: Customer, dana: Agent) -> None:
    await maya.says(f"{RETURN}. My account is 10042, postcode 48104")
    await maya.hears("how should it get back")
    await maya.presses("Pick it up")
    await maya.hears("where should the courier come")
    await maya.asks_for_a_person()
    await dana.sees_waiting(maya)
    await dana.accepts(maya)
    await maya.says("is it really free at my sister's place?")
    await dana.says(maya, "Yes, it is.")
    await maya.hears("Yes, it is")
    await dana.gives_back(maya, "Dana checked that pickup is free.", outcome="partly", resume_at="form")
    await maya.hears("pickup is free", by="assistant")
    await maya.hears("where should the courier come", by="assistant")
    await maya.says("14 Elm Street, Brightwater 48210")
    await maya.hears("when suits you at 14 Elm Street")
    is_never_asked_again(
        maya, {"account": "10042", "postcode": "48104", "device": "TV Box Mini", "method": "Pick it up"}
    )


async def test_five_handovers_and_returns_in_one_chat(maya: Customer, dana: Agent) -> None:
    await maya.says(f"{RETURN}. My account is 10042, postcode 48104")
    await maya.hears("how should it get back")
    for time in range(1, 6):
        await _goes_to_a_person_and_comes_back(maya, dana, time)
        await maya.says("hello")
        greeting = await maya.hears("hello|hi|good", by="assistant")
        assert "how should it get back" not in greeting.text.lower(), f"An old form took the word.\n{maya.transcript}"
    assert maya.floors == ["bot"] + ["queue", "agent", "bot"] * 5
    await maya.says(RETURN)
    await maya.hears("how should it get back", by="assistant")
    is_never_asked_again(maya, {"account": "10042", "postcode": "48104"})
    assert not [turn for turn in await dana.turns(maya) if turn["status"] != "answered"]


async def _goes_to_a_person_and_comes_back(maya: Customer, dana: Agent, time: int) -> None:
    await maya.asks_for_a_person()
    await maya.hears("reference is C-", by="assistant")
    await dana.sees_waiting(maya)
    is_whole(await dana.package(maya), await dana.messages(maya))
    await dana.accepts(maya)
    await dana.says(maya, f"This is visit {time}.")
    await maya.hears(f"visit {time}", by="agent")
    await maya.says(f"thanks for visit {time}")
    await dana.gives_back(maya, f"Dana settled point {time}.")
    opening = await maya.hears(f"settled point {time}", by="assistant")
    assert not [earlier for earlier in range(1, time) if f"point {earlier}" in opening.text]


async def test_of_two_agents_who_accept_at_once_one_wins_and_the_other_hears_who(
    maya: Customer, dana: Agent, sam: Agent
) -> None:
    await maya.says("I want to talk to a person")
    await dana.sees_waiting(maya)
    outcomes = await asyncio.gather(dana.accepts(maya), sam.accepts(maya), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Refusal)]
    assert len(refused) == 1, outcomes
    winner, loser = (sam, dana) if isinstance(outcomes[0], Refusal) else (dana, sam)
    assert (refused[0].status, refused[0].code) == (409, "floor_taken")
    assert winner.name in refused[0].message
    await maya.hears("has joined", by="system")
    await winner.says(maya, "I am here.")
    await maya.hears("I am here", by="agent")
    with pytest.raises(Refusal, match="floor_taken"):
        await loser.says(maya, "Me too!")
    assert [one.text for one in maya.heard_from("agent")] == ["I am here."]


async def test_asking_again_while_waiting_changes_nothing(maya: Customer, dana: Agent) -> None:
    await maya.asks_for_a_person()
    await maya.hears("reference is C-")
    await dana.sees_waiting(maya)
    first = await dana.handover(maya)
    await maya.asks_for_a_person()
    await maya.says("I want a human now, please")
    await dana.accepts(maya)
    await maya.has_the_floor_with("agent")
    assert (await dana.handover(maya))["id"] == first["id"]
    assert len(await dana.cases(maya)) == 1
    assert len([one for one in maya.heard_from("assistant") if "C-" in one.text]) == 1
    said = [one["text"] for one in await dana.messages(maya) if one["author"] == "customer"]
    assert said[-1] == "I want a human now, please"


async def test_a_transfer_brings_everything_to_the_next_team(maya: Customer, dana: Agent, sam: Agent) -> None:
    await maya.says("I want to talk to a person, my account is 10042")
    await dana.sees_waiting(maya)
    await dana.accepts(maya)
    await dana.transfers(maya, "billing", "She wants the late fee gone; I promised an answer today.")
    await maya.hears("Dana Whitlock is passing you to", by="system")
    assert (await sam.sees_waiting(maya))["team"] == "billing"
    await sam.accepts(maya)
    await maya.hears("Sam Ortega has joined", by="system")
    assert any("promised an answer today" in note for note in await sam.notes_of(maya))
    assert (await sam.facts(maya))["account_number"]["value"] == "10042"
    await sam.resolves(maya, "The late fee is gone.")
    await maya.hears("solved.*late fee is gone", by="system")
    assert "promised an answer today" not in maya.transcript
