"""The policy: what counts as going wrong. One row, edited in the admin, read once per run."""

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords
from solo.models import SingletonModel

from .fields import count_field, days_field, dollars_field, hours_field, multiplier_field

LONGEST_LOOK_BACK = 90  # days; the field itself refuses more


class DetectionSettings(SingletonModel):
    """The one row holds every threshold; 0 switches a check off, and a change counts from the next run."""

    cycle_limit_dollars = dollars_field(
        "Cycle limit of a member ($)",
        0,
        "US dollars a member may spend in a billing cycle, for example 400. Critical at twice that. 0 is "
        "off.",
    )
    daily_requests_limit = count_field(
        "Daily limit of a member (requests)",
        0,
        "Requests a member may make in a UTC day, for example 500. 0 is off.",
    )
    daily_tokens_limit = count_field(
        "Daily limit of a member (tokens)",
        0,
        "Tokens of all kinds a member may use in a UTC day, for example 50000000. 0 is off.",
    )
    team_multiplier = multiplier_field(
        "Above the team in 24 h (standard deviations)",
        "2.5",
        "How many standard deviations above the mean of active members a member's spend or requests in 24 "
        "h may be. 0 is off.",
    )
    team_window_days = days_field(
        "Team average (days)", 7, 1, 90, "The number of days of team history in this mean."
    )
    spike_multiplier = multiplier_field(
        "Spike (times the member's daily average)",
        "5.0",
        "A spike is spend in 24 h above this many times the member's daily average. 0 is off.",
    )
    spike_lookback_days = days_field(
        "Spike average (days)",
        7,
        1,
        90,
        "How many of the member's last days with spend are in this average.",
    )
    cycle_outlier_multiplier = multiplier_field(
        "Above the team in a cycle (times the median)",
        "10.0",
        "Cycle spend above this many times the median of active members. 0 is off.",
    )
    expensive_model_multiplier = multiplier_field(
        "Expensive requests (times the member's usual cost per request)",
        "3.0",
        "Cost per request in 24 h above this many times the member's usual. 0 is off.",
    )
    expensive_model_min_dollars = dollars_field(
        "Compare the cost per request from ($ in 24 h)",
        20,
        "The cost per request is compared only if spend in 24 h is at least this many US dollars.",
    )
    machine_pace_per_hour = count_field(
        "Machine's pace (requests an hour)",
        100,
        "Flags members who make at least this many requests an hour, faster than a person works, in at "
        "least two hours of 24, or five times as many within 24 h. Raises an alert, whatever the cost, if "
        "their requests are also more than five times the member's usual. 0 is off.",
        db_default=100,
    )
    price_changes = models.BooleanField(
        "Report models whose price rose for everybody",
        default=True,
        db_default=True,
        help_text="Report a model whose price per token rose for everybody who uses it, or to which half of "
        "the team moved from cheaper ones.",
    )
    plan_exhausted = models.BooleanField(
        "Report members whose included usage is exhausted",
        default=False,
        help_text="Report (as information) that a member's included usage is exhausted and spend is now "
        "billed.",
    )
    members_limited = models.BooleanField(
        "Report members stopped by their spend limit",
        default=True,
        help_text="Report members that Cursor stops at their spend limit.",
    )
    team_budget_dollars = dollars_field(
        "Budget of the team per cycle ($)",
        0,
        "US dollars the whole team may spend in a cycle, for example 20000. Critical at 110 %. 0 is off.",
    )
    own_baseline_sensitivity = multiplier_field(
        "Sensitivity to the member's own history (standard deviations)",
        "4.0",
        "3 is sensitive, 4 normal, 6 coarse: how many standard deviations the spend in 24 h may lie above "
        "the member's own usual. 0 is off.",
    )
    own_baseline_days = days_field(
        "Own history (days)",
        42,
        14,
        90,
        "Days of the member's own history that define the usual.",
    )
    own_baseline_min_days = days_field(
        "Days with spend that make a history",
        2,
        0,
        30,
        "A member with spend on fewer days than this counts as having no history: an alert then requires "
        "spend, and requests or the price of a token, to exceed what is usual for the team.",
    )
    drift_multiplier = multiplier_field(
        "Slow drift (times the member's usual week)",
        "2.5",
        "Drift is a week's spend above this many times the member's usual week. 0 is off.",
    )
    floor_dollars = dollars_field(
        "Spend floor ($ in 24 h)",
        50,
        "A member's spend below this many US dollars in 24 h never raises an alert by a comparison. Half of "
        "this is enough if the member makes far more requests than ever before, or far more expensive ones. "
        "0 means no floor.",
    )
    continuation_hours = hours_field(
        "Continuation window (hours)",
        24,
        720,
        "A cleared finding that returns within this many hours is continued rather than found again.",
        db_column="cooldown_hours",
    )
    stale_after_hours = hours_field(
        "Data counts as missing after (hours)",
        6,
        168,
        "Data older than this many hours counts as missing, so nothing is opened or cleared.",
    )
    confirm_by_own_history = models.BooleanField(
        "Alert only if the spend is also unusual for that member",
        default=True,
        help_text="On: a comparison with an average or the team raises an alert only if the spend is also "
        "unusual for that member; otherwise it is information. Off: each check raises alerts by itself.",
    )
    info_findings = models.BooleanField(
        "Keep information that raises no alert",
        default=False,
        help_text="Keep findings that are information only, such as exhausted plans and comparisons that "
        "no other check confirms.",
    )

    history = HistoricalRecords()

    def clean(self) -> None:
        """A look-back beyond the history that is loaded would be cut without a word, and nobody could have
        more days with spend than are loaded."""
        super().clean()
        if self.own_baseline_min_days > self.own_baseline_days:
            raise ValidationError(
                {"own_baseline_min_days": f"At most {self.own_baseline_days}, the days of own history."}
            )
        for name in ("spike_lookback_days", "team_window_days"):
            if self.own_baseline_days < getattr(self, name) <= LONGEST_LOOK_BACK:
                raise ValidationError(
                    {name: f"At most {self.own_baseline_days}, the days of own history that are loaded."}
                )

    class Meta:
        verbose_name = verbose_name_plural = "detection settings"

    def __str__(self) -> str:
        return "detection settings"

    @property
    def history_days(self) -> int:
        """Whole days that a run reads: as far as any check looks back, and the two that are judged."""
        return max(self.own_baseline_days, self.spike_lookback_days, self.team_window_days) + 2
