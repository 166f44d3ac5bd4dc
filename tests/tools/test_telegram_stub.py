"""The stub of Telegram keeps to the Bot API's documentation, as seen by the library the hub uses."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from tests.support.telegram import PNG, SECOND_TOKEN, TOKEN, AppRefused, Telegram, TelegramCustomer
from tests.support.waiting import until
from tools.telegram_stub.pacing import Limits

ROOMY = Limits(chat_burst=1000, all_per_s=1000)


@pytest.fixture(autouse=True)
def waits_as_durations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's next spelling of `retry_after`; the old one warns."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture(scope="module")
def server() -> Iterator[Telegram]:
    with Telegram((TOKEN, SECOND_TOKEN), limits=ROOMY) as telegram:
        yield telegram


@pytest.fixture
async def telegram(server: Telegram) -> AsyncIterator[Telegram]:
    """Well again after each test, with nothing left to fetch."""
    yield server
    await server.is_well()
    for bot in server.world.bots.values():
        bot.queue.waiting.clear()
        bot.queue.allowed = []


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with a_bot(telegram, TOKEN) as bot:
        yield bot


@pytest.fixture
async def maya(telegram: Telegram, bot: Bot) -> TelegramCustomer:
    """She has opened the chat; her /start is fetched and confirmed."""
    customer = await telegram.customer("Maya", username="maya_o")
    await customer.starts()
    await fetched(bot)
    return customer


def a_bot(telegram: Telegram, token: str) -> Bot:
    def request() -> HTTPXRequest:
        return HTTPXRequest(httpx_kwargs={"trust_env": False, "verify": False})

    urls = {"base_url": f"{telegram.url}/bot", "base_file_url": f"{telegram.url}/file/bot"}
    return Bot(token, request=request(), get_updates_request=request(), **urls)


@asynccontextmanager
async def served(app: Callable[..., Awaitable[None]]) -> AsyncIterator[str]:
    """A web server for the length of a test."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        server.should_exit = server.force_exit = True
        await serving


async def fetched(bot: Bot, **asked: object) -> list[Update]:
    """What waits for the bot, confirmed at once."""
    updates = list(await bot.get_updates(timeout=1, **asked))
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1, timeout=0)
    return updates


def keyboard(*titles: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(title, callback_data=title.lower()) for title in titles]])


async def test_a_bot_learns_who_it_is_and_a_wrong_token_is_refused(telegram: Telegram, bot: Bot) -> None:
    assert (await bot.get_me()).username == "stub_110201543_bot"
    async with a_bot(telegram, TOKEN) as stranger:
        stranger._base_url = stranger.base_url.replace(TOKEN, "110201543:AAnobody_ever_gave_me_this_token_at_all")
        with pytest.raises(InvalidToken, match="Unauthorized"):
            await stranger.get_me()


# Receiving


async def test_updates_come_again_until_the_offset_confirms_them(bot: Bot, maya: TelegramCustomer) -> None:
    for text in ("one", "two", "three"):
        await maya.says(text)

    first = await bot.get_updates(limit=2)
    again = await bot.get_updates(limit=2)
    rest = await bot.get_updates(offset=first[0].update_id + 1)

    assert [update.message.text for update in first] == ["one", "two"]
    assert [update.update_id for update in again] == [update.update_id for update in first]
    assert [update.message.text for update in rest] == ["two", "three"]
    assert await bot.get_updates(offset=rest[-1].update_id + 1) == ()


async def test_a_negative_offset_forgets_all_but_the_last(bot: Bot, maya: TelegramCustomer) -> None:
    for text in ("one", "two", "three"):
        await maya.says(text)

    assert [update.message.text for update in await bot.get_updates(offset=-1)] == ["three"]
    assert len(await bot.get_updates()) == 1


async def test_a_long_poll_ends_as_soon_as_something_happens(bot: Bot, maya: TelegramCustomer) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=50))
    await maya.says("hello")

    assert [update.message.text for update in await poll] == ["hello"]


