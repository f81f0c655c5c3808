"""How long records of what happened are kept, and what `prune` deletes."""

from collections.abc import Callable
from datetime import datetime, timedelta

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Max, Model, Q, QuerySet
from django_q.models import Task

from collector.facts.pruning import plan_pruning, prune
from collector.models import SourceRun
from groups.models import GroupImport
from incidents.models import Notification
from tracker.models import AuditEntry, RetentionSettings

CHUNK = 2000  # rows in one transaction, so that nobody waits for long


def old_runs(before: datetime) -> list[QuerySet]:
    """All runs except the newest and the newest good one of each source, which show its freshness."""
    newest = SourceRun.objects.order_by().values("source", "status").annotate(pk_kept=Max("pk"))
    old = SourceRun.objects.filter(started_at__lt=before).exclude(pk__in=newest.values("pk_kept"))
    return [old, Task.objects.filter(stopped__lt=before)]  # django-q keeps what failed for ever


def old_audit(before: datetime) -> list[QuerySet]:
    """Our own log, and the one that the admin keeps beside it."""
    return [AuditEntry.objects.filter(at__lt=before), LogEntry.objects.filter(action_time__lt=before)]


def old_notifications(before: datetime) -> list[QuerySet]:
    """Notifications that are done, but not of unresolved incidents, whose later messages refer to them; nor
    each channel's last alerts of one, without which it would be alerted if the incident were reopened."""
    waiting = [Notification.Status.WAITING, Notification.Status.SENDING]
    over = Notification.objects.filter(created_at__lt=before).exclude(status__in=waiting)
    alerts = Notification.objects.filter(kind=Notification.Purpose.ALERT).order_by()
    last = alerts.values("incident", "channel", "status").annotate(pk_kept=Max("pk")).values("pk_kept")
    return [over.exclude(incident__resolved_at__isnull=True, incident__isnull=False).exclude(pk__in=last)]


APPLIED = (GroupImport.ImportState.APPLIED, GroupImport.ImportState.UNDONE)


def old_imports(*statuses: str) -> Callable[[datetime], list[QuerySet]]:
    return lambda before: [GroupImport.objects.filter(status__in=statuses, uploaded_at__lt=before)]


def old_history(before: datetime) -> list[QuerySet]:
    """Every version of simple-history's that was replaced before then; what held then stays, since a cycle
    that is over is shown by it."""
    return [replaced_versions(model, before) for model in apps.get_models() if hasattr(model, "history_date")]


def replaced_versions(history: type[Model], before: datetime) -> QuerySet:
    versions = history._default_manager.filter(history_date__lt=before)
    row = vars(history)["instance_type"]._meta.pk.attname
    newest = versions.order_by().values(row).annotate(newest=Max("history_id")).values("newest")
    return versions.exclude(~Q(history_type="-"), history_id__in=newest)


def old_sign_ins(before: datetime) -> list[QuerySet]:
    tables = (AccessAttempt, AccessFailureLog, AccessLog)
    return [table.objects.filter(attempt_time__lt=before) for table in tables]


# What may go, by name: the setting in days, and the rows before an instant.
EXPIRING: dict[str, tuple[str, Callable[[datetime], list[QuerySet]]]] = {
    "audit entries": ("audit_days", old_audit),
    "source runs": ("run_days", old_runs),
    "notifications": ("notification_days", old_notifications),
    "import previews": ("preview_days", old_imports(GroupImport.ImportState.PREVIEWED)),
    "group imports": ("import_days", old_imports(*APPLIED)),
    "history entries": ("history_days", old_history),
    "sign-in records": ("sign_in_days", old_sign_ins),
}


def prune_records(now: datetime, *, is_dry: bool = False) -> dict[str, int]:
    """Delete, in chunks, what is older than the settings say; how many of each kind. 0 days: for ever."""
    policy, gone = RetentionSettings.get_solo(), {}
    for name, (setting, old_rows) in EXPIRING.items():
        if days := getattr(policy, setting):
            rows = old_rows(now - timedelta(days=days))
            gone[name] = sum(query.count() if is_dry else delete_in_chunks(query) for query in rows)
    # Every sign-in that a stranger begins leaves one, and Django deletes none by itself.
    over = Session.objects.filter(expire_date__lt=now)
    gone["expired sessions"] = over.count() if is_dry else delete_in_chunks(over)
    return gone


def prune_events(now: datetime) -> int:
    """Delete usage events as the settings say; daily figures stay."""
    days = RetentionSettings.get_solo().event_days
    wanted = plan_pruning(days, now) if days else None
    return prune(wanted, now) if wanted else 0


def delete_in_chunks(rows: QuerySet) -> int:
    """Delete the rows a chunk at a time, each in a transaction of its own; safe to repeat."""
    total = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        rows.model._default_manager.filter(pk__in=pks).delete()
        total += len(pks)
    return total


def summary(gone: dict[str, int]) -> str:
    parts = [f"{count:,} {name}" for name, count in gone.items() if count]
    return ", ".join(parts) or "no records"
