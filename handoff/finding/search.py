"""Search: cases by their words, the newest that fit.

The newest `LOOKED_AT` cases are looked at, so a word that is in every case costs no more than a rare one; those that
the words name (reference, title, customer, tag) come before those that only mention them, then whatever changed last.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, Select, column, func, literal, literal_column, select, table, union_all
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import expression

from handoff import cases
from handoff.finding import questions, snippets, texts
from handoff.finding.questions import Question
from handoff.finding.snippets import Piece
from handoff.models import LIVE, Case, CaseText, Customer
from handoff.models.words import ARTICLE_HEADS, CASE_HEADS, CASE_WORDS, Words

if TYPE_CHECKING:
    from handoff.casework import Happened

LOOKED_AT = 200
NAMED_AT_MOST = 100
NEAR = 20_000
"""PostgreSQL goes through so many of the newest in a few milliseconds."""
ENOUGH = 10
"""Whole words that find so many are what was meant; fewer, and the last may be the beginning of another."""
REFERENCE = re.compile(r"[cC]?[\s-]*\d{3}[\s-]*\d{3}[\s-]*\d{1,4}")
"""As people write one: with its C and its hyphens or without."""


@dataclass(frozen=True)
class CaseHit:
    """`snippet` is the place that was found, its found words marked; `is_named` when a name of the case was meant."""

    case_id: str
    ref: str
    title: str
    status: str
    priority: str
    team: str
    customer: str | None
    snippet: tuple[Piece, ...]
    is_named: bool
    updated_at: datetime


async def follow(session: AsyncSession, happened: "Happened") -> None:
    """Keep the text of a case as the case is. Of many things that happened together only the last comes here
    (`texts.MORE_TO_COME`)."""
    await texts.rewrite(session, happened.case)


async def find(session: AsyncSession, typed: str, limit: int = 25) -> list[CaseHit]:
    """The cases that fit, best first, at most `limit`. Any text may be typed; one without words finds nothing."""
    question = questions.read(typed)
    found = await numbers(session, question, typed=typed)
    if not found:
        return []
    query: Any = select(Case, Customer.name, CaseText.number, told())
    query = ranked(query.join(Customer, Customer.id == Case.customer_id), found).limit(limit)
    rows = await session.execute(query)
    return [_hit(case, name, body, question, found[number]) for case, name, number, body in rows]


def told() -> ColumnElement[str]:
    """What is said and told in a case, without the names that are shown anyway."""
    return func.substr(CaseText.body, func.length(CaseText.head) + 2, snippets.READ)


def ranked(query: Select[Any], found: Mapping[int, bool]) -> Select[Any]:
    """A query of cases narrowed to what `numbers` found, and in its order."""
    return ordered(query.join(CaseText, CaseText.case_id == Case.id).where(CaseText.number.in_(found)), found)


def ordered(query: Select[Any], found: Mapping[int, bool]) -> Select[Any]:
    """A query of cases and their texts: those the words name first, then what changed last."""
    named = [number for number, is_named in found.items() if is_named]
    is_named = expression.case((CaseText.number.in_(named), 0), else_=1)
    return query.order_by(is_named, Case.updated_at.desc(), Case.id.desc())


async def jump(session: AsyncSession, typed: str) -> str | None:
    """The reference of the one case meant: a whole reference, or the account number of somebody with one live case."""
    wanted = typed.strip()[:40]
    if not any(letter.isdigit() for letter in wanted) or " " in wanted:
        return None
    by_ref: str | None = await session.scalar(select(Case.ref).where(Case.ref == cases.normal_ref(wanted)))
    if by_ref:
        return by_ref
    owned = select(Case.ref).join(Customer, Customer.id == Case.customer_id)
    refs = (await session.scalars(owned.where(Customer.account_number == wanted, Case.status.in_(LIVE)).limit(2))).all()
    return refs[0] if len(refs) == 1 else None


Places = tuple[tuple[Words, int], ...]
"""Indexes to look in, with how many of the newest are looked at."""
CASES: Places = ((CASE_HEADS, NAMED_AT_MOST), (CASE_WORDS, LOOKED_AT))


async def numbers(
    session: AsyncSession, question: Question, places: Places = CASES, typed: str = ""
) -> dict[int, bool]:
    """`number` of the newest texts that fit, and whether their head does. One or two statements.

    A whole reference as `typed` is looked up, not searched for, where there is such a case.
    """
    if not question:
        return {}
    is_reference = REFERENCE.fullmatch(typed.strip()) is not None
    if is_reference and (number := await _of_reference(session, typed)):
        return {number: True}
    found = await _look(session, question, places)
    if question.is_open and not is_reference and len(found) < ENOUGH:
        # Where whole words found something, the last of them may only begin a name: every text with words that begin
        # so would have to be gone through.
        found = {**await _look(session, question.unfinished(), places[:1] if found else places), **found}
    return found


async def _of_reference(session: AsyncSession, typed: str) -> int | None:
    query = select(CaseText.number).join(Case, Case.id == CaseText.case_id)
    found: int | None = await session.scalar(query.where(Case.ref == cases.normal_ref(typed)))
    return found


async def _look(session: AsyncSession, question: Question, places: Places) -> dict[int, bool]:
    """Text of nobody's typing: `question` holds letters and digits only, which is why it may stand in the statement."""
    write = _in_sqlite if session.get_bind().dialect.name == "sqlite" else _in_postgresql
    both = [write(words, question, limit).subquery(words.name + "_found") for words, limit in places]
    rows = await session.execute(union_all(*(select(one.c.number, one.c.is_named) for one in both)))
    found: dict[int, bool] = {}
    for number, is_named in rows:
        found[number] = found.get(number, False) or bool(is_named)
    return found


