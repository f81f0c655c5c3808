"""Would-be incidents against true ones: what was found, when, and what was cried for nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Protocol

from sandbox.company import Label

MATERIAL_CENTS = 4_000
# An incident may still be open, or open late, for this long after the true one ended.
SLACK = timedelta(days=1)


class Raised(Protocol):
    """What any detector says: who, and from when to when (None: to the end)."""

    @property
    def email(self) -> str | None: ...
    @property
    def detected_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime | None: ...


@dataclass
class Marks:
    """Counts of one company. An alert that meets no true incident is false; one that meets only those that
    another alert had found is a repeat."""

    found_by_kind: dict[str, int] = field(default_factory=dict)
    missed_by_kind: dict[str, int] = field(default_factory=dict)
    true: int = 0
    repeats: int = 0
    false: int = 0
    hours: list[float] = field(default_factory=list)
    caught_cents: float = 0.0
    lost_cents: float = 0.0
    before_cents: list[float] = field(default_factory=list)
    alerts: int = 0
    member_months: float = 0.0

    @property
    def recall(self) -> float | None:
        """Share of the material true incidents that were found; None, like F1, where there were none."""
        found, missed = sum(self.found_by_kind.values()), sum(self.missed_by_kind.values())
        return _share(found, found + missed)

    @property
    def precision(self) -> float | None:
        """Share of alerts that were about a true incident."""
        about_one = self.true + self.repeats
        return _share(about_one, about_one + self.false)

    @property
    def f1(self) -> float | None:
        recall, precision = self.recall, self.precision or 0.0
        return recall and 2 * precision * recall / (precision + recall)

    @property
    def false_per_100_members_month(self) -> float | None:
        return _share(100 * self.false, self.member_months)

    @property
    def median_hours(self) -> float | None:
        """From onset to detection."""
        return median(self.hours) if self.hours else None

    @property
    def dollars_caught(self) -> float | None:
        """Share of all extra dollars that belong to incidents that were found."""
        return _share(self.caught_cents, self.lost_cents)

    @property
    def dollars_before_alert(self) -> float | None:
        """Mean dollars that an incident had cost when it was found, as if it cost the same in every hour."""
        return sum(self.before_cents) / len(self.before_cents) / 100 if self.before_cents else None

    @property
    def alerts_per_100_members_month(self) -> float | None:
        return _share(100 * self.alerts, self.member_months)

    def kinds(self) -> list[str]:
        return sorted({*self.found_by_kind, *self.missed_by_kind})


def mark(raised: Iterable[Raised], labels: Sequence[Label], *, members: int, days: int) -> Marks:
    """Compare one company's alerts with its true incidents, each of which counts once."""
    marks = Marks(member_months=members * days / 30)
    first_found: dict[int, datetime] = {}
    for alert in sorted(raised, key=lambda alert: alert.detected_at):
        met = [number for number, label in enumerate(labels) if _meets(alert, label)]
        new = [number for number in met if number not in first_found]
        marks.true += bool(new)
        marks.repeats += bool(met) and not new
        marks.false += not met
        marks.alerts += 1
        first_found.update(dict.fromkeys(new, alert.detected_at))
    for number, label in enumerate(labels):
        if label.extra_cents >= MATERIAL_CENTS:
            _count(marks, label, first_found.get(number))
    return marks


def _meets(alert: Raised, label: Label) -> bool:
    begins_in_time = alert.detected_at <= label.ended_at + SLACK
    return (
        alert.email == label.email
        and begins_in_time
        and (not alert.ended_at or alert.ended_at >= label.onset_at)
    )


def _count(marks: Marks, label: Label, found_at: datetime | None) -> None:
    cents = float(label.extra_cents)
    marks.lost_cents += cents
    kinds = marks.missed_by_kind if found_at is None else marks.found_by_kind
    kinds[label.kind] = kinds.get(label.kind, 0) + 1
    if found_at is not None:
        marks.caught_cents += cents
        marks.hours.append((found_at - label.onset_at).total_seconds() / 3600)
        lasted = max((label.ended_at - label.onset_at).total_seconds(), 1.0)
        passed = (found_at - label.onset_at).total_seconds() / lasted
        marks.before_cents.append(cents * min(max(passed, 0.0), 1.0))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
