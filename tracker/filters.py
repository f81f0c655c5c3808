"""What the address bar asks for: period, group, search, model, badge. One value for pages, API and CSV."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import BadRequest, ValidationError
from django.http import QueryDict
from django.utils import timezone

from collector.base import changes, names
from collector.base.days import utc_day
from collector.collecting import freshness
from collector.models import BillingCycle, Surface
from detection.vocabulary import Rule, Severity
from groups.budgets.amounts import BudgetAmounts
from groups.small import ALWAYS, look_back_to
from groups.tree import GroupOption, KnownGroup, load_groups, option_for, unknown_group
from groups.tree import options as group_options
from incidents.models import Status
from incidents.notifying.budgets import budget_amounts
from tracker import periods
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.periods import Comparison, Period
from tracker.reports import badges, people
from tracker.reports.cycle import first_day
from tracker.widgets import palette

UNRESOLVED = "unresolved"  # a status of incidents beside their own
# One who asks for no surface gets all; what is of no known surface cannot be asked for alone.
SURFACES = {surface.value: surface for surface in Surface if surface}
Cycles = tuple[BillingCycle | None, BillingCycle | None, date]


def one_of(kind: str, keys: Collection[str]) -> forms.ChoiceField:
    refusal = f"There is no {kind} “%s”. Choose one of: {', '.join(keys)}."
    choices = [(key, key) for key in keys]
    return forms.ChoiceField(choices=choices, required=False, error_messages={"refusal": refusal})


def text(name: str, most: int) -> forms.CharField:
    refusal = f"“{name}” is longer than any {name} here."
    return forms.CharField(max_length=most, required=False, error_messages={"refusal": refusal})


def day() -> forms.DateField:
    refusal = "“%s” is not a day: write it as 2026-03-13."
    return forms.DateField(required=False, error_messages={"refusal": refusal})


# The address bar's filters, in the order in which links carry them; all may be absent. Each has the sentence
# that refuses a value.
FIELDS: dict[str, forms.Field] = {
    "period": one_of("period", periods.LABELS),
    "from": day(),
    "to": day(),
    "group": text("group", 400),
    "search": text("search", 100),
    "model": text("model", 120),
    "badge": one_of("badge", badges.BADGES),
    "surface": one_of("surface", SURFACES),
    "compare": one_of("comparison", periods.COMPARISONS),
    "status": one_of("status", (UNRESOLVED, *Status.values)),
    "severity": one_of("severity", Severity.values),
    "rule": one_of("rule", Rule.values),
}
OF_INCIDENTS = ("status", "severity", "rule")
NAMES = tuple(name for name in FIELDS if name not in OF_INCIDENTS)  # of all pages
# What an address says in one word each.
WORDS = tuple(name for name in FIELDS if name not in ("period", "from", "to", "group"))


@dataclass(frozen=True)
class Filters:
    period: Period
    now: datetime
    group: GroupOption | None = None
    search: str = ""
    model: str = ""
    badge: str = ""
    surface: str = ""
    status: str = ""  # this, severity and rule are of incidents
    severity: str = ""
    rule: str = ""
    compare: str = ""  # a key of periods.COMPARISONS; empty: nothing is compared
    visible: frozenset[int] | None = None  # ids of the members whom the reader may see; None: everybody
    notes: tuple[str, ...] = ()  # what could not be done as asked
    options: tuple[GroupOption, ...] = ()  # the groups there are, where one was asked for
    is_narrowed: bool = field(init=False)  # whether a filter other than the period narrows usage
    narrows_incidents: bool = field(init=False)
    keeps_unused: bool = field(init=False)  # unused seats: they have no model, no surface, and few badges

    def __post_init__(self) -> None:
        whose, how = self.group or self.search, self.model or self.badge or self.surface
        states = self.status or self.severity or self.rule
        vars(self).update(
            is_narrowed=bool(whose or how), narrows_incidents=bool(whose or states), keeps_unused=not how
        )

    @cached_property
    def palette(self) -> palette.Palette:
        """The colours of models, and which of them there are. One query at most."""
        return palette.load()

    @cached_property
    def cycles(self) -> Cycles:
        """This cycle, the one before it, and the first day that a report on them reads. One query at most."""
        return first_day(self.now)

    @cached_property
    def no_cycle(self) -> str:
        """Why there is no present cycle; asked only where there is none."""
        return periods.no_cycle(self.now)

    @cached_property
    def groups(self) -> list[KnownGroup]:
        """All groups, closed ones among them. One query at most."""
        return load_groups()

    @cached_property
    def budgets(self) -> BudgetAmounts | None:
        """In dollars, of this cycle; None without one. One query."""
        return budget_amounts(self.cycles[0], self.now) if self.cycles[0] else None

    @cached_property
    def mark(self) -> str:
        """Of what the tables held when the page was asked for. One query at most."""
        return changes.current_mark()

    def comparison_by(self, key: str) -> Comparison | None:
        """What the period is compared with; None if there is no data for it."""
        comparison = periods.comparison(self.period, key, *self.cycles[:2])
        first_day = self.palette.first_day
        return comparison if comparison and first_day and first_day <= comparison.earlier_first else None

    @cached_property
    def comparison(self) -> Comparison | None:
        """The comparison that `compare` selects."""
        return self.comparison_by(self.compare) if self.compare else None

    @property
    def everybody(self) -> Filters:
        """The same period, for everybody that the reader may see."""
        found = replace(self, group=None, search="", model="", badge="", surface="")
        shared = ("palette", "cycles", "groups", "mark", "budgets")
        vars(found).update({name: getattr(self, name) for name in shared})
        return found

    @cached_property
    def values(self) -> dict[str, str]:
        """As parameters of an address, the empty ones among them; a relative period stays relative."""
        period = self.period
        dates = {"period": "", "from": f"{period.first}", "to": f"{period.last}"}
        return {
            **(dates if period.key == periods.DATES else {"period": period.key, "from": "", "to": ""}),
            "group": self.group.path if self.group else "",
            **{name: getattr(self, name) for name in WORDS},
        }

    def query(self, **changes: str) -> str:
        """`?period=7d&…` for these filters with `changes`; defaults are omitted."""
        values = self.values | changes
        if "period" in changes:
            values |= {"from": "", "to": ""}
        if values["period"] == periods.DEFAULT:
            values["period"] = ""
        return "?" + urlencode({name: value for name, value in values.items() if value})


def period_query(filters: Filters) -> str:
    """Only `?period=…`, for a page about one member; empty for the default period."""
    cleared = dict.fromkeys(("group", *WORDS), "") | {"compare": filters.compare}
    return filters.query(**cleared).removesuffix("?")


def filters_from(request: AccessRequest) -> Filters:
    """The filters of a page's address, limited to the members that its reader may see."""
    now = timezone.now()
    visible = visible_ids(request.access, utc_day(now))
    asked = parse_filters(request.GET, now, visible, known_until(request, now))
    vars(asked)["mark"] = changes.current_mark(getattr(request, "stored_mark", None))
    return asked


