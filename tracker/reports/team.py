"""The team's period: every member's figures, badges and ranks, and the part of it that the filters leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import F

from collector.models import MemberModelDay, SpendSnapshot
from groups import membership
from groups.models import Assignment
from tracker import badges, palette
from tracker.badges import ADOPTION, Badge, Habits
from tracker.filters import Filters
from tracker.reports import people, usage
from tracker.reports.people import Person
from tracker.reports.selection import Selection
from tracker.reports.usage import Activity, Part, Totals

NO_GROUP = (membership.UNASSIGNED, "")


@dataclass(frozen=True)
class MemberFigures:
    """One member's period as the filters leave it; badges, adoption and ranks are of the whole period."""

    person: Person
    group: str
    totals: Totals
    activity: Activity
    active_days: int
    main_model: palette.Model | None
    habits: Habits | None  # None for whom badges are not meant: service accounts, leavers without usage
    team: badges.Team
    spend_rank: int | None  # among all who spent anything
    activity_rank: int | None  # among all with a request, by requests

    @property
    def is_active(self) -> bool:
        return self.active_days > 0

    @property
    def badges(self) -> list[Badge]:
        return badges.badges(self.habits, self.team) if self.habits else []

    @property
    def adoption(self) -> float | None:
        return badges.adoption_score(self.habits, self.team) if self.habits else None

    @property
    def adoption_badge(self) -> Badge | None:
        return next((badge for badge in self.badges if badge in ADOPTION), None)

    @property
    def other_badges(self) -> list[Badge]:
        """Without adoption, which stands beside its score."""
        return [badge for badge in self.badges if badge not in ADOPTION]


