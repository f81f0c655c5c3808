"""The one table of the ground floor."""

from datetime import datetime, timedelta

from django.db import models


class Lease(models.Model):
    """One row is one piece of work that only one process may do at a time; it expires without its owner."""

    name = models.CharField(max_length=80, unique=True)
    holder = models.CharField(max_length=120, blank=True)
    expires_at = models.DateTimeField()
    writes = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Not used. Versions before 1.0.0 counted here how often facts were written.",
    )

    def __str__(self) -> str:
        return f"{self.name} until {self.expires_at:%Y-%m-%d %H:%M:%S}"

    def is_held(self, now: datetime) -> bool:
        """Whether somebody holds it at `now`: not where only a clock that was wrong can have set its end."""
        return bool(self.holder) and now < self.expires_at < now + timedelta(days=1)
