"""The set-up checklist: what an installation needs before it can watch."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Exists, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django_q.models import Schedule

from collector.base.statements import prepared
from collector.collecting import freshness
from collector.collecting.freshness import SourceFreshness
from collector.models import MemberModelDay, Source, SourceRun, Watermark
from detection.models import DetectionSettings
from groups.models import CycleBudget, Group
from incidents.models import Channel
from tracker.access.roles import GROUP_NAMES
from tracker.models import AccessSettings, SetUp
from tracker.widgets.formats import age, full_day, plural

BACKUP_AGE = timedelta(days=8)  # a weekly backup, and a day of patience
JOB_AGE = timedelta(hours=3)  # the hourly job may miss a run


@dataclass(frozen=True)
class SetUpStep:
    """One thing to set up: whether it is done, how it stands, why it matters, and the one place to do it."""

    key: str
    label: str
    is_done: bool
    state: str
    why: str
    place: str  # an address of this site; empty where only the environment or the shell can do it
    how: str  # what to do there, as a sentence
    command: str = ""  # for the shell, where there is one


@dataclass(frozen=True)
class Checklist:
    steps: tuple[SetUpStep, ...]
    is_dismissed: bool

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.steps)

    @property
    def open_steps(self) -> list[SetUpStep]:
        return [step for step in self.steps if not step.is_done]


@dataclass(frozen=True)
class SetUpFacts:
    """What the steps look at, as of `now`."""

    now: datetime
    sources: Sequence[SourceFreshness]
    dismissed_at: datetime | None
    backed_up_at: datetime | None
    first_day: date | None  # of any usage
    has_read_events: bool
    groups: int
    channels: int
    working_channels: int
    team_budget: Decimal | None
    other_budgets: int
    default_role: str | None
    has_listed_roles: bool
    has_given_roles: bool
    last_run_at: datetime | None  # of a collection
    has_schedule: bool


def read_checklist(now: datetime, sources: Sequence[SourceFreshness] | None = None) -> Checklist:
    """Two queries, one where `sources` are given; nothing over the network: `doctor` asks the other side."""
    if sources is None:
        sources = freshness.sources(now, with_newest=False)
    if not (rows := set_up_rows()):
        SetUp.get_solo()  # makes the row
        rows = set_up_rows()
    facts = SetUpFacts(now, sources, **rows[0])
    return Checklist(tuple(read(facts) for read in STEPS), facts.dismissed_at is not None)


@prepared
def set_up_rows() -> QuerySet:
    """The one row (none before it is made), with what other tables hold, named as in `SetUpFacts`."""
    working = Channel.objects.enabled().filter(last_ok_at__isnull=False, last_error="")
    listed = AccessSettings.objects.exclude(admin_list="", responder_list="")
    runs = SourceRun.objects.filter(trigger="collect").order_by("-started_at")
    return SetUp.objects.order_by().values(
        "dismissed_at",
        "backed_up_at",
        first_day=Subquery(MemberModelDay.objects.order_by("day").values("day")[:1]),
        has_read_events=Exists(Watermark.objects.filter(source=Source.EVENTS)),
        groups=counted(Group.objects.open()),
        channels=counted(Channel.objects.enabled()),
        working_channels=counted(working),
        team_budget=Subquery(DetectionSettings.objects.values("team_budget_dollars")[:1]),
        other_budgets=counted(CycleBudget.objects.all()),
        default_role=Subquery(AccessSettings.objects.values("default_role")[:1]),
        has_listed_roles=Exists(listed),
        has_given_roles=Exists(User.objects.filter(is_active=True, groups__name__in=GROUP_NAMES[1:])),
        last_run_at=Subquery(runs.values("started_at")[:1]),
        has_schedule=Exists(Schedule.objects.exclude(repeats=0)),
    )


def counted(rows: QuerySet) -> Coalesce:
    """The number of rows as an expression."""
    number = rows.order_by().values(each=Value(1)).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


def admin_list(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


def check_key(facts: SetUpFacts) -> SetUpStep:
    sources = facts.sources
    read = [source for source in sources if source.last_good_at]
    refused = [source.label for source in sources if not source.is_available]
    failed = [source for source in sources if source.status == SourceRun.RunStatus.FAILED]
    has_key = bool(settings.CURSOR_ADMIN_API_KEY) or settings.DEMO
    state = f"reaches {len(read)} of {plural(len(sources), 'source')}"
    if refused:
        state += f"; not on this plan: {', '.join(refused)}"
    if failed:
        state = failed[0].error or state
    if not has_key:
        state = "no key"
    return SetUpStep(
        "key",
        "Cursor key",
        has_key and not failed and bool(read),
        state,
        "Without a key of Cursor's Admin API, nothing is collected.",
        admin_list("collector_sourcerun"),
        "Set CURSOR_ADMIN_API_KEY in .env and start again."
        if not has_key
        else "See what each source answered.",
    )


def check_history(facts: SetUpFacts) -> SetUpStep:
    first = facts.first_day
    is_done = first is not None and (facts.now.date() - first).days >= 14
    state = f"usage since {full_day(first)}" if first else "no usage yet"
    if facts.has_read_events and not first:
        state = "read, but without usage"
    return SetUpStep(
        "history",
        "History",
        is_done,
        state,
        "Detection compares each member with their own past weeks.",
        admin_list("collector_sourcerun"),
        "Wait for the first collection, or read it now:",
        "python manage.py backfill",
    )


def check_groups(facts: SetUpFacts) -> SetUpStep:
    return SetUpStep(
        "groups",
        "Groups",
        facts.groups > 0,
        plural(facts.groups, "group") if facts.groups else "none",
        "Spend is charged back, compared and reported by group.",
        f"{reverse('admin:groups_groupimport_add')}?kind=hibob",
        "Import them from HiBob or a CSV, or create them by hand.",
    )


def check_channel(facts: SetUpFacts) -> SetUpStep:
    enabled, working = facts.channels, facts.working_channels
    state = f"{working} of {plural(enabled, 'channel')} working"
    if not enabled:
        state = "none: nobody is notified"
    return SetUpStep(
        "channel",
        "Channel",
        working > 0,
        state,
        "If nobody is notified of an incident, it costs money until somebody looks.",
        admin_list("incidents_channel") if enabled else reverse("admin:incidents_channel_add"),
        "Send a test." if enabled else "Add Slack, e-mail or a webhook, and send a test.",
    )


def check_budget(facts: SetUpFacts) -> SetUpStep:
    others = facts.other_budgets
    counts = ["the team's"] if facts.team_budget else []
    counts += [plural(others, "other budget" if counts else "budget")] if others else []
    return SetUpStep(
        "budget",
        "Budget",
        bool(counts),
        " and ".join(counts) or "none",
        "With a budget, the forecast shows when the money runs out.",
        f"{admin_list('detection_detectionsettings')}#id_team_budget_dollars",
        "Set an amount for the whole team to begin with; the overview shows what the last cycle cost.",
    )


def check_sign_in(facts: SetUpFacts) -> SetUpStep:
    return SetUpStep(
        "sign-in",
        "Sign-in",
        settings.AUTH_ENABLED,
        "on" if settings.AUTH_ENABLED else "off: anyone who reaches this address can read it",
        "These pages show what each person spends.",
        admin_list("tracker_accesssettings"),
        "Access shows the lines for .env.",
    )


def check_roles(facts: SetUpFacts) -> SetUpStep:
    is_done = bool(settings.AUTH_ADMIN_EMAILS or facts.has_listed_roles or facts.has_given_roles)
    default = facts.default_role or AccessSettings().default_role
    return SetUpStep(
        "roles",
        "Roles",
        is_done,
        "given" if is_done else f"everybody is a {default}",
        "Roles decide who can act on incidents and who can change settings.",
        admin_list("auth_user"),
        "Give people roles, or list their addresses under Access.",
    )


def check_backup(facts: SetUpFacts) -> SetUpStep:
    made_at, now = facts.backed_up_at, facts.now
    return SetUpStep(
        "backup",
        "Backup",
        made_at is not None and now - made_at < BACKUP_AGE,
        f"last {age(now - made_at)}" if made_at else "never",
        "Cursor keeps usage only for a limited time, so not everything collected here can be read again.",
        "",
        "Run this every night with cron:",
        f"{sys.executable} {settings.BASE_DIR / 'manage.py'} backup --keep 14",
    )


def check_schedule(facts: SetUpFacts) -> SetUpStep:
    last, now = facts.last_run_at, facts.now
    late = last is None or now - last > JOB_AGE
    state = f"last run {age(now - last)}" if last else "never ran"
    return SetUpStep(
        "schedule",
        "Hourly job",
        not late,
        state,
        "It collects, detects and notifies; without it the figures stop.",
        admin_list("collector_sourcerun"),
        "The worker is behind its schedule. Start it:" if facts.has_schedule else "Start the worker:",
        "python manage.py worker",
    )


STEPS: tuple[Callable[[SetUpFacts], SetUpStep], ...] = (
    check_key,
    check_history,
    check_groups,
    check_channel,
    check_budget,
    check_sign_in,
    check_roles,
    check_backup,
    check_schedule,
)
