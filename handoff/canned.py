"""Canned answers: words an agent reaches with a slash and a short name. Supervisors write them."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.errors import BadInput, NotFound
from handoff.models import CannedAnswer

LONGEST = 4000
SHORTCUT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


async def all_of(session: AsyncSession) -> Sequence[CannedAnswer]:
    """By their short names."""
    return list(await session.scalars(select(CannedAnswer).order_by(CannedAnswer.shortcut)))


async def add(session: AsyncSession, shortcut: str, text: str) -> CannedAnswer:
    """A new one; a short name is taken once."""
    answer = CannedAnswer(shortcut=await _free(session, shortcut, None), text=_words(text))
    session.add(answer)
    await session.flush()
    return answer


async def change(session: AsyncSession, answer_id: str, shortcut: str, text: str) -> CannedAnswer:
    answer = await get(session, answer_id)
    answer.shortcut, answer.text = await _free(session, shortcut, answer.id), _words(text)
    await session.flush()
    return answer


async def remove(session: AsyncSession, answer_id: str) -> None:
    await session.delete(await get(session, answer_id))


async def get(session: AsyncSession, answer_id: str) -> CannedAnswer:
    found = await session.get(CannedAnswer, answer_id)
    if found is None:
        raise NotFound("There is no such canned answer. Reload the page to see those there are.")
    return found


async def _free(session: AsyncSession, typed: str, own_id: str | None) -> str:
    shortcut = typed.strip().lower().removeprefix("/")
    if not SHORTCUT.fullmatch(shortcut):
        raise BadInput("A short name is one word of letters, digits, - and _, such as 'pickup-times'.")
    taken = await session.scalar(select(CannedAnswer.id).where(CannedAnswer.shortcut == shortcut))
    if taken not in (None, own_id):
        raise BadInput(f"There is an answer '/{shortcut}' already. Change that one or choose another short name.")
    return shortcut


def _words(text: str) -> str:
    if not text.strip():
        raise BadInput("The answer is empty. Write what is to be said.")
    if len(text) > LONGEST:
        raise BadInput(f"An answer has at most {LONGEST} signs. Shorten it.")
    return text.strip()
