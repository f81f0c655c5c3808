"""The team's period: every member's figures, badges and ranks, and the part of it that the filters leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile
from typing import Any

from collector.base import names
from collector.base.days import days_between
from collector.facts.weeks import in_weeks, of_weeks
from collector.models import DailyActivity
from groups.assignments import membership
from groups.small import shown_paths
from tracker.filters import Filters
from tracker.reports import badges, models, people, usage
from tracker.reports.badges import ADOPTION, Badge, Habits
from tracker.reports.changes import Changes, read_changes
from tracker.reports.kept import kept
from tracker.reports.limits import StatedLimit, stated_limits
from tracker.reports.people import Person
from tracker.reports.selection import Selection, day_rows
from tracker.reports.sql import float_cents
from tracker.reports.usage import NO_ACTIVITY, Activity, Part, Totals, Usage
from tracker.widgets import palette

NO_GROUP = (membership.UNASSIGNED, "")
NO_TOTALS = Totals()


@dataclass(eq=False, slots=True)
class MemberFigures:
    """One member's period as the filters leave it; badges, adoption and ranks are of the whole period.

    Figures are looked up when asked for: of ten thousand members a page shows fifty.
    """

    person: Person
    team: Team

    @property
    def totals(self) -> Totals:
        return self.team.usage.by_member.get(self.person.pk) or NO_TOTALS

    @property
    def group(self) -> str:
        return self.team.groups.get(self.person.pk, NO_GROUP)[1]

    @property
    def activity(self) -> Activity:
        return self.team.activity.get(self.person.pk, NO_ACTIVITY)

    @property
    def active_days(self) -> int:
        return self.team.active_days.get(self.person.pk, 0)

    @property
    def main_model(self) -> palette.PaletteModel | None:
        main = self.team.usage.main_model(self.person.pk)
        return None if main is None else self.team.palette.model(main)

    @property
    def spend_rank(self) -> int | None:
        """Among all who spent anything."""
        return self.team.spend_ranks.get(self.person.pk)

    @property
    def activity_rank(self) -> int | None:
        """Among all with a request, by requests."""
        return self.team.activity_ranks.get(self.person.pk)

    @property
    def badges(self) -> list[Badge]:
        return self.team.badges_of(self.person)

    @property
    def adoption(self) -> int | None:
        """None for whom badges are not meant."""
        habits = self.team.habits.get(self.person.pk)
        return badges.adoption_score(habits, self.team.bounds) if habits else None

    @property
    def adoption_badge(self) -> Badge | None:
        return next((badge for badge in self.badges if badge in ADOPTION), None)


class Team:
    """Figures of one period under filters. Seven queries; two more with a group."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.period = filters, filters.period
        self.palette = filters.palette
        self._badges: dict[int, list[Badge]] = {}
        self.group_rows = usage.group_rows(filters.group, self.period.first, self.period.end)
        self.read_along: list[dict[int, Activity]] = []  # with everybody's activity
        self.people = people.everybody(self.period.end)

    @cached_property
    def all_usage(self) -> Usage:
        """Of everybody, whatever the filters."""
        return self._usage(
            kept("parts", self.filters, lambda: usage.part_rows(of_weeks(self.period.in_weeks)))
        )

    @cached_property
    def all_totals(self) -> dict[int, Totals]:
        """The same by member."""
        return self.all_usage.by_member

    @cached_property
    def all_activity(self) -> dict[int, Activity]:
        """Of everybody. One query, and where a group is asked for it has the group's as well."""

        def read() -> dict[int, Activity]:
            rows = in_weeks(self.period.first, self.period.end, DailyActivity)
            everybody, *self.read_along = usage.activities((rows, self.period.in_weeks), *self.group_rows)
            return everybody

        return kept("activity", self.filters, read)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all has ever been collected."""
        return not self.palette.models and not self.people

    @cached_property
    def nothing_fits(self) -> str:
        """A sentence where the filters leave neither a member nor usage; empty where there is something."""
        filters = self.filters
        if not filters.is_narrowed or self.usage.parts or self.members:
            return ""
        if filters.group and not (filters.search or filters.model or filters.badge or filters.surface):
            return f"Nobody in the group “{filters.group.path}” has a seat or has any usage in this period."
        return "No member and no usage in this period matches all of them."

    @cached_property
    def groups(self) -> dict[int, tuple[int, str]]:
        """The group (id, name) that each member is in at the end of the period; not one made or removed since
        the groups were read."""
        group_ids = {pk: person.group_id for pk, person in self.people.items() if person.group_id is not None}
        names, wanted = self.filters.groups, set(group_ids.values())
        paths = shown_paths({group.pk: group.name for group in names if group.pk in wanted})
        return {pk: (group_id, paths[group_id]) for pk, group_id in group_ids.items() if group_id in paths}

    @cached_property
    def habits(self) -> dict[int, Habits]:
        """What badges ask, of every person, whatever the filters; not of leavers without usage."""
        over_limit = {limit.member_id for limit in self.stated_limits if limit.is_reached}
        used, activity, days = self.all_totals, self.all_activity, self.active_days
        return {
            pk: Habits(
                own.requests,
                days.get(pk, 0),
                float_cents(own.total_micro),
                edits.accepts,
                edits.applies,
                own.cache_read_tokens,
                pk in over_limit,
            )
            for pk, person in self.people.items()
            if person.is_person and (person.is_on_team or pk in used)
            for own, edits in [(used.get(pk, NO_TOTALS), activity.get(pk, NO_ACTIVITY))]
        }

    @cached_property
    def stated_limits(self) -> list[StatedLimit]:
        """Everybody's limit and on-demand spend as Cursor last stated them for this cycle. One query."""
        cycle = self.filters.cycles[0]
        return stated_limits(cycle) if cycle else []

    @cached_property
    def active_days(self) -> dict[int, int]:
        """By member: days with a request or days that Cursor marks active, whichever are more."""
        return {pk: max(used.active_days, used.request_days) for pk, used in self.all_activity.items()}

    @cached_property
    def bounds(self) -> badges.TeamHabits:
        known_days = sum(map(self.period.is_known, days_between(self.period.first, self.period.end)))
        return badges.team(list(self.habits.values()), known_days)

    def badges_of(self, person: Person) -> list[Badge]:
        """None of praise beside an open incident, whose hours may be no part of the period."""
        if person.pk not in self._badges:
            habits = self.habits.get(person.pk)
            earned = badges.badges(habits, self.bounds) if habits else []
            self._badges[person.pk] = [
                badge for badge in earned if not (badge.tone == "good" and person.has_open_incident)
            ]
        return self._badges[person.pk]

    def ranks(self, values: dict[int, float]) -> dict[int, int]:
        """Ranks by member; none where the settings show none."""
        return badges.ranks(values) if names.current().shows_ranks else {}

    @cached_property
    def spend_ranks(self) -> dict[int, int]:
        return self.ranks({pk: habits.spend_cents for pk, habits in self.habits.items()})

    @cached_property
    def activity_ranks(self) -> dict[int, int]:
        return self.ranks({pk: habits.requests for pk, habits in self.habits.items()})

    @cached_property
    def selection(self) -> Selection:
        filters = self.filters
        group_ids = filters.group.group_ids if filters.group else None
        named = filters.search or filters.badge or filters.visible is not None
        return Selection(group_ids, self._chosen() if named else None, filters.model, filters.surface)

    def _chosen(self) -> frozenset[int]:
        filters = self.filters
        text, badge = filters.search.casefold(), filters.badge
        return frozenset(
            pk
            for pk, person in self.people.items()
            if filters.visible is None or pk in filters.visible
            if text in person.name.casefold() or text in person.email.casefold()
            if not badge or any(earned.key == badge for earned in self.badges_of(person))
        )

    @cached_property
    def people_selection(self) -> Selection:
        """For figures not counted by model or surface: the members who used the chosen one."""
        chosen = self.selection
        if not (chosen.model or chosen.surface):
            return chosen
        return Selection(chosen.group_ids, frozenset(self.usage.by_member))

    @cached_property
    def usage(self) -> Usage:
        """What the filters leave of the period. One query with a group or a surface."""
        chosen = self.selection
        if chosen.is_everything:
            return self.all_usage
        if chosen.needs_query:
            return self._usage(usage.part_rows(day_rows.statement(chosen, self.period.span)))
        return self._usage(part for part in self.all_usage.parts if chosen.keeps(part.member_id, part.model))

    def _usage(self, rows: Iterable[Sequence[Any]]) -> Usage:
        people = {pk for pk, person in self.people.items() if person.is_person}
        return Usage(list(map(Part._make, rows)), people)

    @cached_property
    def changes(self) -> Changes:
        return read_changes(self.filters.comparison, self.selection.of)

    @property
    def totals(self) -> Totals:
        return self.usage.models.total

    @cached_property
    def model_costs(self) -> list[models.ModelCost]:
        return models.model_costs(self.usage.models, self.palette, self.changes.by_model)

    @cached_property
    def activity(self) -> dict[int, Activity]:
        """What counts of the listed members."""
        everybody = self.all_activity
        return (self.read_along or usage.activities(*self.group_rows) or [everybody])[0]

    @cached_property
    def members(self) -> list[MemberFigures]:
        """Members that the filters leave, largest spend first: seats, and whoever else has spent."""
        used, changed = self.usage.by_member, self.changes.by_member
        listed = [
            person
            for pk, person in self.people.items()
            if pk in used or pk in changed or (person.is_on_team and self._is_listed(pk))
        ]
        listed.sort(key=lambda person: (-used.get(person.pk, NO_TOTALS).total_micro, person.name.casefold()))
        return [MemberFigures(person, self) for person in listed]

    def spenders(self, most: int) -> list[MemberFigures]:
        """The largest spenders of `members`, largest first, at most so many."""
        spending = takewhile(lambda member: member.totals.total_micro > 0, self.members)
        return list(islice(spending, most))

    def _is_listed(self, pk: int) -> bool:
        """Whether a seat without usage belongs on the list: it has no part that could say so."""
        chosen, group_ids = self.selection, self.selection.group_ids
        if chosen.model or chosen.surface or not chosen.keeps_member(pk):
            return False
        return group_ids is None or self.groups.get(pk, NO_GROUP)[0] in group_ids

    def member(self, pk: int) -> MemberFigures:
        """One member's figures, also where the filters would not list them."""
        return MemberFigures(self.people[pk], self)
