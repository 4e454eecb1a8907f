"""python -m bench.evidence SETS EMBEDDER.sock"""

import sys
from pathlib import Path

from bench.evidence.examples import Examples
from bench.evidence.fit import report
from bench.evidence.vectors import Vectors

if __name__ == "__main__":
    sets, socket = map(Path, sys.argv[1:])
    report(list(Examples(sets, Vectors(socket, socket.with_name("vectors.sqlite"))).all()))
