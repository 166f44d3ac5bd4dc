"""Articles to answer with: written by supervisors in Markdown, found by their words, sent as text with a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.errors import BadInput, NotAllowed, NotFound
from handoff.finding import questions, search, snippets
from handoff.finding.snippets import Piece
from handoff.models import Agent, Article, Role
from handoff.models.words import ARTICLE_HEADS, ARTICLE_WORDS

LONGEST = 20_000
PLACES = ((ARTICLE_HEADS, 50), (ARTICLE_WORDS, 50))
_markdown = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class ArticleHit:
    """`words` is what an agent sends: the text without its marks, and the address below it."""

    id: str
    title: str
    url: str | None
    words: str
    snippet: tuple[Piece, ...]


async def find(session: AsyncSession, typed: str, limit: int = 8) -> list[ArticleHit]:
    """Published articles that fit, those with the words in their title first, then the newest."""
    question = questions.read(typed)
    found = await search.numbers(session, question, PLACES)
    if not found:
        return []
    published = select(Article).where(Article.number.in_(found), Article.is_published.is_(True))
    rows = sorted(await session.scalars(published), key=lambda one: (not found[one.number], -one.number))[:limit]
    return [
        ArticleHit(one.id, one.title, one.url, sendable(one), snippets.of(plain(one.text), question)) for one in rows
    ]


async def every(session: AsyncSession) -> Sequence[Article]:
    return list(await session.scalars(select(Article).order_by(Article.title)))


async def write(
    session: AsyncSession,
    agent: Agent,
    *,
    title: str,
    text: str,
    url: str = "",
    is_published: bool = True,
    article_id: str | None = None,
) -> Article:
    """A new article, or new words for one: by its id, else for one with this title. Supervisors only.

    The address has to be one people may be sent to.
    """
    _must_supervise(agent)
    title, text, url = " ".join(title.split()), text.strip(), url.strip()
    if not title or not text:
        raise BadInput("Give the article a title and a text.")
    if len(title) > 200 or len(text) > LONGEST:
        raise BadInput(f"A title has at most 200 signs and a text {LONGEST}; shorten this one.")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc or len(url) > 500):
        raise BadInput("The address begins with https:// and is at most 500 signs long.")
    now = clock.now()
    if article_id:
        found = await get(session, article_id)
    else:
        same = await session.scalar(select(Article).where(Article.title == title))
        found = same or Article(created_at=now)
        session.add(found)
    found.title, found.text, found.url = title, text, url or None
    found.is_published, found.updated_at = is_published, now
    await session.flush()
    return found


async def get(session: AsyncSession, article_id: str) -> Article:
    found = await session.scalar(select(Article).where(Article.id == article_id))
    if found is None:
        raise NotFound("There is no such article; somebody may have removed it. Reload the page.")
    return found


async def remove(session: AsyncSession, agent: Agent, article_id: str) -> None:
    _must_supervise(agent)
    await session.delete(await get(session, article_id))


def plain(text: str) -> str:
    """Markdown as it reads without its marks: what a chat shows."""
    lines: list[str] = []
    for token in _markdown.parse(text):
        if token.type == "list_item_open":
            lines.append("- ")
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.strip() + "\n")
        elif token.type == "inline":
            lines.append("".join(_words(child.type, child.content) for child in token.children or ()) + "\n")
        elif token.type in ("paragraph_close", "heading_close") and not token.hidden:
            lines.append("\n")
    return "".join(lines).strip()


def _words(kind: str, content: str) -> str:
    return "\n" if kind in ("softbreak", "hardbreak") else content


def sendable(article: Article, longest: int = 3500) -> str:
    """Cut at the end of a line when it is longer than a message; the address says where it goes on."""
    words = plain(article.text)
    if len(words) > longest:
        words = words[:longest].rpartition("\n")[0] or words[:longest]
    return f"{words}\n\n{article.url}" if article.url else words


def _must_supervise(agent: Agent) -> None:
    if agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise NotAllowed("Only a supervisor may write articles. Ask one of yours.")
