"""What a text is spelled with: TF-IDF weights of its words, pairs of words and short runs of letters.

Vectors of meaning know little of names, misspellings and shorthand ("u", "pls", "acct"); letters do.
"""

from __future__ import annotations

import re

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

MANY = 500
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

    def fit(self, texts: list[str]) -> Ngrams:
        for kind in (self._words, self._letters):
            # What stands in one text of many is a name or a slip of the finger.
            kind.set_params(min_df=2 if len(texts) >= MANY else 1).fit(texts)
        return self

    def rows(self, texts: list[str]) -> sparse.csr_matrix:
        """Of shape (texts, n-grams), float32."""
        words = self._words.transform(texts) * np.float32(np.sqrt(self._share))
        letters = self._letters.transform(texts) * np.float32(np.sqrt(1 - self._share))
        return sparse.hstack([words, letters], format="csr", dtype=np.float32)


def blurred(text: str) -> str:
    """Lower case, every digit alike: account 10042 and account 10019 are the same message."""
    return _DIGIT.sub("0", text.lower())
