"""Score detection, and the rival's rules beside it, over made-up companies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from detection.models import DetectionSettings
from detection.replay.backtest import backtest
from detection.replay.replay import steps

from .companies import NOW, history_of, labelled_company
from .files import first_and_last_day, history_of_file, read_labels
from .marks import Marks, mark
from .rival import alerts


@dataclass(frozen=True)
class Score:
    """One company (a team's own export has no seed): how detection did, and how the rival's rules did."""

    seed: int | None
    ours: Marks
    rival: Marks


def score(seeds: list[int], *, members: int, days: int, settings: DetectionSettings) -> Iterator[Score]:
    """Replay each seed's company hour by hour."""
    for seed in seeds:
        company = labelled_company(seed=seed, members=members, days=days)
        history = history_of(company)
        hours = steps(company.first_day, NOW.date() - timedelta(days=1), 1)
        size = {"members": members, "days": days}
        yield Score(
            seed,
            ours=mark(backtest(history, settings, hours), company.labels, **size),
            rival=mark(alerts(history, hours), company.labels, **size),
        )


def score_file(usage: Path, labels: Path, *, member: str, settings: DetectionSettings) -> Score:
    """Replay a team's own export hour by hour and compare with its labels."""
    history = history_of_file(usage, member)
    truth = read_labels(labels, history.emails.values())
    first, last = first_and_last_day(history)
    hours = steps(first, last, 1)
    size = {"members": len(history.member_ids), "days": (last - first).days + 1}
    return Score(
        None,
        ours=mark(backtest(history, settings, hours), truth, **size),
        rival=mark(alerts(history, hours), truth, **size),
    )


def mean(marks: list[Marks], figure: Callable[[Marks], float | None]) -> float | None:
    """Mean over the companies of one figure, leaving out those that have none."""
    values = [value for value in map(figure, marks) if value is not None]
    return sum(values) / len(values) if values else None


def as_json(marks: Marks) -> dict[str, object]:
    """The figures of one company, or of several."""
    return {
        "recall": marks.recall,
        "recall_by_kind": {
            kind: {"found": marks.found_by_kind.get(kind, 0), "missed": marks.missed_by_kind.get(kind, 0)}
            for kind in marks.kinds()
        },
        "precision": marks.precision,
        "f1": marks.f1,
        "repeats": marks.repeats,
        "false": marks.false,
        "false_per_100_members_month": marks.false_per_100_members_month,
        "median_hours": marks.median_hours,
        "dollars_caught": marks.dollars_caught,
        "dollars_before_alert": marks.dollars_before_alert,
        "alerts_per_100_members_month": marks.alerts_per_100_members_month,
    }
