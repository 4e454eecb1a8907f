"""Runs the converted model: a text in, its vector out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from trulybot.llm.e5 import GRAPH_FILE, GRAPH_INPUT
from trulybot.llm.e5.tokenizer import Tokenizer


@dataclass(frozen=True)
class Embedding:
    """vector: shape (384,), unit length."""

    vector: NDArray[np.float32]
    tokens: int


class Model:
    """
    Safe to call from several threads; each call uses the thread it is called on and no other.

    One text at a time: a batch would make a text's vector depend on its neighbours, since int8 inputs are scaled by
    the largest value among them, and on two cores it is no faster than two threads with a text each.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.load(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(folder / GRAPH_FILE, options, providers=["CPUExecutionProvider"])

    def embed(self, text: str) -> Embedding:
        tokens = self._tokenizer.encode(text)
        (embeddings,) = self._session.run(None, {GRAPH_INPUT: np.array([tokens], np.int64)})
        return Embedding(embeddings[0], len(tokens))
