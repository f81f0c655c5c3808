"""The words of detection: rules, causes, severities, kinds of exemption."""

from django.db.models import TextChoices


class Rule(TextChoices):
    """One check. The values name the settings too: `spike` reads `spike_multiplier`."""

    CYCLE_LIMIT = "cycle_limit", "cycle spend over the limit"
    DAILY_REQUESTS = "daily_requests", "requests in a day over the limit"
    DAILY_TOKENS = "daily_tokens", "tokens in a day over the limit"
    TEAM_SPEND = "team_spend", "spend far above the team average"
    TEAM_REQUESTS = "team_requests", "requests far above the team average"
    SPIKE = "spike", "spend spike"
    CYCLE_OUTLIER = "cycle_outlier", "cycle spend far above the team median"
    EXPENSIVE_MODEL = "expensive_model", "more expensive requests"
    PLAN_EXHAUSTED = "plan_exhausted", "plan exhausted"
    MEMBERS_LIMITED = "members_limited", "members stopped by their spend limit"
    TEAM_BUDGET = "team_budget", "team budget"
    OWN_BASELINE = "own_baseline", "spend far above own usual"
    DRIFT = "drift", "slow drift of spend"
    MACHINE_PACE = "machine_pace", "requests at a machine's pace"
    PRICE_CHANGE = "price_change", "price per token rose"


class Cause(TextChoices):
    """What joins findings: those of one member and cause describe the same thing."""

    SPEND = "spend", "spend"
    REQUESTS = "requests", "requests"
    TOKENS = "tokens", "tokens"
    PLAN = "plan", "plan"
    LIMIT = "limit", "limit"
    BUDGET = "budget", "budget"
    PRICE = "price", "price"


class Severity(TextChoices):
    INFO = "info", "info"
    WARNING = "warning", "warning"
    CRITICAL = "critical", "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return list(Severity).index(self)


class ExemptionKind(TextChoices):
    EXPECTED = "expected", "expected"
    PLANNED = "planned", "planned"
    TOO_SMALL = "too_small", "too small"
