"""What a text is spelled with: TF-IDF weights of its words, pairs of words and short runs of letters.

Vectors of meaning know little of names, misspellings and shorthand ("u", "pls", "acct"); letters do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

MANY = 500
FEW = 16
_DIGIT = re.compile(r"\d")


class Ngrams:
    """Texts to sparse rows of length 1: the words' share of the length is `words`, the letters' the rest."""

    def __init__(
        self,
        words: float = 0.5,
        word_ngrams: tuple[int, int] = (1, 2),
        letter_ngrams: tuple[int, int] = (2, 4),
    ) -> None:
        shared = {"preprocessor": blurred, "sublinear_tf": True, "dtype": np.float32}
        # Words of one letter count: "u", "y", "k".
        self._words = TfidfVectorizer(analyzer="word", token_pattern=r"\b\w+\b", ngram_range=word_ngrams, **shared)  # noqa: S106
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=letter_ngrams, **shared)
        self._share = words
        self._blocks: tuple[_Block, ...] = ()

    def fit(self, texts: list[str]) -> Ngrams:
        for kind in (self._words, self._letters):
            # What stands in one text of many is a name or a slip of the finger.
            kind.set_params(min_df=2 if len(texts) >= MANY else 1).fit(texts)
        return self

    def rows(self, texts: list[str]) -> sparse.csr_matrix:
        """Of shape (texts, n-grams), float32."""
        if len(texts) <= FEW:
            return self._rows_of_few(texts)
        words = self._words.transform(texts) * np.float32(np.sqrt(self._share))
        letters = self._letters.transform(texts) * np.float32(np.sqrt(1 - self._share))
        return sparse.hstack([words, letters], format="csr", dtype=np.float32)

    def _rows_of_few(self, texts: list[str]) -> sparse.csr_matrix:
        """The same. For one text scikit-learn spends four fifths of its time on checks, in every turn."""
        if not self._blocks:
            self._blocks = self._made_blocks()
        parts = [[block.weights(text) for block in self._blocks] for text in texts]
        width = sum(len(block.idf) for block in self._blocks)
        ends = np.cumsum([0, *(sum(len(at) for at, _ in row) for row in parts)])
        flat = [part for row in parts for part in row]
        places = np.concatenate([at for at, _ in flat]) if flat else np.zeros(0, dtype=np.int64)
        weights = np.concatenate([weights for _, weights in flat]) if flat else np.zeros(0, dtype=np.float32)
        return sparse.csr_matrix((weights, places, ends), shape=(len(texts), width))

    def _made_blocks(self) -> tuple[_Block, ...]:
        words = _Block.of(self._words, 0, float(np.sqrt(self._share)))
        return words, _Block.of(self._letters, len(words.idf), float(np.sqrt(1 - self._share)))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_blocks": ()}


@dataclass(frozen=True)
class _Block:
    """One kind of n-gram: how a text is cut, and where its n-grams stand and what they weigh."""

    cut: Callable[[str], list[str]]
    places: dict[str, int]
    idf: npt.NDArray[np.float32]
    begins: int
    length: float

    @classmethod
    def of(cls, fitted: TfidfVectorizer, begins: int, length: float) -> _Block:
        return cls(fitted.build_analyzer(), fitted.vocabulary_, np.asarray(fitted.idf_, np.float32), begins, length)

    def weights(self, text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        counts = Counter(place for ngram in self.cut(text) if (place := self.places.get(ngram)) is not None)
        at = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[at]
        weights *= self.length / max(float(np.sqrt(weights @ weights)), 1e-12)
        return at + self.begins, np.asarray(weights, dtype=np.float32)


def blurred(text: str) -> str:
    """Lower case, every digit alike: account 10042 and account 10019 are the same message."""
    return _DIGIT.sub("0", text.lower())
