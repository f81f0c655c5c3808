"""Badges and the adoption score: what a member's figures say about how they use the product. Pure.

None of them says how well somebody works. docs/metrics.md lists who earns which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import NamedTuple


@dataclass(frozen=True)
class Badge:
    key: str
    label: str
    tone: str  # good: a reader takes it as a compliment
    meaning: str


USAGE = (
    Badge("power-user", "Power user", "info", "In the top quarter of active members by requests."),
    Badge(
        "deep-thinker",
        "Deep thinker",
        "plain",
        "Fewer requests than that, at a cost per request in the team's top quarter.",
    ),
    Badge("balanced", "Balanced", "plain", "Requests in the middle half of active members."),
    Badge(
        "light",
        "Light usage",
        "plain",
        "In the bottom quarter of active members by requests, or none at all.",
    ),
)
SPEND = (
    Badge(
        "over-budget", "Over budget", "critical", "Cycle spend on demand has reached the member's own limit."
    ),
    Badge("premium-model", "Premium model", "warning", "A request costs twice the team's median or more."),
    Badge("cost-efficient", "Cost efficient", "good", "A request costs half the team's median or less."),
)
CONTEXT = (
    Badge(
        "long-sessions",
        "Long sessions",
        "warning",
        "Reads three times the team's median context per request or more.",
    ),
    Badge(
        "short-sessions",
        "Short sessions",
        "good",
        "Reads a third of the team's median context per request or less.",
    ),
)
ADOPTION = (
    Badge("ai-native", "AI-native", "good", "Adoption score of 80 or more."),
    Badge("high-adoption", "High adoption", "good", "Adoption score from 55 to under 80."),
    Badge("moderate-adoption", "Moderate adoption", "plain", "Adoption score from 30 to under 55."),
    Badge("low-adoption", "Low adoption", "plain", "Adoption score from 10 to under 30."),
    Badge("manual", "Manual", "plain", "Adoption score under 10."),
)
FAMILIES = {"Usage": USAGE, "Spend": SPEND, "Context": CONTEXT, "Adoption": ADOPTION}
BADGES = {badge.key: badge for family in FAMILIES.values() for badge in family}

# The least score of each adoption badge, best first.
ADOPTION_BOUNDS = ((80, "ai-native"), (55, "high-adoption"), (30, "moderate-adoption"), (10, "low-adoption"))
# Fewer requests than this do not show what a request of this member costs or reads.
MIN_REQUESTS = 10


@dataclass(frozen=True)
class Habits:
    """What one member did in the period, as far as badges ask."""

    requests: int = 0
    active_days: int = 0
    spend_cents: float = 0
    accepts: int = 0
    applies: int = 0
    cache_read_tokens: int = 0
    is_over_limit: bool = False
    # What follows from these.
    per_active_day: float = field(init=False, default=0.0)
    cents_per_request: float = field(init=False, default=0.0)
    context_tokens: float = field(init=False, default=0.0)  # read from the cache per request
    accept_ratio: float = field(init=False, default=0.0)  # of the diffs that were offered, 0 to 1

    def __post_init__(self) -> None:
        own = vars(self)
        if self.active_days:
            own["per_active_day"] = self.requests / self.active_days
        if self.requests:
            own["cents_per_request"] = self.spend_cents / self.requests
            own["context_tokens"] = self.cache_read_tokens / self.requests
        if self.applies:
            own["accept_ratio"] = min(self.accepts / self.applies, 1.0)


@dataclass(frozen=True)
class TeamHabits:
    """What members are compared with: everybody with a request in the same period, whatever the filters."""

    days: int = 0  # that can have been active
    requests_p25: float = 0
    requests_p75: float = 0
    per_active_day_p90: float = 0
    cents_per_request_median: float = 0
    cents_per_request_p75: float = 0
    context_median: float = 0


def team(everybody: Sequence[Habits], days: int) -> TeamHabits:
    """The team's bounds. Cost and context come from members with at least MIN_REQUESTS."""
    active = [habits for habits in everybody if habits.requests]
    steady = [habits for habits in active if habits.requests >= MIN_REQUESTS]
    requests = [habits.requests for habits in active]
    costs = [habits.cents_per_request for habits in steady]
    return TeamHabits(
        days=days,
        requests_p25=percentile(requests, 25),
        requests_p75=percentile(requests, 75),
        per_active_day_p90=percentile([habits.per_active_day for habits in active], 90),
        cents_per_request_median=median(costs) if costs else 0,
        cents_per_request_p75=percentile(costs, 75),
        context_median=median([habits.context_tokens for habits in steady]) if steady else 0,
    )


