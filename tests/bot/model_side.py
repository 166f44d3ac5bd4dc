"""The half of the tests of encoder and intent model that runs where onnxruntime is: `python -m tests.bot.model_side`.

Reads one command a line, `[name, arguments…]` as JSON, and answers each with one line: `{"answer": …}`, or
`{"refused": "…"}` for an `EncoderError`. The tests themselves are in test_encoder.py and test_intent_model.py.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import norm
from sklearn.linear_model import LogisticRegression

from bot.nlu import encoder, intent_model, linear, vectors
from bot.nlu.encoder import Encoder, EncoderError, Vectors
from bot.nlu.folds import parted
from bot.nlu.intent_model import Choices, Examples, IntentModel
from bot.nlu.ngrams import Ngrams, blurred

Json = Any


class Counting(Encoder):
    """The packaged encoder, which remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(encoder.packaged())
        self.asked: list[str] = []

    def encode(self, texts: list[str]) -> Vectors:
        self.asked += texts
        return super().encode(texts)


def similar(one: str, other: str) -> float:
    first, second = encoder.configured().encode([one, other])
    return float(first @ second)


def alone_and_together(texts: list[str]) -> Json:
    """The largest difference between a text encoded by itself and in a batch, and every vector's length."""
    together = encoder.configured().encode(texts)
    alone = np.vstack([encoder.configured().encode([text]) for text in texts])
    return {"difference": float(np.abs(together - alone).max()), "lengths": np.linalg.norm(together, axis=1).tolist()}


def packaged_with(package: str, sha256: str) -> str:
    return str(encoder._packaged_file(package, "model.onnx", sha256))


def dimension_of(folder: str) -> int:
    return Encoder(encoder.found_in(Path(folder))).dimension


def put(folder: str, onnx: str | None = None, tokenizer: str | None = None) -> None:
    """Fill a folder: `onnx` is a kind of `tiny_onnx` or broken, `tokenizer` real or broken; what is None is missing."""
    path = Path(folder)
    path.mkdir(exist_ok=True)
    if onnx:
        (path / "model.onnx").write_bytes(b"no onnx" if onnx == "broken" else tiny_onnx(onnx))
    if tokenizer == "real":
        shutil.copy(encoder.packaged().tokenizer, path / "tokenizer.json")
    elif tokenizer:
        (path / "tokenizer.json").write_text("{}")


def encoded_anew(folder: str, rounds: list[list[str]], damage: str | None = None) -> list[list[str]]:
    """Which texts each round of training encoded; `damage` is what the cache holds before the last round."""
    asked = []
    for number, texts in enumerate(rounds):
        counting = Counting()
        if damage is not None and number == len(rounds) - 1:
            next(Path(folder).glob("*.npz")).write_bytes(damage.encode())
        found = vectors.encoded(texts, counting, Path(folder))
        assert np.allclose(found, encoder.configured().encode(texts), atol=1e-5)
        asked.append(sorted(counting.asked))
    return asked


def checksums(folder: str) -> list[str]:
    return [Encoder(files).checksum for files in (encoder.packaged(), encoder.found_in(Path(folder)))]


def folds(intents: list[str], worlds: list[str | None], count: int) -> list[int]:
    return [int(fold) for fold in parted(intents, worlds, count, seed=3)]


def blurs(text: str) -> str:
    return blurred(text)


def against_scikit() -> float:
    """The largest difference in probability between our regression and scikit-learn's of the same strength."""
    drawn = np.random.default_rng(5)
    dense = drawn.normal(size=(120, 6)).astype(np.float32)
    rows = sparse.csr_matrix((drawn.random((120, 30)) < 0.1).astype(np.float32))
    targets = (dense[:, 0] > 0).astype(np.int64) + 2 * (rows[:, 0].toarray()[:, 0] > 0)
    targets = np.unique(targets, return_inverse=True)[1].astype(np.int64)
    ours = linear.fit(dense, rows, targets, int(targets.max()) + 1, strength=2.0, tolerance=1e-9, most_steps=2000)
    whole = np.hstack([dense, rows.toarray()])
    theirs = LogisticRegression(C=2.0, max_iter=5000, tol=1e-8).fit(whole, targets)
    return float(np.abs(linear.shares(ours.scores(dense, rows)) - theirs.predict_proba(whole)).max())


