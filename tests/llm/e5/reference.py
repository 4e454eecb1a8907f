"""E5 in float32 and plain numpy, as its paper has it: what the converted graph is held to."""

import math

import numpy as np
from numpy.typing import NDArray

from trulybot.llm.e5.weights import Weights

Array = NDArray[np.float32]

erf = np.vectorize(math.erf, otypes=[np.float32])


class Reference:
    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.header = weights.header
        self.matrices: dict[str, Array] = {}
        self.words = weights.matrix("emb.word", self.header.words, self.header.hidden)

    def embed(self, tokens: list[int]) -> Array:
        hidden = self.header.hidden
        words = (self.words.nibbles[tokens] - 8.0) * self.words.scales[tokens][:, :, None]
        states = words.reshape(len(tokens), hidden)
        states += self.weights.vector("emb.pos", self.header.positions, hidden)[: len(tokens)]
        states += self.weights.vector("emb.type", self.header.types, hidden)[0]
        states = self._normalise("emb.ln", states)
        for layer in range(self.header.layers):
            states = self._layer(f"l{layer}.", states)
        mean: Array = states.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, layer: str, states: Array) -> Array:
        hidden, wide = self.header.hidden, self.header.feed_forward
        attended = self._linear(layer + "ao", self._attend(layer, states), hidden)
        states = self._normalise(layer + "aln", states + attended)
        widened = self._linear(layer + "fi", states, wide)
        active = widened * (1 + erf(widened / math.sqrt(2))) / 2
        return self._normalise(layer + "oln", states + self._linear(layer + "fo", active, hidden))

    def _attend(self, layer: str, states: Array) -> Array:
        def heads(name: str) -> Array:
            values = self._linear(layer + name, states, self.header.hidden)
            return values.reshape(len(states), self.header.heads, -1).swapaxes(0, 1)

        query, key, value = heads("q"), heads("k"), heads("v")
        scores = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1]))
        attended = scores / scores.sum(axis=-1, keepdims=True) @ value
        return attended.swapaxes(0, 1).reshape(states.shape)

    def _linear(self, name: str, states: Array, outputs: int) -> Array:
        if name not in self.matrices:
            self.matrices[name] = self.weights.matrix(name + ".w", outputs, states.shape[1]).values()
        return states @ self.matrices[name].T + self.weights.vector(name + ".b", outputs)

    def _normalise(self, name: str, states: Array) -> Array:
        centred = states - states.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.header.epsilon)
        hidden = self.header.hidden
        return centred / deviation * self.weights.vector(name + ".w", hidden) + self.weights.vector(name + ".b", hidden)
