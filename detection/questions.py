"""The settings as questions that an administrator asks, and each field's label with its unit."""

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
    ("When is a member far above the team?", ("team_multiplier", "cycle_outlier_multiplier")),
    ("When does spend creep up?", ("drift_multiplier",)),
    (
        "What may nobody exceed?",
        ("cycle_limit_dollars", "daily_requests_limit", "daily_tokens_limit", "team_budget_dollars"),
    ),
    ("What else is reported?", ("members_limited", "price_changes", "plan_exhausted", "info_findings")),
    (
        "How is a finding confirmed and continued?",
        ("confirm_by_own_history", "continuation_hours", "stale_after_hours"),
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

# Where the stored help says less than whoever sets it needs.
HELP = {
    "own_baseline_sensitivity": "3 is sensitive, 4 normal, 6 coarse: how many standard deviations the spend "
    "in 24 h may lie above the member's own usual. 0 is off.",
}

LABELS = {
    "floor_dollars": "Spend floor ($ in 24 h)",
    "own_baseline_sensitivity": "Sensitivity to the member's own history (standard deviations)",
    "spike_multiplier": "Spike (times the member's daily average)",
    "expensive_model_multiplier": "Expensive requests (times the member's usual cost per request)",
    "machine_pace_per_hour": "Machine's pace (requests an hour)",
    "price_changes": "Report models whose price rose for everybody",
    "team_multiplier": "Above the team in 24 h (standard deviations)",
    "cycle_outlier_multiplier": "Above the team in a cycle (times the median)",
    "drift_multiplier": "Slow drift (times the member's usual week)",
    "cycle_limit_dollars": "Cycle limit of a member ($)",
    "daily_requests_limit": "Daily limit of a member (requests)",
    "daily_tokens_limit": "Daily limit of a member (tokens)",
    "team_budget_dollars": "Budget of the team per cycle ($)",
    "members_limited": "Report members stopped by their spend limit",
    "plan_exhausted": "Report members whose included usage is exhausted",
    "info_findings": "Keep information that raises no alert",
    "confirm_by_own_history": "Alert only if the spend is also unusual for that member",
    "continuation_hours": "Continuation window (hours)",
    "stale_after_hours": "Data counts as missing after (hours)",
    "own_baseline_days": "Own history (days)",
    "own_baseline_min_days": "Fewest days with spend for a history",
    "spike_lookback_days": "Spike average (days)",
    "team_window_days": "Team average (days)",
    "expensive_model_min_dollars": "Compare the cost per request from ($ in 24 h)",
}
