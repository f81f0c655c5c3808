"""One colour for each model, for ever and on every page; the names that models go by here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import DatabaseError, transaction
from django.db.models import Min, QuerySet, Subquery

from collector.base.statements import prepared
from collector.models import MemberModelDay, Surface
from detection.findings.wording import model_label as display_name
from tracker.models import ModelColour

HUES = 12  # colours in tokens.css
WEAVES = ("", " striped", " dotted")  # of the first dozen models, the second, the third; see chart.js
OTHER = "other"


@dataclass(frozen=True)
class PaletteModel:
    key: str
    name: str
    slot: str  # `3` or `3 striped`: the hue and the weave, which are classes too; or OTHER

    def __str__(self) -> str:
        return self.name


class Palette:
    """Every model ever met, in the order of their places."""

    def __init__(self, models: Iterable[str], first_day: date | None = None) -> None:
        self.first_day = first_day  # of all usage: days before it are unknown, not empty
        self.models, self._known = tuple(models), dict[str, PaletteModel]()
        for place, key in enumerate(self.models):
            # Each hue with each weave before grey: a model past the 36th has no colour of its own.
            dozen = place // HUES
            slot = f"{place % HUES + 1}{WEAVES[dozen]}" if dozen < len(WEAVES) else OTHER
            self._known[key] = PaletteModel(key, display_name(key), slot)

    def model(self, key: str) -> PaletteModel:
        """A model met for the first time is given the next place, and all others that are new with it."""
        if key not in self._known:
            assign()
            vars(self).update(
                vars(Palette(ModelColour.objects.in_order().values_list("model", flat=True), self.first_day))
            )
        return self._known.setdefault(key, PaletteModel(key, display_name(key), OTHER))


def load() -> Palette:
    """One query, through keys and an index. Only where nothing is known yet the whole rollup is read."""
    if not (rows := _places()):
        assign()
        rows = _places()
    return Palette([model for model, _ in rows], rows[0][1] if rows else None)


@prepared
def _places() -> QuerySet:
    """Model, and the first day of all usage, whosever and of whichever model; the oldest place first."""
    first_day = Subquery(MemberModelDay.objects.order_by("day").values("day")[:1])
    return ModelColour.objects.in_order().values_list("model", first_day)


def assign() -> None:
    """Give each model without a place the next one, by the day on which it was first used.

    Reads the whole rollup. Where another process holds the table, it does the same: the next page sees it.
    """
    used = MemberModelDay.objects.order_by().values_list("model").annotate(Min("day"))
    by_first_day = [model for _, model in sorted((day, model) for model, day in used)]
    try:
        with transaction.atomic():
            assigned = set(ModelColour.objects.values_list("model", flat=True))
            new = [model for model in by_first_day if model not in assigned]
            ModelColour.objects.bulk_create(
                ModelColour(model=model, place=place) for place, model in enumerate(new, start=len(assigned))
            )
    except DatabaseError:
        return


def surface_name(key: str) -> str:
    """The surface's name as a heading: `Cloud agent`, `IDE`."""
    label = str(Surface(key).label)
    return label[0].upper() + label[1:]


def by_name(key: str) -> str:
    """What models are sorted by in a list: the name that is shown."""
    return display_name(key).casefold()
