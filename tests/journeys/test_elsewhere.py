"""One person on two channels: begun on the web, gone on in Telegram, back on the web, and nothing said twice."""

from __future__ import annotations

from typing import Any

from tests.journeys.telling import is_never_asked_again, is_whole
from tests.support.agent import Agent
from tests.support.customer import Customer
from tests.support.telegram import PNG, TelegramCustomer
from tests.support.waiting import until


async def test_from_the_web_to_telegram_in_the_middle_of_a_form_and_back_with_a_person(
    maya: Customer, maya_there: TelegramCustomer, dana: Agent
) -> None:
    await maya.says("I want to return one cable box, my account is 10042, postcode 48104")
    await maya.hears("which one", by="assistant")
    await maya.presses("TV Box Max")
    await maya.hears("reason", by="assistant")
    await maya.presses("I don't need it any more")
    asked = await maya.hears("how should it get back")
    begun = await maya.conversation()

    await _the_form_goes_on_in_telegram(maya, maya_there, asked.buttons)
    await _a_person_takes_it_up_there(maya_there, dana)
    assert await maya_there.conversation() == begun
    await _and_answers_on_the_web_again(maya, maya_there, dana)

    is_whole(await dana.package(maya), await dana.messages(maya))
    is_never_asked_again(maya, {"account": "10042", "postcode": "48104", "device": "TV Box Max"})


async def _the_form_goes_on_in_telegram(maya: Customer, there: TelegramCustomer, buttons: tuple[str, ...]) -> None:
    way = await maya.asks_for_a_way_to("telegram")
    assert way["code"] in way["url"]
    assert await there.starts(way["code"])
    arrived = await there.hears("going on in telegram.*how should it get back")
    assert arrived.buttons == buttons
    await maya.hears("going on in telegram")
    await there.presses("Pick it up")
    await there.hears("where should the courier come")
    assert not next(one for one in await there.sees() if one.id == arrived.id).buttons
    assert "earlier" in await there.reads_notice(await there.presses_again(arrived))
    await there.says("14 Elm Street, Brightwater 48210")
    await there.hears("when suits you at 14 Elm Street")


async def _a_person_takes_it_up_there(there: TelegramCustomer, dana: Agent) -> None:
    await there.says("/human")
    await dana.sees_waiting(there)
    facts = {name: fact["value"] for name, fact in (await dana.facts(there)).items()}
    assert facts["account_number"] == "10042"
    await dana.accepts(there)
    assert (await dana.conversation(there))["channel"] == "telegram"
    await dana.says(there, "Dana here, I can see the whole of it.")
    await there.hears("I can see the whole of it")


async def _and_answers_on_the_web_again(maya: Customer, there: TelegramCustomer, dana: Agent) -> None:
    await there.says("/web")
    [link] = (await there.hears("opens our chat in your browser")).links
    async with Customer(maya.hub, go_on=link.partition("continue=")[2]) as window:
        await window.hears("I can see the whole of it", by="agent")
        await window.says("I am back at my computer")
        assert (await dana.conversation(there))["channel"] == "web"
        await dana.says(there, "Good, the courier comes at eight.")
        await window.hears("the courier comes at eight", by="agent")
        assert window.talking_to is not None
        assert "Dana" in window.talking_to
    assert not [one for one in await there.sees() if "at eight" in one.text]


async def test_a_link_works_once_and_for_nobody_else(
    maya: Customer, maya_there: TelegramCustomer, stranger: TelegramCustomer
) -> None:
    await maya.says("hello")
    await maya.is_answered()
    way = await maya.asks_for_a_way_to("telegram")
    await maya_there.starts(way["code"])
    await maya_there.hears("going on in telegram")

    await stranger.starts(way["code"])

    await stranger.hears("ended or was used")
    assert await stranger.conversation() != await maya.conversation()
    assert not [one for one in await stranger.sees() if "hello" in one.text.lower() and one.by_bot]


async def test_in_an_open_chat_the_code_is_pasted(maya: Customer, maya_there: TelegramCustomer) -> None:
    await maya_there.starts()
    await maya_there.hears(".")
    await maya.says("hello")
    await maya.is_answered()
    way = await maya.asks_for_a_way_to("telegram")

    assert not await maya_there.starts(way["code"])
    await maya_there.says(way["code"])

    await maya_there.hears("going on in telegram")
    assert await maya_there.conversation() == await maya.conversation()


async def test_a_photo_of_a_damaged_box_ends_in_the_case(maya_there: TelegramCustomer, dana: Agent) -> None:
    await maya_there.starts()
    await maya_there.says("My new tv box is damaged, my account is 10042 and my postcode 48104")
    await maya_there.hears(".")
    await maya_there.sends("photo", PNG, caption="This is how it arrived")
    await maya_there.hears(".")
    await maya_there.says("/human")
    await dana.sees_waiting(maya_there)

    await dana.accepts(maya_there)
    package = await dana.package(maya_there)

    [photo] = package["attachments"]
    [case] = [one for one in await dana.cases(maya_there) if one["status"] != "resolved"]
    shown = await _with_files(dana, maya_there)
    assert case["ref"] in package["case_refs"]
    assert shown["text"] == "This is how it arrived"
    assert shown["attachments"][0]["id"] == photo["id"]
    assert (await dana.client.get(f"/attachments/{photo['id']}/content")).content == PNG


async def _with_files(dana: Agent, customer: TelegramCustomer) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        said = await dana.messages(customer)
        return next((one for one in said if any(file["state"] == "stored" for file in one["attachments"])), None)

    return await until(look, "the photo to be fetched")
