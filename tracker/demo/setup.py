"""What the made-up company's administrator has set up: channels, groups, budgets."""

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd

from collector.base.days import utc_day
from collector.models import Member
from detection.models import DetectionSettings
from detection.vocabulary import Severity
from groups.assignments.membership import current
from groups.imports.apply import apply, upload
from groups.models import BudgetSettings, CycleBudget, Group, GroupImport
from incidents.models import Channel, IncidentSettings
from tracker.demo.foresight import Foresight
from tracker.demo.inbox import SEED

ADMIN = "Ada Torres"
DEPARTMENTS = {
    "Engineering": ("Platform", "Mobile", "Search", "Infrastructure"),
    "Data": ("Science", "Analytics"),
    "Product": ("Design", "Research"),
}
# What the budgets are at in the end, one after another: over, near a step, early.
SHARES = (0.86, 1.04, 0.47)
TEAM_SHARE = 0.84
MOST_SHARE = 0.95  # of the whole team's budget, in the most expensive of the cycles before
SEAT_DOLLARS = 40


def set_up_channels() -> None:
    """Slack for warnings, e-mail for what is critical, and a question to the member concerned."""
    everybody, member = Channel.Audience.EVERYBODY, Channel.Audience.MEMBER
    leads = {"audience": everybody, "least_severity": Severity.CRITICAL, "sends_budgets": False}
    rows: tuple[tuple[str, str, str, dict[str, object]], ...] = (
        ("slack", Channel.Medium.SLACK, "Slack #ai-spend", {"audience": everybody}),
        ("mail", Channel.Medium.EMAIL, "Leads by e-mail", leads),
        (
            "member",
            Channel.Medium.EMAIL,
            "The member concerned",
            {"audience": member, "sends_digests": False},
        ),
    )
    for seed, kind, name, fields in rows:
        Channel.objects.get_or_create(seed=f"{SEED}-{seed}", defaults={"kind": kind, "name": name, **fields})
    policy = IncidentSettings.get_solo()
    # Who exhausts a plan is on the pages; a message a day about it would bury the others.
    policy.asks_member_first, policy.plan_digest = True, False
    policy.save()


def import_groups(now: datetime) -> None:
    """The directory's export, uploaded and applied as an administrator does."""
    if GroupImport.objects.exists():
        return
    file = io.BytesIO(directory_csv().encode())
    uploaded = upload(
        GroupImport.FileKind.HIBOB,
        file,
        name="people-directory.csv",
        from_day=utc_day(now) - timedelta(days=29),
        by=ADMIN,
        now=now,
    )
    apply(uploaded, None, by=ADMIN, now=now)


def directory_csv() -> str:
    """People in departments and teams, by the order in which they joined; the last few are in none yet."""
    teams = [(department, team) for department, names in DEPARTMENTS.items() for team in names]
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(("Email", "Display name", "Job title", "Department", "Team"))
    people = list(Member.objects.people().on_team().order_by("email"))
    for place, member in enumerate(people[: len(people) - len(people) // 20]):
        department, team = teams[place % len(teams)]
        writer.writerow((member.email, member.name, "Engineer", department, team))
    return sheet.getvalue()


def set_up_budgets(foresight: Foresight) -> None:
    """Amounts that are near their steps at the end of the walk, whatever day of the cycle that is."""
    end_at = foresight.hours[-1]
    spent = cycle_spend_until(foresight, end_at)
    whole = [
        sum(cycle_spend_until(foresight, turn - timedelta(hours=1)).values())
        for turn in foresight.cycles
        if turn <= end_at
    ]
    policy = BudgetSettings.get_solo()
    policy.notifies_of_members, policy.seat_dollars = False, SEAT_DOLLARS
    policy.save()
    settings = DetectionSettings.get_solo()
    # What earlier cycles came to was within it: nobody agrees on a budget that is always exceeded.
    settings.team_budget_dollars = max(
        round_amount(sum(spent.values()), TEAM_SHARE),
        round_amount(max(whole, default=0.0), MOST_SHARE),
    )
    settings.save()
    by_group: dict[int, float] = {}
    members = dict(Member.objects.values_list("email", "pk"))
    group_by_member = current(utc_day(foresight.hours[0]))
    for email, cents in spent.items():
        group = group_by_member.get(members.get(email, 0))
        if group:
            by_group[group.pk] = by_group.get(group.pk, 0.0) + cents
    groups = Group.objects.open().filter(pk__in=by_group).order_by("name")[: len(SHARES)]
    for place, group in enumerate(groups):
        CycleBudget.objects.get_or_create(
            group=group,
            defaults={"amount_dollars": round_amount(by_group[group.pk], SHARES[place])},
        )


def cycle_spend_until(foresight: Foresight, at: datetime) -> dict[str, float]:
    """Cents by member, from the start of the cycle that contains `at` up to `at`."""
    start_at = max((start for start in foresight.cycles if start <= at), default=foresight.hours[0])
    hour = foresight.spend["hour"]
    inside = (hour >= start_at.timestamp() // 3600) & (hour < at.timestamp() // 3600)
    sums: pd.Series = foresight.spend[inside].groupby("email")["cents"].sum()
    return {str(email): float(cents) for email, cents in sums.items()}


def round_amount(cents: float, share: float) -> Decimal:
    """Dollars of a budget of which `cents` are the share, as people agree them: two digits, zeros."""
    dollars = max(cents / 100 / share, 10.0)
    return Decimal(f"{float(f'{dollars:.2g}'):.0f}")
