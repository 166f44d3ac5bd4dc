"""What the customer is told about their cases: one sentence, once, where they talk about it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import ledger
from handoff.cases.looking import hold_conversations
from handoff.ledger import Speaker
from handoff.models import Case, CaseConversation, Conversation
from handoff.ports import Author, Floor, Words


async def tell(session: AsyncSession, conversation: Conversation, text: str) -> None:
    """In a held conversation."""
    await ledger.utter(session, conversation, Speaker(Author.SYSTEM), Words(text))


async def tell_where_it_was_talked_about(session: AsyncSession, case: Case, text: str) -> bool:
    """Where the case was talked about last; not while an agent has one of its conversations and will say it themselves.

    Gives back whether it was said.
    """
    talking = [one for one in await hold_conversations(session, [case.id]) if one.customer_id == case.customer_id]
    if not talking or any(one.floor == Floor.AGENT for one in talking):
        return False
    await tell(session, newest(talking), text)
    return True


async def newest_of(session: AsyncSession, case: Case) -> Conversation | None:
    """Where its customer talked about it last; not locked."""
    theirs = select(Conversation).join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
    talked = theirs.where(CaseConversation.case_id == case.id, Conversation.customer_id == case.customer_id)
    found: Conversation | None = await session.scalar(talked.order_by(Conversation.last_message_at.desc()).limit(1))
    return found


def newest(talking: Sequence[Conversation]) -> Conversation:
    return max(talking, key=lambda one: (one.last_message_at, one.id))


def two_matters(old: Case, new: Case) -> str:
    return (
        f"These are two matters from here on: {old.ref} is about “{old.title}” and {new.ref} about “{new.title}”. "
        "Everything you said is in one of them; you need not say anything again."
    )


def one_matter_again(old: Case, new: Case) -> str:
    return f"{new.ref} and {old.ref} are one matter again: {old.ref}, “{old.title}”. Nothing you said is lost."


def solved(case: Case) -> str:
    return f"{case.ref}, “{case.title}”, is solved: {case.resolution}"


def not_solved(case: Case) -> str:
    return f"{case.ref}, “{case.title}”, is not solved yet: we said so by mistake, and go on with it."


def closed_tomorrow(case: Case) -> str:
    return (
        f"We are waiting for your answer about {case.ref}, “{case.title}”. Without one it is closed tomorrow. "
        "Write here at any time and it goes on."
    )


def closed(case: Case, days: float) -> str:
    return (
        f"{case.ref}, “{case.title}”, is closed because we did not hear from you for {days:g} days. "
        "Tell us that it is not solved and it is opened again, with everything in it."
    )
