"""Whether a message is ours at all: learnt from how the classifier sees messages it was not trained on.

Trained on out-of-fold scores where whole worlds of out-of-scope examples (cooking, airlines, …) were left out, so it
learns what a message from a world nobody wrote examples for looks like, and where to draw the line so that at most a
given share of our customers' messages is turned away by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from bot.nlu.linear import Floats

NEIGHBOURS = 5
AXES = 96
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rejection:
    """A logistic model over `signs`; a message is turned away when its probability is above `threshold`."""

    slope: Floats
    bias: float
    threshold: float

    def probabilities(self, signs: Floats) -> Floats:
        """That the messages are not ours, of shape (texts,)."""
        return np.asarray(1 / (1 + np.exp(-(signs @ self.slope + self.bias))), dtype=np.float32)


@dataclass(frozen=True)
class Nearest:
    """Examples' unit vectors, to tell how near a message is to anything of ours and to anything foreign."""

    axes: Floats
    ours: Floats
    foreign: Floats

    @classmethod
    def among(cls, vectors: Floats, is_foreign: Flags) -> Nearest:
        """Along the AXES directions in which the examples differ most: a quarter of the memory to walk through for
        every message, and neighbours stay neighbours."""
        _, directions = np.linalg.eigh(vectors.T @ vectors)
        axes = np.ascontiguousarray(directions[:, ::-1][:, :AXES], dtype=np.float32)
        shorter = _of_length_one(vectors @ axes)
        return cls(axes, shorter[~is_foreign], shorter[is_foreign])

    def similarities(self, vectors: Floats) -> Floats:
        """Of shape (texts, 4): the cosine of the nearest and the mean of the five nearest, ours then foreign.

        Where there is no foreign example, the foreign two are zeros.
        """
        shorter = _of_length_one(vectors @ self.axes)
        return np.hstack([_nearest(shorter @ self.ours.T), _nearest(shorter @ self.foreign.T)])


def signs(scores: Floats, foreign: int | None, similarities: Floats) -> Floats:
    """What the decision looks at, of shape (texts, 10), from scores (texts, intents).

    The best score of ours, its lead over the next, their sum on the log scale (the energy), how far the out-of-scope
    class (column `foreign`) is above them, and the similarities.
    """
    ours = scores if foreign is None else np.delete(scores, foreign, axis=1)
    best = np.sort(ours, axis=1)[:, ::-1]
    energy = _log_sum(ours)
    theirs = np.zeros(len(scores)) if foreign is None else scores[:, foreign]
    gaps = [theirs, theirs - best[:, 0], theirs - energy] if foreign is not None else [theirs] * 3
    lead = best[:, 0] - best[:, 1] if best.shape[1] > 1 else np.zeros(len(scores))
    return np.column_stack([best[:, 0], lead, energy, *gaps, similarities]).astype(np.float32)


def learn(seen: Floats, is_foreign: Flags, budget: float) -> Rejection:
    """From the `signs` of messages that were left out of training; `budget` is the share of ours that may be lost."""
    mean, spread = seen.mean(axis=0), np.maximum(seen.std(axis=0), 1e-6)
    fitted = LogisticRegression(max_iter=1000).fit((seen - mean) / spread, is_foreign)
    slope = (fitted.coef_[0] / spread).astype(np.float32)
    model = Rejection(slope, float(fitted.intercept_[0] - slope @ mean), 1.0)
    threshold = float(np.quantile(model.probabilities(seen[~is_foreign]), 1 - budget))
    return Rejection(model.slope, model.bias, threshold)


def _nearest(alike: Floats) -> Floats:
    count = min(NEIGHBOURS, alike.shape[1])
    if count == 0:
        return np.zeros((len(alike), 2), dtype=np.float32)
    top = np.partition(alike, -count, axis=1)[:, -count:]
    return np.column_stack([top.max(axis=1), top.mean(axis=1)]).astype(np.float32)


def _of_length_one(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def _log_sum(scores: Floats) -> Floats:
    highest = scores.max(axis=1)
    return np.asarray(highest + np.log(np.exp(scores - highest[:, None]).sum(axis=1)), dtype=np.float32)
