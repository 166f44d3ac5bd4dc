"""Real processes for every journey: hub, Rasa, action server and demo company, started as `make run` starts them.

Well-behaved journeys share one stack. Whatever kills, slows or closes something runs on a stack of its own module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.support.agent import Agent
from tests.support.customer import Customer
from tools.ports import Ports
from tools.stack import Stack


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Nobody may hurt this one."""
    with Stack(tmp_path_factory.mktemp("tellonce"), Ports.free()) as stack:
        yield stack


@pytest.fixture(scope="module")
def own_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of the module's own, with the module's `SETTINGS`."""
    settings = getattr(request.module, "SETTINGS", {})
    with Stack(tmp_path_factory.mktemp(request.module.__name__.rpartition(".")[2]), Ports.free(), settings) as stack:
        yield stack


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Stack:
    """The module's own when it says so with `NEEDS_OWN_STACK`, else the shared one."""
    is_own = getattr(request.module, "NEEDS_OWN_STACK", False)
    found: Stack = request.getfixturevalue("own_stack" if is_own else "shared_stack")
    return found


@pytest.fixture
def hub(stack: Stack) -> str:
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
async def several(hub: str) -> AsyncIterator[Callable[[int], asyncio.Future[list[Customer]]]]:
    """`await several(20)` opens that many chats."""
    async with AsyncExitStack() as open_chats:

        async def open_them(count: int) -> list[Customer]:
            return await asyncio.gather(*(open_chats.enter_async_context(Customer(hub)) for _ in range(count)))

        yield open_them  # type: ignore[misc]
