"""Nobody is at the desk: the case is opened with a promised time, and the bot stays."""

from datetime import UTC, datetime, timedelta

from tests.journeys.breakable import Breakable
from tests.journeys.telling import is_never_asked_again, is_whole
from tests.support.agent import Agent
from tests.support.customer import Customer


async def test_out_of_hours_a_case_is_promised_and_the_bot_stays_on(stack: Breakable, hub: str) -> None:
    opening_day = datetime.now(UTC) + timedelta(days=2)
    await stack.opens(f"{opening_day:%a} 09:00-17:00".lower())
    async with Customer(hub) as maya, await Agent.signs_in(hub, "Dana") as dana:
        await maya.says("I want to return my TV Box 4K, we don't need it. Account 10009, postcode 48214")
        await maya.hears("how should it get back")
        await maya.asks_for_a_person()
        told = await maya.hears(r"reference is C-", by="assistant")
        assert f"{opening_day:%A}" in told.text
        assert maya.floor == "bot"

        [case] = await dana.cases(maya)
        assert case["ref"] in told.text
        assert datetime.fromisoformat(case["promised_at"]).date() == opening_day.date()
        package = await dana.package(maya)
        assert package["routing"]["business_hours_state"] == "closed"
        assert package["form"]["name"] == "return_form"
        is_whole(package, await dana.messages(maya))

        await maya.asks_for_a_person()
        again = await maya.hears("C-", by="assistant")
        assert case["ref"] in again.text
        assert len(await dana.cases(maya)) == 1

        await maya.says("then pick it up at 14 Elm Street, Brightwater 48210")
        await maya.hears("when suits you at 14 Elm Street", by="assistant")
        await maya.presses("08:00 to 12:00")
        await maya.hears("shall I set it up")
        await maya.presses("Yes, set it up")
        await maya.hears("your return number is RN-")
        assert maya.floors == ["bot"]
        is_never_asked_again(maya, {"account": "10009", "postcode": "48214"})

        await dana.takes_over(maya)
        await dana.resolves(maya, "The courier is booked.")
        await maya.hears("solved.*courier is booked", by="system")
        assert (await dana.case(case["ref"]))["status"] == "resolved"