class Team:
    """Figures of one period under filters. Seven queries; two more with a group."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.period = filters, filters.period
        self.palette = palette.load()
        self.people = people.everybody()
        self.all_parts = usage.parts(self.period.of(MemberModelDay.objects.all()))

    @cached_property
    def all_activity(self) -> dict[int, Activity]:
        return usage.activity(usage.activity_between(self.period.first, self.period.end))

    @cached_property
    def request_days(self) -> dict[int, int]:
        return usage.request_days(self.period.of(MemberModelDay.objects.all()))

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all has ever been collected."""
        return not self.palette.models and not self.people

    @cached_property
    def groups(self) -> dict[int, tuple[int, str]]:
        """The group (id, name) that each member is in at the end of the period. One query."""
        known = Assignment.objects.known_on(self.period.end)
        held = {
            pk: (group_id, name)
            for pk, group_id, name in known.values_list("member_id", "group_id", "group__name")
        }
        return {pk: group for pk, group in held.items() if group[0] is not None}

    @cached_property
    def all_totals(self) -> dict[int, Totals]:
        """By member, whatever the filters."""
        return usage.group_by(self.all_parts, lambda part: part.member_id)

    @cached_property
    def habits(self) -> dict[int, Habits]:
        """What badges ask, of every person, whatever the filters."""
        totals = self.all_totals
        over_limit = members_over_limit(self.filters.now)
        return {
            pk: self._habits(pk, totals.get(pk) or Totals(), pk in over_limit)
            for pk, person in self.people.items()
            if person.is_person and (person.is_on_team or pk in totals)
        }

    def _habits(self, pk: int, totals: Totals, is_over_limit: bool) -> Habits:
        activity = self.all_activity.get(pk) or Activity()
        return Habits(
            requests=totals.requests,
            active_days=self.active_days(pk),
            spend_cents=float(totals.total_cents),
            accepts=activity.accepts,
            applies=activity.applies,
            cache_read_tokens=totals.cache_read_tokens,
            is_over_limit=is_over_limit,
        )

    def active_days(self, pk: int) -> int:
        """Days with a request or days that Cursor marks active, whichever are more."""
        activity = self.all_activity.get(pk) or Activity()
        return max(activity.active_days, self.request_days.get(pk, 0))

    @cached_property
    def bounds(self) -> badges.Team:
        days = (self.period.end - self.period.first).days + 1
        return badges.team(list(self.habits.values()), days)

    @cached_property
    def badges(self) -> dict[int, list[badges.Badge]]:
        return {pk: badges.badges(habits, self.bounds) for pk, habits in self.habits.items()}

    @cached_property
    def spend_ranks(self) -> dict[int, int]:
        return ranks({pk: habits.spend_cents for pk, habits in self.habits.items()})

    @cached_property
    def activity_ranks(self) -> dict[int, int]:
        return ranks({pk: habits.requests for pk, habits in self.habits.items()})

    @cached_property
    def selection(self) -> Selection:
        filters = self.filters
        group_ids = filters.group.group_ids if filters.group else None
        named = filters.search or filters.badge or filters.visible is not None
        return Selection(group_ids, self._chosen() if named else None, filters.model)

    def _chosen(self) -> frozenset[int]:
        filters = self.filters
        text, badge = filters.search.casefold(), filters.badge
        return frozenset(
            pk
            for pk, person in self.people.items()
            if filters.visible is None or pk in filters.visible
            if text in person.name.casefold() or text in person.email.casefold()
            if not badge or any(earned.key == badge for earned in self.badges.get(pk, []))
        )

    @cached_property
    def people_selection(self) -> Selection:
        """For what is not counted by model: the members who used it stand in for the model."""
        chosen = self.selection
        if not chosen.model:
            return chosen
        return Selection(chosen.group_ids, frozenset(part.member_id for part in self.parts))

    @cached_property
    def parts(self) -> list[Part]:
        """What the filters leave of the period."""
        rows = self.all_parts
        if self.selection.is_everything:
            return rows
        if self.selection.group_ids is not None:
            rows = usage.parts(self.selection.of(self.period.of(MemberModelDay.objects.all())))
        return [part for part in rows if self.selection.keeps(part)]

    @cached_property
    def totals_by_member(self) -> dict[int, Totals]:
        if self.selection.is_everything:
            return self.all_totals
        return usage.group_by(self.parts, lambda part: part.member_id)

    @cached_property
    def totals(self) -> Totals:
        return usage.total(self.parts)

    @cached_property
    def team_rate(self) -> Decimal | None:
        """Cost per request of everybody, whatever the filters."""
        return usage.total(self.all_parts).cents_per_request

    @cached_property
    def activity(self) -> dict[int, Activity]:
        if self.selection.group_ids is None:
            return self.all_activity
        rows = usage.activity_between(self.period.first, self.period.end)
        return usage.activity(self.selection.of_members(rows))

    @cached_property
    def members(self) -> list[MemberFigures]:
        """Members that the filters leave, largest spend first: seats, and whoever else has spent."""
        totals = self.totals_by_member
        mains = main_models(self.parts)
        found = [
            self._figures(pk, totals.get(pk) or Totals(), mains.get(pk))
            for pk, person in self.people.items()
            if pk in totals or (person.is_on_team and self._is_listed(pk))
        ]
        return sorted(found, key=lambda member: (-member.totals.total_cents, member.person.name.casefold()))

    def _is_listed(self, pk: int) -> bool:
        """Whether a seat without usage belongs on the list: it has no part that could say so."""
        group_ids = self.selection.group_ids
        if self.selection.model or not self.selection.keeps_member(pk):
            return False
        return group_ids is None or self.groups.get(pk, NO_GROUP)[0] in group_ids

    def member(self, pk: int) -> MemberFigures:
        """One member's figures, also where the filters would not list them."""
        parts = [part for part in self.parts if part.member_id == pk]
        return self._figures(pk, usage.total(parts), main_models(parts).get(pk))

    def _figures(self, pk: int, totals: Totals, main: str | None) -> MemberFigures:
        return MemberFigures(
            person=self.people[pk],
            group=self.groups.get(pk, NO_GROUP)[1],
            totals=totals,
            activity=self.activity.get(pk) or Activity(),
            active_days=self.active_days(pk),
            main_model=None if main is None else self.palette.model(main),
            habits=self.habits.get(pk),
            team=self.bounds,
            spend_rank=self.spend_ranks.get(pk),
            activity_rank=self.activity_ranks.get(pk),
        )


def main_models(parts: Iterable[Part]) -> dict[int, str]:
    """The model with most served requests of each member; of two alike, the one that cost more."""
    best: dict[int, Part] = {}
    for part in parts:
        held = best.get(part.member_id)
        if part.requests and (held is None or _weight(part) > _weight(held)):
            best[part.member_id] = part
    return {pk: part.model for pk, part in best.items()}


def _weight(part: Part) -> tuple[int, Decimal, str]:
    return part.requests, part.total_cents, part.model


def ranks(values: dict[int, float]) -> dict[int, int]:
    """Places by value, largest first; equal values share a place; nothing has none."""
    ordered = sorted((value for value in values.values() if value > 0), reverse=True)
    place = {value: index for index, value in reversed(list(enumerate(ordered, start=1)))}
    return {pk: place[value] for pk, value in values.items() if value > 0}


def members_over_limit(now: datetime) -> set[int]:
    """Members whose on-demand spend has reached their own limit in the present cycle. One query."""
    reached = SpendSnapshot.objects.filter(
        cycle__start_at__lte=now,
        cycle__end_at__gt=now,
        limit_dollars__gt=0,
        on_demand_cents__gte=F("limit_dollars") * 100,
    )
    return set(reached.order_by().values_list("member_id", flat=True).distinct())
