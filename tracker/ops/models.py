"""How long records of what happened are kept."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords
from solo.models import SingletonModel

MOST_DAYS = 36_500  # a century; the calendar begins some twenty centuries ago


def days_field(name: str, default: int, help_text: str = "") -> models.PositiveIntegerField:
    return models.PositiveIntegerField(
        f"{name} (days)",
        default=default,
        db_default=default,
        validators=[MaxValueValidator(MOST_DAYS, "Enter 0 to keep them forever.")],
        help_text=f"{help_text} 0: forever.".lstrip(),
    )


class RetentionSettings(SingletonModel):
    """The one row that says how long records of what happened are kept; `prune` deletes older ones daily."""

    audit_days = days_field("audit log", 400)
    run_days = days_field("source runs", 90, "The newest run of each source is always kept.")
    notification_days = days_field(
        "notifications",
        400,
        "Applies to those sent, withdrawn or given up. At least 45, because they record what was sent "
        "once per cycle.",
    )
    preview_days = days_field(
        "import previews", 7, "Applies to previews that were never applied. They contain personal data."
    )
    import_days = days_field("applied imports", 180, "An import can be undone until then.")
    history_days = days_field(
        "histories", 1100, "Previous versions of settings, groups, channels and assignments."
    )
    sign_in_days = days_field("sign-ins and lock-outs", 90)
    event_days = days_field("usage events", 0, "At least 45. Daily figures are kept.")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "retention"
        constraints = [
            models.CheckConstraint(
                condition=Q(event_days=0) | Q(event_days__gte=45),
                name="retention_events_at_least_45_days",
                violation_error_message="Keep usage events for at least 45 days, or forever (0).",
            ),
            models.CheckConstraint(
                condition=Q(notification_days=0) | Q(notification_days__gte=45),
                name="retention_notifications_at_least_45_days",
                violation_error_message="Keep notifications for at least 45 days, or forever (0), "
                "because they record which digests of the billing cycle were sent.",
            ),
        ]

    def __str__(self) -> str:
        return "Retention"
