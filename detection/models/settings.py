"""The policy: what counts as going wrong. One row, edited in the admin, read once per run."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords
from solo.models import SingletonModel

from .fields import count_field, days_field, dollars_field, hours_field, multiplier_field

LONGEST_LOOK_BACK = 90  # days; the field itself refuses more


class DetectionSettings(SingletonModel):
    """The one row holds every threshold; 0 switches a check off, and a change counts from the next run."""

    cycle_limit_dollars = dollars_field(
        0, "US dollars a member may spend in a billing cycle, for example 400. Critical over twice. 0 is off."
    )
    daily_requests_limit = count_field(
        0, "Requests a member may make in a UTC day, for example 500. 0 is off."
    )
    daily_tokens_limit = count_field(
        0, "Tokens of all kinds a member may use in a UTC day, for example 50000000. 0 is off."
    )
    team_multiplier = multiplier_field(
        "2.5",
        "Standard deviations above the mean of active members at which a member's 24 h of spend, or of "
        "requests, are unlike the team's, for example 2.5. 0 is off.",
    )
    team_window_days = days_field(7, 1, 90, "Days of the team that make this mean, for example 7.")
    spike_multiplier = multiplier_field(
        "5.0",
        "A spike is 24 h over this many times the member's own daily average, for example 5. 0 is off.",
    )
    spike_lookback_days = days_field(
        7, 1, 90, "The member's last days with spend that make this average, for example 7."
    )
    cycle_outlier_multiplier = multiplier_field(
        "10.0", "Cycle spend over this many times the median of active members, for example 10. 0 is off."
    )
    expensive_model_multiplier = multiplier_field(
        "3.0", "24 h of cost per request over this many times the member's own, for example 3. 0 is off."
    )
    expensive_model_min_dollars = dollars_field(
        20, "Dearer requests are looked at only when 24 h cost at least this many US dollars, for example 20."
    )
    machine_pace_per_hour = count_field(
        100,
        "Requests an hour, in two hours or more of 24, that no person makes: an alarm where they are also "
        "five times the member's usual, whatever they cost. For example 100. 0 is off.",
        db_default=100,
    )
    price_changes = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Report a model whose price per token rose for everybody who uses it.",
    )
    plan_exhausted = models.BooleanField(
        default=False,
        help_text="Note (info) that a member's included usage is used up and spend is now billed.",
    )
    members_limited = models.BooleanField(
        default=True, help_text="Report members whom Cursor stops because they reached their spend limit."
    )
    team_budget_dollars = dollars_field(
        0, "US dollars the whole team may spend in a cycle, for example 20000. Critical at 110 %. 0 is off."
    )
    own_baseline_sensitivity = multiplier_field(
        "4.0",
        "How many of the member's own robust standard deviations (of the logarithm of spend) 24 h may "
        "lie above what is usual for that member, for example 4; lower finds more. 0 is off.",
    )
    own_baseline_days = days_field(
        42, 14, 90, "Days of the member's own history that say what is usual, for example 42."
    )
    own_baseline_min_days = days_field(
        2,
        0,
        30,
        "Days with spend that make a history, for example 2. With fewer, spend and requests must both be "
        "beyond what is usual in the team.",
    )
    drift_multiplier = multiplier_field(
        "2.5",
        "A week over this many times the member's own usual week is drift, for example 2.5. 0 is off.",
    )
    floor_dollars = dollars_field(
        50,
        "Less than this many US dollars in 24 h raises nothing by a comparison, for example 50; half will do "
        "where a member makes far more requests than ever, or dearer ones. 0 is none.",
    )
    cooldown_hours = hours_field(
        24, 720, "A finding that returns within this many hours continues the old one, for example 24."
    )
    stale_after_hours = hours_field(
        6, 168, "Data older than this are no data: nothing is opened or cleared on them, for example 6."
    )
    confirm_by_own_history = models.BooleanField(
        default=True,
        help_text="On: a comparison with an average or the team raises an alarm only if the spend is also "
        "unusual for that member, else it is information. Off: each check alarms by itself.",
    )
    info_findings = models.BooleanField(
        default=False, help_text="Keep information: exhausted plans, and comparisons that nothing confirms."
    )

    history = HistoricalRecords()

    def clean(self) -> None:
        """A look-back beyond the history that is loaded would be cut without a word."""
        super().clean()
        for name in ("spike_lookback_days", "team_window_days"):
            if self.own_baseline_days < getattr(self, name) <= LONGEST_LOOK_BACK:
                raise ValidationError(
                    {name: f"At most the own baseline's days ({self.own_baseline_days}): no more is loaded."}
                )

    class Meta:
        verbose_name = verbose_name_plural = "detection settings"

    def __str__(self) -> str:
        return "detection settings"

    @property
    def history_days(self) -> int:
        """Whole days that a run reads: as far as any check looks back, and the two that are judged."""
        return max(self.own_baseline_days, self.spike_lookback_days, self.team_window_days) + 2
