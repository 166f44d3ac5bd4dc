"""Something is down: the customer hears so, a person gets everything, nothing that was said is lost."""

from tests.journeys.breakable import Breakable
from tests.journeys.telling import is_whole
from tests.support.agent import Agent
from tests.support.customer import Customer

RETURN = "I want to return my TV Box Mini, we don't need it any more"


async def test_rasa_killed_in_the_middle_of_a_turn_leaves_nobody_without_an_answer(
    stack: Breakable, maya: Customer, dana: Agent
) -> None:
    await maya.says(RETURN)
    await maya.hears("account number")
    stack.company_is("slow", delay_s=2.0)
    await maya.says("10042, postcode 48104")
    await stack.is_asking_the_assistant(maya)
    await stack.dies("rasa")
    await maya.says("are you still there?")
    await maya.hears("passing this to a person.*reference is C-", by="assistant")
    await maya.has_the_floor_with("queue")
    assert (await dana.sees_waiting(maya))["reason_code"] == "assistant_down"
    package = await dana.package(maya)
    is_whole(package, await dana.messages(maya))
    assert (await dana.facts(maya))["account_number"]["value"] == "10042"
    assert package["form"]["name"] == "return_form"
    assert [one["text"] for one in await dana.messages(maya) if one["author"] == "customer"] == [
        RETURN,
        "10042, postcode 48104",
        "are you still there?",
    ]
    assert len(await dana.cases(maya)) == 1

    stack.company_is("ok")
    await stack.comes_back("rasa")
    await dana.accepts(maya)
    await dana.gives_back(maya, "Dana has the recorder collected.")
    await maya.hears("recorder collected", by="assistant")
    await maya.says("what can you do?")
    await maya.hears("return", by="assistant")


async def test_a_way_back_works_while_rasa_is_down(stack: Breakable, maya: Customer, dana: Agent) -> None:
    await maya.says("I want to talk to a person")
    await dana.sees_waiting(maya)
    await dana.accepts(maya)
    async with stack.frozen("rasa"):
        await dana.gives_back(maya, "Dana sent a new label.")
        await maya.hears("Dana sent a new label", by="assistant")


async def test_a_killed_action_server_leads_to_a_person(stack: Breakable, maya: Customer, dana: Agent) -> None:
    await maya.says(RETURN)
    await maya.hears("account number")
    await stack.dies("actions")
    await maya.says("10042, postcode 48104")
    await maya.hears("person.*reference is C-", by="assistant")
    await dana.sees_waiting(maya)
    is_whole(await dana.package(maya), await dana.messages(maya))
    assert (await dana.facts(maya))["account_number"]["value"] == "10042"
    assert len(maya.replies) == 1, maya.transcript


async def test_a_company_that_is_down_leads_to_a_person_who_sees_the_failed_call(
    stack: Breakable, maya: Customer, dana: Agent
) -> None:
    await maya.says(RETURN)
    await maya.hears("account number")
    stack.company_is("down")
    await maya.says("10042, postcode 48104")
    await maya.hears("person.*reference is C-", by="assistant")
    assert (await dana.sees_waiting(maya))["reason_code"] == "company_down"
    package = await dana.package(maya)
    failed = [one for one in package["actions_tried"] if one["outcome"] in ("failed", "timeout")]
    assert failed, package["actions_tried"]
    assert failed[-1]["name"].startswith("accounts.")
    assert failed[-1]["error_code"]
    assert package["form"]["name"] == "return_form"
    is_whole(package, await dana.messages(maya))
    assert maya.floors == ["bot", "queue"]
    assert len(maya.replies) == 1, maya.transcript


async def test_a_company_that_hangs_leads_to_a_person_too(stack: Breakable, maya: Customer, dana: Agent) -> None:
    await maya.says("what do I owe?")
    await maya.hears("account number")
    stack.company_is("slow", delay_s=30)
    await maya.says("10042, postcode 48104")
    await maya.hears("person.*reference is C-", by="assistant")
    await dana.sees_waiting(maya)
    assert any(one["outcome"] in ("timeout", "failed") for one in (await dana.package(maya))["actions_tried"])
