"""Sentence vectors kept between trainings, so that editing ten examples encodes ten.

One file for each encoder in `var/cache/vectors/`, keyed by the hash of the text. Only time is lost when the file is
lost, so what cannot be read is encoded again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np

from bot.nlu.encoder import Encoder, Vectors

MOST_KEPT = 50_000
KEY_BYTES = 16


def folder() -> Path:
    """Where the setting says, else beside everything else a running Tellonce writes."""
    if given := os.environ.get("TELLONCE_VECTOR_CACHE"):
        return Path(given)
    return Path(os.environ.get("TELLONCE_VAR", "var")) / "cache" / "vectors"


def encoded(texts: list[str], encoder: Encoder, kept_in: Path | None = None) -> Vectors:
    """The texts' vectors, of shape (texts, dimension); only texts never seen before go through the encoder."""
    path = (kept_in or folder()) / f"{encoder.checksum[:16]}.npz"
    known = _read(path, encoder.dimension)
    keys = [_key(text) for text in texts]
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        known |= zip(new, encoder.encode(list(new.values())), strict=True)
        _write(path, known, used=keys)
    return np.stack([known[key] for key in keys]) if keys else np.zeros((0, encoder.dimension), dtype=np.float32)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


def _read(path: Path, dimension: int) -> dict[bytes, Vectors]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
    except (OSError, ValueError, KeyError, EOFError):
        return {}
    except Exception as error:  # zipfile's own errors differ between Python versions
        if type(error).__module__ in {"zipfile", "zlib"}:
            return {}
        raise
    if vectors.ndim != 2 or vectors.shape != (len(keys), dimension):
        return {}
    return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}


def _write(path: Path, known: dict[bytes, Vectors], used: list[bytes]) -> None:
    """Written whole or not at all: a training that is stopped half-way leaves the old file."""
    kept = list(dict.fromkeys([*used, *known]))[:MOST_KEPT]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        keys = np.frombuffer(b"".join(kept), dtype=np.uint8).reshape(-1, KEY_BYTES)
        np.savez(part, keys=keys, vectors=np.stack([known[key] for key in kept]))
    Path(part.name).replace(path)
