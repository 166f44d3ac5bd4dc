"""What goes to and fro on a share: words and files of the partner, states they set, words of an agent to them.

Partners write for the desk; the customer hears of states only, each once, in the sentence agreed on beforehand.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, floor, ledger, masking
from handoff.cases.actors import Actor
from handoff.errors import BadInput
from handoff.ledger import Speaker
from handoff.models import (
    Agent,
    Case,
    CaseConversation,
    CaseStatus,
    Conversation,
    Message,
    Share,
)
from handoff.partners.granting import Entry, enter, held_by_agent, mark, tell_pages
from handoff.partners.kinds import State, state_named
from handoff.ports import Attached, Audience, Author, Words

TEXT_LIMIT = 2000


async def write(
    session: AsyncSession,
    token: str,
    text: str,
    *,
    attachment_ids: Sequence[str] = (),
    client_ref: str | None = None,
) -> Message:
    """The partner's words, for the desk. Files were uploaded before. A repeated `client_ref` gives back the first."""
    entry = await enter(session, token, locks=True)
    return await write_on(session, entry, text, attachment_ids=attachment_ids, client_ref=client_ref)


async def write_on(
    session: AsyncSession, entry: Entry, text: str, *, attachment_ids: Sequence[str] = (), client_ref: str | None = None
) -> Message:
    """The same for a share that was looked up already."""
    speaker = Speaker(Author.PARTNER, entry.partner.name)
    message = await _say(session, entry, speaker, text, attachment_ids, client_ref)
    if message.case_id == entry.live.id:
        await _wake(session, entry)
    return message


async def say(
    session: AsyncSession, share_id: str, agent: Agent, text: str, *, client_ref: str | None = None
) -> Message:
    """An agent's words to the partner: on their page and for the desk, never for the customer."""
    entry = await held_by_agent(session, share_id, agent)
    return await _say(session, entry, Speaker.of(agent), text, (), client_ref)


async def _say(
    session: AsyncSession,
    entry: Entry,
    speaker: Speaker,
    text: str,
    attachment_ids: Sequence[str],
    client_ref: str | None,
) -> Message:
    text = text.replace("\x00", "").strip()
    if not text and not attachment_ids:
        raise BadInput("There is nothing to send yet. Write something, or add a photo.")
    if len(text) > TEXT_LIMIT:
        raise BadInput(f"That is {len(text)} characters; {TEXT_LIMIT} is the most. Send it in parts.")
    conversation = await floor.hold(session, await conversation_of(session, entry.live))
    ref = f"{entry.share.id}:{client_ref}"[:100] if client_ref else None
    if ref and (known := await ledger.by_client_ref(session, conversation, ref)):
        return known
    masked = masking.mask(text)
    message = ledger.append(session, conversation, speaker, Words(masked.text), Audience.DESK, case_id=entry.live.id)
    message.client_ref, message.is_masked = ref, masked.is_masked
    await session.flush()
    await attachments.attach(session, message, [Attached(one) for one in attachment_ids])
    await mark(session, entry.share, message)
    await tell_pages(session, entry.share)
    return message


async def set_state(session: AsyncSession, token: str, state: str) -> Share:
    """Say how far the work is. The case records it and the customer is told, both once; the same state again is
    nothing new."""
    return await set_state_on(session, await enter(session, token, locks=True), state)


async def set_state_on(session: AsyncSession, entry: Entry, name: str) -> Share:
    share, partner = entry.share, entry.partner
    state = state_named(partner.states, name)
    if state is None:
        agreed = ", ".join(str(one["name"]) for one in partner.states)
        raise BadInput(f"'{name[:40]}' is no state that was agreed on. Choose one of {agreed}.")
    if share.state == state.name:
        return share
    is_first = not await _was_said(session, entry, state)
    share.state = state.name
    await session.flush()
    told = {"share": share.id, "partner": partner.name, "state": state.name, "label": state.label}
    await cases.record(session, entry.live, "partner_state", Actor("partner", partner.id, partner.name), told)
    if is_first and state.customer_text:
        await _tell_customer(session, entry, state)
    if state.opens:
        await _wake(session, entry)
    await tell_pages(session, share)
    return share


async def _was_said(session: AsyncSession, entry: Entry, state: State) -> bool:
    said = [("partner_state", entry.share.id, state.name)]
    for case in {entry.case.id, entry.live.id}:
        for event in await cases.history(session, case):
            if (event.kind, event.data.get("share"), event.data.get("state")) in said:
                return True
    return False


async def _tell_customer(session: AsyncSession, entry: Entry, state: State) -> None:
    """In the conversation the customer was last in. Nobody's floor: it is the hub that tells."""
    conversation = await floor.hold(session, await conversation_of(session, entry.live))
    text = state.customer_text.replace("{partner}", entry.partner.name)
    await ledger.utter(session, conversation, Speaker(Author.SYSTEM), Words(text), case_id=entry.live.id)


async def _wake(session: AsyncSession, entry: Entry) -> None:
    """They have answered: a case that waited for them is ours again."""
    case = entry.live
    if case.status == CaseStatus.WAITING and case.waiting_for == "partner":
        actor = Actor("partner", entry.partner.id, entry.partner.name)
        await cases.set_status(session, case.ref, actor, CaseStatus.OPEN)


async def conversation_of(session: AsyncSession, case: Case) -> str:
    """Where words about a case go: of its conversations the one that was last talked in."""
    query = (
        select(Conversation.id)
        .join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
        .where(CaseConversation.case_id == case.id)
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(1)
    )
    found: str | None = await session.scalar(query)
    if found is None:
        raise BadInput("This case has no conversation to write in. Call instead.")
    return found
