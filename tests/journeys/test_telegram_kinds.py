"""Every kind of update there is: stored, taken in, and shown at the desk, the ones nobody has heard of too."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.demo import PASSWORD
from tests.journeys.telegram_hub import HubAlone
from tests.support.telegram import Telegram
from tools.ports import Ports

Json = dict[str, Any]

# Updates that others have recorded, where they lie beside the project.
RECORDED = Path(__file__).parents[3] / "shared" / "eval" / "telegram_updates.jsonl"
OWNER = {"id": 601, "is_bot": False, "first_name": "Ines", "language_code": "en"}
PRIVATE = {"id": 601, "type": "private", "first_name": "Ines"}
GROUP = {"id": -602, "type": "group", "title": "The flat"}
FORUM = {"id": -100603, "type": "supergroup", "title": "The house", "is_forum": True}
FILE = {"file_id": "none", "file_unique_id": "n", "file_size": 3}
SAID: tuple[Json, ...] = (
    {"text": "Hello, my box is bröken 📦"},
    {"text": "from a topic", "chat": FORUM, "message_thread_id": 5, "is_topic_message": True},
    {"text": "forwarded", "forward_origin": {"type": "hidden_user", "sender_user_name": "Somebody", "date": 1}},
    {"text": "quoting", "quote": {"text": "box", "position": 0}, "reply_to_message": {"message_id": 1, "text": "box"}},
    {"photo": [{**FILE, "width": 90, "height": 90}], "caption": "look"},
    {"photo": [{**FILE, "width": 90, "height": 90}], "media_group_id": "9"},
    {"photo": [{**FILE, "width": 90, "height": 90}], "media_group_id": "9"},
    {"video": {**FILE, "width": 1, "height": 1, "duration": 1}},
    {"video_note": {**FILE, "length": 1, "duration": 1}},
    {"animation": {**FILE, "width": 1, "height": 1, "duration": 1}, "document": FILE},
    {"voice": {**FILE, "duration": 1}},
    {"audio": {**FILE, "duration": 1, "title": "Song"}},
    {"document": {**FILE, "file_name": "../../bill.pdf"}},
    {"sticker": {**FILE, "width": 1, "height": 1, "type": "regular", "is_animated": True, "is_video": False}},
    {"location": {"latitude": 42.2, "longitude": -83.7}},
    {"venue": {"location": {"latitude": 42.2, "longitude": -83.7}, "title": "Home", "address": "12 Elm Street"}},
    {"contact": {"phone_number": "+17345550142", "first_name": "Ines", "user_id": 601}},
    {"contact": {"phone_number": "+17345550143", "first_name": "A neighbour"}},
    {"poll": {"id": "1", "question": "Tea?", "options": []}},
    {"dice": {"emoji": "🎯", "value": 6}},
    {"story": {"chat": PRIVATE, "id": 3}},
    {"game": {"title": "Chess", "description": "", "photo": []}},
    {"invoice": {"title": "Bill", "description": "", "start_parameter": "", "currency": "USD", "total_amount": 1}},
    {"new_chat_members": [OWNER], "chat": GROUP},
    {"left_chat_member": OWNER, "chat": GROUP},
    {"new_chat_title": "The flats", "chat": GROUP},
    {"migrate_to_chat_id": -100604, "chat": GROUP},
    {"message_auto_delete_timer_changed": {"message_auto_delete_time": 100}},
    {"a_kind_of_the_future": {"with": ["anything"]}},
)
OTHERS: tuple[Json, ...] = (
    {"edited_message": {"message_id": 1, "date": 1, "edit_date": 2, "chat": PRIVATE, "from": OWNER, "text": "Hello!"}},
    {"edited_message": {"message_id": 99, "date": 1, "edit_date": 2, "chat": PRIVATE, "from": OWNER, "text": "unseen"}},
    {"channel_post": {"message_id": 1, "date": 1, "chat": {"id": -605, "type": "channel", "title": "N"}, "text": "x"}},
    {"business_message": {"message_id": 2, "date": 1, "chat": PRIVATE, "from": OWNER, "text": "business"}},
    {"my_chat_member": {"chat": PRIVATE, "from": OWNER, "date": 1, "new_chat_member": {"status": "kicked"}}},
    {"my_chat_member": {"chat": PRIVATE, "from": OWNER, "date": 1, "new_chat_member": {"status": "member"}}},
    {"callback_query": {"id": "1", "from": OWNER, "chat_instance": "1", "data": "gone.0"}},
    {"callback_query": {"id": "2", "from": OWNER, "chat_instance": "1", "game_short_name": "chess"}},
    {"inline_query": {"id": "3", "from": OWNER, "query": "box", "offset": ""}},
    {"chosen_inline_result": {"result_id": "4", "from": OWNER, "query": "box"}},
    {"poll_answer": {"poll_id": "1", "user": OWNER, "option_ids": [0]}},
    {"message_reaction": {"chat": PRIVATE, "message_id": 1, "user": OWNER, "date": 1, "new_reaction": []}},
    {"update_of_the_future": {"with": {"anything": 1}}},
    {"update_of_the_far_future": 7},
)


def our_own() -> list[Json]:
    """One of every kind, the odd ones too."""
    messages = [
        {"message_id": number, "date": 1_790_000_000, "chat": PRIVATE, "from": OWNER, **content}
        for number, content in enumerate(SAID, start=1)
    ]
    bodies = [*({"message": message} for message in messages), *OTHERS]
    return [{"update_id": number, **body} for number, body in enumerate(bodies, start=700_001)]


def sources() -> dict[str, list[Json]]:
    found = {"our own": our_own()}
    if RECORDED.exists():
        found["recorded by others"] = [json.loads(line) for line in RECORDED.read_text().splitlines() if line.strip()]
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Telegram]:
    with Telegram() as telegram:
        yield telegram


@pytest.fixture(scope="module")
def alone(server: Telegram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubAlone]:
    with HubAlone(tmp_path_factory.mktemp("kinds"), Ports.free(), server.settings) as stack:
        yield stack


@pytest.mark.parametrize("updates", sources().values(), ids=sources())
async def test_every_kind_of_update_is_stored_and_shown(
    alone: HubAlone, server: Telegram, updates: Sequence[Json]
) -> None:
    await server.hand_out([updates])
    for update in updates:
        await alone.has_row("SELECT 1 FROM channel_updates WHERE number = ?", update["update_id"])
    await alone.has_taken_in_everything(server)

    kept = {
        (number, json.loads(body).keys() - {"update_id"} == {kind}): (message_id, note, attempts)
        for number, body, kind, message_id, note, attempts in alone.rows(
            "SELECT number, body, kind, message_id, note, attempts FROM channel_updates"
        )
    }
    for update in updates:
        message_id, note, attempts = kept[update["update_id"], True]
        assert attempts == 0, f"needed {attempts} attempts: {update}"
        assert message_id or note, f"became nothing: {update}"
    await _is_shown_at_the_desk(alone)


async def _is_shown_at_the_desk(alone: HubAlone) -> None:
    """Whatever became a message stands on its conversation's page, with its words."""
    became = alone.rows(
        "SELECT DISTINCT m.conversation_id, m.id, COALESCE(m.edited_text, m.text) FROM channel_updates u"
        " JOIN messages m ON m.id = u.message_id"
    )
    async with httpx.AsyncClient(base_url=alone.ports.urls["hub"], trust_env=False, timeout=60) as client:
        origin = {"Origin": alone.ports.urls["hub"]}
        priya = {"email": "priya@fernway.example", "password": PASSWORD}
        assert (await client.post("/desk/sign-in", data=priya, headers=origin)).status_code == 303
        pages = {
            conversation: (await client.get(f"/desk/c/{conversation}")).raise_for_status().text
            for conversation in {conversation for conversation, _, _ in became}
        }
    for conversation, message, words in became:
        assert f'data-id="{message}"' in pages[conversation]
        assert words in html.unescape(pages[conversation])
