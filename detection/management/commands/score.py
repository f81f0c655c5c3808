"""`manage.py score`: how well detection finds the true incidents of made-up companies."""

import argparse
import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import CommandError
from rich.console import Console
from rich.table import Table

from collector.base.arguments import email, whole_number
from collector.base.commands import ProductCommand
from collector.base.csv_files import FileError
from detection.models import DetectionSettings
from detection.replay.overrides import add_set_option, apply
from detection.scoring.marks import Marks
from detection.scoring.score import Score, as_json, mean, score, score_file

FIGURES: tuple[tuple[str, Callable[[Marks], float | None], str], ...] = (
    ("recall", lambda marks: marks.recall, "{:.2f}"),
    ("precision", lambda marks: marks.precision, "{:.2f}"),
    ("F1", lambda marks: marks.f1, "{:.2f}"),
    ("repeats", lambda marks: float(marks.repeats), "{:.1f}"),
    ("false / 100 members · month", lambda marks: marks.false_per_100_members_month, "{:.2f}"),
    ("median h", lambda marks: marks.median_hours, "{:.1f}"),
    ("$ caught", lambda marks: marks.dollars_caught, "{:.0%}"),
    ("$ before", lambda marks: marks.dollars_before_alert, "{:.0f}"),
    ("alerts / 100 · month", lambda marks: marks.alerts_per_100_members_month, "{:.1f}"),
)


class Command(ProductCommand):
    help = "Score detection on made-up companies, beside the documented rules of cursor-usage-tracker."
    expected_errors = (FileError, OSError)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=seeds, default="101-110", help="such as 3,5,8 (default 101-110)")
        parser.add_argument(
            "--members",
            type=whole_number(1, 100_000),
            default=200,
            help="of each made-up company (default 200)",
        )
        parser.add_argument("--days", type=whole_number(1, 3650), default=60, help="of history (default 60)")
        add_set_option(parser)
        parser.add_argument("--file", type=Path, help="a team's own export, in place of made-up companies")
        parser.add_argument(
            "--labels", type=Path, help="its true incidents: email, kind, onset_at, ended_at, extra_dollars"
        )
        parser.add_argument("--member", type=email, metavar="EMAIL", help="the member of rows without a user")
        parser.add_argument("--json", action="store_true", help="print every company's figures as JSON")

    def handle(self, **options: Any) -> None:
        """Print a row per company and the means; recall by kind over all of them."""
        settings = apply(DetectionSettings(), options["overrides"])
        scores = []
        for item in _scores(policy=settings, **options):
            scores.append(item)
            if not options["json"]:
                ours, rival = (_shown(marks.f1, "{:.2f}") for marks in (item.ours, item.rival))
                self.stderr.write(f"{_name(item)}: F1 {ours}, rival {rival}")
        if options["json"]:
            self.stdout.write(json.dumps([_json(item) for item in scores], indent=2))
            return
        console = Console(file=cast(IO[str], self.stdout), width=120)
        console.print(_score_table(scores))
        console.print(_kinds(scores))


def _scores(*, policy: DetectionSettings, **options: Any) -> Iterable[Score]:
    usage, labels = options["file"], options["labels"]
    if bool(usage) != bool(labels):
        raise CommandError("--file and --labels go together.")
    if not usage:
        return score(options["seeds"], members=options["members"], days=options["days"], settings=policy)
    return [score_file(usage, labels, member=options["member"] or "", settings=policy)]


def seeds(text: str) -> list[int]:
    """Seeds as a range and a list: 3,5,101-110."""
    chosen: list[int] = []
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            chosen += range(int(first), int(last or first) + 1)
        if not chosen:
            raise ValueError("none")
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of seeds such as 101-110 or 3,5,8"
        ) from None
    return chosen


def _name(result: Score) -> str:
    return "export" if result.seed is None else f"seed {result.seed}"


def _json(result: Score) -> dict[str, object]:
    return {"seed": result.seed, "ours": as_json(result.ours), "rival": as_json(result.rival)}


def _score_table(scores: list[Score]) -> Table:
    table = Table("company", *(name for name, *_ in FIGURES), title="detection (rival)")
    for result in scores:
        table.add_row(_name(result), *_cells([result]))
    if len(scores) > 1:
        table.add_section()
        table.add_row("mean", *_cells(scores))
    return table


def _cells(scores: list[Score]) -> Iterator[str]:
    """Each figure's mean over the companies, and the rival's."""
    for _, figure, shape in FIGURES:
        ours = mean([result.ours for result in scores], figure)
        rival = mean([result.rival for result in scores], figure)
        yield f"{_shown(ours, shape)} ({_shown(rival, shape)})"


def _shown(value: float | None, shape: str) -> str:
    return "-" if value is None else shape.format(value)


def _kinds(scores: list[Score]) -> Table:
    table = Table("kind", "found", "of", "rival found", title="incidents of $40 and more")
    for kind in sorted({kind for result in scores for kind in result.ours.kinds()}):
        ours = sum(result.ours.found_by_kind.get(kind, 0) for result in scores)
        rival = sum(result.rival.found_by_kind.get(kind, 0) for result in scores)
        total = ours + sum(result.ours.missed_by_kind.get(kind, 0) for result in scores)
        table.add_row(kind, str(ours), str(total), str(rival))
    return table
