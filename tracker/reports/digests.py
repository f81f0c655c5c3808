"""What the regular reports say, from the same figures as the pages."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.urls import reverse

from collector.base.days import day_start, utc_day
from collector.base.money import cents
from collector.collecting import freshness
from collector.models import BillingCycle, MemberModelDay
from groups.assignments.membership import UNASSIGNED, sums_by_group
from groups.models import Group
from groups.names import UNASSIGNED_NAME
from groups.tree import GroupOption, load_groups, options
from incidents.models import Incident
from incidents.notifying.budgets import budget_amounts
from incidents.notifying.messages import Digest, DigestTable, site_url
from tracker import periods
from tracker.filters import Filters
from tracker.periods import Period
from tracker.reports import people
from tracker.reports.badges import ADOPTION
from tracker.reports.budgets import BudgetPanel, budget_panel
from tracker.reports.cycle import CycleReport
from tracker.reports.group_weeks import GroupWeek, change_of_week
from tracker.reports.overview import Overview
from tracker.reports.people import Person
from tracker.reports.plan import first_billed
from tracker.reports.selection import Selection
from tracker.reports.team import NO_GROUP, Team
from tracker.widgets import formats

TOP = 10
WEEK_DAYS = 7


def filters_of(period: Period, now: datetime, group_ids: frozenset[int] | None) -> Filters:
    group = None if group_ids is None else GroupOption("", "", 0, group_ids)
    return Filters(period=period, now=now, group=group)


def plan(now: datetime, group_ids: frozenset[int] | None) -> Digest | None:
    """Who exhausted the plan yesterday, and who earlier in this cycle; None if nobody did yesterday."""
    running = BillingCycle.objects.at(now)
    members = exhausted(running, group_ids) if running else []
    yesterday = utc_day(now) - timedelta(days=1)
    fresh = [person for person, day in members if day == yesterday]
    if running is None or not fresh:
        return None
    by_day = Counter(day for _, day in members)
    return Digest(
        title=f"Plan exhausted: {formats.plural(len(fresh), 'member')} on {formats.full_day(yesterday)}",
        lines=(
            f"{formats.plural(len(members), 'member')} since the cycle began on "
            f"{formats.full_day(utc_day(running.start_at))}; what they use now is billed on demand.",
        ),
        tables=(
            DigestTable("Yesterday", ("Member", "E-mail"), tuple((p.name, p.email) for p in fresh)),
            DigestTable(
                "By day",
                ("Day", "Members"),
                tuple(
                    (formats.full_day(day), formats.plural(by_day[day], "member")) for day in sorted(by_day)
                ),
            ),
        ),
        url=overview_of(group_ids),
    )


def overview_of(group_ids: frozenset[int] | None, query: Mapping[str, str] | None = None) -> str:
    """The page with the digest's figures, whenever it is opened: the whole team's, or those of a group and
    what is below it; of several groups there is none, and the team's is nearest. A query for groups."""
    known = load_groups() if group_ids else []
    closed = frozenset(group.pk for group in known if group.closed_day)
    paths = (option.path for option in options(known) if option.group_ids - closed == group_ids)
    chosen = {"group": path} if (path := next(paths, "")) else {}
    return site_url(reverse("overview", query={**(query or {}), **chosen}))


def exhausted(running: BillingCycle, group_ids: frozenset[int] | None) -> list[tuple[Person, date]]:
    """People with billed requests in the cycle, by name, and the first day with one. Two queries."""
    everybody = people.everybody(utc_day(running.start_at))
    listed = [(everybody[pk], day) for pk, day, _ in first_billed(Selection(group_ids), running)]
    return sorted((row for row in listed if row[0].is_person), key=lambda row: row[0].name.casefold())


def cycle(now: datetime, group_ids: frozenset[int] | None) -> Digest | None:
    """The cycle so far against the last one: spend, seats, top spenders, adoption; None without a cycle."""
    period = periods.this_cycle(now, freshness.known_until(now))
    if period is None:
        return None
    report = Overview(filters_of(period, now, group_ids))
    running = report.cycle
    if running is None:
        return None
    return Digest(
        title=f"Billing cycle ends {formats.full_day(utc_day(running.cycle.end_at))}",
        lines=(*cycle_lines(running), *unread_days_note(period)),
        tables=(
            seats_table(report),
            *budget_tables(now, group_ids),
            spenders_table(report.team),
            adoption_table(report),
        ),
        url=overview_of(group_ids, {"period": "cycle"}),
    )


def unread_days_note(period: Period) -> list[str]:
    """What is said where the figures stop before today: nothing that is unknown is read as nothing spent."""
    if period.as_of is None:
        return []
    return [f"Nothing has been collected since {formats.instant(period.as_of)}: later usage is missing here."]


def cycle_lines(running: CycleReport) -> list[str]:
    spent = running.spent
    lines = [
        f"Spent {formats.money(spent.total_cents)} by day {running.day_number} of {running.length}, "
        f"including "
        f"{formats.money(spent.billed_cents)} billed on demand."
    ]
    if running.change is not None:
        lines.append(f"That is {running.said_change} the last cycle at the same point.")
    if running.last_cents is not None:
        lines.append(f"The whole last cycle cost {formats.money(running.last_cents)}.")
    return lines


def seats_table(report: Overview) -> DigestTable:
    used, seats = len(report.seats.active), len(report.seats.paid)
    unused = [(seat.person.name, seat.person.email) for seat in report.unused_seats]
    return DigestTable(
        f"Seats: {used} of {seats} used, {len(unused)} unused",
        ("Unused seat", "E-mail"),
        tuple(unused),
        empty="Every seat was used.",
    )


