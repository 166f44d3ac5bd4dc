"""Which intent a text has: a linear model over sentence vectors and n-grams, calibrated, that knows what is not ours.

Pure: vectors come in, rankings go out; Rasa's side is `intents.py`. A fit goes through the data twice: once in folds,
to see how the model does on messages it was not trained on (that sets the temperature of the confidences and the
out-of-scope decision), and once with everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.utils.extmath import randomized_svd

from bot.nlu import linear, rejection
from bot.nlu.folds import parted
from bot.nlu.linear import Floats, Linear, Whole
from bot.nlu.ngrams import Ngrams
from bot.nlu.rejection import Flags, Nearest, Rejection

OUT_OF_SCOPE = "out_of_scope"
DIRECTIONS = 400
FEWEST_JUDGED = 100
"""With fewer examples, folds say nothing: confidences stay as they are and nothing is turned away."""


@dataclass(frozen=True)
class Choices:
    """What may be chosen for a fit; the defaults are those of `config.yml`.

    `meaning`: the weight of sentence vectors against n-grams (squared lengths). `strength`: how closely the examples
    are followed. `false_rejections`: the share of our customers' messages that may be turned away by mistake. The
    `has_…` switch parts off, for the ablation.
    """

    meaning: float = 1.3
    words: float = 0.7
    strength: float = 8.0
    folds: int = 5
    seed: int = 7
    false_rejections: float = 0.05
    has_vectors: bool = True
    has_ngrams: bool = True
    has_calibration: bool = True
    has_rejection: bool = True


@dataclass(frozen=True)
class Guess:
    """`ranking`: every intent with its confidence; the first is the guess, the others follow in order."""

    ranking: tuple[tuple[str, float], ...]
    is_rejected: bool

    @property
    def name(self) -> str:
        return self.ranking[0][0]

    @property
    def confidence(self) -> float:
        return self.ranking[0][1]


@dataclass(frozen=True)
class Examples:
    """Training examples: `vectors` (texts, dimension) of length 1; `worlds` only of out-of-scope examples."""

    texts: Sequence[str]
    vectors: Floats
    intents: Sequence[str]
    worlds: Sequence[str | None] = ()

    def only(self, at: Whole) -> Examples:
        """Those at the given places."""
        return Examples(
            [self.texts[one] for one in at],
            self.vectors[at],
            [self.intents[one] for one in at],
            [self.worlds[one] for one in at] if self.worlds else (),
        )

    def folds(self, count: int, seed: int) -> Whole:
        """Out-of-scope examples without a world are each a world of their own."""
        worlds = self.worlds or [None] * len(self.texts)
        named = [
            (world or f"#{at}") if intent == OUT_OF_SCOPE else None
            for at, (intent, world) in enumerate(zip(self.intents, worlds, strict=True))
        ]
        return parted(self.intents, named, count, seed)


@dataclass(frozen=True)
class IntentModel:
    names: tuple[str, ...]
    mean: Floats
    meaning: float
    ngrams: Ngrams | None
    linear: Linear
    nearest: Nearest
    temperature: float
    rejection: Rejection | None

    def rank(self, texts: Sequence[str], vectors: Floats) -> list[Guess]:
        """A guess for every text, in one pass, from the encoder's vectors of shape (texts, dimension)."""
        if not len(texts):
            return []
        scores, signs = self._seen(texts, vectors)
        shares = linear.shares(scores * self.temperature)
        if self.rejection is None or self.foreign is None:
            return [self._guess(row, is_rejected=int(row.argmax()) == self.foreign) for row in shares]
        foreignness = self.rejection.probabilities(signs)
        ours = shares * (np.arange(len(self.names)) != self.foreign)
        ours *= ((1 - foreignness) / np.maximum(ours.sum(axis=1), 1e-12))[:, None]
        ours[:, self.foreign] = foreignness
        away = foreignness > self.rejection.threshold
        return [self._guess(row, is_rejected=bool(is_away)) for row, is_away in zip(ours, away, strict=True)]

    def foreignness(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """The probability that each text is not ours, also where no out-of-scope intent was trained."""
        scores, signs = self._seen(texts, vectors)
        if self.rejection is None:
            return np.asarray(1 - linear.shares(scores * self.temperature).max(axis=1), dtype=np.float32)
        return self.rejection.probabilities(signs)

    @property
    def foreign(self) -> int | None:
        return self.names.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self.names else None

    def _seen(self, texts: Sequence[str], vectors: Floats) -> tuple[Floats, Floats]:
        """The scores (texts, intents) and the signs (texts, 10) of being foreign."""
        centred = _centred(vectors, self.mean)
        scores = self.linear.scores(centred * np.float32(np.sqrt(self.meaning)), _rows(self.ngrams, texts))
        return scores, rejection.signs(scores, self.foreign, self.nearest.similarities(centred))

    def _guess(self, confidences: Floats, *, is_rejected: bool) -> Guess:
        """Rejected, out of scope comes first; else the first of ours does, however foreign the message may be."""
        order = sorted(range(len(self.names)), key=lambda at: (-confidences[at], at))
        first = next(at for at in order if (at == self.foreign) is is_rejected)
        order = [first, *(at for at in order if at != first)]
        return Guess(tuple((self.names[at], float(confidences[at])) for at in order), is_rejected)


def named(examples: Examples, encode: Callable[[list[str]], Floats]) -> Examples:
    """With one example more for each intent of ours: its name in words, which whoever chose it meant to be told by."""
    names = sorted(set(examples.intents) - {OUT_OF_SCOPE})
    words = [name.replace("_", " ") for name in names]
    return Examples(
        [*examples.texts, *words],
        np.vstack([examples.vectors, encode(words)]),
        [*examples.intents, *names],
        [*examples.worlds, *(None for _ in names)] if examples.worlds else (),
    )


def fit(examples: Examples, choices: Choices = Choices()) -> IntentModel:
    """The same examples, choices and versions of libraries give the same model."""
    names = tuple(sorted(set(examples.intents)))
    ngrams = Ngrams(words=choices.words).fit(list(examples.texts)) if choices.has_ngrams else None
    mean = examples.vectors.mean(axis=0)
    meaning = choices.meaning if choices.has_vectors else 0.0
    centred = _centred(examples.vectors, mean)
    prepared = _Prepared(
        targets=np.array([names.index(intent) for intent in examples.intents], dtype=np.int64),
        foreign=names.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in names else None,
        centred=centred,
        dense=centred * np.float32(np.sqrt(meaning)),
        rows=_rows(ngrams, examples.texts),
        strength=choices.strength,
        classes=len(names),
    )
    temperature, judged = 1.0, None
    if len(examples.texts) >= FEWEST_JUDGED and (choices.has_calibration or choices.has_rejection):
        seen = _judge(prepared.condensed(choices.seed), _rounds(examples, choices))
        temperature = _temperature(seen) if choices.has_calibration else 1.0
        if choices.has_rejection and seen.is_unknown.any():
            judged = rejection.learn(seen.signs, seen.is_unknown, choices.false_rejections)
    return IntentModel(names, mean, meaning, ngrams, prepared.fitted(), prepared.nearest(), temperature, judged)


@dataclass(frozen=True)
class _Prepared:
    """Everything a fit needs, numbers only."""

    targets: Whole
    foreign: int | None
    centred: Floats
    dense: Floats
    rows: sparse.csr_matrix
    strength: float
    classes: int

    def fitted(self) -> Linear:
        return linear.fit(self.dense, self.rows, self.targets, self.classes, strength=self.strength)

    def nearest(self) -> Nearest:
        return Nearest.among(self.centred, self.targets == (-1 if self.foreign is None else self.foreign))

    def only(self, which: Flags) -> _Prepared:
        return replace(
            self,
            targets=self.targets[which],
            centred=self.centred[which],
            dense=self.dense[which],
            rows=self.rows[which],
        )

    def condensed(self, seed: int) -> _Prepared:
        """The n-grams in their strongest directions. A fit takes a fifth of the time and is right nearly as often, with
        the same temperature within a few hundredths: good enough to judge by, not to answer with."""
        if min(self.rows.shape) <= DIRECTIONS:
            return self
        _, _, directions = randomized_svd(self.rows, DIRECTIONS, n_oversamples=20, n_iter=1, random_state=seed)
        spelled = np.asarray(self.rows @ directions.T, dtype=np.float32)
        nothing = sparse.csr_matrix((len(self.targets), 0), dtype=np.float32)
        return replace(self, dense=np.hstack([self.dense, spelled]), rows=nothing)


@dataclass(frozen=True)
class _Round:
    """One training without some examples: `asked` is who is asked about afterwards, `is_unknown` who of them it could
    not know because nothing like it was there."""

    trained: Flags
    asked: Whole
    is_unknown: Flags


@dataclass(frozen=True)
class _Seen:
    """How models saw messages they were not trained on."""

    scores: Floats
    signs: Floats
    targets: Whole
    foreign: int | None
    is_unknown: Flags


def _rounds(examples: Examples, choices: Choices) -> list[_Round]:
    """Whole worlds are left out; where there is no out-of-scope intent, whole intents are, and stand for worlds."""
    fold = examples.folds(choices.folds, choices.seed)
    foreign = np.array([intent == OUT_OF_SCOPE for intent in examples.intents])
    if foreign.any():
        return [_Round(fold != at, np.flatnonzero(fold == at), foreign[fold == at]) for at in range(choices.folds)]
    group = parted(examples.intents, list(examples.intents), choices.folds, choices.seed)
    left_out = [(fold == at) | (group == at) for at in range(choices.folds)]
    return [_Round(~out, np.flatnonzero(out), group[out] == at) for at, out in enumerate(left_out)]


def _judge(prepared: _Prepared, rounds: list[_Round]) -> _Seen:
    scores, signs = [], []
    for one in rounds:
        known, asked = prepared.only(one.trained), prepared.only(one.asked)
        found = known.fitted().scores(asked.dense, asked.rows)
        scores.append(found)
        signs.append(rejection.signs(found, prepared.foreign, known.nearest().similarities(asked.centred)))
    asked_at = np.concatenate([one.asked for one in rounds])
    return _Seen(
        np.vstack(scores),
        np.vstack(signs),
        prepared.targets[asked_at],
        prepared.foreign,
        np.concatenate([one.is_unknown for one in rounds]),
    )


def _temperature(seen: _Seen) -> float:
    """The factor of the scores that makes the confidences among our own intents fit how often they were right."""
    scores, targets = seen.scores[~seen.is_unknown], seen.targets[~seen.is_unknown]
    if seen.foreign is not None:
        scores = scores.copy()
        scores[:, seen.foreign] = -np.inf
    at = np.arange(len(targets))

    def surprise(factor: float) -> float:
        return float(-np.log(np.maximum(linear.shares(scores * np.float32(factor))[at, targets], 1e-12)).mean())

    return float(minimize_scalar(surprise, bounds=(0.1, 10.0), method="bounded").x)


def _centred(vectors: Floats, mean: Floats) -> Floats:
    """Without what all texts share, and of length 1 again: foreign and near then lie apart."""
    moved = vectors - mean
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def _rows(ngrams: Ngrams | None, texts: Sequence[str]) -> sparse.csr_matrix:
    return ngrams.rows(list(texts)) if ngrams else sparse.csr_matrix((len(texts), 0), dtype=np.float32)
