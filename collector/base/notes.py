"""What a reader of an answer or a file notes beside the rows that it could read.

Three things can become of a row: it is stored; it is stored and a *doubt* is noted; or it cannot be read
and is kept raw as a *rejected row*. `Notes` gathers both while reading, without a database;
`collector.facts.doubts.store_notes` writes them where the rows are written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.db import models

from .plausibility import MOST_TOGETHER, storable_text

# Rejected rows of one reading that are kept raw; one doubt counts the rest.
MOST_KEPT = 500
LONGEST_RAW = 20_000  # characters
LONGEST_WHERE, LONGEST_FIGURE = 200, 80  # as long as the columns


class DoubtKind(models.TextChoices):
    """In what way an answer or a file does not add up."""

    TOTAL = "total", "announced and read totals differ"
    PAGES = "pages", "pages do not fit together"
    REPEATED = "repeated", "rows under one key"
    UNKNOWN_KIND = "unknown_kind", "unknown kind"
    FIGURE = "figure", "a field could not be read"
    NEGATIVE = "negative", "negative amount"
    OUTSIDE = "outside", "outside the requested time"
    ABSENCE = "absence", "missing from the answer"
    IDENTITY = "identity", "unclear who is meant"
    CYCLE = "cycle", "implausible billing cycle"
    TOO_MUCH = "too_much", "more than a team can spend"
    MORE = "more", "more rejected rows than are kept"


@dataclass
class NoteDraft:
    """Why a row is noted, how much it concerns and when, and the row as it was received."""

    reason: str
    where: str = ""
    cents: Decimal | None = None
    raw: object = None
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass
class DoubtDraft(NoteDraft):
    """One thing that does not add up; `rows` and `cents` are how much it concerns."""

    kind: str = ""
    announced: str = ""
    counted: str = ""
    rows: int = 0


@dataclass
class Notes:
    """The notes of one reading of `scope` (an endpoint's path, or a file's name) made at `now`."""

    scope: str
    now: datetime
    rejections: dict[str, NoteDraft] = field(default_factory=dict)
    doubts: dict[tuple[str, str], DoubtDraft] = field(default_factory=dict)
    noted: int = 0  # how often anything was noted, whatever became of it

    @property
    def is_clean(self) -> bool:
        return not (self.rejections or self.doubts)

    @property
    def size(self) -> int:
        """How many rejected rows and doubts there are."""
        return len(self.rejections) + len(self.doubts)

    def has(self, kind: str) -> bool:
        return any(noted == kind for noted, _ in self.doubts)

    def copy(self) -> Notes:
        """The notes so far, for `go_back_to`."""
        doubts = {key: replace(draft) for key, draft in self.doubts.items()}
        return replace(self, rejections=dict(self.rejections), doubts=doubts)

    def go_back_to(self, earlier: Notes) -> None:
        """Drop what was noted since `earlier`: what it was noted of is read again."""
        self.rejections, self.doubts = dict(earlier.rejections), dict(earlier.copy().doubts)

    def reject(
        self,
        raw: object,
        reason: str,
        *,
        where: str = "",
        cents: Decimal | None = None,
        at: datetime | None = None,
    ) -> None:
        """Keep `raw` with the reason; `cents` and `at` are its amount and time, if they are clear."""
        self.noted += 1
        stored = storable_raw(raw)
        if len(self.rejections) >= MOST_KEPT:
            self.doubt(DoubtKind.MORE, f"more than {MOST_KEPT} rows could not be read: {reason}", cents=cents)
            return
        draft = NoteDraft(reason, where[:LONGEST_WHERE], cents, stored, at, at)
        self.rejections.setdefault(fingerprint_of(self.scope, stored), draft)

    def doubt(
        self,
        kind: str,
        reason: str,
        *,
        subject: str = "",
        where: str = "",
        announced: object = "",
        counted: object = "",
        cents: Decimal | None = None,
        raw: object = None,
        at: datetime | None = None,
    ) -> None:
        """Note a doubt. If it is noted again for the same kind and subject, its rows and cents are added."""
        self.noted += 1
        draft = self.doubts.get((kind, subject))
        if draft is None:
            kept = None if raw is None else storable_raw(raw)
            draft = DoubtDraft(reason, where[:LONGEST_WHERE], raw=kept, kind=kind)
            self.doubts[kind, subject] = draft
        draft.announced, draft.counted = str(announced)[:LONGEST_FIGURE], str(counted)[:LONGEST_FIGURE]
        draft.rows += 1
        if cents is not None:
            together = (draft.cents or Decimal(0)) + cents
            draft.cents = max(-MOST_TOGETHER, min(together, MOST_TOGETHER))
        if at is not None:
            draft.start_at = min(draft.start_at or at, at)
            draft.end_at = max(draft.end_at or at, at)


def fingerprint_of(*parts: object) -> str:
    """What tells one note from another, whatever the order of a row's fields."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def storable_raw(raw: object) -> object:
    """`raw` as JSON of bounded size that either database takes: decimals and instants as text."""
    text = json.dumps(raw, default=str, ensure_ascii=False)
    clean = storable_text(text.replace("\\u0000", ""))
    return clean[:LONGEST_RAW] if len(clean) > LONGEST_RAW else json.loads(clean, parse_constant=str)
