"""What the filter bar offers, and what is chosen in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from detection.vocabulary import Rule, Severity
from groups.tree import options as group_options
from incidents.models import Status
from tracker import periods
from tracker.filters import SURFACES, UNRESOLVED, WORDS, Filters
from tracker.reports import badges
from tracker.widgets import palette

# A list of more is searched by typing.
MOST_LISTED_GROUPS = 30
# Filters that do not apply to incidents, carried along to the other pages.
CARRIED = ("model", "badge", "surface")
PERIOD = ("period", "from", "to", "compare")
PERIOD_TITLES = {
    key: f"The last {f'{days} whole UTC days' if days > 1 else 'whole UTC day'}, whenever the page is opened"
    for key, days in periods.WHOLE_DAYS.items()
} | {"cycle": "This billing cycle, up to now"}
COMPARISONS = {
    "": ("Off", "No comparison"),
    "before": (periods.COMPARISONS["before"], "Changes against the same number of days before"),
    "cycle": (periods.COMPARISONS["cycle"], "Changes against the same days of the last billing cycle"),
}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    is_current: bool
    url: str = ""
    title: str = ""


@dataclass(frozen=True)
class Choices:
    """What the filter bar offers."""

    path: str
    period_fields: list[tuple[str, str]]  # hidden fields of the form for the other filters
    hidden_fields: list[tuple[str, str]]  # hidden fields of the form for the dates
    periods: list[Choice]
    comparisons: list[Choice]
    clear_url: str
    compared_with: str  # what changes are compared with, in words; empty without a comparison
    # The same filters with the period as two dates, for links that show the same figures next week. A cycle
    # in progress includes today, so its address stays the same.
    lasting_url: str
    groups: Sequence[Choice] = ()
    has_many_groups: bool = False
    models: Sequence[Choice] = ()
    badges: Sequence[tuple[str, list[Choice]]] = ()
    surfaces: Sequence[Choice] = ()
    incident_filters: Sequence[tuple[str, str, list[Choice]]] = ()  # name, label, choices


def build_period_choices(filters: Filters, path: str) -> Choices:
    """Only the periods: for a page about one member."""
    values, period, compared_with = filters.values, filters.period, ""
    if filters.compare:
        compared_with = "No data for the days to compare with"
        if period.first == period.today:
            compared_with = "Today is not compared, as it is not over"
        elif filters.comparison:
            compared_with = f"Compared with {filters.comparison.days}"
    lasting = filters if period.cycle else replace(filters, period=replace(period, key=periods.DATES))
    return Choices(
        path=path,
        period_fields=[(name, values[name]) for name in PERIOD if values[name]],
        hidden_fields=[(name, values[name]) for name in (*WORDS, "group") if values[name]],
        periods=[
            Choice(key, label, key == period.key, filters.query(period=key), PERIOD_TITLES[key])
            for key, label in periods.LABELS.items()
        ],
        comparisons=[
            Choice(key, label, key == filters.compare, filters.query(compare=key), title)
            for key, (label, title) in COMPARISONS.items()
        ],
        clear_url=path,
        compared_with=compared_with,
        lasting_url=path + lasting.query(),
    )


def build_filter_choices(filters: Filters, path: str) -> Choices:
    """Everything the filter bar of the page at `path` offers. One query, and the filters' palette."""
    return replace(
        build_period_choices(filters, path),
        **_group_choices(filters),
        models=[
            Choice(key, palette.display_name(key), key == filters.model)
            for key in sorted(filters.palette.models, key=palette.by_name)
            if key
        ],
        badges=[
            (family, [Choice(badge.key, badge.label, badge.key == filters.badge) for badge in family_badges])
            for family, family_badges in badges.FAMILIES.items()
        ],
        surfaces=[Choice(key, palette.surface_name(key), key == filters.surface) for key in SURFACES],
        clear_url=path + filters.query(group="", search="", model="", badge="", surface=""),
    )


def build_incident_choices(filters: Filters, path: str) -> Choices:
    """What the filter bar of the incidents offers. One query; none where a group is chosen."""
    statuses = [(UNRESOLVED, UNRESOLVED), *Status.choices]
    carried = [(name, getattr(filters, name)) for name in CARRIED if getattr(filters, name)]
    bar = build_period_choices(filters, path)
    return replace(
        bar,
        period_fields=bar.period_fields + carried,
        comparisons=[],
        **_group_choices(filters),
        clear_url=path + filters.query(**dict.fromkeys(("group", *WORDS), "")),
        incident_filters=[
            ("status", "Status", _named_choices(statuses, filters.status)),
            ("severity", "Severity", _named_choices(Severity.choices, filters.severity)),
            ("rule", "Rule", _named_choices(Rule.choices, filters.rule)),
        ],
    )


def _named_choices(pairs: Iterable[tuple[str, str]], current: str) -> list[Choice]:
    return [Choice(value, str(label), value == current) for value, label in pairs]


class GroupChoices(TypedDict):
    groups: list[Choice]
    has_many_groups: bool


def _group_choices(filters: Filters) -> GroupChoices:
    current = filters.group.path if filters.group else None
    choices = [
        Choice(option.path, "\u2003" * option.depth + option.label, option.path == current)
        for option in filters.options or group_options(filters.groups)
    ]
    return {"groups": choices, "has_many_groups": len(choices) > MOST_LISTED_GROUPS}
