"""The floor under every order of events: what is promised holds however customer, assistant and agents interleave.

A failing order is shrunk by hypothesis to the few moves that break the promise. `TELLONCE_RACES` plays more of them.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hub.conftest import Desk, an_empty_database
from tests.hub.racing import BY_AGENT, BY_ASSISTANT, BY_CUSTOMER, Ledger, Move, Race, Slow

RACES = int(os.environ.get("TELLONCE_RACES", "80"))

Plan = list[list[tuple[Move, int]]]
which_agent = st.integers(0, 1)
anybody = st.tuples(st.sampled_from([*BY_CUSTOMER, *BY_ASSISTANT, *BY_AGENT]), which_agent)
one_after_another = st.lists(anybody, min_size=1, max_size=12).map(lambda moves: [moves])


def does(moves: tuple[Move, ...], agent: int) -> st.SearchStrategy[list[tuple[Move, int]]]:
    return st.lists(st.tuples(st.sampled_from(moves), st.just(agent)), max_size=4)


all_at_once = st.tuples(
    does(BY_CUSTOMER, 0), does(BY_ASSISTANT, 0), does(BY_AGENT, 0), does((Move.TAKE_OVER, *BY_AGENT), 1)
).map(list)


class Track:
    """A running desk on its own event loop; hypothesis calls `race` from outside it, once for each order of moves."""

    def __init__(self, loop: asyncio.Runner, url: str) -> None:
        self.loop, self.url = loop, url
        self.names = (f"customer-{number}" for number in count())
        self.stack = AsyncExitStack()

    async def open(self) -> None:
        database = await self.stack.enter_async_context(an_empty_database(self.url))
        self.assistant = Slow()
        self.desk = Desk(database, self.assistant)  # type: ignore[arg-type]
        self.agents = [await self.desk.agent("Dana"), await self.desk.agent("Sam")]
        await self.stack.enter_async_context(self.desk.runner())

    def race(self, plan: Plan) -> None:
        self.loop.run(self._race(plan))

    async def _race(self, plan: Plan) -> None:
        race = Race(self.desk, self.assistant, self.agents, next(self.names))
        await race.begin()
        await race.play(plan)
        now = await Ledger.of(race)
        assert now.broken_promises() == []
        await race.settle()
        settled = await Ledger.of(race)
        assert settled.broken_promises() == []


def on_a_track(url: str, body: Callable[[Track], Any]) -> None:
    with asyncio.Runner() as loop:
        track = Track(loop, url)
        loop.run(track.open())
        try:
            body(track)
        finally:
            loop.run(track.stack.aclose())


def racing(examples: int) -> Callable[[Any], Any]:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def _share(url: str) -> int:
    return RACES if url.startswith("sqlite") else RACES // 8


@pytest.mark.parametrize("moves", [one_after_another, all_at_once], ids=["one after another", "all at once"])
def test_every_order_of_moves_keeps_the_promises_of_the_floor(
    database_url: str, moves: st.SearchStrategy[Plan]
) -> None:
    def body(track: Track) -> None:
        racing(_share(database_url))(given(moves)(track.race))()

    on_a_track(database_url, body)
