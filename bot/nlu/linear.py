"""Multinomial logistic regression over a dense block (sentence vectors) and a sparse one (n-grams) side by side.

scikit-learn's takes one matrix: made sparse, the dense block is an order of magnitude slower; made dense, the n-grams
are gigabytes. The model is the same. Nothing is drawn at random, so the same data gives the same weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Linear:
    """`dense` (dimensions, classes), `sparse` (n-grams, classes), `bias` (classes,)."""

    dense: Floats
    sparse: Floats
    bias: Floats

    def scores(self, dense: Floats, rows: sparse.csr_matrix) -> Floats:
        """Log-odds up to a constant, of shape (texts, classes)."""
        return np.asarray(dense @ self.dense + rows @ self.sparse + self.bias, dtype=np.float32)


def fit(
    dense: Floats,
    rows: sparse.csr_matrix,
    targets: Whole,
    classes: int,
    *,
    strength: float,
    weights: Floats | None = None,
    tolerance: float = 1e-4,
    most_steps: int = 200,
) -> Linear:
    """Weights that explain `targets` (the class of every text, 0 … classes-1).

    `strength` is scikit-learn's C: the larger, the closer to the examples. `tolerance`: stop when a step gains less
    than this share of the loss.
    """
    count, width = dense.shape
    # Products with the transposed block are needed in every step; CSR of it is the quick layout.
    turned, at = rows.T.tocsr(), np.arange(count)
    weighed = np.ones(count, dtype=np.float32) if weights is None else weights
    until, end = width * classes, (width + rows.shape[1]) * classes

    def parts(flat: npt.NDArray[np.float64]) -> Linear:
        small = flat.astype(np.float32)
        return Linear(small[:until].reshape(width, classes), small[until:end].reshape(-1, classes), small[end:])

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = parts(flat).scores(dense, rows)
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        totals = shares.sum(axis=1, keepdims=True)
        surprise = float(weighed @ (np.log(totals[:, 0]) - scores[at, targets]))
        shares /= totals
        shares[at, targets] -= 1
        shares *= weighed[:, None]
        slope = np.concatenate([(dense.T @ shares).ravel(), (turned @ shares).ravel(), shares.sum(axis=0)]).astype(
            np.float64
        )
        slope[:end] += flat[:end] / strength
        return (surprise + 0.5 / strength * float(flat[:end] @ flat[:end])) / count, slope / count

    options = {"maxiter": most_steps, "ftol": tolerance, "gtol": 1e-9, "maxcor": 8}
    found = minimize(loss, np.zeros(end + classes), jac=True, method="L-BFGS-B", options=options)
    return parts(found.x)


def shares(scores: Floats) -> Floats:
    """Softmax of each row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)
