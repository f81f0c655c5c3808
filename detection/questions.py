"""The settings as questions that an administrator asks, and each field's label with its unit."""

from __future__ import annotations

QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "When is a member's day unusual?",
        (
            "floor_dollars",
            "own_baseline_sensitivity",
            "spike_multiplier",
            "expensive_model_multiplier",
            "machine_pace_per_hour",
        ),
    ),
    ("When is a member unlike the team?", ("team_multiplier", "cycle_outlier_multiplier")),
    ("When does spend creep up?", ("drift_multiplier",)),
    (
        "What may nobody exceed?",
        ("cycle_limit_dollars", "daily_requests_limit", "daily_tokens_limit", "team_budget_dollars"),
    ),
    ("What else is reported?", ("members_limited", "price_changes", "plan_exhausted", "info_findings")),
    (
        "How is a finding confirmed and continued?",
        ("confirm_by_own_history", "cooldown_hours", "stale_after_hours"),
    ),
    (
        "How much history counts?",
        (
            "own_baseline_days",
            "own_baseline_min_days",
            "spike_lookback_days",
            "team_window_days",
            "expensive_model_min_dollars",
        ),
    ),
)

LABELS = {
    "floor_dollars": "Spend floor (US dollars in 24 h)",
    "own_baseline_sensitivity": "Sensitivity to the member's own history (standard deviations)",
    "spike_multiplier": "Spike (times the member's daily average)",
    "expensive_model_multiplier": "Expensive requests (times the member's usual cost per request)",
    "machine_pace_per_hour": "A machine's pace (requests in an hour)",
    "price_changes": "Report models whose price rose for everybody",
    "team_multiplier": "Unlike the team in 24 h (standard deviations)",
    "cycle_outlier_multiplier": "Unlike the team in a cycle (times the median)",
    "drift_multiplier": "Slow drift (times the member's usual week)",
    "cycle_limit_dollars": "Member's spend in a cycle (US dollars)",
    "daily_requests_limit": "Member's requests in a day",
    "daily_tokens_limit": "Member's tokens in a day",
    "team_budget_dollars": "Team's spend in a cycle (US dollars)",
    "members_limited": "Report members stopped by their spend limit",
    "plan_exhausted": "Note members whose included usage is exhausted",
    "info_findings": "Keep information that alarms nobody",
    "confirm_by_own_history": "Alarm only if the spend is also unusual for that member",
    "cooldown_hours": "Continuation window (hours)",
    "stale_after_hours": "Data counts as missing after (hours)",
    "own_baseline_days": "Own history (days)",
    "own_baseline_min_days": "Least days with spend that make a history",
    "spike_lookback_days": "Days of a spike's average",
    "team_window_days": "Days of the team's average",
    "expensive_model_min_dollars": "Look at expensive requests from (US dollars in 24 h)",
}
HELP = {
    "floor_dollars": "A member's spend below this amount in 24 h never raises an alert by a comparison. Half "
    "is enough when the member makes far more, or far more expensive, requests than ever. 0 is no floor.",
    "cooldown_hours": "A cleared finding that returns within this time is continued rather than found again.",
    "expensive_model_min_dollars": "Below this amount, the cost per request is not compared.",
}
