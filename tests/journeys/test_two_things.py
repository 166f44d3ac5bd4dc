"""Two things in one message: nothing of it is lost, whoever helps."""

from tests.journeys.telling import is_never_asked_again
from tests.support.agent import Agent
from tests.support.customer import Customer

BOTH = "why is my bill so high and I want to return my TV Box Mini, we don't need it any more"


async def test_both_get_done_one_after_the_other(maya: Customer) -> None:
    await maya.says(BOTH)
    await maya.hears("account number", by="assistant")
    await maya.says("10042")
    await maya.hears("postcode", by="assistant")
    await maya.says("48104")
    await maya.hears("November bill is|bill is \\$", by="assistant")
    offer = await maya.hears("You also wrote “I want to return my TV Box Mini, we don't need it any more”")
    assert offer.buttons == ("Yes, please", "No, thanks")
    await maya.says("yes")
    await maya.hears("TV Box Mini weighs 2 lb.*how should it get back", by="assistant")
    is_never_asked_again(maya, {"account": "10042", "postcode": "48104", "device": "TV Box Mini", "reason": "need it"})


async def test_a_person_sees_what_was_not_started(maya: Customer, dana: Agent) -> None:
    await maya.says(f"My account is 10042, the postcode is 48104. {BOTH}")
    await maya.hears("You also wrote")
    await maya.says("let me talk to a human")
    await maya.hears("reference is C-", by="assistant")
    await dana.sees_waiting(maya)
    package = await dana.package(maya)
    assert [one for one in package["open_questions"] if "return my TV Box Mini" in one]
