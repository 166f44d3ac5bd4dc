"""The confusion matrix and the calibration plot as PNG files, to be read on a screen without zooming."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from bot.evaluation.figures import Answered, bins, calibration_error
from bot.evaluation.rows import OUT_OF_SCOPE

INK, PAPER, QUIET, BLUE, RED = "#1c2430", "#ffffff", "#c9d0d9", "#2563a8", "#c2402f"
_RIGHT = LinearSegmentedColormap.from_list("right", [PAPER, BLUE])
_WRONG = LinearSegmentedColormap.from_list("wrong", [PAPER, RED])


def draw_confusions(answered: Sequence[Answered], title: str, path: Path) -> None:
    """Rows are what was meant, columns what it was taken for; shades are shares of a row, numbers are counts.

    Right answers are blue on the diagonal, wrong ones red, so that a mistake of 5 % is still seen.
    """
    names = sorted(
        {row.intent for row, _ in answered} | {parsed.intent for _, parsed in answered}, key=_out_of_scope_last
    )
    counts = _matrix(answered, names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size_inch = max(6.0, 2.6 + 0.3 * len(names))
    figure, axes = plt.subplots(figsize=(size_inch, size_inch), dpi=120)
    diagonal = np.eye(len(names), dtype=bool)
    axes.imshow(np.ma.masked_array(shares, ~diagonal), cmap=_RIGHT, vmin=0, vmax=1.15)
    axes.imshow(np.ma.masked_array(shares, diagonal), cmap=_WRONG, vmin=0, vmax=0.35)
    for at, of in zip(*np.nonzero(counts), strict=True):
        is_dark = shares[at, of] > (0.55 if at == of else 0.2)
        number = str(int(counts[at, of]))
        axes.text(of, at, number, ha="center", va="center", fontsize=7, color=PAPER if is_dark else INK)
    _name_axes(axes, names, counts)
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=14)
    figure.savefig(path, bbox_inches="tight", facecolor=PAPER)
    plt.close(figure)


def draw_calibration(answered: Sequence[Answered], title: str, path: Path) -> None:
    """How often answers of a confidence were right: on the diagonal the model is as sure as it may be."""
    filled = bins(answered)
    figure, (axes, amounts) = plt.subplots(
        2, 1, figsize=(6, 6.6), dpi=120, sharex=True, gridspec_kw={"height_ratios": [4, 1], "hspace": 0.08}
    )
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.5, zorder=1)
    most = max((one.rows for one in filled), default=1)
    confidence, right = [one.confidence for one in filled], [one.right for one in filled]
    axes.plot(confidence, right, color=BLUE, linewidth=1.2, zorder=2)
    axes.scatter(
        confidence, right, s=[25 + 160 * one.rows / most for one in filled], color=BLUE, zorder=3, clip_on=False
    )
    amounts.bar(confidence, [one.rows for one in filled], width=0.045, color=BLUE)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.set_ylabel("share that was right", color=INK)
    amounts.set_ylabel("rows", color=INK)
    amounts.set_xlabel("confidence", color=INK)
    for one in (axes, amounts):
        one.grid(color=QUIET, linewidth=0.4, alpha=0.7)
        one.spines[["top", "right"]].set_visible(False)
    error = calibration_error(answered)
    axes.text(0.03, 0.95, f"calibration error {error:.3f}" if error is not None else "no rows", color=INK)
    axes.text(0.66, 0.52, "below the line:\ntoo sure", color="#7a8594", fontsize=8)
    axes.text(0.2, 0.46, "above the line:\nnot sure enough", color="#7a8594", fontsize=8, ha="center")
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=10)
    figure.savefig(path, bbox_inches="tight", facecolor=PAPER)
    plt.close(figure)


def _out_of_scope_last(name: str) -> tuple[bool, str]:
    return name == OUT_OF_SCOPE, name


def _matrix(answered: Sequence[Answered], names: list[str]) -> np.ndarray:
    at = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for (meant, taken), times in Counter((row.intent, parsed.intent) for row, parsed in answered).items():
        counts[at[meant], at[taken]] = times
    return counts


def _name_axes(axes: plt.Axes, names: list[str], counts: np.ndarray) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8, color=INK)
    labels = [f"{name}  ({int(total)})" for name, total in zip(names, counts.sum(axis=1), strict=True)]
    axes.set_yticks(range(len(names)), labels, fontsize=8, color=INK)
    axes.set_xlabel("taken for", color=INK)
    axes.set_ylabel("meant (rows)", color=INK)
    axes.set_xticks(np.arange(-0.5, len(names)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(names)), minor=True)
    axes.grid(which="minor", color=QUIET, linewidth=0.35)
    axes.tick_params(which="both", length=0)
    for spine in axes.spines.values():
        spine.set_color(QUIET)
