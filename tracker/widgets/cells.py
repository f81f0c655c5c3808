"""How one cell of a table is written, by the kind of its column. Everything is escaped."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from django.utils.safestring import SafeString
from markupsafe import Markup

from tracker.widgets import formats
from tracker.widgets.palette import PaletteModel

Shown = str | SafeString | Markup


@dataclass(frozen=True)
class Flag:
    """A word in a tone: critical, warning, info, good or plain."""

    label: str
    tone: str


class Badge(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def tone(self) -> str: ...
    @property
    def meaning(self) -> str: ...


class ShownChange(Protocol):
    """Of spend against earlier days."""

    @property
    def cents(self) -> Decimal: ...
    @property
    def before_cents(self) -> Decimal: ...
    @property
    def ratio(self) -> float | None: ...


BADGES = Markup('<span class="badges">%s</span>')
BADGE = Markup('<span class="badge tone-%s" title="%s">%s</span>')
CHANGE = Markup('<span class="change-%s">%s</span>')
FLAG = Markup('<span class="badge tone-%s">%s</span>')
SWATCH = Markup('<span class="swatch series-%s">%s</span>')
METER = Markup(
    '<span class="meter-line"><span></span>%s'
    '<meter class="share" min="0" max="1" value="%.4f" aria-hidden="true"></meter></span>'
)


@lru_cache(512)
def written(markup: Markup, *values: str) -> Markup:
    """`markup` with the escaped values: a page has few of them, each many times."""
    return markup % values


def badges(values: Iterable[Badge]) -> Shown:
    """Side by side."""
    return BADGES % Markup("").join(written(BADGE, b.tone, b.meaning, b.label) for b in values)


def model(value: PaletteModel | None) -> Shown:
    """With its colour."""
    return formats.NOTHING if value is None else written(SWATCH, value.slot, value.name)


def share(ratio: float | None) -> Shown:
    """A ratio of 0 to 1 as a bar and a percentage."""
    return formats.NOTHING if ratio is None else METER % (formats.percent(ratio), min(max(ratio, 0), 1))


def flag(value: Flag | None) -> Shown:
    return formats.NOTHING if value is None else written(FLAG, value.tone, value.label)


def change(value: ShownChange | None) -> Shown:
    """Coloured if it changed by at least a quarter and by at least $20."""
    if value is None:
        return formats.NOTHING
    shown = formats.change(value.cents, value.before_cents)
    if abs(value.cents) < formats.LEAST_BASE_CENTS or value.ratio is None or abs(value.ratio) < 0.25:
        return shown
    return CHANGE % ("more" if value.cents > 0 else "less", shown)


def text(value: object) -> Shown:
    if value in (None, ""):
        return formats.NOTHING
    return value if isinstance(value, Markup) else str(value)


# Kinds whose cells are figures: right-aligned.
NUMBERS: dict[str, Callable[[Any], Shown]] = {
    "money": formats.money,
    "money_range": formats.money_range,
    "rate": formats.rate,
    "change": change,
    "count": formats.count,
    "count_short": formats.count_short,
    "percent": formats.percent,
    "multiple": formats.multiple,
    "duration": formats.duration,
    "figure": text,
}
OTHERS: dict[str, Callable[[Any], Shown]] = {
    "text": text,
    "sentence": text,
    "day": formats.full_day,
    "badges": badges,
    "model": model,
    "share": share,
    "flag": flag,
    "tick": text,
}
# The class of a column's head and cells; tight is never wrapped.
CSS = defaultdict(str, dict.fromkeys(NUMBERS, "number")) | {
    "share": "meter", "sentence": "sentence", "tick": "tick", "flag": "tight flag", "change": "number change",
    "day": "tight", "ago": "tight", "model": "tight",
}  # fmt: skip


def writer(kind: str, now: datetime) -> Callable[[Any], Shown]:
    """What writes the inside of a cell."""
    if kind == "ago":
        return lambda value: formats.ago(value, now)
    return NUMBERS.get(kind) or OTHERS[kind]
