"""Trial R15: cases are opened, split, joined, undone, ended, shared and redacted in any order, and nothing is lost.

Hypothesis looks for an order that breaks a promise and shrinks it. `TELLONCE_CASE_ORDERS` plays more of them (40 on
SQLite and a tenth of it on PostgreSQL without), `TELLONCE_CASE_STEPS` longer ones (25).
"""

import asyncio
import os
from contextlib import AsyncExitStack
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.hub.casebook import WORDS, Book, a_courier, a_supervisor
from tests.hub.conftest import Desk, an_empty_database

ORDERS = int(os.environ.get("TELLONCE_CASE_ORDERS", "40"))
STEPS = int(os.environ.get("TELLONCE_CASE_STEPS", "25"))

anybody = st.integers(0, 2)
any_case = st.integers(0, 50)
some_words = st.lists(st.integers(0, 30), min_size=1, max_size=4)
CHANGES = ("resolve", "reopen", "wait", "urgent", "billing", "assign", "tag", "note")


class Stage:
    """One database for all orders of a run; each order has people of its own."""

    def __init__(self, loop: asyncio.Runner, url: str) -> None:
        self.loop, self.url, self.stack = loop, url, AsyncExitStack()
        self.numbers = count()

    async def open(self) -> None:
        database = await self.stack.enter_async_context(an_empty_database(self.url))
        self.desk = Desk(database)
        self.agent, self.partner = await a_supervisor(self.desk), await a_courier(self.desk)

    async def book(self) -> Book:
        number = next(self.numbers)
        return await Book.begin(
            self.desk, self.agent, self.partner, (f"maya-{number}", f"maya-phone-{number}", f"noor-{number}")
        )


class Cases(RuleBasedStateMachine):
    stage: Stage

    @initialize()
    def begin(self) -> None:
        self.book = self.stage.loop.run(self.stage.book())

    def _case(self, number: int) -> str:
        return self.book.case_ids[number % len(self.book.case_ids)]

    @rule(who=anybody, words=st.sampled_from(WORDS), with_file=st.booleans())
    def customer_says(self, who: int, words: str, with_file: bool) -> None:
        self.stage.loop.run(self.book.say(who, words, with_file=with_file))

    @rule(who=anybody)
    def agent_notes(self, who: int) -> None:
        self.stage.loop.run(self.book.note(who))

    @rule(who=anybody)
    def open(self, who: int) -> None:
        self.stage.loop.run(self.book.open(who))

    @rule(one=any_case, chosen=some_words)
    def split(self, one: int, chosen: list[int]) -> None:
        self.stage.loop.run(self.book.split(self._case(one), chosen))

    @rule(one=any_case, other=any_case)
    def join(self, one: int, other: int) -> None:
        self.stage.loop.run(self.book.join(self._case(one), self._case(other)))

    @precondition(lambda self: self.book.moves)
    @rule(which=st.integers(0, 20))
    def undo(self, which: int) -> None:
        self.stage.loop.run(self.book.undo(-1 - which % len(self.book.moves)))

    @rule(one=any_case, what=st.sampled_from(CHANGES))
    def change(self, one: int, what: str) -> None:
        self.stage.loop.run(self.book.change(self._case(one), what))

    @rule(one=any_case, chosen=some_words)
    def share(self, one: int, chosen: list[int]) -> None:
        self.stage.loop.run(self.book.share(self._case(one), chosen))

    @precondition(lambda self: self.book.shared)
    @rule(which=st.integers(0, 20))
    def revoke(self, which: int) -> None:
        self.stage.loop.run(self.book.revoke(which % len(self.book.shared)))

    @precondition(lambda self: self.book.home)
    @rule(which=st.integers(0, 50))
    def redact(self, which: int) -> None:
        self.stage.loop.run(self.book.redact(which))

    @rule()
    def followers_catch_up(self) -> None:
        self.stage.loop.run(self.book.catch_up())

    @invariant()
    def nothing_is_wrong(self) -> None:
        if hasattr(self, "book"):
            wrong = self.stage.loop.run(self.book.wrong())
            assert wrong == [], wrong


def test_cases_keep_their_promises_in_every_order(database_url: str) -> None:
    orders = ORDERS if database_url.startswith("sqlite") else max(1, ORDERS // 10)
    chosen = settings(
        max_examples=orders,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    with asyncio.Runner() as loop:
        stage = Stage(loop, database_url)
        loop.run(stage.open())
        try:
            staged = type("StagedCases", (Cases,), {"stage": stage})
            run_state_machine_as_test(staged, settings=chosen)
        finally:
            loop.run(stage.stack.aclose())