async def test_an_offset_from_before_numbering_began_anew_hides_nothing(
    telegram: Telegram, bot: Bot, maya: TelegramCustomer
) -> None:
    await maya.says("before")
    offset = (await bot.get_updates())[-1].update_id + 1
    await bot.get_updates(offset=offset)
    number = telegram.world.bots[TOKEN].queue.next_id
    await telegram.makes({"next_update": 500})
    await maya.says("after a quiet week")

    [late] = await bot.get_updates(offset=offset)

    assert (late.update_id, late.message.text) == (500, "after a quiet week")
    await telegram.makes({"next_update": number})


async def test_a_bot_gets_the_kinds_it_asked_for(bot: Bot, maya: TelegramCustomer) -> None:
    await bot.get_updates(allowed_updates=["edited_message"])
    message = await maya.says("teh box")
    await maya.edits(message, "the box")

    [update] = await bot.get_updates()

    assert update.edited_message is not None
    assert update.edited_message.text == "the box"


async def test_a_second_poller_ends_the_first(telegram: Telegram, bot: Bot) -> None:
    queue = telegram.world.bots[TOKEN].queue
    polls_before = queue.polls
    poll = asyncio.create_task(bot.get_updates(timeout=50))

    async def has_arrived() -> bool:
        return queue.polls > polls_before

    await until(has_arrived, "the first poll to arrive")
    async with a_bot(telegram, TOKEN) as other:
        await other.get_updates(timeout=0)

    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await poll


async def test_a_rival_can_be_ordered(telegram: Telegram, bot: Bot) -> None:
    await telegram.makes({"rival_calls": 1})
    with pytest.raises(Conflict):
        await bot.get_updates()
    assert await bot.get_updates() == ()


async def test_scripted_batches_are_handed_out_as_they_are(telegram: Telegram, bot: Bot) -> None:
    update = {
        "update_id": 7,
        "message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "x"},
    }
    await telegram.hand_out([[update, update], [update]])

    assert [one.update_id for one in await bot.get_updates(offset=9)] == [7, 7]
    assert [one.update_id for one in await bot.get_updates(offset=9)] == [7]
    assert await bot.get_updates(offset=9) == ()


