"""The background worker: makes sure of the schedules, then works off the queue."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker.running.schedule import ensure_schedules
from tracker.running.together import kept_together


class Command(BaseCommand):
    help = "Run the hourly pipeline and send notifications, as a background worker (django-q2)."

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_schedules(timezone.now())
        with kept_together():
            call_command("qcluster")
