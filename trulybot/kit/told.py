"""Kinds of acts that are kept by their value and told in words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class Told(StrEnum):
    """
    Each with the sentence that tells it, as it stands after whoever did it; `{names}` in it are details of the act.

    The values never change: they are kept.
    """

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> Self:
        self = str.__new__(cls, value)
        self._value_ = value
        self.sentence = sentence
        return self

    @classmethod
    def told(cls, value: str, details: Mapping[str, object]) -> str:
        """An act's sentence; the bare value for one that only a later version knows."""
        try:
            return cls(value).sentence.format_map(_Details(details))
        except ValueError:
            return value


class _Details(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"
