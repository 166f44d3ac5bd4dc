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
from tests.support.agent import Agent
from tests.support.customer import Customer
from tools.ports import Ports


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Breakable]:
    with Breakable(tmp_path_factory.mktemp("tellonce"), Ports.free()) as stack:
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
