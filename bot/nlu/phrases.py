"""Phrases from the designers' lists, found in a message word by word; device names also when they are misspelt.

A misspelling is one letter off, its first letter is right, and it is no everyday word (words/slips.py). A short word
such as "bx" is guessed at only inside a phrase whose other words are right: "cable bx".
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Collection, Dict, Iterator, List, Mapping, Sequence, Tuple

from words.slips import SHORTEST_TO_GUESS, Slips, is_close

_WORD = re.compile(r"[^\W_]{1,40}(?:['’][a-z]{1,3})?", re.I)
_GAP = re.compile(r"[\s-]{1,3}")
SHORTEST_IN_A_PHRASE = 2

Words = Tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """A phrase of a list where it was found; `is_exact` unless it was misspelt."""

    start: int
    end: int
    name: str
    words: Words
    is_exact: bool


@dataclass(frozen=True)
class _Token:
    start: int
    end: int
    typed: str
    meant: str


class Phrases:
    """`lists` maps an entity to its phrases; `guessed` are phrases that are also found when misspelt."""

    def __init__(self, lists: Mapping[str, Sequence[str]], guessed: Collection[str] = ()) -> None:
        self._guessed = frozenset(words_of(phrase) for phrase in guessed)
        self._slips = Slips({word for words in self._guessed for word in words})
        self._by_first: Dict[str, List[Tuple[Words, str]]] = defaultdict(list)
        for name, phrases in lists.items():
            for words in {words_of(phrase) for phrase in phrases} - {()}:
                self._by_first[words[0]].append((words, name))

    def find(self, text: str) -> Iterator[Listed]:
        """Every phrase at every place; they may overlap."""
        tokens = [self._token(match) for match in _WORD.finditer(text)]
        for at, token in enumerate(tokens):
            for first in {token.typed, token.meant}:
                for words, name in self._by_first.get(first, ()):
                    said = tokens[at : at + len(words)]
                    if len(said) == len(words) and self._is_said(words, said) and _is_together(said, text):
                        yield Listed(token.start, said[-1].end, name, words, _is_exactly(words, said))

    def _token(self, match: re.Match[str]) -> _Token:
        typed = _plain(match.group())
        return _Token(match.start(), match.end(), typed, self._slips.meant(typed) or typed)

    def _is_said(self, words: Words, said: Sequence[_Token]) -> bool:
        return _is_exactly(words, said) or (words in self._guessed and _is_meant(words, said))


def words_of(phrase: str) -> Words:
    """The words of a phrase without capitals, hyphens and apostrophes: what its spellings share."""
    return tuple(_plain(match.group()) for match in _WORD.finditer(phrase))


def _plain(word: str) -> str:
    return word.lower().replace("'", "").replace("’", "")


def _is_exactly(words: Words, said: Sequence[_Token]) -> bool:
    return all(one.typed == word for one, word in zip(said, words, strict=True))


def _is_meant(words: Words, said: Sequence[_Token]) -> bool:
    pairs = list(zip(said, words, strict=True))
    is_anchored = any(one.meant == word and len(word) >= SHORTEST_TO_GUESS for one, word in pairs)
    return is_anchored and all(one.meant == word or _is_short_slip(one.typed, word) for one, word in pairs)


def _is_short_slip(typed: str, word: str) -> bool:
    return len(typed) >= SHORTEST_IN_A_PHRASE and typed[0] == word[0] and is_close(typed, word)


def _is_together(said: Sequence[_Token], text: str) -> bool:
    return all(_GAP.fullmatch(text, one.end, other.start) for one, other in pairwise(said))
