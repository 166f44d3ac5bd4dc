"""Cases are found by what is in them, on both databases, whatever is typed and whatever happened to them since."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, edits, facts, floor
from handoff.finding import search, texts
from handoff.models import Attachment, Case, Customer, Message, new_id
from tests.hub.conftest import Desk
from tests.hub.statements import counted

CANARY = "zebrawurst"


async def follow_cases(desk: Desk) -> None:
    """Let what waits in the lanes of cases happen, in order."""
    runner = desk.runner()
    while await desk.write(runner.take_steps):
        pass


async def a_case(desk: Desk, words: str = "My cable box hums", who: str = "maya", title: str = "A humming box") -> Case:
    receipt = await desk.customer_says(words, who)

    async def step(session: AsyncSession) -> Case:
        conversation = await floor.hold(session, receipt.conversation_id)
        return await cases.open_case(
            session,
            conversation,
            title=title,
            topic="troubleshoot",
            actor=cases.SYSTEM,
            first_seq=receipt.seq,
        )

    made = await desk.write(step)
    await follow_cases(desk)
    return made


async def refs(desk: Desk, typed: str) -> list[str]:
    async with desk.database.read() as session:
        return [hit.ref for hit in await search.find(session, typed)]


async def test_a_case_is_found_by_its_words_title_reference_customer_tags_notes_and_files(desk: Desk) -> None:
    case = await a_case(desk, "The router blinks red at 412 Maple Street")
    await desk.customer_says("It is order F-20418, mail me at maya@example.com")
    await desk.write(lambda session: cases.add_note(session, case.ref, cases.SYSTEM, "Called the warehouse"))

    async def more(session: AsyncSession) -> None:
        customer = await session.get_one(Customer, case.customer_id)
        customer.name = "Maya Okafor"
        message = await session.scalar(select(Message).where(Message.case_id == case.id).limit(1))
        session.add(
            Attachment(
                secret=new_id(),
                conversation_id=message.conversation_id,
                message_id=message.id,
                name="photo-of-the-label.jpg",
                kind="image",
                media_type="image/jpeg",
                state="awaited",
                created_at=case.created_at,
            )
        )
        texts.stale(session, case.id)

    await desk.write(more)
    await follow_cases(desk)
    for typed in (
        "blinks",
        "blinking",
        "ROUTERS",
        "router red",
        '"blinks red"',
        "blin*",
        "blin",
        "hum",
        "Okafor",
        "F-20418",
        "f20418"[1:],
        "maya@example.com",
        "warehouse",
        "photo label",
        case.ref,
        case.ref.replace("-", " "),
    ):
        assert await refs(desk, typed) == [case.ref], typed
    for typed in ("blinks green", '"red blinks"', "router -blinks", "unheard", "", "   ", "-router", '"', "🙂", "*"):
        assert await refs(desk, typed) == [], typed


async def test_a_case_is_found_by_a_fact_that_an_agent_wrote_down(desk: Desk) -> None:
    case, dana = await a_case(desk), await desk.agent()
    conversation_id = (await desk.customer_says("Hello?")).conversation_id
    await follow_cases(desk)
    await desk.write(lambda session: facts.set_by_agent(session, conversation_id, dana, "weight", CANARY))
    await follow_cases(desk)
    assert await refs(desk, CANARY) == [case.ref]


async def test_words_with_and_without_accents_are_the_same(desk: Desk) -> None:
    case = await a_case(desk, "Ich heiße Müller und wohne in Malmö, café, Привет")
    for typed in ("muller", "Müller", "MALMO", "cafe", "Привет", "привет"):
        assert await refs(desk, typed) == [case.ref], typed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=60) | st.text(alphabet="\"'*()-:^&|!<>{}[]\\%_ aNOTORAND", max_size=40))
async def test_no_question_is_ever_an_error(desk: Desk, typed: str) -> None:
    async with desk.database.read() as session:
        await search.find(session, typed.replace("\x00", ""))
        await search.jump(session, typed.replace("\x00", ""))


async def test_very_long_questions_and_words_are_answered(desk: Desk) -> None:
    case = await a_case(desk)
    assert await refs(desk, "x" * 10_000) == []
    assert await refs(desk, "hums " * 2_000) == [case.ref]
    assert await refs(desk, '"' * 10_000) == []


async def test_cases_named_by_the_words_come_first_then_what_changed_last(desk: Desk) -> None:
    older = await a_case(desk, "The box is at the pickup point", "maya")
    newer = await a_case(desk, "The pickup did not happen", "omar")
    named = await a_case(desk, "Nobody came", "lena", title="Missed pickup")
    await desk.write(lambda session: cases.add_note(session, older.ref, cases.SYSTEM, "Looked at it again"))
    await follow_cases(desk)
    assert await refs(desk, "pickup") == [named.ref, older.ref, newer.ref]


async def test_a_whole_reference_or_account_number_goes_to_its_case(desk: Desk) -> None:
    case = await a_case(desk)

    async def account(session: AsyncSession) -> None:
        await session.execute(update(Customer).where(Customer.id == case.customer_id).values(account_number="10042"))

    await desk.write(account)
    async with desk.database.read() as session:
        for typed in (case.ref, case.ref.lower(), case.ref.replace("-", ""), f" {case.ref} ", "10042"):
            assert await search.jump(session, typed) == case.ref, typed
        for typed in ("10043", "router", "", "C-000-000-1"):
            assert await search.jump(session, typed) is None, typed
    await a_case(desk, "Another thing", "maya", title="Another")
    async with desk.database.read() as session:
        assert await search.jump(session, "10042") is None, "two open cases: neither is meant"


async def test_a_whole_reference_finds_its_case_and_none_that_only_mentions_it(desk: Desk) -> None:
    meant = await a_case(desk)
    other = await a_case(desk, f"Is this about {meant.ref}?", "noor", "A second box")
    digits = meant.ref.removeprefix("C-")
    for typed in (meant.ref, meant.ref.lower(), f" c {digits.replace('-', ' ')}", digits, digits.replace("-", "")):
        assert await refs(desk, typed) == [meant.ref], typed
    assert await refs(desk, "second") == [other.ref]
    assert await refs(desk, "C-000-000-0") == []


async def test_the_found_place_is_shown_with_its_words_marked(desk: Desk) -> None:
    await a_case(desk, "I said <b>the router</b> hums & blinks all night, every night")
    async with desk.database.read() as session:
        (hit,) = await search.find(session, "routers blink")
    assert [piece.text for piece in hit.snippet if piece.is_found] == ["router", "blinks"]
    assert "<b>the " in hit.snippet[0].text, "pieces are text; the page escapes them"


async def test_edited_and_withdrawn_words_are_not_found_any_more(desk: Desk) -> None:
    case = await a_case(desk)
    receipt = await desk.customer_says(f"The code word is {CANARY}")
    await follow_cases(desk)
    assert await refs(desk, CANARY) == [case.ref]

    async def edit(session: AsyncSession) -> None:
        message = await session.get_one(Message, receipt.message_id)
        await edits.edit(session, message, "The code word is apple")

    await desk.write(edit)
    await follow_cases(desk)
    assert (await refs(desk, CANARY), await refs(desk, "apple")) == ([], [case.ref])

    async def withdraw(session: AsyncSession) -> None:
        await edits.withdraw(session, await session.get_one(Message, receipt.message_id))

    await desk.write(withdraw)
    await follow_cases(desk)
    assert await refs(desk, "apple") == []


async def test_many_words_at_once_are_written_down_once(desk: Desk) -> None:
    case = await a_case(desk)
    for number in range(5):
        await desk.customer_says(f"and another thing {number}")
    with counted(desk.database) as seen:
        await follow_cases(desk)
    assert sum(statement.startswith("UPDATE case_texts") for statement, _ in seen) == 1
    assert await refs(desk, "another thing 4") == [case.ref]


async def _indexed(desk: Desk) -> bool:
    """Whether the index itself still holds the canary, searched for or not."""
    async with desk.database.read() as session:
        if desk.database.is_sqlite:
            blocks = await session.scalars(text("SELECT block FROM case_words_data"))
            return any(CANARY[:6].encode() in block for block in blocks)
        rows = await session.scalars(text("SELECT case_words::text FROM case_texts"))
        return any(CANARY in row for row in rows)


async def test_redacted_words_leave_the_index_itself(desk: Desk) -> None:
    case = await a_case(desk)
    receipt = await desk.customer_says(CANARY)
    await follow_cases(desk)
    assert await _indexed(desk)

    async def redact(session: AsyncSession) -> None:
        message = await session.get_one(Message, receipt.message_id)
        message.text, message.redacted_at = "", case.created_at
        held = await cases.hold(session, case.ref)
        await texts.rewrite(session, held, is_for_good=True)

    await desk.write(redact)
    await follow_cases(desk)
    assert await refs(desk, CANARY) == []
    assert not await _indexed(desk)


async def test_a_forgotten_case_leaves_the_index_itself(desk: Desk) -> None:
    case = await a_case(desk, CANARY)
    await desk.write(lambda session: texts.forget(session, [case.id]))
    assert await refs(desk, CANARY) == []
    assert not await _indexed(desk)
