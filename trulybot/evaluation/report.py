"""What a run has to say, in a terminal: tables, a plot, and what changed since the last one."""

from collections.abc import Iterator, Mapping, Sequence

from trulybot.evaluation.figures import (
    ANSWERING,
    CONFIDENCE,
    COST,
    FINDING,
    MEASURES,
    Change,
    Measure,
    change,
    reliability,
)
from trulybot.evaluation.judging import Outcome
from trulybot.evaluation.table import bar, table

Runs = Mapping[str, Sequence[Outcome]]  # by leg


def summary(runs: Runs) -> Iterator[str]:
    for measures in (FINDING, ANSWERING, (*CONFIDENCE, *COST)):
        rows = [(leg, *(said(one, one.figure(outcomes)) for one in measures)) for leg, outcomes in runs.items()]
        yield from table(("set", *(one.title for one in measures)), rows)
        yield ""


def calibration(runs: Runs) -> Iterator[str]:
    """How often the bot was right, by how confident it was. The mark is where the bar would end if it knew itself."""
    for leg, outcomes in runs.items():
        yield f"{leg}: how often right, by confidence (the line: how confident)"
        for one in reliability(outcomes):
            about = f"{one.confidence:.2f}  right {one.right:.2f}  {one.questions:>4}"
            yield f"  {about}  {bar(one.right, mark=one.confidence)}"
        yield ""


def baselines(rows: Sequence[tuple[str, str, Mapping[str, float | None]]]) -> Iterator[str]:
    """rows: the leg, whose figures, the figures."""
    measures = (*FINDING, *(one for one in CONFIDENCE if one.name == "auroc"))
    yield from table(
        ("set", "by", *(one.title for one in measures)),
        [(leg, who, *(said(one, found.get(one.name)) for one in measures)) for leg, who, found in rows],
    )
    yield ""


def comparison(before: Runs, after: Runs) -> Iterator[str]:
    """Every figure that moved. What chance alone could have done is said to be that."""
    rows = [
        (leg, measure.title, said(measure, found.before), said(measure, found.after), *_difference(measure, found))
        for leg, outcomes in after.items()
        for measure in MEASURES
        if (found := change(measure, before.get(leg, ()), outcomes)) is not None and found.before != found.after
    ]
    if not rows:
        yield "Nothing changed since the last run."
        return
    yield "Since the last run, over the questions of both (95 % interval by bootstrap of the pairs):"
    yield from table(("set", "figure", "before", "now", "difference", "interval", ""), rows)
    for leg, outcomes in after.items():
        yield from _turned(leg, before.get(leg, ()), outcomes)


def _difference(measure: Measure, found: Change) -> tuple[str, str, str]:
    away = found.after - found.before
    verdict = "could be chance"
    if found.tells:
        verdict = "better" if away * measure.better > 0 else "worse"
    return f"{away:+.3f}", f"{found.low:+.3f} to {found.high:+.3f}", verdict


def _turned(leg: str, before: Sequence[Outcome], after: Sequence[Outcome]) -> Iterator[str]:
    was = {one.id: one.right for one in before}
    wrong = [one.id for one in after if was.get(one.id) and not one.right]
    right = [one.id for one in after if was.get(one.id) is False and one.right]
    if wrong or right:
        yield f"{leg}: {len(right)} turned right, {len(wrong)} turned wrong{': ' if wrong else ''}{_some(wrong)}"


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:10]) + (", …" if len(ids) > 10 else "")


def said(measure: Measure, value: float | None) -> str:
    if value is None:
        return ""
    if measure.name.endswith("_ms"):
        return f"{value:.0f}"
    return f"{value:.6f}" if measure.name == "cost_usd" else f"{value:.3f}"
