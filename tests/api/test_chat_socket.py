"""The chat socket against whatever a page, or somebody pretending to be one, may send."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from websockets.exceptions import ConnectionClosed

from handoff.channels.web.socket import SAYS_PER_MINUTE
from handoff.cli import WS_MAX_BYTES
from tests.api.conftest import Served

HELLO = {"type": "hello"}


@asynccontextmanager
async def connected(served: Served, **parts: Any) -> AsyncIterator[Any]:
    async with websockets.connect(served.socket_url, proxy=None, ping_interval=None, **parts) as socket:
        yield socket


@asynccontextmanager
async def greeted(served: Served, **hello: Any) -> AsyncIterator[Any]:
    async with connected(served) as socket:
        await socket.send(json.dumps(HELLO | hello))
        assert (await _next(socket))["type"] == "welcome"
        yield socket


async def _next(socket: Any, *kinds: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if not kinds or frame["type"] in kinds:
            return frame


GARBAGE = {
    "nothing": "",
    "words": "hello?",
    "half a frame": '{"type": "say", ',
    "a list": "[]",
    "null": "null",
    "a number": "1e999",
    "no type": '{"text": "hi"}',
    "another type": '{"type": "resolve"}',
    "a type that is a list": '{"type": []}',
    "an unknown field": '{"type": "ping", "admin": true}',
    "a text that is a number": '{"type": "say", "client_ref": "12345678", "text": 5}',
    "a short reference": '{"type": "say", "client_ref": "1", "text": "hi"}',
    "NUL in a reference": '{"type": "say", "client_ref": "1234\\u00005678", "text": "hi"}',
    "half a character": '{"type": "say", "client_ref": "12345678", "text": "\\ud800"}',
    "words of nothing": '{"type": "say", "client_ref": "12345678", "text": "   "}',
    "only NUL": '{"type": "say", "client_ref": "12345678", "text": "\\u0000"}',
    "a number of words": '{"type": "seen", "seq": "many"}',
    "a negative number": '{"type": "seen", "seq": -1}',
    "a button nobody issued": '{"type": "press", "client_ref": "12345678", "message_id": "x", "index": 0}',
    "a NUL button": '{"type": "press", "client_ref": "12345678", "message_id": "\\u0000", "index": 0}',
    "a deep nest": "[" * 20_000,
    "hello again": '{"type": "hello"}',
    "binary": b"\x00\xff\xfe\x01",
    "binary nothing": b"",
    "too many words": json.dumps({"type": "say", "client_ref": "12345678", "text": "x" * 4001}),
}


async def test_what_is_no_message_is_refused_in_words_and_the_page_stays_open(served: Served) -> None:
    async with greeted(served) as socket:
        for name, garbage in GARBAGE.items():
            await socket.send(garbage)
            refusal = await _next(socket)
            assert (name, refusal["type"]) == (name, "error")
            assert refusal["code"] == "bad_input"
            assert refusal["message"]
        await socket.send('{"type": "ping"}')
        assert (await _next(socket))["type"] == "pong"


@pytest.mark.parametrize(
    "first",
    [
        '{"type": "say", "client_ref": "12345678", "text": "hi"}',
        '{"type": "ping"}',
        "hello",
        b"\xff",
        json.dumps(HELLO | {"session": "made-up.signature"}),
        json.dumps(HELLO | {"session": "ß.ü"}),
        json.dumps(HELLO | {"locale": "x" * 100}),
        '{"type": "hello", "page_url": "\\u0000"}',
        '{"type": "hello", "after": -1}',
    ],
)
async def test_whoever_does_not_say_hello_first_is_told_and_let_go(served: Served, first: str | bytes) -> None:
    async with connected(served) as socket:
        await socket.send(first)
        assert (await _next(socket))["type"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd.code == 4403


async def test_a_hello_with_a_cursor_from_another_world_gets_the_whole_history(served: Served) -> None:
    async with greeted(served) as socket:
        await socket.send(json.dumps({"type": "say", "client_ref": "reference-1", "text": "hi"}))
        await _next(socket, "ack")
        await socket.send('{"type": "ping"}')
    session = json.loads(json.dumps(await _session_of(served)))
    async with connected(served) as socket:
        await socket.send(json.dumps(HELLO | {"session": session, "after": 10**18}))
        assert (await _next(socket, "message"))["message"]["seq"] == 1


async def _session_of(served: Served) -> str:
    async with connected(served) as socket:
        await socket.send(json.dumps(HELLO))
        token = (await _next(socket, "welcome"))["session"]
        await socket.send(json.dumps({"type": "say", "client_ref": "reference-2", "text": "hi"}))
        await _next(socket, "ack")
    return str(token)


async def test_a_frame_may_be_large_but_not_too_large(served: Served) -> None:
    async with greeted(served) as socket:
        await socket.send("x" * (WS_MAX_BYTES - 100))
        assert (await _next(socket))["type"] == "error"
        await socket.send("x" * (WS_MAX_BYTES + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd.code == 1009
    async with greeted(served) as socket:
        await socket.send('{"type": "ping"}')
        assert (await _next(socket))["type"] == "pong"


async def test_a_thousand_quick_messages_are_slowed_down_and_none_is_lost_that_was_acknowledged(served: Served) -> None:
    sent, acknowledged, refused = 1000, set(), 0
    async with greeted(served) as socket:

        async def send() -> None:
            for number in range(sent):
                await socket.send(json.dumps({"type": "say", "client_ref": f"reference-{number}", "text": "hi"}))

        sending = asyncio.create_task(send())
        while len(acknowledged) + refused < sent:
            frame = await _next(socket, "ack", "error")
            if frame["type"] == "ack":
                acknowledged.add(frame["seq"])
            else:
                assert (frame["code"], frame["client_ref"][:10]) == ("too_many", "reference-")
                refused += 1
        await sending
    assert SAYS_PER_MINUTE.amount <= len(acknowledged) <= 2 * SAYS_PER_MINUTE.amount


async def test_a_foreign_page_may_not_open_the_chat(served: Served) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus):
        async with connected(served, origin="https://evil.example"):
            pass


async def test_what_a_page_shows_is_the_ledger_whatever_it_missed(served: Served) -> None:
    """Old state and live events make the fresh state: one page stays, one comes and goes, both end with the ledger."""
    token = await _session_of(served)
    staying: list[tuple[int, str]] = []

    async def stay() -> None:
        async with connected(served) as socket:
            await socket.send(json.dumps(HELLO | {"session": token}))
            while len(staying) < 22:
                shown = (await _next(socket, "message"))["message"]
                staying.append((shown["seq"], shown["text"]))

    following = asyncio.create_task(stay())
    going: dict[int, str] = {}
    for number in range(10):
        async with connected(served) as socket:
            await socket.send(json.dumps(HELLO | {"session": token, "after": max(going, default=0)}))
            frame = {"type": "say", "client_ref": f"reference-{number + 10}", "text": f"word {number}"}
            await socket.send(json.dumps(frame))
            seq = (await _next(socket, "ack"))["seq"]
            while max(going, default=0) < seq:
                shown = (await _next(socket, "message"))["message"]
                going[shown["seq"]] = shown["text"]
    await following
    async with connected(served) as socket:
        await socket.send(json.dumps(HELLO | {"session": token}))
        fresh = [(await _next(socket, "message"))["message"] for _ in range(22)]
    ledger = [(shown["seq"], shown["text"]) for shown in fresh]
    assert [seq for seq, _ in ledger] == list(range(1, 23))
    assert staying == ledger
    assert going.items() <= dict(ledger).items()
