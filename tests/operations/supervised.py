"""
A supervisor over stand-in children, for `test_supervisor.py`.

    python supervised.py FOLDER '[{"name": "web", "script": "…", "order": 1, …}]'

A child is a few lines of Python. It says what it did by `did("…")`, a line in FOLDER/diary; with "probed" it counts as
ready once it has said "ready".
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from trulybot.operations.launch import StartError
from trulybot.operations.supervisor import Child, Supervisor

PREAMBLE = """
import os, signal, subprocess, sys, time
def did(what):
    with open("{folder}/diary", "a") as diary:
        diary.write("{name} " + what + "\\n")
def on_stop(do):
    def stop(*_):
        do()
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
on_stop(lambda: did("stopped"))
did("started " + str(os.getpid()))
"""


def child(folder: Path, told: dict[str, Any]) -> Child:
    name = told.pop("name")
    script = PREAMBLE.format(folder=folder, name=name) + told.pop("script", "signal.pause()")

    async def said_ready(_pid: int) -> bool:
        return f"{name} ready\n" in (folder / "diary").read_text()

    return Child(
        name,
        [sys.executable, "-S", "-c", script],
        dict(os.environ),
        told.pop("order", 0),
        ready=said_ready if told.pop("probed", False) else None,
        ending=[(signal.SIGTERM, told.pop("patience", 5.0)), (signal.SIGKILL, 1.0)],
        **told,
    )


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "diary").touch()
    children = [child(folder, told) for told in json.loads(sys.argv[2])]

    def note(what: str) -> None:
        with (folder / "diary").open("a") as diary:
            diary.write(what + "\n")

    try:
        asyncio.run(Supervisor(children).run(lambda: note("all ready"), lambda: note("ending")))
    except StartError as error:
        sys.exit(str(error))


main()
