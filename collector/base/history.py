"""What simple-history notes beside a change: when it happened and why."""

from datetime import datetime

from django.db.models import Model


def annotate_history(row: Model, at: datetime | None = None, reason: str = "") -> None:
    """Have the entry that the next `save` writes bear this instant and this reason."""
    noted = {"_history_date": at, "_change_reason": reason}
    vars(row).update({name: value for name, value in noted.items() if value})
