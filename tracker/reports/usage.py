"""Sums over rollups: what members did in a period, what models cost, what a day cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from collector.base.money import in_cents
from collector.base.statements import count_sum, micro_sum
from collector.facts.weeks import OF_AGENTS, Weekly, of_weeks
from collector.facts.worth import TOKEN_WEIGHTS
from collector.models import Member
from tracker.reports.sql import Row, fetch, float_cents, summed


class Totals(NamedTuple):
    """Sums of usage, and the rates that follow from them; a rate over no requests is None.

    Money is added up in millionths of a cent, which are whole numbers, and becomes cents where it is read: of
    a thousand members a page shows fifty.
    """

    requests: int = 0
    failed_requests: int = 0
    cache_read_tokens: int = 0
    runs: int = 0  # of cloud agents and automations
    agent_requests: int = 0  # what those runs asked
    total_micro: int = 0
    billed_micro: int = 0
    agent_micro: int = 0  # what those runs cost

    @property
    def total_cents(self) -> Decimal:
        return in_cents(self.total_micro)

    @property
    def billed_cents(self) -> Decimal:
        return in_cents(self.billed_micro)

    @property
    def agent_cents(self) -> Decimal:
        return in_cents(self.agent_micro)

    @property
    def included_cents(self) -> Decimal:
        return in_cents(self.total_micro - self.billed_micro)

    @property
    def cents_per_request(self) -> Decimal | None:
        """Without runs of agents: one may be a single request, or a thousand."""
        asked = self.requests - self.agent_requests
        return in_cents(self.total_micro - self.agent_micro) / asked if asked else None

    @property
    def cents_per_run(self) -> Decimal | None:
        return self.agent_cents / self.runs if self.runs else None

    @property
    def context_tokens(self) -> float | None:
        """Tokens read from the cache per request."""
        return self.cache_read_tokens / self.requests if self.requests else None


def total(of: Collection[Totals]) -> Totals:
    """Of all of them together."""
    return Totals._make(map(sum, zip(*of, strict=True))) if of else Totals()


class Part(NamedTuple):
    """What one member did with one model: whole numbers in the order of `PART_SUMS`."""

    member_id: int
    model: str
    requests: int = 0  # served ones
    failed_requests: int = 0
    cache_read_tokens: int = 0
    runs: int = 0
    agent_requests: int = 0
    total_micro: int = 0  # spend in millionths of a cent
    billed_micro: int = 0
    agent_micro: int = 0
    max_mode_requests: int = 0
    tokens: float = 0.0  # in input tokens' worth

    @property
    def totals(self) -> Totals:
        return Totals._make(self[2 : 2 + len(SUMS)])


class SpendPart(NamedTuple):
    """What one member spent on one model, in the order of `SPEND_SUMS`: in half the time of `Part`."""

    member_id: int
    model: str
    requests: int
    agent_requests: int
    total_micro: int
    billed_micro: int
    agent_micro: int
    tokens: float

    @property
    def totals(self) -> Totals:
        """Of spend alone."""
        _, _, requests, agents, spent, billed, agent_micro, _ = self
        return Totals(requests, 0, 0, 0, agents, spent, billed, agent_micro)


class ModelUsage(NamedTuple):
    """What there is in a period by model: only those that have anything in it."""

    by_model: Mapping[str, Totals]
    people: Mapping[str, int]  # who had a served request; no service account, nothing unattributed
    total: Totals


class ModelSums(NamedTuple):
    """What there is of one model."""

    totals: Totals
    max_mode_requests: int
    tokens: float  # in input tokens' worth


@dataclass(frozen=True)
class Usage:
    """What there is in a period, by model and by member and model."""

    sums: Mapping[str, ModelSums]  # of models that have anything in it
    models: ModelUsage
    parts: Sequence[Part | SpendPart]  # of everybody, only those that a page asks for
    steady_prices: Mapping[str, Sequence[float]]  # cents per token that each steady member pays, by model

    def main_model(self, member_id: int) -> str | None:
        """The model with most of a member's served requests; of two alike, the one that cost more."""
        served = [part for part in self._parts_by_member.get(member_id, ()) if part.requests]
        most = max(served, key=lambda part: (part.requests, part.total_micro, part.model), default=None)
        return most.model if most else None

    def costliest(self, member_id: int) -> Part | SpendPart | None:
        """The part that most of a member's spend went to."""
        own = self._parts_by_member.get(member_id, ())
        return max(own, key=lambda part: (part.total_micro, part.model), default=None)

    @cached_property
    def _parts_by_member(self) -> dict[int, list[Part | SpendPart]]:
        by_member: dict[int, list[Part | SpendPart]] = defaultdict(list)
        for part in self.parts:
            by_member[part.member_id].append(part)
        return dict(by_member)


# In the order of `Totals`, of rows of days.
SUMS = (
    count_sum("requests"),
    count_sum("failed_requests"),
    count_sum("cache_read_tokens"),
    count_sum("runs"),
    count_sum("requests", OF_AGENTS),
    micro_sum("total_cents"),
    micro_sum("billed_cents"),
    micro_sum("total_cents", OF_AGENTS),
)
WHOLE = 20  # what makes whole numbers of the weights, of which PostgreSQL adds up one sum faster than four
WEIGHED = " + ".join(f"{name} * {round(weight * WHOLE)}" for name, weight in TOKEN_WEIGHTS.items())
PART_KEYS = ("member_id", "model")
# What weeks have of a member with a model, and of it what `Part` has besides the keys.
PART_FIGURES = (
    "requests",
    "failed_requests",
    "cache_read_tokens",
    "runs",
    "total_micro",
    "billed_micro",
    "max_mode_requests",
    *(name for name in TOKEN_WEIGHTS if name != "cache_read_tokens"),
)
PART_SUMS = (
    *map(count_sum, PART_FIGURES[:4]),
    count_sum("requests", OF_AGENTS),
    *map(count_sum, PART_FIGURES[4:6]),
    count_sum("total_micro", OF_AGENTS),
    count_sum("max_mode_requests"),
    f"CAST({count_sum(WEIGHED)} AS DOUBLE PRECISION) / {WHOLE}",
)


