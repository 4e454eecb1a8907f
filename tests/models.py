"""The converted embedding model, made once a checkout."""

from pathlib import Path

from trulybot.llm.e5 import convert

MODELS = Path(__file__).parent.parent / ".cache" / "models"


def converted_models() -> Path:
    convert.ensure(MODELS)
    return MODELS
