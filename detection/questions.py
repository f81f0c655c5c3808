"""The settings as questions that an administrator asks."""

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
