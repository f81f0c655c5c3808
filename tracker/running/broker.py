"""The task queue's broker has to answer before anything is started that uses it."""

from django.core.management import CommandError

from tracker.ops.doctor import check_broker
from tracker.ops.findings import CheckLevel


def require_broker() -> None:
    """CommandError with what to do where it does not: the queue would write traces, again and again."""
    broker = check_broker()
    if broker.verdict is CheckLevel.FAIL:
        raise CommandError(f"{broker.text}: {broker.remedy}.")
