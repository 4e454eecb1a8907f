"""Plain text, which is its own reading."""

from trulybot.documents.reading.models import Limits, Reading, Section


def read(text: str, limits: Limits) -> Reading:  # noqa: ARG001  (the signature of all kinds)
    return Reading("txt", None, [Section((), text)])
