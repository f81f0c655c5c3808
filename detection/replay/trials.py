"""Tries of unsaved settings as tasks of the worker: asked for, run, and compared with today's settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django_q.tasks import async_task

from detection.models import DetectionSettings, SettingsTrial
from detection.vocabulary import Rule

from .overrides import fields

if TYPE_CHECKING:
    from .backtest import SimulatedIncident

logger = logging.getLogger(__name__)
KEPT = timedelta(days=7)
Progress = SettingsTrial.Progress


def ask_trial(tried: DetectionSettings, *, by: str, now: datetime) -> SettingsTrial:
    """Queue a try of `tried`, which is not saved. Tries of more than a week ago are deleted."""
    SettingsTrial.objects.filter(asked_at__lt=now - KEPT).delete()
    texts = {name: field.value_to_string(tried) for name, field in fields().items()}
    trial = SettingsTrial.objects.create(values=texts, asked_by=by[:200], asked_at=now)
    async_task("detection.replay.trials.run_trial", trial.pk, task_name=f"settings trial {trial.pk}")
    return trial


def settings_from(texts: dict[str, str]) -> DetectionSettings:
    """The settings tried, unsaved."""
    values = {name: field.to_python(texts[name]) for name, field in fields().items() if name in texts}
    return DetectionSettings(pk=DetectionSettings.singleton_instance_id, **values)


def changes_since(trial: SettingsTrial, entered: Mapping[str, object]) -> list[str]:
    """Each field of `entered` that is not as it was tested, such as “Spend floor: 90 (tested: 80)”."""
    tested = settings_from(trial.values)
    return [
        f"{fields()[name].verbose_name}: {value_text(value)} (tested: {value_text(getattr(tested, name))})"
        for name, value in entered.items()
        if value != getattr(tested, name)
    ]


def value_text(value: object) -> str:
    """A setting as its form shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def run_trial(pk: int) -> str:
    """What the worker calls, again if it was stopped meanwhile. A call for a finished try does nothing."""
    unfinished = SettingsTrial.objects.filter(pk=pk, status__in=(Progress.WAITING, Progress.RUNNING))
    if not unfinished.update(status=Progress.RUNNING):
        return "ran already"
    from .preview import preview  # here alone, and not in a web process: pandas is behind it

    trial = SettingsTrial.objects.get(pk=pk)
    try:
        tried, today = preview(settings_from(trial.values), trial.asked_at)
        result = compare(tried, today, trial.asked_at)
        status = Progress.DONE
    except Exception:
        logger.exception("Settings could not be tried on the past")
        result, status = {}, Progress.FAILED
    SettingsTrial.objects.filter(pk=pk).update(result=result, status=status, finished_at=timezone.now())
    return str(status)


def compare(
    tried: Sequence[SimulatedIncident], today: Sequence[SimulatedIncident], now: datetime
) -> dict[str, object]:
    """What would come and go against today's settings, as JSON, and how many would stay."""
    come = [alert for alert in tried if not any(same_cause(alert, other, now) for other in today)]
    go = [alert for alert in today if not any(same_cause(alert, other, now) for other in tried)]
    return {
        "come": [alert_json(alert) for alert in come],
        "go": [alert_json(alert) for alert in go],
        "stay": len(tried) - len(come),
    }


def same_cause(one: SimulatedIncident, other: SimulatedIncident, now: datetime) -> bool:
    """Whether both describe the same thing: one member's same metric at overlapping times."""
    if (one.member_id, one.metric) != (other.member_id, other.metric):
        return False
    return one.detected_at <= (other.ended_at or now) and other.detected_at <= (one.ended_at or now)


def alert_json(alert: SimulatedIncident) -> dict[str, object]:
    return {
        "detected_at": alert.detected_at.isoformat(),
        "email": alert.email,
        "severity": alert.severity,
        "checks": [str(Rule(rule).label) for rule in alert.rules],
        "message": alert.message,
    }