def _in_sqlite(words: Words, question: Question, limit: int) -> Select[Any]:
    index = table(words.name, column("rowid"), column(words.name))
    fits: ColumnElement[bool] = index.c[words.name].op("MATCH")(questions.for_sqlite(question))
    number = index.c.rowid.label("number")
    return select(number, _is_named(words)).where(fits).order_by(index.c.rowid.desc()).limit(limit)


def _in_postgresql(words: Words, question: Question, limit: int) -> Select[Any]:
    """PostgreSQL sees the words, to know which index is cheaper: a word in every case is found by walking back from the
    newest, a rare one by its index. Of several words it expects too little, and would fetch thousands of texts from
    everywhere to show the newest: so bodies are looked at in the newest first, elsewhere only when too few fit there.
    """
    query = questions.for_postgresql(question).replace("'", "''")
    index = table(words.table, column("number", Integer), column(words.name, TSVECTOR))
    asked: ColumnElement[Any] = literal_column(f"to_tsquery('public.tellonce', '{query}')")
    number, text = index.c.number, index.c[words.name]
    newest = select(number, _is_named(words)).order_by(number.desc()).limit(limit)
    fits: ColumnElement[bool] = text.op("@@")(asked)
    if words is not CASE_WORDS:
        return newest.where(fits)
    border = select(func.max(number) - NEAR).scalar_subquery()
    # By the function behind @@, for which no index is used.
    near = newest.where(number > border, func.ts_match_vq(text, asked)).cte(f"{words.name}_near")
    are_too_few = select(func.count()).select_from(near).scalar_subquery() < limit
    far = newest.where(number <= border, are_too_few, fits).subquery(f"{words.name}_far")
    both = union_all(select(near), select(far)).subquery(f"{words.name}_both")
    return select(both.c.number, both.c.is_named)


def _is_named(words: Words) -> ColumnElement[Any]:
    return literal(1 if words in (CASE_HEADS, ARTICLE_HEADS) else 0).label("is_named")


def _hit(case: Case, customer: str | None, body: str, question: Question, is_named: bool) -> CaseHit:
    return CaseHit(
        case.id,
        case.ref,
        case.title,
        case.status,
        case.priority,
        case.team,
        customer,
        snippets.of(body, question),
        is_named,
        case.updated_at,
    )
