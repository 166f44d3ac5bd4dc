"""How examples are parted to judge a model by what it was not trained on.

Ours are spread evenly, intent by intent. Out-of-scope examples stay together by world: a model that has seen half of
the cooking questions tells nothing about worlds it has never seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.nlu.linear import Whole


def parted(intents: Sequence[str], worlds: Sequence[str | None], folds: int, seed: int) -> Whole:
    """The fold (0 … folds-1) of every example. `worlds` has the world of an example that must stay with its world."""
    drawn = np.random.default_rng(seed)
    fold = np.zeros(len(intents), dtype=np.int64)
    together: dict[str, list[int]] = {}
    for at, world in enumerate(worlds):
        if world is not None:
            together.setdefault(world, []).append(at)
    for intent in sorted(set(intents)):
        own = [at for at, name in enumerate(intents) if name == intent and worlds[at] is None]
        fold[drawn.permutation(own).astype(np.int64)] = (np.arange(len(own)) + drawn.integers(folds)) % folds
    filled = np.zeros(folds)
    for world in drawn.permutation(sorted(together)):
        emptiest = int(filled.argmin())
        fold[together[world]] = emptiest
        filled[emptiest] += len(together[world])
    return fold
