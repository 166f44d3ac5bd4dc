"""Trial R15: cases are opened, routed, split, joined, undone, ended, shared, redacted and erased in any order, people
turn out to be one or two, and nothing is lost, doubled or shown to anybody else.

Hypothesis looks for an order that breaks a promise and shrinks it. The same 20 are played each time, so that what fails
is the change at hand; `TELLONCE_CASE_ORDERS` plays that many others, `TELLONCE_CASE_STEPS` longer ones (25).
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

from tests.hub.case_cast import a_courier, a_supervisor, some_routes
from tests.hub.casebook import ABOUT, FACTS, WORDS, Book
from tests.hub.conftest import Desk, an_empty_database

IS_SEARCH = "TELLONCE_CASE_ORDERS" in os.environ
ORDERS = int(os.environ.get("TELLONCE_CASE_ORDERS", "20"))
STEPS = int(os.environ.get("TELLONCE_CASE_STEPS", "25"))

anybody = st.integers(0, 2)
any_case = st.integers(0, 50)
some_words = st.lists(st.integers(0, 30), min_size=1, max_size=4)
some_facts = st.lists(st.sampled_from(FACTS), max_size=3, unique=True)
CHANGES = ("resolve", "reopen", "wait", "urgent", "billing", "assign", "tag", "note", "route")


class Stage:
    """One database for all orders of a run; each order has people of its own."""

    def __init__(self, loop: asyncio.Runner, url: str) -> None:
        self.loop, self.url, self.stack = loop, url, AsyncExitStack()
        self.numbers = count()

    async def open(self) -> None:
        database = await self.stack.enter_async_context(an_empty_database(self.url))
        self.desk = Desk(database)
        self.agent, self.partner = await a_supervisor(self.desk), await a_courier(self.desk)
        await some_routes(self.desk)

    async def book(self) -> Book:
        return await Book.begin(self.desk, self.agent, self.partner, next(self.numbers))


class Cases(RuleBasedStateMachine):
    stage: Stage

    @initialize()
    def begin(self) -> None:
        self.book = self.stage.loop.run(self.stage.book())

    def _case(self, number: int) -> str:
        return self.book.case_ids[number % len(self.book.case_ids)]

    def _pair(self, number: int) -> tuple[str, str]:
        pairs = self.book.pairs()
        return pairs[number % len(pairs)]

    @rule(who=anybody, words=st.sampled_from(WORDS), with_file=st.booleans())
    def customer_says(self, who: int, words: str, with_file: bool) -> None:
        self.stage.loop.run(self.book.say(who, words, with_file=with_file))

    @rule(who=anybody, back=st.integers(0, 3))
    def assistant_answers(self, who: int, back: int) -> None:
        self.stage.loop.run(self.book.answer(who, back))

    @precondition(lambda self: self.book.live)
    @rule(who=anybody, which=any_case, words=st.sampled_from(WORDS))
    def talk_about(self, who: int, which: int, words: str) -> None:
        self.stage.loop.run(self._talk_about(who, self.book.live[which % len(self.book.live)], words))

    async def _talk_about(self, who: int, case_id: str, words: str) -> None:
        await self.book.talk_about(who, case_id)
        await self.book.say(who, words, with_file=False)

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
    def join_any(self, one: int, other: int) -> None:
        """Mostly refused."""
        self.stage.loop.run(self.book.join(self._case(one), self._case(other)))

    @precondition(lambda self: self.book.pairs())
    @rule(which=any_case, is_urgent=st.booleans())
    def join(self, which: int, is_urgent: bool) -> None:
        source, target = self._pair(which)
        if is_urgent:
            self.stage.loop.run(self.book.change(source, "urgent"))
        self.stage.loop.run(self.book.join(source, target))

    @precondition(lambda self: self.book.pairs())
    @rule(which=any_case, said=st.lists(st.tuples(anybody, st.sampled_from(WORDS)), max_size=3))
    def join_and_think_better_of_it(self, which: int, said: list[tuple[int, str]]) -> None:
        """Likelier than the three find each other by themselves."""
        self.stage.loop.run(self._join_and_undo(*self._pair(which), said))

    async def _join_and_undo(self, source: str, target: str, said: list[tuple[int, str]]) -> None:
        before = len(self.book.moves)
        await self.book.join(source, target)
        for who, words in said:
            await self.book.say(who, words, with_file=False)
        if len(self.book.moves) > before:
            await self.book.undo(-1)

    @precondition(lambda self: self.book.moves)
    @rule(which=st.integers(0, 20))
    def undo(self, which: int) -> None:
        self.stage.loop.run(self.book.undo(-1 - which % len(self.book.moves)))

    @rule(one=any_case, what=st.sampled_from(CHANGES))
    def change(self, one: int, what: str) -> None:
        self.stage.loop.run(self.book.change(self._case(one), what))

    @rule(one=any_case, chosen=some_words, names=some_facts)
    def share(self, one: int, chosen: list[int], names: list[str]) -> None:
        self.stage.loop.run(self.book.share(self._case(one), chosen, names))

    @precondition(lambda self: self.book.live)
    @rule(which=any_case, chosen=some_words)
    def share_and_split(self, which: int, chosen: list[int]) -> None:
        """What leaves the case is among what was shared."""
        self.stage.loop.run(self._share_and_split(self.book.live[which % len(self.book.live)], chosen))

    async def _share_and_split(self, case_id: str, chosen: list[int]) -> None:
        await self.book.share(case_id, chosen, [])
        await self.book.split(case_id, chosen[:1])

    @rule(who=anybody)
    def tell_and_share(self, who: int) -> None:
        """A fact of which the one said last holds, and a partner who is shown it."""
        self.stage.loop.run(self._tell_and_share(who))

    async def _tell_and_share(self, who: int) -> None:
        await self.book.say(who, ABOUT, with_file=False)
        if case_id := await self.book.case_of(who):
            await self.book.share(case_id, [-1], ["item"])

    @precondition(lambda self: self.book.pairs())
    @rule(which=any_case)
    def share_and_join(self, which: int) -> None:
        """Both cases know a fact of which the one said last holds; a partner was shown the one of the second."""
        self.stage.loop.run(self._share_and_join(*self._pair(which)))

    async def _share_and_join(self, source: str, target: str) -> None:
        talkers = {await self.book.case_of(who): who for who in range(3)}
        if source in talkers and target in talkers:
            await self._tell_and_share(talkers[target])
            await self.book.say(talkers[source], ABOUT, with_file=False)
            await self.book.join(source, target)

    @precondition(lambda self: self.book.shared)
    @rule(which=st.integers(0, 20))
    def partner_writes(self, which: int) -> None:
        self.stage.loop.run(self.book.partner_writes(which % len(self.book.shared)))

    @precondition(lambda self: self.book.shared)
    @rule(which=st.integers(0, 20))
    def revoke(self, which: int) -> None:
        self.stage.loop.run(self.book.revoke(which % len(self.book.shared)))

    @precondition(lambda self: self.book.home)
    @rule(which=st.integers(0, 50))
    def redact(self, which: int) -> None:
        self.stage.loop.run(self.book.redact(which))

    @rule(who=anybody, other=anybody)
    def one_person(self, who: int, other: int) -> None:
        self.stage.loop.run(self.book.unite(who, other))

    @rule(who=anybody, other=anybody, words=st.sampled_from(WORDS))
    def take_for(self, who: int, other: int, words: str) -> None:
        """One customer is taken for another, says something about the other's case, and is themselves again."""
        self.stage.loop.run(self._take_for(who, other, words))

    async def _take_for(self, who: int, other: int, words: str) -> None:
        before = len(self.book.united)
        await self.book.unite(who, other)
        if len(self.book.united) > before:
            if theirs := await self.book.case_of(other):
                await self.book.talk_about(who, theirs)
            await self.book.say(who, words, with_file=False)
            await self.book.part(-1)

    @precondition(lambda self: self.book.united)
    @rule(which=st.integers(0, 5))
    def two_people_after_all(self, which: int) -> None:
        self.stage.loop.run(self.book.part(which % len(self.book.united)))

    @rule(who=anybody)
    def erase(self, who: int) -> None:
        self.stage.loop.run(self.book.erase(who))

    @rule()
    def followers_catch_up(self) -> None:
        self.stage.loop.run(self.book.catch_up())

    @invariant()
    def nothing_is_wrong(self) -> None:
        if hasattr(self, "book"):
            wrong = self.stage.loop.run(self.book.wrong())
            assert wrong == [], wrong

    def teardown(self) -> None:
        if hasattr(self, "book"):
            remains = self.stage.loop.run(self.book.remains())
            assert remains == [], remains


def test_cases_keep_their_promises_in_every_order(database_url: str) -> None:
    chosen = settings(
        max_examples=ORDERS,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not IS_SEARCH,
        print_blob=IS_SEARCH,
    )
    with asyncio.Runner() as loop:
        stage = Stage(loop, database_url)
        loop.run(stage.open())
        try:
            staged = type("StagedCases", (Cases,), {"stage": stage})
            run_state_machine_as_test(staged, settings=chosen)
        finally:
            loop.run(stage.stack.aclose())