async def test_updates_are_pushed_with_the_secret_until_they_are_taken(
    telegram: Telegram, maya: TelegramCustomer
) -> None:
    answers, seen = iter([500, 200, 200]), list[tuple[str | None, str]]()

    async def hook(scope, receive, send) -> None:
        body = b""
        while (part := await receive()).get("more_body", False):
            body += part["body"]
        body += part["body"]
        headers = dict(scope["headers"])
        update = Update.de_json(json.loads(body))
        seen.append((headers.get(b"x-telegram-bot-api-secret-token", b"").decode(), update.message.text))
        await send({"type": "http.response.start", "status": next(answers), "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with served(hook) as url, a_bot(telegram, TOKEN) as bot:
        await bot.set_webhook(url, secret_token="s3cret_word", allowed_updates=["message"])
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        await maya.says("one")
        await maya.says("two")
        await telegram.has_handed_out_everything()
        info = await bot.get_webhook_info()
        await bot.delete_webhook()
        assert (await bot.get_webhook_info()).url == ""

    assert seen == [("s3cret_word", "one"), ("s3cret_word", "one"), ("s3cret_word", "two")]
    assert (info.url, info.last_error_message) == (url, "Wrong response from the webhook: Internal Server Error")


# Sending


async def test_words_arrive_with_their_markup_and_buttons(bot: Bot, maya: TelegramCustomer) -> None:
    text = 'Your <b>box</b> &amp; <a href="https://fernway.example/l?a=1&amp;b=2">label</a>'
    sent = await bot.send_message(maya.id, text, parse_mode=ParseMode.HTML, reply_markup=keyboard("Yes", "No"))

    seen = await maya.hears("your box & label")

    assert [(one.type, one.offset, one.length) for one in sent.entities] == [("bold", 5, 3), ("text_link", 11, 5)]
    assert (seen.buttons, seen.links) == (("Yes", "No"), ("https://fernway.example/l?a=1&b=2",))


@pytest.mark.parametrize("text", ["<b>open", "a < b", "</i>", "<b><i>x</b></i>", "<blink>x</blink>", "<b"])
async def test_markup_that_cannot_be_read_is_refused(bot: Bot, maya: TelegramCustomer, text: str) -> None:
    with pytest.raises(BadRequest, match=r"^Can't parse entities"):
        await bot.send_message(maya.id, text, parse_mode=ParseMode.HTML)


async def test_length_is_counted_after_the_markup_is_read(bot: Bot, maya: TelegramCustomer) -> None:
    assert await bot.send_message(maya.id, f"<b>{'&amp;' * 4096}</b>", parse_mode=ParseMode.HTML)
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(maya.id, "a" * 4097)
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(maya.id, "<b> </b>", parse_mode=ParseMode.HTML)
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(maya.id, PNG, caption="a" * 1025)


async def test_callback_data_is_64_bytes_at_most(bot: Bot, maya: TelegramCustomer) -> None:
    def pressing(data: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[InlineKeyboardButton("Press", callback_data=data)]])

    assert await bot.send_message(maya.id, "press", reply_markup=pressing("é" * 32))
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        await bot.send_message(maya.id, "press", reply_markup=pressing("é" * 32 + "x"))


@pytest.mark.parametrize("kind", ["photo", "document", "video", "voice", "audio", "animation", "video_note", "sticker"])
async def test_files_are_sent_with_the_words_that_belong_to_them(bot: Bot, maya: TelegramCustomer, kind: str) -> None:
    caption = {} if kind in ("video_note", "sticker") else {"caption": "a label"}
    sent = await getattr(bot, f"send_{kind}")(maya.id, PNG, **caption)

    newest = (await maya.sees())[-1]

    assert (newest.id, newest.kind, newest.text) == (sent.message_id, kind, caption.get("caption", ""))


async def test_an_album_is_several_messages_with_one_group(bot: Bot, maya: TelegramCustomer) -> None:
    sent = await bot.send_media_group(maya.id, [InputMediaPhoto(PNG), InputMediaPhoto(PNG, caption="two")])
    with pytest.raises(BadRequest):
        await bot.send_media_group(maya.id, [InputMediaPhoto(PNG)])

    assert len({message.media_group_id for message in sent}) == 1
    assert [one.text for one in (await maya.sees())[-2:]] == ["", "two"]


async def test_typing_shows_for_five_seconds_or_until_words_come(
    telegram: Telegram, bot: Bot, maya: TelegramCustomer
) -> None:
    await bot.send_chat_action(maya.id, ChatAction.TYPING)
    assert await maya.sees_typing() == "typing"
    await telegram.passes(5.1)
    assert (await maya._chat())["typing"] is None

    await bot.send_chat_action(maya.id, ChatAction.TYPING)
    await bot.send_message(maya.id, "here")
    assert (await maya._chat())["typing"] is None


async def test_own_words_can_be_changed_and_the_same_words_cannot(bot: Bot, maya: TelegramCustomer) -> None:
    sent = await bot.send_message(maya.id, "tomorow", reply_markup=keyboard("Fine"))
    await bot.edit_message_text("tomorrow", maya.id, sent.message_id, reply_markup=keyboard("Fine"))
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("tomorrow", maya.id, sent.message_id, reply_markup=keyboard("Fine"))
    await bot.edit_message_reply_markup(maya.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", maya.id, 99_999)

    newest = (await maya.sees())[-1]

    assert (newest.text, newest.buttons, newest.versions) == ("tomorrow", (), ("tomorow", "tomorrow"))


async def test_a_caption_can_be_changed_and_a_customers_words_cannot(bot: Bot, maya: TelegramCustomer) -> None:
    photo = await bot.send_photo(maya.id, PNG, caption="befor")
    await bot.edit_message_caption(maya.id, photo.message_id, caption="before")
    own = await maya.says("mine")

    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("yours", maya.id, own)
    assert (await maya.sees())[-2].text == "before"


async def test_words_can_be_taken_back_for_48_hours(telegram: Telegram, bot: Bot, maya: TelegramCustomer) -> None:
    early, late = await bot.send_message(maya.id, "early"), await bot.send_message(maya.id, "late")
    assert await bot.delete_message(maya.id, early.message_id)
    await telegram.passes(48 * 3600 + 1)
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await bot.delete_message(maya.id, late.message_id)

    assert [one.is_deleted for one in await maya.sees()][-2:] == [True, False]


async def test_an_answer_to_a_message_that_is_gone_is_refused_unless_it_does_not_matter(
    bot: Bot, maya: TelegramCustomer
) -> None:
    with pytest.raises(BadRequest, match="replied not found"):
        await bot.send_message(maya.id, "re", reply_parameters=ReplyParameters(99_999))
    loose = ReplyParameters(99_999, allow_sending_without_reply=True)
    assert (await bot.send_message(maya.id, "re", reply_parameters=loose)).reply_to_message is None


async def test_a_button_press_is_answered_once_and_not_late(
    telegram: Telegram, bot: Bot, maya: TelegramCustomer
) -> None:
    await bot.send_message(maya.id, "Pickup?", reply_markup=keyboard("Yes"))
    query = await maya.presses("Yes")
    [update] = await fetched(bot)
    assert (update.callback_query.data, update.callback_query.from_user.id) == ("yes", maya.id)

    await bot.answer_callback_query(update.callback_query.id, "Noted")
    assert await maya.reads_notice(query) == "Noted"
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(update.callback_query.id)

    late = await maya.presses("Yes")
    await telegram.passes(3600)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(late)


async def test_a_stranger_or_one_who_blocked_the_bot_cannot_be_written_to(
    telegram: Telegram, bot: Bot, maya: TelegramCustomer
) -> None:
    stranger = await telegram.customer("Ola")
    await stranger.sees()
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(4242, "hello")
    with pytest.raises(Forbidden, match="can't initiate"):
        await bot.send_message(stranger.id, "hello")

    await maya.blocks()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(maya.id, "hello")
    await maya.unblocks()
    await bot.send_message(maya.id, "hello")

    states = [update.my_chat_member.new_chat_member.status for update in await fetched(bot)]
    assert states == ["kicked", "member"]


async def test_a_group_that_moved_says_where_to(telegram: Telegram, bot: Bot) -> None:
    message = {"message_id": 1, "date": 1, "chat": {"id": -50, "type": "group", "title": "Flat"}, "text": "hi"}
    await telegram.feed([{"update_id": telegram.world.bots[TOKEN].queue.next_id, "message": message}])
    await telegram.makes({"moved": {"chat": -50, "to": -100500}})

    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(-50, "hello")
    assert moved.value.new_chat_id == -100500


async def test_start_is_sent_only_from_a_new_chat(telegram: Telegram, bot: Bot) -> None:
    ola = await telegram.customer("Ola")

    assert [await ola.starts("first"), await ola.starts("second")] == [True, False]
    assert [update.message.text for update in await fetched(bot)] == ["/start first"]


async def test_commands_are_kept_and_checked(telegram: Telegram, bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("human", "Talk to a person")])
    assert [one.command for one in await bot.get_my_commands()] == ["human"]
    with pytest.raises(BadRequest):
        await bot.set_my_commands([BotCommand("Human!", "Talk to a person")])


async def test_two_bots_know_nothing_of_each_other(telegram: Telegram, bot: Bot, maya: TelegramCustomer) -> None:
    await maya.says("for the first")
    async with a_bot(telegram, SECOND_TOKEN) as other:
        assert await other.get_updates() == ()
        with pytest.raises(BadRequest, match="Chat not found"):
            await other.send_message(maya.id, "hello")


# Files of customers


@pytest.mark.parametrize("kind", ["photo", "document", "video", "voice", "audio", "animation", "video_note", "sticker"])
async def test_a_customers_file_can_be_fetched_for_an_hour(
    telegram: Telegram, bot: Bot, maya: TelegramCustomer, kind: str
) -> None:
    await maya.sends(kind, PNG, caption="the box", name="box.png")
    [update] = await fetched(bot)
    attached = update.message.effective_attachment
    file = await bot.get_file((attached[-1] if kind == "photo" else attached).file_id)

    assert bytes(await file.download_as_bytearray()) == PNG
    await telegram.passes(3601)
    # The library takes any 404 for a wrong token.
    with pytest.raises(InvalidToken, match="Not Found"):
        await file.download_as_bytearray()


async def test_more_than_20_megabytes_cannot_be_fetched(bot: Bot, maya: TelegramCustomer) -> None:
    await maya.sends("document", pretend_bytes=str(20 * 1024 * 1024 + 1))
    [update] = await fetched(bot)
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(update.message.document.file_id)
    with pytest.raises(BadRequest, match="Wrong file_id"):
        await bot.get_file("nothing")


async def test_a_customers_album_is_one_update_a_file(bot: Bot, maya: TelegramCustomer) -> None:
    await maya.sends_album(10, caption="all sides")
    messages = [update.message for update in await fetched(bot)]

    assert len(messages) == 10
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["all sides", *[None] * 9]


async def test_what_else_a_customer_can_send(bot: Bot, maya: TelegramCustomer) -> None:
    await maya.locates(42.28, -83.74, title="Home", address="12 Elm Street")
    await maya.shares_contact("+17345550142", user_id=maya.id)
    await maya.sends_raw({"dice": {"emoji": "🎲", "value": 4}})
    place, contact, dice = [update.message for update in await fetched(bot)]

    assert (place.location.latitude, place.venue.address) == (42.28, "12 Elm Street")
    assert (contact.contact.phone_number, contact.contact.user_id) == ("+17345550142", maya.id)
    assert dice.dice.value == 4


# Bad days


async def test_a_line_that_breaks_before_or_after_the_work(
    telegram: Telegram, bot: Bot, maya: TelegramCustomer
) -> None:
    await telegram.has("down", "sendMessage", calls=1)
    with pytest.raises(NetworkError):
        await bot.send_message(maya.id, "never arrived")
    await telegram.has("lost_answer", "sendMessage", calls=1)
    with pytest.raises(NetworkError):
        await bot.send_message(maya.id, "arrived unnoticed")
    await bot.send_message(maya.id, "arrived")

    assert [one.text for one in await maya.sees() if one.by_bot] == ["arrived unnoticed", "arrived"]


async def test_an_error_of_the_server_and_a_revoked_token(telegram: Telegram, bot: Bot) -> None:
    await telegram.has("error", "getMe")
    with pytest.raises(NetworkError, match="Internal Server Error"):
        await bot.get_me()
    await telegram.has("unauthorized")
    with pytest.raises(InvalidToken):
        await bot.get_updates()
    with pytest.raises(AppRefused, match="There is no fault"):
        await telegram.has("tired")


async def test_one_chats_limit_is_not_anothers() -> None:
    with Telegram(limits=Limits(chat_burst=2)) as telegram:
        maya, ola = await telegram.customer("Maya"), await telegram.customer("Ola")
        await asyncio.gather(maya.starts(), ola.starts())
        async with a_bot(telegram, TOKEN) as bot:
            for number in range(2):
                await bot.send_message(maya.id, f"{number}")
            for _ in range(2):
                with pytest.raises(RetryAfter):
                    await bot.send_message(maya.id, "too soon")
            await bot.send_message(ola.id, "hello")
            await telegram.passes(2)
            await bot.send_message(maya.id, "now")
            account = await telegram.account()

    assert (account["early"], [call["status"] for call in account["calls"] if call["method"] == "sendMessage"]) == (
        1,
        [200, 200, 429, 429, 200, 200],
    )


async def test_thirty_a_second_in_all_and_a_wait_that_was_ordered() -> None:
    with Telegram(limits=Limits(all_per_s=1)) as telegram:
        people = [await telegram.customer(f"Person {number}") for number in range(8)]
        await asyncio.gather(*(one.starts() for one in people))
        async with a_bot(telegram, TOKEN) as bot:
            sent = await asyncio.gather(*(bot.send_message(one.id, "hi") for one in people), return_exceptions=True)
            assert any(isinstance(one, RetryAfter) for one in sent)
            await telegram.passes(10)
            await telegram.makes({"wait": {"chat": people[0].id, "seconds": 35}})
            with pytest.raises(RetryAfter) as refused:
                await bot.send_message(people[0].id, "hi")
            await bot.send_message(people[1].id, "hi")

    assert refused.value.retry_after == timedelta(seconds=35)


async def test_equal_words_have_equal_digests(telegram: Telegram, bot: Bot, maya: TelegramCustomer) -> None:
    await bot.send_message(maya.id, "twice")
    await bot.send_message(maya.id, "twice")

    newest = (await telegram.calls("sendMessage"))[-2:]

    assert {call["words"] for call in newest} == {hashlib.sha256(b"twice").hexdigest()[:16]}