# The same of `SpendPart`, by the names that it has them by.
SPEND_FIGURES = ("requests", "total_micro", "billed_micro", *TOKEN_WEIGHTS)
SPEND_SUMS = tuple(
    f"{figures} AS {name}"
    for name, figures in zip(
        SpendPart._fields[2:], (PART_SUMS[0], *PART_SUMS[4:8], PART_SUMS[-1]), strict=True
    )
)
ASKED = """
WITH parts AS ({parts})
SELECT 0, {figures} FROM parts
WHERE member_id IN ({members}) OR (model IN ({expensive}) AND total_micro >= {least})
UNION ALL SELECT 1, NULL, model, NULL, NULL, total_micro, NULL, NULL, tokens FROM parts
WHERE model IN ({cheap}) AND requests >= {steady} AND tokens > 0
UNION ALL SELECT 2, NULL, model, COUNT(*), NULL, NULL, NULL, NULL, NULL FROM parts
WHERE requests > 0 AND member_id IN (SELECT id FROM {member} WHERE kind = '{person}') GROUP BY model
"""
STEADY_REQUESTS = 10  # fewer do not show what a member's requests cost or read


def part_rows(rows: Weekly) -> list[Row]:
    """What each member did with each model, if anything, as `Part` takes it. One query."""
    figures = summed(of_weeks(rows, (*PART_KEYS, "surface"), PART_FIGURES), PART_KEYS, *PART_SUMS)
    return [row for row in fetch(figures) if any(row[2:-2])]


def usage_of(parts: Sequence[Part], people_ids: Container[int]) -> Usage:
    """What all these parts amount to; `people_ids` are those of whom `ModelUsage.people` counts."""
    by_model = defaultdict[str, list[Part]](list)
    for part in parts:
        by_model[part.model].append(part)
    sums = {model: added_sums(part[2:] for part in own) for model, own in by_model.items()}
    people = Counter(part.model for part in parts if part.requests and part.member_id in people_ids)
    totals = {model: own.totals for model, own in sums.items()}
    return Usage(
        sums,
        ModelUsage(totals, people, total(totals.values())),
        parts,
        {model: _steady_prices(own) for model, own in by_model.items()},
    )


def added_sums(rows: Iterable[Row]) -> ModelSums:
    """Of rows of `PART_SUMS`, at least one."""
    *figures, in_max_mode, tokens = map(sum, zip(*rows, strict=True))
    return ModelSums(Totals._make(figures), in_max_mode, tokens)


def _steady_prices(parts: Iterable[Part]) -> list[float]:
    return [
        float_cents(part.total_micro) / part.tokens
        for part in parts
        if part.requests >= STEADY_REQUESTS and part.tokens
    ]


def asked_usage(
    rows: Weekly,
    sums: Mapping[str, ModelSums],
    members: Collection[int],
    replaced: Mapping[str, str],
    least_micro: int,
) -> Usage:
    """Of everybody: the parts of `members`, those of models that could be `replaced` by others which cost
    `least_micro` or more, and what steady members pay for the others. One query."""
    spent = summed(of_weeks(rows, (*PART_KEYS, "surface"), SPEND_FIGURES), PART_KEYS, *SPEND_SUMS)
    parts, values = spent or ("", ())
    cheap = set(replaced.values())
    asked = ASKED.format(
        parts=parts,
        figures=", ".join(SpendPart._fields),
        members=", ".join(map(str, members)) or "NULL",
        expensive=", ".join(["%s"] * len(replaced)) or "NULL",
        cheap=", ".join(["%s"] * len(cheap)) or "NULL",
        least=least_micro,
        steady=STEADY_REQUESTS,
        member=Member._meta.db_table,
        person=Member.Kind.PERSON,
    )
    own: list[SpendPart] = []
    prices = defaultdict[str, list[float]](list)
    people: dict[str, int] = {}
    for kind, pk, model, requests, agents, spent, *more in fetch((asked, (*values, *replaced, *cheap))):
        if kind == 0:
            own.append(SpendPart(pk, model, requests, agents, spent, *more))
        elif kind == 1:
            prices[model].append(float_cents(spent) / more[-1])
        else:
            people[model] = requests
    totals = {model: own_sums.totals for model, own_sums in sums.items()}
    return Usage(sums, ModelUsage(totals, people, total(totals.values())), own, prices)


def added_up(parts: Iterable[Row], place: int) -> dict[Any, Totals]:
    """By what stands in that place of each: two keys, then `SUMS`."""
    own = defaultdict[Any, list[tuple[Any, ...]]](list)
    for part in parts:
        own[part[place]].append(part[2 : 2 + len(SUMS)])
    return {key: Totals._make(map(sum, zip(*sums, strict=True))) for key, sums in own.items()}


class Day(NamedTuple):
    """One day's spend and requests."""

    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0
