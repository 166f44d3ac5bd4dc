"""The effort ledger against ledgers counted by hand."""

from handoff.assistants.scripted import saying
from handoff.models import Priority
from handoff.ports import Floor
from tests.hub.caring import Story


async def test_one_sitting_that_moves_between_channels_is_one_contact(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("I want to return the box, account number 10042")
    ref = await story.hands_over(thread)
    await story.goes_on("maya-phone", "telegram", thread)
    await story.customer("are you there?", "maya-phone", "telegram")
    await story.passes(minutes=4)
    await story.accepts(dana, thread)
    await story.agent(dana, thread, "I am. The courier comes tomorrow.")
    cost = await story.effort(ref)
    assert (cost.contacts, cost.channels, cost.transfers, cost.repeats) == (1, ("web", "telegram"), 0, 0)
    assert cost.waited_s == 240


async def test_silence_makes_the_next_word_another_contact_and_an_answer_in_between_does_not(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("my box is broken")
    ref = await story.hands_over(thread)
    await story.accepts(dana, thread)
    await story.passes(hours=3, minutes=59)
    await story.customer("anything new?")
    assert (await story.effort(ref)).contacts == 1
    await story.passes(hours=4)
    await story.customer("hello?")
    assert (await story.effort(ref)).contacts == 2
    await story.passes(hours=20)
    await story.agent(dana, thread, "Sorry, I was away. Which room is it in?")
    await story.passes(hours=1)
    await story.customer("the kitchen")
    assert (await story.effort(ref)).contacts == 2


async def test_a_new_conversation_about_it_is_a_new_contact_even_at_once(story: Story) -> None:
    first = await story.customer("my box is broken")
    ref = await story.hands_over(first)
    second = await story.customer("about my box", "leo", "telegram")
    await story.talks_of(second, ref)
    await story.customer("are you still there?", "leo", "telegram")
    await story.customer("and here?")
    assert (await story.effort(ref)).contacts == 2


async def test_from_team_to_team_is_a_transfer_and_from_the_assistant_to_a_person_is_none(story: Story) -> None:
    dana, omar = await story.desk.agent("Dana"), await story.desk.agent("Omar", ("billing",))
    thread = await story.customer("my bill is wrong")
    ref = await story.hands_over(thread)
    await story.accepts(dana, thread)
    assert (await story.effort(ref)).transfers == 0
    await story.transfers(dana, thread, "billing")
    await story.accepts(omar, thread)
    assert (await story.effort(ref)).transfers == 1
    assert (await story.case(ref)).transfers == 1


async def test_sorting_a_case_before_anybody_met_the_customer_costs_nothing(story: Story) -> None:
    thread = await story.customer("my bill is wrong")
    ref = await story.hands_over(thread)
    await story.sorts(ref, "billing")
    await story.sorts(ref, "care")
    assert (await story.effort(ref)).transfers == 0


async def test_what_is_told_to_a_second_helper_is_told_twice(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("account number 10042, my box is broken")
    ref = await story.hands_over(thread)
    await story.accepts(dana, thread)
    await story.customer("my account number is 10042")
    cost = await story.effort(ref)
    assert (cost.repeated_facts, cost.told_twice) == (1, ("account_number",))


async def test_saying_it_twice_in_one_breath_is_no_repeat_and_later_is(story: Story) -> None:
    thread = await story.customer("account number 10042, my box is broken")
    await story.customer("it is account number 10042 at home")
    await story.customer("as i said, account number 10042")
    ref = await story.hands_over(thread)
    assert (await story.effort(ref)).repeated_facts == 1


async def test_a_question_for_what_is_known_is_counted_and_one_that_names_it_is_not(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("mail me at maya@example.com about my box")
    ref = await story.hands_over(thread)
    await story.accepts(dana, thread)
    await story.agent(dana, thread, "Is your e-mail still maya@example.com?")
    assert (await story.effort(ref)).repeated_questions == 0
    await story.agent(dana, thread, "What is your e-mail address, please?")
    cost = await story.effort(ref)
    assert (cost.repeated_questions, cost.asked_twice) == (1, ("email",))


async def test_waiting_ends_with_the_word_of_whoever_owes_it(story: Story) -> None:
    """2 minutes for the first answer of a person, whatever the assistant said; 5 for the next; 10 after a transfer."""
    dana, omar = await story.desk.agent("Dana"), await story.desk.agent("Omar", ("billing",))
    thread = await story.customer("my bill is wrong")
    ref = await story.hands_over(thread)
    await story.passes(minutes=2)
    await story.accepts(dana, thread)
    await story.agent(dana, thread, "Let me look.")
    await story.passes(minutes=30)
    await story.agent(dana, thread, "It takes a moment.")
    assert (await story.effort(ref)).waited_s == 120
    await story.customer("and now?")
    await story.passes(minutes=3)
    await story.customer("hello?")
    await story.passes(minutes=2)
    await story.agent(dana, thread, "Billing has to do this.")
    assert (await story.effort(ref)).waited_s == 420
    await story.transfers(dana, thread, "billing")
    await story.passes(minutes=10)
    await story.accepts(omar, thread)
    await story.agent(omar, thread, "Done.")
    assert (await story.case(ref)).waited_s == 1020


async def test_nothing_is_counted_twice_when_it_is_looked_at_again(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("account number 10042, my box is broken")
    ref = await story.hands_over(thread)
    await story.passes(minutes=1)
    await story.accepts(dana, thread)
    await story.customer("account number 10042")
    await story.agent(dana, thread, "What is your account number?")
    before = await story.effort(ref)
    await story.follows_all_again(ref)
    assert await story.effort(ref) == before
    assert (before.contacts, before.repeats, before.waited_s) == (1, 2, 60)


async def test_the_third_contact_raises_priority_and_calls_a_person_once(story: Story) -> None:
    dana = await story.desk.agent("Dana")
    thread = await story.customer("where is my carton?")
    ref = await story.hands_over(thread)
    await story.accepts(dana, thread)
    await story.gives_back(dana, thread)
    await story.passes(days=1)
    await story.customer("still no carton")
    assert (await story.case(ref)).priority == Priority.NORMAL
    await story.passes(days=1)
    await story.customer("still nothing")
    conversation = await story.desk.conversation(thread)
    assert ((await story.case(ref)).contacts, conversation.floor) == (3, Floor.QUEUE)
    assert (await story.case(ref)).priority == Priority.HIGH
    assert sum("third time" in text for text in await story.heard(thread)) == 1
    await story.accepts(dana, thread)
    await story.gives_back(dana, thread)
    await story.passes(days=1)
    await story.customer("and again nothing")
    assert (await story.case(ref)).contacts == 4
    assert [event.kind for event in await story.history(ref)].count("third_contact") == 1
    assert (await story.desk.conversation(thread)).floor == Floor.BOT


async def test_a_customer_who_gets_a_person_anyway_moves_up_in_the_queue(story: Story) -> None:
    story.desk.assistant.script = lambda request: saying("All right.")
    thread = await story.customer("where is my carton?")
    ref = await story.hands_over(thread)
    for _ in range(2):
        await story.passes(days=1)
        await story.customer("still waiting")
    case = await story.case(ref)
    assert case.priority in (Priority.HIGH, Priority.URGENT)
    assert [handover.priority for handover in await story.waiting()] == [case.priority]
    assert not any("third time" in text for text in await story.heard(thread))
