"""Effort goes where the words go: through split, join and their undoing."""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.models import Agent, Case, CaseMove
from tests.hub.caring import Story


async def two_things(story: Story) -> tuple[str, str, Agent]:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("my bill is wrong, account number 10042")
    ref = await story.hands_over(thread, team="care")
    await story.accepts(dana, thread)
    await story.passes(days=1)
    await story.customer("and my box is broken")
    return ref, thread, dana


async def split_off(story: Story, ref: str, dana: Agent, *texts: str) -> tuple[Case, str]:
    async def step(session: AsyncSession) -> tuple[Case, str]:
        old = await cases.get(session, ref)
        chosen = [one.id for one in await cases.words_of(session, old.id) if one.text in texts]
        new = await cases.split(session, ref, dana, chosen, title="Broken box")
        moved: list[CaseMove] = list(await cases.moves_of(session, new.id))
        return new, moved[-1].id

    made = await story.desk.write(step)
    await story.settles()
    return made


async def test_each_half_of_a_split_case_keeps_the_contacts_of_its_own_words(story: Story) -> None:
    ref, _, dana = await two_things(story)
    assert (await story.effort(ref)).contacts == 2
    new, move_id = await split_off(story, ref, dana, "and my box is broken")
    assert ((await story.effort(ref)).contacts, (await story.effort(new.ref)).contacts) == (1, 1)
    await story.desk.write(lambda session: cases.undo(session, move_id, dana))
    await story.settles()
    assert (await story.effort(ref)).contacts == 2
    assert (await story.case(ref)).contacts == 2


async def test_two_issues_of_one_sitting_are_one_contact_each(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("my bill is wrong")
    await story.customer("my box is broken")
    ref = await story.hands_over(thread, team="care")
    await story.accepts(dana, thread)
    new, move_id = await split_off(story, ref, dana, "my box is broken")
    assert ((await story.effort(ref)).contacts, (await story.effort(new.ref)).contacts) == (1, 1)
    await story.desk.write(lambda session: cases.undo(session, move_id, dana))
    await story.settles()
    assert (await story.case(ref)).contacts == 1


async def test_joined_cases_add_up_and_parted_ones_have_their_own_again(story: Story) -> None:
    dana, omar = await story.desk.agent("Dana"), await story.desk.agent("Omar", ("care",))
    first = await story.customer("my bill is wrong")
    old = await story.hands_over(first, team="care")
    await story.accepts(dana, first)
    await story.transfers(dana, first, "care")
    await story.accepts(omar, first)
    await story.resolves(omar, first)
    await story.passes(days=2)
    second = await story.customer("my bill is wrong again")
    new = await story.hands_over(second, team="care")
    await story.accepts(dana, second)
    before = (await story.effort(old), await story.effort(new))
    assert [(one.contacts, one.transfers) for one in before] == [(1, 1), (1, 0)]
    move = await story.desk.write(lambda session: cases.join(session, old, new, dana))
    await story.settles()
    joined = await story.effort(new)
    assert (joined.contacts, joined.transfers) == (2, 1)
    assert (await story.case(new)).contacts == 2
    assert (await story.effort(old)).contacts == 0
    await story.desk.write(lambda session: cases.undo(session, move.id, dana))
    await story.settles()
    after = (await story.effort(old), await story.effort(new))
    assert [(one.contacts, one.transfers) for one in after] == [(1, 1), (1, 0)]
