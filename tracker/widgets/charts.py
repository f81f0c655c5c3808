"""A chart as a value: what is drawn, what its table says and what its CSV holds are one set of figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from tracker.widgets import formats

Values = Sequence[float | None]
# Members, and kinds of tokens: neighbours differ by light or by weave, since the hues are the models'.
TOLD_APART = ("tone-1", "tone-4", "tone-2", "tone-4 striped", "tone-1 striped", "tone-2 dotted")

UNITS = {
    "usd": lambda value: formats.money(value * 100),
    "count": formats.count,
    "percent": lambda value: formats.percent(value / 100),
}

# What stands behind a series' name in a CSV, whose values have no sign of their own.
CSV_UNITS = {"usd": " (USD)", "count": "", "percent": " (%)"}


@dataclass(frozen=True)
class Series:
    name: str
    values: Values  # dollars, counts or percent, one per label; None where there is no figure
    slot: str = "1"  # the colour, see tokens.css: a model's, "tone-1" to "tone-6", or "other"
    link: str = ""
    kind: str = ""  # line or bar, where it differs from the chart's
    axis: str = ""  # "second" for the right-hand axis
    dashed: bool = False
    band: str = ""  # "low" or "high": an edge of a shaded area, the low one right before the high one
    marks: Sequence[bool] = ()  # points drawn large, such as outlier days


@dataclass(frozen=True)
class Chart:
    """`kind` is line or bar; `unit` usd, count or percent. Stacked charts add up, horizontal ones rank."""

    component: ClassVar = "chart"

    key: str
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str
    kind: str = "bar"
    stacked: bool = False
    horizontal: bool = False
    filled: bool = False
    second_unit: str = ""
    caption: str = ""
    summary: str = ""  # one sentence for who cannot see the chart
    label_head: str = "Day"
    titles: Sequence[str] = ()  # the labels in full, for tooltips and the table
    days: Sequence[date | str] = ()  # where the labels are days: what a CSV has in their place
    notes: Sequence[str] = ()  # one per label, at the foot of the tooltip
    links: Sequence[str] = ()  # one per label: where a click leads
    provisional_from: int | None = None  # index of the first label that may still change
    ends_today: bool = True  # whether the last label is today so far
    average: float | None = None
    ceiling: float | None = None  # where the axis ends, if not above all values
    size: str = field(default="")  # "", short or tall

    @property
    def average_said(self) -> str:
        return "" if self.average is None else f"average {UNITS[self.unit](self.average)}"

    @property
    def data(self) -> dict[str, object]:
        """What chart.js reads."""
        return {
            "kind": self.kind,
            "unit": self.unit,
            "second_unit": self.second_unit,
            "stacked": self.stacked,
            "horizontal": self.horizontal,
            "filled": self.filled,
            "labels": list(self.labels),
            "titles": list(self.titles),
            "notes": list(self.notes),
            "links": list(self.links),
            "provisional_from": self.provisional_from,
            "average": self.average,
            "ceiling": 100 if self.unit == "percent" else self.ceiling,
            "today_label": "today" if self.provisional_from is not None and self.ends_today else "",
            "series": [vars(series) | {"marks": series.marks or None} for series in self.series],
        }

    @property
    def table_rows(self) -> list[tuple[str, str, list[str]]]:
        """(label, link or "", cells) of each label."""
        shows = [UNITS[self.second_unit if series.axis else self.unit] for series in self.series]
        return [
            (
                label,
                self.links[index] if self.links else "",
                [
                    formats.NOTHING if series.values[index] is None else show(series.values[index])
                    for series, show in zip(self.series, shows, strict=True)
                ],
            )
            for index, label in enumerate(self.titles or self.labels)
        ]

    @property
    def csv_rows(self) -> list[list[object]]:
        """Head and one row per label, in dollars, counts or percent."""
        units = [self.second_unit if series.axis else self.unit for series in self.series]
        names = [series.name + CSV_UNITS[unit] for series, unit in zip(self.series, units, strict=True)]
        labels = self.days or self.titles or self.labels
        head: list[object] = [self.label_head, *names]
        return [head] + [[label, *(s.values[at] for s in self.series)] for at, label in enumerate(labels)]