def percentile(values: Sequence[float], rank: int) -> float:
    """The `rank`-th percentile, between the two nearest values; of one value, itself; of none, 0."""
    if len(values) < 2:
        return values[0] if values else 0
    return quantiles(values, n=100, method="inclusive")[rank - 1]


class Ranks(NamedTuple):
    """Places by member; empty where the settings show none."""

    by_spend: dict[int, int]
    by_requests: dict[int, int]


def ranks(values: Mapping[int, float]) -> dict[int, int]:
    """Places by value, largest first; equal values share a place; nothing has none."""
    ordered = sorted((value for value in values.values() if value > 0), reverse=True)
    place = {value: index for index, value in reversed(list(enumerate(ordered, start=1)))}
    return {pk: place[value] for pk, value in values.items() if value > 0}


def adoption_score(habits: Habits, team: TeamHabits) -> int:
    """0 to 100: 40 % accepted diffs, 40 % requests per active day of the team's p90, 20 % active days.

    In whole points, rounded down: a score that is shown as a badge's bound has earned the badge.
    """
    intensity = habits.per_active_day / team.per_active_day_p90 if team.per_active_day_p90 else 0
    presence = habits.active_days / team.days if team.days else 0
    points = 40 * habits.accept_ratio + 40 * min(intensity, 1) + 20 * min(presence, 1)
    return int(round(points, 6))


def badges(habits: Habits, team: TeamHabits) -> list[Badge]:
    """What a member has earned: of spend and context one at most, of adoption and usage one each."""
    keys, requests, cost = [], habits.requests, habits.cents_per_request
    is_steady = requests >= MIN_REQUESTS  # enough to show what a request costs or reads
    if habits.is_over_limit:
        keys.append("over-budget")
    elif is_steady and team.cents_per_request_median:
        ratio = cost / team.cents_per_request_median
        keys += ["premium-model"] if ratio >= 2 else ["cost-efficient"] if ratio <= 0.5 else []
    if is_steady and team.context_median:
        ratio = habits.context_tokens / team.context_median
        keys += ["long-sessions"] if ratio >= 3 else ["short-sessions"] if ratio <= 1 / 3 else []
    score = adoption_score(habits, team)
    keys.append(next((key for bound, key in ADOPTION_BOUNDS if score >= bound), "manual"))
    if requests and requests >= team.requests_p75:
        keys.append("power-user")
    elif is_steady and cost >= team.cents_per_request_p75 > 0:
        keys.append("deep-thinker")
    else:
        keys.append("light" if requests <= team.requests_p25 else "balanced")
    return [BADGES[key] for key in keys]


@dataclass(frozen=True)
class Context:
    """How long a member's conversations are: tokens read per request; `place` 1 reads most of `members`."""

    tokens: float | None
    median: float | None
    place: int | None
    members: int

    @property
    def advice(self) -> str:
        """What the comparison means, and what would change it."""
        if self.multiple is None:
            return ""
        if self.multiple >= 3:
            return (
                "Far longer conversations than the team's. Starting new ones sooner makes requests cheaper."
            )
        if self.multiple >= 1.5:
            return "Longer conversations than most of the team."
        return "Conversations about as long as the team's, or shorter."

    @property
    def praises(self) -> bool:
        """Whether a reader takes the advice as a compliment."""
        return self.multiple is not None and self.multiple < 1.5

    @property
    def multiple(self) -> float | None:
        return self.tokens / self.median if self.tokens is not None and self.median else None
