"""What somebody typed into a search field, read so that nothing they type can be wrong.

Words are all wanted; `"words in quotes"` as they stand; `retur*` by their beginning; `-word` not at all. Anything else
only parts words. The same question is written for SQLite's FTS5 and for PostgreSQL's tsquery.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

TERMS = 12
LONGEST_WORD = 60
READ = 1000
"""Letters of a question that are read; what is longer was not typed."""
TERM = re.compile(r'(?P<no>-(?=\S))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))')
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Term:
    """Words that stand together. `is_prefix`: the last of them may go on."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True)
class Question:
    """`is_open`: the last word may not be finished, since nothing was typed after it."""

    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()
    is_open: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def words(self) -> frozenset[str]:
        return frozenset(word for term in self.terms for word in term.words)

    def unfinished(self) -> "Question":
        """The same with the last word as a beginning."""
        return replace(self, terms=(*self.terms[:-1], replace(self.terms[-1], is_prefix=True)), is_open=False)


def plain(text: str) -> str:
    """Small letters without accents, as the indexes hold them."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).casefold()


def read(typed: str) -> Question:
    """Any text is a question; one without a letter or digit asks for nothing."""
    text = plain(typed[:READ])
    wanted: list[Term] = []
    without: list[Term] = []
    last_plain_end = -1
    for found in TERM.finditer(text):
        raw = found["plain"] if found["plain"] is not None else found["quoted"]
        words = tuple(word[:LONGEST_WORD] for word in WORD.findall(raw))
        if not words or len(wanted) + len(without) >= TERMS:
            continue
        if found["no"]:
            without.append(Term(words))
        else:
            wanted.append(Term(words, found["plain"] is not None and raw.endswith("*")))
            last_plain_end = found.end() if found["plain"] is not None else -1
    is_open = bool(wanted) and last_plain_end == len(text) and len(wanted[-1].words[-1]) > 1
    return Question(tuple(wanted), tuple(without), is_open and not wanted[-1].is_prefix)


def for_sqlite(question: Question) -> str:
    """A MATCH expression: every word quoted, so that nothing in it is an operator."""

    def term(one: Term) -> str:
        return f'"{" ".join(one.words)}"' + (" *" if one.is_prefix else "")

    wanted = " AND ".join(term(one) for one in question.terms)
    return f"({wanted}) NOT ({' OR '.join(map(term, question.without))})" if question.without else wanted


def for_postgresql(question: Question) -> str:
    """A tsquery, to be read with the configuration `tellonce`."""

    def term(one: Term) -> str:
        return "(" + " <-> ".join(f"'{word}'" for word in one.words) + (":*" if one.is_prefix else "") + ")"

    return " & ".join([*map(term, question.terms), *(f"!{term(one)}" for one in question.without)])
