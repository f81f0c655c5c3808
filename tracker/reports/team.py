"""The team's period: every member's figures, badges and ranks, and the part of it that the filters leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.db.models import Sum

from collector.base import names
from collector.base.days import days_between
from collector.base.money import cents
from collector.facts.weeks import in_weeks, only_days
from collector.models import DailyActivity, MemberModelDay
from groups.assignments import membership
from groups.small import shown_paths
from tracker.filters import Filters
from tracker.reports import badges, member_sums, people, savings, usage
from tracker.reports.badges import ADOPTION, Badge, Habits, Ranks
from tracker.reports.changes import Change, Changes, changes_by_key
from tracker.reports.days import load_models
from tracker.reports.kept import kept
from tracker.reports.limits import StatedLimit, limit_rows
from tracker.reports.member_sums import NO_ACTIVITY, NO_TOTALS, Activity, Everybody, MemberFigures
from tracker.reports.models import ModelCost, model_costs
from tracker.reports.people import Person
from tracker.reports.selection import Selection, day_rows, model_day_rows
from tracker.reports.sql import Row, float_cents
from tracker.reports.usage import ModelSums, Part, SpendPart, Totals, Usage

NO_GROUP = (membership.UNASSIGNED, "")


class Team:
    """Figures of one period under filters. Eight queries; two more with a group.

    `shown`: how many members are listed with their main models.
    """

    def __init__(self, filters: Filters, shown: int = 0) -> None:
        self.shown, self.first_listed = shown, set[int]()
        self.filters, self.period, self.palette = filters, filters.period, filters.palette
        self.group_rows = member_sums.group_rows(filters.group, self.period.first, self.period.end)
        self.people = people.everybody(self.period.end)
        # Whether nothing at all has ever been collected.
        self.is_empty = not self.palette.models and not self.people
        self.person_ids = {pk for pk, person in self.people.items() if person.is_person}

    @cached_property
    def all_parts(self) -> list[Part]:
        """Of everybody, whatever the filters."""
        rows = kept("parts", self.filters, lambda: usage.part_rows(self.period.in_weeks))
        return list(map(Part._make, rows))

    @cached_property
    def all_usage(self) -> Usage:
        """Of everybody; where nobody is left out, with the parts that a page asks for alone. Two queries."""
        if not self.selection.is_everything:
            return usage.usage_of(self.all_parts, self.person_ids)
        if self.shown:
            self.first_listed = {person.pk for person in self.listed[: self.shown]}
        replaced = {model: price.model for model, price in savings.offers(self.model_sums).items()}
        return usage.asked_usage(
            self.period.in_weeks, self.model_sums, self.first_listed, replaced, savings.LEAST_MICRO
        )

    @cached_property
    def model_sums(self) -> dict[str, ModelSums]:
        """Of everybody. One query."""
        span = self.period.span
        return load_models(model_day_rows.statement(Selection(), span), span)[1]

    @cached_property
    def everybody(self) -> Everybody:
        """What everybody did, whatever the filters. One query, and where a group is asked for it has the
        group's activity as well."""

        def read() -> list[list[Row]]:
            activity = in_weeks(self.period.first, self.period.end, DailyActivity)
            rows = member_sums.member_rows(self.period.in_weeks, activity, *self.group_rows)
            if self.group_rows:
                self.activity = member_sums.activities(rows.pop())
            return rows

        return member_sums.everybody_of(*kept("members", self.filters, read))

    @cached_property
    def nothing_fits(self) -> str:
        """A sentence where the filters leave neither a member nor usage; empty where there is something."""
        filters = self.filters
        if not filters.is_narrowed or self.usage.sums or self.listed:
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
        used, activity, days = self.everybody
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
        """Of every member with a limit, as Cursor last stated them for this cycle. One query."""
        rows = limit_rows(self.filters.cycles[0].pk) if self.filters.cycles[0] else ()
        return [StatedLimit(pk, on_demand, dollars * 100) for pk, on_demand, dollars in rows]

    @cached_property
    def bounds(self) -> badges.TeamHabits:
        known_days = sum(map(self.period.is_known, days_between(self.period.first, self.period.end)))
        return badges.team(list(self.habits.values()), known_days)

    @cached_property
    def ranks(self) -> Ranks:
        if not names.current().shows_ranks:
            return Ranks({}, {})
        spent = {pk: habits.spend_cents for pk, habits in self.habits.items()}
        requests = {pk: habits.requests for pk, habits in self.habits.items()}
        return Ranks(badges.ranks(spent), badges.ranks(requests))

    def badges_of(self, person: Person) -> list[Badge]:
        """None of praise beside an open incident, whose hours may be no part of the period."""
        habits = self.habits.get(person.pk)
        earned = badges.badges(habits, self.bounds) if habits else []
        return [badge for badge in earned if not (badge.tone == "good" and person.has_open_incident)]

    @cached_property
    def selection(self) -> Selection:
        filters, member_ids = self.filters, None
        text, badge = filters.search.casefold(), filters.badge
        if text or badge or filters.visible is not None:
            member_ids = frozenset(
                pk
                for pk, person in self.people.items()
                if filters.visible is None or pk in filters.visible
                if text in person.name.casefold() or text in person.email.casefold()
                if not badge or any(earned.key == badge for earned in self.badges_of(person))
            )
        group_ids = filters.group.group_ids if filters.group else None
        return Selection(group_ids, member_ids, filters.model, filters.surface)

    @cached_property
    def people_selection(self) -> Selection:
        """For figures not counted by model or surface: the members who used the chosen one."""
        chosen = self.selection
        if not (chosen.model or chosen.surface):
            return chosen
        return Selection(chosen.group_ids, frozenset(self.by_member))

    @cached_property
    def usage(self) -> Usage:
        """What the filters leave of the period. One query with a group or a surface."""
        group_ids, member_ids, model, surface = chosen = self.selection
        if chosen.is_everything:
            return self.all_usage
        if group_ids is not None or surface:  # sums by member and model cannot say what is left
            days = only_days(day_rows.statement(chosen, self.period.span))
            own = list(map(Part._make, usage.part_rows(days)))
        else:
            own = [
                part
                for part in self.all_parts
                if (member_ids is None or part.member_id in member_ids) and model in ("", part.model)
            ]
        return usage.usage_of(own, self.person_ids)

    @property
    def parts(self) -> Sequence[Part | SpendPart]:
        """All that the filters leave."""
        return self.all_parts if self.selection.is_everything else self.usage.parts

    @cached_property
    def full_usage(self) -> Usage:
        """Of everybody, with all parts."""
        return usage.usage_of(self.all_parts, self.person_ids)

    @cached_property
    def by_member(self) -> dict[int, Totals]:
        """The same by member."""
        return self.everybody.totals if self.selection.is_everything else usage.added_up(self.usage.parts, 0)

    @cached_property
    def changes(self) -> Changes:
        """Of what the filters leave. One query; none where nothing is compared."""
        comparison = self.filters.comparison
        if comparison is None:
            return Changes()
        counted, earlier = comparison.counted_rows, comparison.earlier_rows
        rows = self.selection.of(MemberModelDay.objects.filter(counted | earlier)).order_by()
        sums = rows.values_list("member_id", "model", "surface").annotate(
            compared=Sum("total_cents", filter=counted, default=0),
            before=Sum("total_cents", filter=earlier, default=0),
        )
        return changes_by_key({tuple(key): Change(cents(now), cents(before)) for *key, now, before in sums})

    @property
    def totals(self) -> Totals:
        return self.usage.models.total

    @cached_property
    def model_costs(self) -> list[ModelCost]:
        return model_costs(self.usage.models, self.palette, self.changes.by_model)

    @cached_property
    def activity(self) -> dict[int, Activity]:
        """What counts of the listed members."""
        everybody = self.everybody.activity
        if "activity" in vars(self):  # read along
            return self.activity
        if not self.group_rows:
            return everybody
        return member_sums.activities(member_sums.member_rows(None, *self.group_rows)[1])

    @cached_property
    def listed(self) -> list[Person]:
        """Members that the filters leave, largest spend first: seats, and whoever else has spent.

        A seat without usage has no part that could say whether the filters leave it.
        """
        group_ids, member_ids, model, surface = self.selection
        used, changed, groups = self.by_member, self.changes.by_member, {}
        if group_ids is not None:
            groups = self.groups
        listed = [
            person
            for pk, person in self.people.items()
            if pk in used
            or pk in changed
            or person.is_on_team
            and not (model or surface)
            and (member_ids is None or pk in member_ids)
            and (group_ids is None or groups.get(pk, NO_GROUP)[0] in group_ids)
        ]
        listed.sort(key=lambda person: (-used.get(person.pk, NO_TOTALS).total_micro, person.name.casefold()))
        return listed

    @property
    def members(self) -> list[MemberFigures]:
        """The figures of all who are listed; of ten thousand, a page shows fifty."""
        return [self.member(person) for person in self.listed]

    def spenders(self, most: int) -> list[Person]:
        """The largest spenders who are listed, largest first, at most so many."""
        used = self.by_member
        return [p for p in self.listed[:most] if used.get(p.pk, NO_TOTALS).total_micro > 0]

    def member(self, person: Person) -> MemberFigures:
        """One member's figures, also where the filters would not list them."""
        usage = self.usage
        if self.selection.is_everything and person.pk not in self.first_listed:
            usage = self.full_usage
        main = usage.main_model(person.pk)
        return self.standing(person)._replace(
            totals=self.by_member.get(person.pk, NO_TOTALS),
            activity=self.activity.get(person.pk, NO_ACTIVITY),
            main_model=None if main is None else self.palette.model(main),
        )

    def standing(self, person: Person) -> MemberFigures:
        """One member in the whole period, whatever the filters: without what they leave."""
        pk, earned, habits = person.pk, self.badges_of(person), self.habits.get(person.pk)
        return MemberFigures(
            person=person,
            group=self.groups.get(pk, NO_GROUP)[1],
            active_days=self.everybody.active_days.get(pk, 0),
            badges=earned,
            adoption=badges.adoption_score(habits, self.bounds) if habits else None,
            adoption_badge=next((badge for badge in earned if badge in ADOPTION), None),
            spend_rank=self.ranks.by_spend.get(pk),
            activity_rank=self.ranks.by_requests.get(pk),
        )
