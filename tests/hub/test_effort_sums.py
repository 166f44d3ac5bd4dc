"""Whatever happens to a case: its sums are those of its lines, and a recount finds the same lines again."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.care import effort
from handoff.models import Agent, Effort
from handoff.ports import Floor
from tests.hub.caring import Story

SAYS = (
    "is there any news?",
    "my account number is 10042",
    "mail me at maya@example.com",
    "my phone number is (312) 555-0128",
    "+1 312 555 0128, MAYA@example.com, account number 10042",
)
ANSWERS = ("One moment, please.", "What is your account number?", "What is your e-mail address?", "It is solved.")
Lines = list[tuple[str, str, int, str | None]]
story_number = count(1)


@dataclass
class Matter:
    """One customer, their case, and two agents who may have it."""

    story: Story
    agents: tuple[Agent, Agent]
    who: str
    thread: str
    ref: str

    async def says(self, number: int) -> None:
        await self.story.customer(SAYS[number % len(SAYS)], who=self.who)

    async def says_elsewhere(self, number: int) -> None:
        """What was said before it was about this case is counted with the next word."""
        other = await self.story.customer(SAYS[number % len(SAYS)], f"{self.who}-phone", "telegram")
        await self.story.talks_of(other, self.ref)
        await self.story.customer("hello?", f"{self.who}-phone", "telegram")

    async def is_answered(self, number: int) -> None:
        agent = await self._person()
        await self.story.agent(agent, self.thread, ANSWERS[number % len(ANSWERS)])

    async def is_passed_on(self, number: int) -> None:
        holder = await self._person()
        other = self.agents[number % 2]
        await self.story.transfers(holder, self.thread, "billing")
        await self.story.passes(minutes=number)
        await self.story.accepts(other, self.thread)

    async def is_given_back(self, number: int) -> None:
        await self.story.gives_back(await self._person(), self.thread)

    async def waits(self, number: int) -> None:
        await self.story.passes(minutes=number * 53)

    async def _person(self) -> Agent:
        """Who has the conversation; when nobody does, somebody is asked for and takes it."""
        now = await self.story.desk.conversation(self.thread)
        if now.floor == Floor.BOT:
            await self.story.hands_over(self.thread)
        if now.floor != Floor.AGENT:
            await self.story.accepts(self.agents[0], self.thread)
            return self.agents[0]
        return next(one for one in self.agents if one.id == now.agent_id)


Move = Callable[[Matter, int], Awaitable[None]]
MOVES: tuple[Move, ...] = (
    Matter.says,
    Matter.says,
    Matter.says_elsewhere,
    Matter.is_answered,
    Matter.is_answered,
    Matter.is_passed_on,
    Matter.is_given_back,
    Matter.waits,
)


async def begin(story: Story, agents: tuple[Agent, Agent]) -> Matter:
    who = f"customer-{next(story_number)}"
    thread = await story.customer("my box is broken, account number 10042", who=who)
    return Matter(story, agents, who, thread, await story.hands_over(thread))


async def counted(session: AsyncSession, ref: str) -> tuple[Lines, tuple[int, ...]]:
    """Its lines, and the sums on the case."""
    case = await cases.get(session, ref)
    rows = await session.scalars(select(Effort).where(Effort.case_id == case.id))
    lines = sorted((row.kind, row.cause, row.amount, row.detail) for row in rows)
    return lines, (case.contacts, case.transfers, case.repeats, case.waited_s)


def summed(lines: Lines) -> tuple[int, ...]:
    amounts: Counter[str] = Counter()
    for kind, _, amount, _ in lines:
        amounts[kind] += amount
    repeats = amounts["repeated_fact"] + amounts["repeated_question"]
    return amounts["contact"], amounts["transfer"], repeats, amounts["waited"]


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 9)), min_size=4, max_size=9))
async def test_sums_are_those_of_the_lines_and_a_recount_finds_the_same(
    story: Story, moves: list[tuple[Move, int]]
) -> None:
    agents = await two(story)
    matter = await begin(story, agents)
    for move, number in moves:
        await move(matter, number)

    async def again(session: AsyncSession) -> None:
        await effort.recount(session, await cases.get(session, matter.ref))

    async with story.desk.database.read() as session:
        lines, sums = await counted(session, matter.ref)
    assert sums == summed(lines)
    await story.follows_all_again(matter.ref)
    async with story.desk.database.read() as session:
        assert await counted(session, matter.ref) == (lines, sums)
    await story.desk.write(again)
    async with story.desk.database.read() as session:
        assert await counted(session, matter.ref) == (lines, sums)


async def two(story: Story) -> tuple[Agent, Agent]:
    """The same two for every example."""
    async with story.desk.database.read() as session:
        found = list(await session.scalars(select(Agent).order_by(Agent.name)))
    if found:
        return found[0], found[1]
    return await story.desk.agent("Dana"), await story.desk.agent("Omar", ("billing", "care"))
