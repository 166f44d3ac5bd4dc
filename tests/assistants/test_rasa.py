"""The Rasa client against a peer that behaves badly on purpose: a real HTTP server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from handoff.assistants.rasa import ANSWER_LIMIT_BYTES, Rasa
from handoff.errors import AssistantFailed
from handoff.ports import TurnRequest

REQUEST = TurnRequest("s_1", "m_1", "hello", {})
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
GOOD = b'{"messages": [{"text": "Hello"}]}'


def _with_status(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (status, len(body), body)


@asynccontextmanager
async def a_peer(answer: Answer, version: bytes = b"Hello from Rasa: 3.6.21") -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET"):
                writer.write(_with_status(200, version))
            else:
                await answer(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def says(status: int, body: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(_with_status(status, body))

    return answer


async def hangs(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drips(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(600):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


async def drops(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def test_a_good_answer_is_read() -> None:
    async with a_peer(says(200, GOOD)) as url, Rasa(url, "secret", 5) as rasa:
        result = await rasa.answer(REQUEST)
    assert [words.text for words in result.messages] == ["Hello"]


async def test_an_empty_list_is_an_empty_turn() -> None:
    async with a_peer(says(200, b'{"messages": []}')) as url, Rasa(url, "secret", 5) as rasa:
        assert (await rasa.answer(REQUEST)).is_empty


@pytest.mark.parametrize(
    "answer",
    [
        says(500, b"boom"),
        says(401, b"{}"),
        says(200, b"[]"),
        says(200, b"garbage \xff"),
        says(200, b'{"messages": "x"}'),
        says(200, b" " * (ANSWER_LIMIT_BYTES * 20)),
        hangs,
        drips,
        drops,
    ],
    ids=["500", "401", "stock empty list", "garbage", "wrong shape", "5 MB", "hangs", "drips", "drops"],
)
async def test_a_bad_peer_fails_with_a_sentence_within_the_deadline(answer: Answer) -> None:
    async with a_peer(answer) as url, Rasa(url, "secret", 0.8) as rasa:
        with pytest.raises(AssistantFailed, match="assistant"):
            await rasa.answer(REQUEST)


async def test_nobody_there_fails_with_a_sentence() -> None:
    async with a_peer(says(200, GOOD)) as url:
        pass
    async with Rasa(url, "secret", 0.5) as rasa:
        with pytest.raises(AssistantFailed, match="assistant"):
            await rasa.answer(REQUEST)
        with pytest.raises(AssistantFailed, match="not running"):
            await rasa.answer(REQUEST)


async def test_an_older_rasa_is_refused() -> None:
    async with a_peer(says(200, GOOD), b"Hello from Rasa: 3.6.20") as url, Rasa(url, "secret", 2) as rasa:
        with pytest.raises(AssistantFailed, match=r"3\.6\.21"):
            await rasa.answer(REQUEST)
