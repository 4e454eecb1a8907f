"""
The E5 network as an ONNX graph: tokens of one text in, its unit vector out.

The table of word embeddings keeps its 4 bits, exactly as the weights have it, in a file beside the graph that
onnxruntime maps: most words are never asked for. The other matrices become int8 with one scale an output, and their
inputs become integers as they pass.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from trulybot.llm.e5 import DIMENSIONS, GRAPH_FILE, GRAPH_INPUT, WORDS_FILE
from trulybot.llm.e5.weights import BLOCK, Weights

# Processors without VNNI add the products of two neighbouring inputs in 16 bits and saturate silently: 255 times the
# weights of a pair must fit, so the largest pair, not the largest weight, sets the scale.
LARGEST_PAIR = 127

MICROSOFT = "com.microsoft"
OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
IR_VERSION = 10  # the first with 4-bit tensors


def write(weights: Weights, folder: Path) -> None:
    graph = _Graph()
    states = _embed(graph, weights, folder / WORDS_FILE)
    for layer in range(weights.header.layers):
        states = _layer(graph, weights, f"l{layer}.", states)
    pooled = graph.node("ReduceMean", [states, graph.constant("text", np.array([1]))], "pooled", keepdims=0)
    graph.node("LpNormalization", [pooled], "embedding", axis=-1, p=2)
    (folder / GRAPH_FILE).write_bytes(graph.model().SerializeToString())


def _embed(graph: "_Graph", weights: Weights, words_file: Path) -> str:
    header = weights.header
    table = weights.matrix("emb.word", header.words, header.hidden)
    # ONNX packs neighbours into a byte, and its 4-bit integers are signed.
    pairs = (table.nibbles[:, :, ::2] | table.nibbles[:, :, 1::2] << 4) ^ 0x88
    words_file.write_bytes(pairs.tobytes())
    graph.mapped("words", TensorProto.INT4, (header.words, header.hidden), words_file)
    scales = graph.constant("words.scales", table.scales)
    words = graph.node(
        "GatherBlockQuantized",
        ["words", GRAPH_INPUT, scales],
        "word.halves",
        domain=MICROSOFT,
        block_size=BLOCK,
        gather_axis=0,
        quantize_axis=1,
    )
    words = graph.node("Cast", [words], "word", to=TensorProto.FLOAT)
    # One text has one type, so its vector is the same for every word.
    positions = weights.vector("emb.pos", header.positions, header.hidden)
    positions = positions + weights.vector("emb.type", header.types, header.hidden)[0]
    length = graph.node("Shape", [GRAPH_INPUT], "length", start=1, end=2)
    first = graph.constant("first", np.array([0]))
    place = graph.node("Slice", [graph.constant("positions", positions), first, length], "place")
    summed = graph.node("Add", [words, place], "placed")
    norm = [graph.constant(name, weights.vector(name, header.hidden)) for name in ("emb.ln.w", "emb.ln.b")]
    return graph.node("LayerNormalization", [summed, *norm], "embedded", axis=-1, epsilon=header.epsilon)


def _layer(graph: "_Graph", weights: Weights, layer: str, states: str) -> str:
    hidden, wide = weights.header.hidden, weights.header.feed_forward
    asked = _linear(graph, weights, [layer + "q", layer + "k", layer + "v"], states, hidden, hidden)
    parts = graph.nodes("Split", [asked], [layer + "query", layer + "key", layer + "value"], axis=-1, num_outputs=3)
    heads = graph.node(
        "MultiHeadAttention", parts, layer + "attention", domain=MICROSOFT, num_heads=weights.header.heads
    )
    attended = _linear(graph, weights, [layer + "ao"], heads, hidden, hidden)
    states = _add_and_normalise(graph, weights, layer + "aln", attended, states)
    widened = _linear_by_word(graph, weights, layer + "fi", states, wide, hidden)
    active = graph.node("Gelu", [widened], layer + "active")
    narrowed = _linear_by_word(graph, weights, layer + "fo", active, hidden, wide)
    return _add_and_normalise(graph, weights, layer + "oln", narrowed, states)


def _linear(graph: "_Graph", weights: Weights, names: list[str], states: str, outputs: int, inputs: int) -> str:
    """The named layers side by side, as one multiplication."""
    bias = np.concatenate([weights.vector(name + ".b", outputs) for name in names])
    operands = _quantised(graph, weights, names, outputs, inputs)
    bias_name = graph.constant(names[0] + ".bias", bias)
    no_zero_points = ""  # the integers are symmetric
    return graph.node(
        "DynamicQuantizeMatMul", [states, *operands, no_zero_points, bias_name], names[0] + ".out", domain=MICROSOFT
    )


def _linear_by_word(graph: "_Graph", weights: Weights, name: str, states: str, outputs: int, inputs: int) -> str:
    """
    Each word's values are scaled to their own largest before they become integers.

    A few words of a text have values far above all others, and with one scale for the text the others would round to
    nothing. Measured: this takes the cosine to float32 from .997 to .9994, and a tenth more time.
    """
    largest = graph.node("ReduceMax", [graph.node("Abs", [states], name + ".abs"), graph.last_axis], name + ".largest")
    scaled = graph.node("Div", [states, largest], name + ".scaled")
    operands = _quantised(graph, weights, [name], outputs, inputs)
    product = graph.node("DynamicQuantizeMatMul", [scaled, *operands], name + ".product", domain=MICROSOFT)
    unscaled = graph.node("Mul", [product, largest], name + ".unscaled")
    return graph.node(
        "Add", [unscaled, graph.constant(name + ".bias", weights.vector(name + ".b", outputs))], name + ".out"
    )


def _quantised(graph: "_Graph", weights: Weights, names: list[str], outputs: int, inputs: int) -> tuple[str, str]:
    values = np.concatenate([weights.matrix(name + ".w", outputs, inputs).values() for name in names])
    pairs = np.abs(values).reshape(len(values), inputs // 2, 2).sum(axis=2)
    scales = pairs.max(axis=1) / LARGEST_PAIR
    integers = np.rint(values / scales[:, None]).astype(np.int8)
    return graph.constant(names[0] + ".integers", integers.T), graph.constant(names[0] + ".scales", scales)


def _add_and_normalise(graph: "_Graph", weights: Weights, name: str, new: str, states: str) -> str:
    norm = [graph.constant(name + end, weights.vector(name + end, weights.header.hidden)) for end in (".w", ".b")]
    return graph.node(
        "SkipLayerNormalization",
        [new, states, *norm],
        name + ".out",
        domain=MICROSOFT,
        epsilon=weights.header.epsilon,
    )


class _Graph:
    """Nodes and constants as they are added; each call answers with the name of what it made."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.last_axis = self.constant("last_axis", np.array([-1]))

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def mapped(self, name: str, kind: int, shape: tuple[int, int], file: Path) -> str:
        tensor = onnx.TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", file.name), ("offset", "0"), ("length", str(file.stat().st_size))):
            tensor.external_data.add(key=key, value=value)
        self._constants.append(tensor)
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        return self.nodes(operator, inputs, [output], **attributes)[0]

    def nodes(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> list[str]:
        self._nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs

    def model(self) -> onnx.ModelProto:
        inputs = [helper.make_tensor_value_info(GRAPH_INPUT, TensorProto.INT64, [1, "length"])]
        outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, DIMENSIONS])]
        graph = helper.make_graph(self._nodes, "e5", inputs, outputs, self._constants)
        return helper.make_model(graph, opset_imports=OPSETS, ir_version=IR_VERSION)
