"""Plots as numbers for a template to draw: no script, and readable as a table beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from trulybot.evaluation.figures import Bin, reliability
from trulybot.evaluation.judging import Outcome
from trulybot.evaluation.sets.models import Run

WIDTH, HEIGHT = 320, 160  # of the drawing's own units
GAP = 4
SHOWN_RUNS = 12


@dataclass(frozen=True)
class Bar:
    """x, y, width, height: in the drawing. about: what it says, in numbers."""

    x: float
    y: float
    width: float
    height: float
    about: Bin


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    run: Run
    right: float


def calibration(outcomes: Sequence[Outcome]) -> list[Bar]:
    """How often right, at the place of how confident; a bot that knows itself reaches the diagonal."""
    width = WIDTH / 10 - GAP
    return [
        Bar(
            x=round(min(one.confidence * WIDTH, WIDTH - width / 2) - width / 2, 1),
            y=round(HEIGHT * (1 - one.right), 1),
            width=width,
            height=round(HEIGHT * one.right, 1),
            about=one,
        )
        for one in reliability(outcomes)
    ]


def trend(runs: Sequence[Run]) -> list[Point]:
    """The share that was right, run by run. runs: from new to old."""
    shown = [run for run in runs if "right" in run.figures][:SHOWN_RUNS][::-1]
    step = WIDTH / max(len(shown) - 1, 1)
    return [
        Point(round(at * step, 1), round(HEIGHT * (1 - run.figures["right"]), 1), run, run.figures["right"])
        for at, run in enumerate(shown)
    ]