def spenders_table(team: Team) -> DigestTable:
    used = team.by_member
    rows = tuple(
        (
            person.name,
            formats.money(used[person.pk].total_cents),
            formats.plural(used[person.pk].requests, "request"),
        )
        for person in team.spenders(TOP)
    )
    return DigestTable("Top spenders", ("Member", "Spend", "Requests"), rows, empty="Nobody spent anything.")


def adoption_table(report: Overview) -> DigestTable:
    """How many seats have each adoption badge."""
    earned = Counter(badge.key for person in report.seats.paid for badge in report.team.badges_of(person))
    rows = tuple((badge.label, formats.plural(earned[badge.key], "seat")) for badge in ADOPTION)
    return DigestTable("Adoption", ("Tier", "Seats"), rows)


def weekly(now: datetime, group_ids: frozenset[int] | None) -> Digest:
    """The last seven whole days by group, for managers."""
    period = periods.whole_days(WEEK_DAYS, now, known_until=freshness.known_until(now))
    report = Overview(filters_of(period, now, group_ids))
    before = periods.whole_days(WEEK_DAYS, day_start(period.first))
    past = Overview(filters_of(before, now, group_ids))
    weeks = group_weeks(report, past, incident_counts(period))
    total = sum((week.cents for week in weeks), Decimal(0))
    total_before = sum(spend_by_group(past.filters).values(), Decimal(0))  # of groups without usage now, too
    in_all = f"In all {formats.money(total)}: {change_of_week(total, total_before)}."
    return Digest(
        title=f"Week of {formats.full_day(period.first)}: {formats.money(total)}",
        lines=(f"{period.said}, by group, against the seven days before.", in_all, *unread_days_note(period)),
        tables=(
            DigestTable(
                "Groups",
                ("Group", "Spend", "Against the week before", "Active seats", "Incidents"),
                tuple(week.cells for week in weeks),
                empty="No usage in this week.",
            ),
            *budget_tables(now, group_ids),
            spenders_table(report.team),
        ),
        url=overview_of(group_ids, {"from": f"{period.first}", "to": f"{period.last}"}),
    )


def budget_tables(now: datetime, group_ids: frozenset[int] | None) -> list[DigestTable]:
    """How the budgets of the present cycle stand; no table where none is set."""
    running = BillingCycle.objects.at(now)
    panel = BudgetPanel()
    if running:
        amounts = budget_amounts(running, now)
        panel = budget_panel(running, amounts, now, freshness.known_until(now), group_ids=group_ids)
    rows = tuple(
        (
            line.state.owner.name,
            formats.money(line.state.spent_cents),
            formats.money(line.state.budget_cents),
            f"{line.percent} %",
            line.pace or "–",
        )
        for line in panel.lines
    )
    columns = ("Budget of", "Spent", "Budget", "Share", "Forecast")
    heading = f"Budgets (and {panel.more} more with a smaller share)" if panel.more else "Budgets"
    return [DigestTable(heading, columns, rows)] if rows else []


def group_weeks(report: Overview, past: Overview, incidents: dict[int, int]) -> list[GroupWeek]:
    """Groups, largest spend first. Spend is by the group held on each day, all else by the one held last."""
    spent, before = spend_by_group(report.filters), spend_by_group(past.filters)
    names = {UNASSIGNED: UNASSIGNED_NAME, **dict(Group.objects.values_list("pk", "name"))}
    members_by_group: dict[int, list[Person]] = defaultdict(list)
    for person in report.team.listed:
        members_by_group[report.team.groups.get(person.pk, NO_GROUP)[0]].append(person)
    active_days = report.team.everybody.active_days
    weeks = [
        group_week(names[pk], members_by_group[pk], spent[pk], before[pk], incidents, active_days)
        for pk in spent.keys() | members_by_group.keys()
        if is_asked(pk, report.filters)
    ]
    return sorted(weeks, key=lambda week: (-week.cents, week.name.casefold()))


def spend_by_group(filters: Filters) -> defaultdict[int, Decimal]:
    """Cents of the period by group held on each day, of the groups asked for. One query."""
    by_group: defaultdict[int, Decimal] = defaultdict(Decimal)
    rows = MemberModelDay.objects.between(filters.period.first, filters.period.last)
    for pk, _, (total,) in sums_by_group(rows, "total_cents"):
        if is_asked(pk, filters):
            by_group[pk] += cents(total)
    return by_group


def is_asked(group_id: int, filters: Filters) -> bool:
    return filters.group is None or group_id in filters.group.group_ids


def group_week(
    name: str,
    members: Sequence[Person],
    spent_cents: Decimal,
    before_cents: Decimal,
    incidents: dict[int, int],
    active_days: dict[int, int],
) -> GroupWeek:
    seats = [person for person in members if person.is_on_team]
    return GroupWeek(
        name=name,
        cents=spent_cents,
        before_cents=before_cents,
        seats=len(seats),
        active=sum(active_days.get(person.pk, 0) > 0 for person in seats),
        incidents=sum(incidents.get(person.pk, 0) for person in members),
    )


def incident_counts(period: Period) -> dict[int, int]:
    """Incidents detected in the period, by member id. One query."""
    incidents = Incident.objects.detected_between(day_start(period.first), day_start(period.today))
    return Counter(incidents.filter(member__isnull=False).values_list("member_id", flat=True))
