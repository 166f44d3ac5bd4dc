"""Real processes for every journey: hub, Rasa, action server and demo company, started as `make run` starts them.

Starting them takes longest, so all journeys share one stack; what a journey kills or slows is mended after it. The demo
company remembers: a journey that ends in a return or a credit has a device or a bill of its own, but for the cable box,
whose return is called off afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.journeys.breakable import Breakable
from tests.journeys.telegram_hub import a_customer
from tests.support.agent import Agent
from tests.support.customer import Customer
from tests.support.telegram import Telegram, TelegramCustomer
from tools.ports import Ports


@pytest.fixture(scope="session")
def telegram() -> Iterator[Telegram]:
    """A stand-in for Telegram, with one bot, which is ours."""
    with Telegram() as telegram:
        yield telegram


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, telegram: Telegram) -> Iterator[Breakable]:
    with Breakable(tmp_path_factory.mktemp("tellonce"), Ports.free(), telegram.settings) as stack:
        yield stack


@pytest.fixture
def stack(running: Breakable) -> Iterator[Breakable]:
    """The running Tellonce. Whatever a journey breaks is whole again for the next one."""
    yield running
    running.mend()


@pytest.fixture
def hub(stack: Breakable) -> str:
    return stack.ports.urls["hub"]


@pytest.fixture
async def maya(hub: str) -> AsyncIterator[Customer]:
    """Somebody with the chat open who has not said anything yet."""
    async with Customer(hub) as customer:
        yield customer


@pytest.fixture
async def maya_there(stack: Breakable, telegram: Telegram) -> TelegramCustomer:
    """The same person in front of Telegram, who has not opened the chat with our bot yet."""
    return await a_customer(stack, telegram, "Maya")


@pytest.fixture
async def stranger(stack: Breakable, telegram: Telegram) -> TelegramCustomer:
    """Somebody else in front of Telegram, with a chat of their own."""
    return await a_customer(stack, telegram, "Trudy")


@pytest.fixture
async def dana(hub: str) -> AsyncIterator[Agent]:
    """Care and returns."""
    async with await Agent.signs_in(hub, "Dana") as agent:
        yield agent


@pytest.fixture
async def sam(hub: str) -> AsyncIterator[Agent]:
    """Billing and care."""
    async with await Agent.signs_in(hub, "Sam") as agent:
        yield agent


@pytest.fixture
async def several(hub: str) -> AsyncIterator[Callable[[int], Awaitable[list[Customer]]]]:
    """`await several(20)` opens that many chats."""
    async with AsyncExitStack() as open_chats:

        async def open_them(count: int) -> list[Customer]:
            return await asyncio.gather(*(open_chats.enter_async_context(Customer(hub)) for _ in range(count)))

        yield open_them