def known_until(request: AccessRequest, now: datetime) -> datetime | None:
    """Up to when usage is known; loaded once for the page and its frame."""
    if not hasattr(request, "known_until"):
        request.known_until = freshness.known_until(now, getattr(request, "events_until", None))
    return request.known_until


def parse_filters(
    query: QueryDict,
    now: datetime,
    visible: frozenset[int] | None = None,
    known_until: datetime | None = None,
) -> Filters:
    """The filters of an address. BadRequest, with the reason, if one is not valid."""
    values = read_values(query)
    notes: list[str] = []
    period, cycles = read_period(values, now, known_until, notes)
    if values["group"] and names.current().are_hidden:
        people.everybody(period.end)  # which the page asks for, and has the groups' sizes with it
    # Groups are hidden that were small in the period, or in what it is compared with.
    look_back_to(period.first - max(timedelta(days=period.days), ALWAYS))
    groups = load_groups() if values["group"] else None
    options = group_options(groups, with_closed=True) if groups is not None else []
    group = read_group(values["group"], options, notes) if values["group"] else None
    models = palette.load() if values["model"] else None
    if models and values["model"] not in models.models:
        notes.append(f"No usage of the model “{values['model']}” is known")
    found = Filters(
        period=period,
        now=now,
        visible=visible,
        group=group,
        notes=tuple(notes),
        options=tuple(option for option in options if not option.is_closed or option == group),
        **{name: values[name] for name in WORDS},
    )
    known = {"groups": groups, "cycles": cycles, "palette": models}
    vars(found).update({name: value for name, value in known.items() if value is not None})
    return found


def read_values(query: QueryDict) -> dict[str, Any]:
    """By the names of FIELDS; what is absent is empty."""
    values, errors = {}, []
    for name, form_field in FIELDS.items():
        try:
            values[name] = form_field.clean(query.get(name, ""))
        except ValidationError:
            errors.append(form_field.error_messages["refusal"].replace("%s", str(query[name])))
    if errors:
        raise BadRequest(" ".join(errors))
    return values


def read_period(
    values: dict[str, Any], now: datetime, known_until: datetime | None, notes: list[str]
) -> tuple[Period, Cycles | None]:
    """The period asked for, and the cycles if they were read for it; 30 days, with a note, where the present
    billing cycle is asked for and none is known."""
    if first := values["from"] or values["to"]:
        return periods.from_dates(first, values["to"] or first, now, known_until, notes), None
    key = values["period"] or periods.DEFAULT
    if key != "cycle":
        return periods.whole_days(periods.WHOLE_DAYS[key], now, key, known_until), None
    cycles = first_day(now)
    if cycles[0]:
        return periods.of_cycle(cycles[0], now, known_until), cycles
    notes.append(f"{periods.no_cycle(now)}. These are the last 30 days")
    return periods.whole_days(30, now, known_until=known_until), cycles


def read_group(path: str, options: list[GroupOption], notes: list[str]) -> GroupOption:
    """The group of that path; an empty group, with a note, if there is none, and a note if it is closed."""
    option = option_for(path, options)
    if not option.group_ids:
        notes.append(unknown_group(path, options))
    if option.is_closed:
        notes.append(f"The group “{option.path}” is closed: it has only what was spent while it was open")
    return option
