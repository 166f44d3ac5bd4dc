"""A customer on Telegram and a person at the desk, and everything that can come between them.

The hub is a real process, Telegram a stand-in that behaves as the Bot API's documentation says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.journeys.telegram_hub import SECRET_PART, HubAlone, a_customer
from tests.support.agent import Agent
from tests.support.telegram import PNG, TOKEN, Telegram, TelegramCustomer
from tests.support.waiting import until
from tools.ports import Ports


@pytest.fixture(scope="module")
def server() -> Iterator[Telegram]:
    with Telegram() as telegram:
        yield telegram


@pytest.fixture(scope="module")
def alone(server: Telegram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubAlone]:
    settings = {**server.settings, "TELLONCE_LOG_LEVEL": "DEBUG"}
    with HubAlone(tmp_path_factory.mktemp("telegram"), Ports.free(), settings) as stack:
        yield stack
        assert SECRET_PART not in stack.log("hub").read_text(errors="replace")


@pytest.fixture
async def telegram(server: Telegram) -> AsyncIterator[Telegram]:
    """Well again after each journey."""
    yield server
    await server.is_well()


@pytest.fixture
def hub(alone: HubAlone) -> str:
    return alone.ports.urls["hub"]


@pytest.fixture
async def ola(alone: HubAlone, telegram: Telegram) -> TelegramCustomer:
    return await a_customer(alone, telegram, "Ola")


@pytest.fixture
async def with_dana(ola: TelegramCustomer, dana: Agent) -> Agent:
    """Ola has asked for a person and Dana has accepted."""
    await ola.starts()
    await ola.says("/human")
    await dana.sees_waiting(ola)
    await dana.accepts(ola)
    await ola.hears("dana")
    return dana


async def customers_words(alone: HubAlone, customer: TelegramCustomer) -> list[str]:
    return [
        text
        for (text,) in alone.rows(
            "SELECT text FROM messages WHERE conversation_id = ? AND author = 'customer' ORDER BY seq",
            await customer.conversation(),
        )
    ]


async def test_what_is_written_there_is_read_at_the_desk_and_answered_there(
    with_dana: Agent, ola: TelegramCustomer
) -> None:
    await ola.says("My <b>box</b> & me")
    await until_read(with_dana, ola, "My <b>box</b> & me")

    await with_dana.says(ola, "I see <you> & your box. <https://fernway.example>")

    assert (await ola.hears("I see")).text.endswith("I see <you> & your box. <https://fernway.example>")


async def until_read(agent: Agent, customer: TelegramCustomer, words: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        said = await agent.messages(customer)
        return next((one for one in said if words in (one["edited_text"] or one["text"])), None)

    return await until(look, f"{words!r} to reach the desk")


async def test_a_photo_and_an_album_reach_the_desk_byte_for_byte(with_dana: Agent, ola: TelegramCustomer) -> None:
    await ola.sends("photo", PNG, caption="the corner is dented")
    await ola.sends_album(10, caption="all sides")

    async def look() -> dict[str, Any] | None:
        told = {one["text"]: one["attachments"] for one in await with_dana.messages(ola) if one["attachments"]}
        is_whole = len(told.get("all sides", [])) == 10 and "the corner is dented" in told
        stored = all(file["state"] == "stored" for files in told.values() for file in files)
        return told if is_whole and stored else None

    told = await until(look, "every picture to be fetched")

    [photo] = told["the corner is dented"]
    assert (await with_dana.client.get(f"/attachments/{photo['id']}/content")).content == PNG
    contents = [(await with_dana.client.get(f"/attachments/{one['id']}/content")).content for one in told["all sides"]]
    assert contents == [PNG + b"%d" % number for number in range(10)]


async def test_an_edit_is_seen_by_the_person_who_has_the_chat(
    with_dana: Agent, ola: TelegramCustomer, alone: HubAlone
) -> None:
    number = await ola.says("it is 41 Elm Street")
    await until_read(with_dana, ola, "41 Elm")
    await ola.edits(number, "it is 14 Elm Street")

    edited = await until_read(with_dana, ola, "14 Elm")

    assert edited["edited_at"]
    assert "it is 41 Elm Street" in await customers_words(alone, ola)


async def test_an_agent_rewords_and_takes_back_what_has_arrived(with_dana: Agent, ola: TelegramCustomer) -> None:
    said = await with_dana.says(ola, "The courier comes on Munday")
    await ola.hears("Munday")
    message = f"/conversations/{await ola.conversation()}/messages/{said['id']}"

    await with_dana.client.patch(message, json={"text": "The courier comes on Monday"})
    reworded = await ola.hears("Monday")
    await with_dana.client.delete(message)

    async def look() -> bool:
        return next(one for one in await ola.sees() if one.id == reworded.id).is_deleted

    await until(look, "the message to disappear")


async def test_who_blocked_the_bot_is_named_to_the_agent_and_keeps_nobody_waiting(
    with_dana: Agent, ola: TelegramCustomer, alone: HubAlone, telegram: Telegram
) -> None:
    await ola.blocks()
    await with_dana.says(ola, "Are you still there?")

    async def look() -> bool:
        return any("block" in note for note in await with_dana.notes_of(ola))

    await until(look, "the agent to be told")
    other = await a_customer(alone, telegram, "Ida")
    await other.starts()
    await other.says("hello?")
    assert await other.hears(".")

    await ola.unblocks()
    await alone.has_taken_in_everything(telegram)
    await with_dana.says(ola, "Welcome back")
    assert await ola.hears("Welcome back")


async def test_an_outage_of_telegram_loses_nothing_either_way(
    with_dana: Agent, ola: TelegramCustomer, alone: HubAlone, telegram: Telegram
) -> None:
    await telegram.has("down")
    for number in range(3):
        await with_dana.says(ola, f"from Dana {number}")
        await ola.says(f"from Ola {number}")
    await _ten_minutes_of_trying(alone)
    await telegram.is_well()

    await until_read(with_dana, ola, "from Ola 2")
    await alone.has_sent_everything()

    assert [text for text in await customers_words(alone, ola) if "from" in text] == [f"from Ola {n}" for n in range(3)]
    heard = [one.text for one in await ola.sees() if one.by_bot and "from Dana" in one.text]
    assert [text[-len("from Dana 0") :] for text in heard] == [f"from Dana {n}" for n in range(3)]


async def _ten_minutes_of_trying(alone: HubAlone) -> None:
    """The words on their way have been tried in vain as often as they would be in ten minutes."""

    async def age() -> int:
        # Only what nobody is trying just now: the end of that try would write its own count over ours.
        return alone.change(
            "UPDATE outbox SET attempts = 30, created_at = strftime('%Y-%m-%d %H:%M:%f', created_at, '-10 minutes')"
            " WHERE lane = 'deliver' AND attempts > 0 AND lease_until IS NULL"
        )

    await until(age, "a try in vain", poll_s=0.005)
    await alone.has_row("SELECT 1 FROM outbox WHERE lane = 'deliver' AND attempts > 30")
    assert not alone.rows("SELECT 1 FROM outbox WHERE lane = 'deliver' AND is_dead")


async def test_killed_between_fetching_an_update_and_committing_it(
    with_dana: Agent, ola: TelegramCustomer, alone: HubAlone, telegram: Telegram
) -> None:
    await alone.has_sent_everything()
    with alone.locked():
        handed_out = (await telegram.account())["handed_out"]
        await ola.says("written while the disk was busy")

        async def look() -> bool:
            return (await telegram.account())["handed_out"] > handed_out

        await until(look, "the update to be handed out")
        await alone.dies("hub")
    assert "written while the disk was busy" not in await customers_words(alone, ola)
    await alone.comes_back("hub")

    await until_read(with_dana, ola, "written while the disk was busy")
    await telegram.has_handed_out_everything()
    assert Counter(await customers_words(alone, ola))["written while the disk was busy"] == 1


async def test_killed_between_sending_and_marking_repeats_at_most_that_one_message(
    with_dana: Agent, ola: TelegramCustomer, alone: HubAlone, telegram: Telegram
) -> None:
    await telegram.has("late_answer", "sendMessage", delay_s=30.0, calls=1)
    said = await with_dana.says(ola, "said just before the plug was pulled")
    await ola.hears("the plug was pulled")
    await alone.dies("hub")
    assert not alone.rows("SELECT 1 FROM deliveries WHERE message_id = ?", said["id"])
    await alone.comes_back("hub")
    await with_dana.says(ola, "said afterwards")
    await ola.hears("said afterwards")

    words = Counter(one.text for one in await ola.sees() if one.by_bot and "said" in one.text)
    assert max(words.values()) <= 2
    assert [count for text, count in words.items() if "afterwards" in text] == [1]
    assert len(alone.rows("SELECT 1 FROM deliveries WHERE message_id = ?", said["id"])) == 1


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [
        (lambda telegram: telegram.makes({"rival_calls": 4}), lambda telegram: telegram.makes({"rival_calls": 0})),
        (lambda telegram: telegram.has("unauthorized"), lambda telegram: telegram.is_well()),
        (lambda telegram: telegram.has("error"), lambda telegram: telegram.is_well()),
    ],
    ids=["a second poller", "a revoked token", "an error of Telegram's"],
)
async def test_trouble_is_said_once_in_the_log_and_the_hub_goes_on(
    alone: HubAlone,
    telegram: Telegram,
    ola: TelegramCustomer,
    breaks: Callable[[Telegram], Awaitable[None]],
    mends: Callable[[Telegram], Awaitable[None]],
) -> None:
    before = alone.log("hub").read_text().count("telegram_trouble")
    await breaks(telegram)

    async def look() -> bool:
        return alone.log("hub").read_text().count("telegram_trouble") > before

    await until(look, "the trouble to be said")
    async with httpx.AsyncClient(base_url=alone.ports.urls["hub"], trust_env=False) as client:
        assert (await client.get("/readyz")).status_code == 200
    await mends(telegram)
    await ola.starts()
    await ola.says("still there?")

    assert await ola.hears(".")
    assert alone.log("hub").read_text().count("telegram_trouble") == before + 1


async def test_updates_by_webhook_are_kept_once_and_only_with_the_secret(
    alone: HubAlone, telegram: Telegram, ola: TelegramCustomer
) -> None:
    secret = "w" * 40
    alone.settings(TELLONCE_TELEGRAM_MODE="webhook", TELLONCE_TELEGRAM_WEBHOOK_SECRET=secret)
    await alone.comes_back("hub")
    try:
        await ola.starts()
        await ola.says("by webhook")
        await alone.has_taken_in_everything(telegram)
        url = f"{alone.ports.urls['hub']}/channels/telegram/{TOKEN.split(':')[0]}"
        [(body,)] = alone.rows("SELECT body FROM channel_updates WHERE body LIKE '%by webhook%'")
        async with httpx.AsyncClient(trust_env=False, headers={"content-type": "application/json"}) as client:
            again = await client.post(url, content=body, headers={"X-Telegram-Bot-Api-Secret-Token": secret})
            forged = await client.post(url, content=body.replace("by webhook", "forged"))
        await alone.has_taken_in_everything(telegram)
        assert (again.status_code, forged.status_code) == (200, 403)
        assert (await customers_words(alone, ola)).count("by webhook") == 1
        assert not alone.rows("SELECT 1 FROM channel_updates WHERE body LIKE '%forged%'")
    finally:
        alone.settings(TELLONCE_TELEGRAM_MODE="polling")
        await alone.comes_back("hub")
