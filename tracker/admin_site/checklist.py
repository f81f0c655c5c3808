"""The set-up checklist: what an installation needs before it can watch, read in a few queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django_q.models import Schedule

from collector.collecting import freshness
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


def read_checklist(now: datetime) -> Checklist:
    """About a dozen small queries, and nothing over the network: `doctor` asks the other side."""
    return Checklist(tuple(read(now) for read in STEPS), SetUp.get_solo().dismissed_at is not None)


def admin_list(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


def check_key(now: datetime) -> SetUpStep:
    known = freshness.sources(now, with_newest=False)
    read = [source for source in known if source.last_good_at]
    refused = [source.label for source in known if not source.is_available]
    failed = [source for source in known if source.status == SourceRun.Status.FAILED]
    has_key = bool(settings.CURSOR_ADMIN_API_KEY) or settings.DEMO
    state = f"reaches {len(read)} of {plural(len(known), 'source')}"
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


def check_history(now: datetime) -> SetUpStep:
    mark = Watermark.objects.filter(source=Source.EVENTS).first()
    first = MemberModelDay.objects.order_by("day").values_list("day", flat=True).first()
    is_done = first is not None and (now.date() - first).days >= 14
    state = f"usage since {full_day(first)}" if first else "no usage yet"
    if mark and not first:
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


def check_groups(now: datetime) -> SetUpStep:
    number = Group.objects.open().count()
    return SetUpStep(
        "groups",
        "Groups",
        number > 0,
        plural(number, "group") if number else "none",
        "Spend is charged back, compared and reported by group.",
        f"{reverse('admin:groups_groupimport_add')}?kind=hibob",
        "Import them from HiBob or a CSV, or create them by hand.",
    )


def check_channel(now: datetime) -> SetUpStep:
    enabled = list(Channel.objects.enabled())
    working = [channel for channel in enabled if channel.last_ok_at and not channel.last_error]
    state = f"{len(working)} of {plural(len(enabled), 'channel')} working"
    if not enabled:
        state = "none: nobody is notified"
    return SetUpStep(
        "channel",
        "Channel",
        bool(working),
        state,
        "If nobody is notified of an incident, it costs money until somebody looks.",
        admin_list("incidents_channel") if enabled else reverse("admin:incidents_channel_add"),
        "Send a test." if enabled else "Add Slack, e-mail or a webhook, and send a test.",
    )


def check_budget(now: datetime) -> SetUpStep:
    others = CycleBudget.objects.count()
    counts = ["the team's"] if DetectionSettings.get_solo().team_budget_dollars else []
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


def check_sign_in(now: datetime) -> SetUpStep:
    return SetUpStep(
        "sign-in",
        "Sign-in",
        settings.AUTH_ENABLED,
        "on" if settings.AUTH_ENABLED else "off: anyone who reaches this address can read it",
        "These pages show what each person spends.",
        admin_list("tracker_accesssettings"),
        "Access shows the lines for .env.",
    )


def check_roles(now: datetime) -> SetUpStep:
    policy = AccessSettings.get_solo()
    in_groups = User.objects.filter(is_active=True, groups__name__in=GROUP_NAMES[1:]).exists()
    is_done = bool(settings.AUTH_ADMIN_EMAILS or policy.admin_list or policy.responder_list or in_groups)
    return SetUpStep(
        "roles",
        "Roles",
        is_done,
        "given" if is_done else f"everybody is a {policy.default_role}",
        "Roles decide who can act on incidents and who can change settings.",
        admin_list("auth_user"),
        "Give people roles, or list their addresses under Access.",
    )


def check_backup(now: datetime) -> SetUpStep:
    made_at = SetUp.get_solo().backed_up_at
    return SetUpStep(
        "backup",
        "Backup",
        made_at is not None and now - made_at < BACKUP_AGE,
        f"last {age(now - made_at)}" if made_at else "never",
        "Cursor keeps usage only for a limited time, so not everything collected here can be read again.",
        "",
        "Run this every night with cron:",
        "python manage.py backup --keep 14",
    )


def check_schedule(now: datetime) -> SetUpStep:
    runs = SourceRun.objects.filter(trigger="collect").order_by("-started_at")
    last = runs.values_list("started_at", flat=True).first()
    late = last is None or now - last > JOB_AGE
    has_schedule = Schedule.objects.exclude(repeats=0).exists()
    state = f"last run {age(now - last)}" if last else "never ran"
    return SetUpStep(
        "schedule",
        "Hourly job",
        not late,
        state,
        "It collects, detects and notifies; without it the figures stop.",
        admin_list("collector_sourcerun"),
        "The worker is behind its schedule. Start it:" if has_schedule else "Start the worker:",
        "python manage.py worker",
    )


STEPS: tuple[Callable[[datetime], SetUpStep], ...] = (
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