def learnt(told: list[list[str | None]], asked: list[str], choices: dict[str, Any]) -> list[Json]:
    """Rankings of `asked` by a model that learnt `[text, intent, world]`, in one batch."""
    model = _fitted(told, choices)
    return [
        {"ranking": guess.ranking, "is_rejected": guess.is_rejected}
        for guess in model.rank(asked, encoder.configured().encode(asked))
    ]


def foreignness(told: list[list[str | None]], asked: list[str]) -> list[float]:
    return [float(one) for one in _fitted(told, {}).foreignness(asked, encoder.configured().encode(asked))]


def has_learnt_rejection(told: list[list[str | None]]) -> bool:
    return _fitted(told, {}).rejection is not None


def named(told: list[list[str | None]]) -> list[list[str]]:
    """The examples that stand for the intents' names: text and intent."""
    texts = [str(text) for text, _, _ in told]
    encode = encoder.configured().encode
    examples = Examples(texts, encode(texts), [str(intent) for _, intent, _ in told], [world for *_, world in told])
    more = intent_model.named(examples, encode)
    assert len(more.texts) == len(more.vectors) == len(more.worlds)
    return [[text, intent] for text, intent in zip(more.texts, more.intents, strict=True)][len(texts) :]


def same_twice(told: list[list[str | None]]) -> bool:
    one, other = _fitted(told, {}), _fitted(told, {})
    return bool((one.linear.sparse == other.linear.sparse).all()) and one.temperature == other.temperature


def temperature(told: list[list[str | None]], choices: dict[str, Any]) -> float:
    return _fitted(told, choices).temperature


def ngrams_of(text: str, told: list[str]) -> float:
    return float(norm(Ngrams().fit(told).rows([text])))


def ngrams_apart(told: list[str], asked: list[str]) -> float:
    """The largest difference between rows made one by one and the same made together with many others."""
    ngrams = Ngrams(words=0.7).fit(told)
    together = ngrams.rows(asked * 20)[: len(asked)].toarray()
    return float(np.abs(np.vstack([ngrams.rows([text]).toarray() for text in asked]) - together).max())


def _fitted(told: list[list[str | None]], choices: dict[str, Any]) -> IntentModel:
    texts = [str(text) for text, _, _ in told]
    found = encoder.configured().encode(texts)
    examples = Examples(texts, found, [str(intent) for _, intent, _ in told], [world for _, _, world in told])
    return intent_model.fit(examples, Choices(**choices))


def tiny_onnx(kind: str) -> bytes:
    """An ONNX model small enough to write by hand: the piece's id as its only number (kind "pieces"), without the
    dimension of pieces' vectors ("pooled"), or with an input no text encoder has ("stranger")."""
    names = ["input_ids", "pixels" if kind == "stranger" else "attention_mask"]
    nodes = _node("Cast", names[0], "cast", _attribute("to", 2, 1))
    if kind != "pooled":
        nodes += _node("Unsqueeze", "cast", "states", _attribute("axes", 7, 2))
    result = "cast" if kind == "pooled" else "states"
    inputs = b"".join(_field(11, _value(name, 7, ["batch", "pieces"])) for name in names)
    shape = ["batch", "pieces"] if kind == "pooled" else ["batch", "pieces", "one"]
    graph = nodes + _field(2, b"tiny") + inputs + _field(12, _value(result, 1, shape))
    return _number(1, 6) + _field(7, graph) + _field(8, _number(2, 11))


def _node(kind: str, given: str, result: str, attribute: bytes) -> bytes:
    return _field(1, _field(1, given.encode()) + _field(2, result.encode()) + _field(4, kind.encode()) + attribute)


def _attribute(name: str, kind: int, value: int) -> bytes:
    number = _number(3, value) if kind == 2 else _number(8, value)
    return _field(5, _field(1, name.encode()) + number + _number(20, kind))


def _value(name: str, element: int, shape: list[str]) -> bytes:
    dimensions = b"".join(_field(1, _field(2, one.encode())) for one in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, element) + _field(2, dimensions)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


ASKED: dict[str, Callable[..., Json]] = {
    function.__name__: function
    for function in (
        similar, alone_and_together, packaged_with, dimension_of, put, encoded_anew, checksums, folds, blurs,
        against_scikit, learnt, foreignness, has_learnt_rejection, named, same_twice, temperature, ngrams_of,
        ngrams_apart,
    )
}  # fmt: skip


def main() -> None:
    for line in sys.stdin:
        name, words, named = json.loads(line)
        try:
            told = {"answer": ASKED[name](*words, **named)}
        except EncoderError as error:
            told = {"refused": str(error)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
