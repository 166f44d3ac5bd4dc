"""Cases worth looking at on the demo's busy day: two that became one over two channels, one split off, promises, an
exception that waits for a decision, a courier at work. Done by the hub's own verbs after `demo_day`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, conversations
from handoff.care import promises
from handoff.models import Agent, Case, CaseEvent, Conversation, Identity, Message, Partner, new_id
from handoff.partners import shares
from handoff.ports import Author, Client, Floor

SHOP = "C-482-868-7"
"""Marcus Bell's business line, which Jonas has."""
YESTERDAY = (
    (Author.CUSTOMER, "hi, the card terminal in my shop says no line. is it the router? the light is red"),
    (
        Author.ASSISTANT,
        "Your router does not answer our test. I have opened a case for Network; they look at it first thing.",
    ),
    (Author.CUSTOMER, "ok. without it I can only take cash"),
)


async def live_on(session: AsyncSession) -> None:
    """What people did with the cases of the day."""
    shop = await cases.get(session, SHOP)
    jonas = await session.get_one(Agent, shop.assignee_id)
    earlier = await _talk_of_yesterday(session, shop)
    await cases.join(session, earlier.ref, SHOP, jonas, reason="The same line, asked about on Telegram the day before.")
    words = await cases.words_of(session, shop.id)
    asked = next(one for one in words if "what do I do with it afterwards" in one.text)
    back = await cases.split(session, SHOP, jonas, [asked.id], title="Mobile router goes back", topic="return_start")
    await promises.make(session, back.ref, jonas, "A courier fetches the mobile router by Friday")
    await _send_the_courier(session, back, jonas, [asked.id])
    await cases.ask_exception(
        session,
        SHOP,
        jonas,
        "credit",
        "Two days without card payments in a shop.",
        amount_cents=9_000,
        refused_by="Credit for an outage is at most $25.00.",
        details={"account_number": "10016"},
    )


async def _talk_of_yesterday(session: AsyncSession, shop: Case) -> Case:
    """A chat of the same customer on another channel, with a case of its own."""
    began = clock.now() - timedelta(hours=26)
    words = [(began + timedelta(minutes=minute), *said) for minute, said in enumerate(YESTERDAY, start=1)]
    thread, said = await talk_before(session, shop.customer_id, words)
    earlier = await cases.open_case(
        session, thread, title="Red light on the router", topic="troubleshoot", team="network", actor=cases.ASSISTANT
    )
    earlier.created_at = earlier.updated_at = said[1].created_at
    for event in await session.scalars(select(CaseEvent).where(CaseEvent.case_id == earlier.id)):
        event.created_at = said[1].created_at
    return earlier


async def talk_before(
    session: AsyncSession, customer_id: str, words: Sequence[tuple[datetime, Author, str]]
) -> tuple[Conversation, Sequence[Message]]:
    """A chat on Telegram that is over: when what was said, by whom."""
    began = words[0][0]
    handle = Identity(
        customer_id=customer_id,
        channel="telegram",
        external_id=f"demo-{new_id()}",
        verified_at=began,
        method="link",
        created_at=began,
    )
    session.add(handle)
    await session.flush()
    thread = await conversations.begin(session, handle, Client())
    said = [
        Message(
            conversation_id=thread.id,
            seq=seq,
            author=author,
            audience="everyone",
            text=text,
            channel=thread.channel,
            identity_id=handle.id,
            epoch=1,
            created_at=at,
        )
        for seq, (at, author, text) in enumerate(words, start=1)
    ]
    session.add_all(said)
    thread.last_seq, thread.floor, thread.epoch = len(said), Floor.CLOSED, 2
    thread.created_at, thread.last_message_at = began, said[-1].created_at
    await session.flush()
    return thread, said


async def _send_the_courier(session: AsyncSession, case: Case, agent: Agent, message_ids: Sequence[str]) -> None:
    courier = await session.scalar(select(Partner).where(Partner.kind == "courier"))
    if courier is None:
        return
    task = "Fetch a mobile router (0.6 kg, no carton) at the shop in Heron Way, mornings."
    _, token = await shares.open(session, case.ref, agent, courier.id, task, [], message_ids, 7, waits=True)
    await shares.write(session, token, "Is the shop open on Thursday before 9:00?")
