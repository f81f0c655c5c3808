"""Why: the extra dollars as parts that add up to them, the models and hours behind them, and one sentence
for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from detection.frame.arrays import Array
from detection.frame.evidence import Evidence

from .finding import Finding
from .wording import model_label, signed_dollars

NAMED_SHARE = 0.05  # a smaller share of the extra is not named in the sentence, but always part of the sum
MOST_HOURS = 3
# One or two requests say little of what a model costs: the team's rate counts as so many more.
PRIOR_REQUESTS = 20


@dataclass(frozen=True)
class ExplanationPart:
    """`cents` of the extra (negative where it saved), and the model that did most of it."""

    name: str  # volume, model_mix, context or price
    cents: float
    model: str = ""


@dataclass(frozen=True)
class Explanation:
    """`parts` add up to the finding's extra; `hours` are the costliest ones of the window, in time order."""

    parts: tuple[ExplanationPart, ...] = ()
    more_requests: int = 0
    model: str = ""
    hours: tuple[tuple[str, float], ...] = ()
    sentence: str = ""
    evidence: tuple[Evidence, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Plain values, as stored with the anomaly."""
        return {
            "parts": [{"name": part.name, "cents": part.cents, "model": part.model} for part in self.parts],
            "more_requests": self.more_requests,
            "hours": [{"start_at": start, "cents": cents} for start, cents in self.hours],
            "sentence": self.sentence,
            "evidence": [{"kind": item.kind.value, "text": item.text} for item in self.evidence],
        }


@dataclass(frozen=True)
class _Window:
    """The events of a finding's window, as columns in time order."""

    at: Array
    model: Array
    requests: Array
    cents: Array
    weight: Array


@dataclass(frozen=True)
class _Models:
    """Sums of the window for each of `names`, in their order; `price` is the usual cents per weight."""

    names: list[str]
    requests: Array
    cents: Array
    weight: Array
    price: Array

    def largest(self, amounts: Array) -> str:
        """The model that did most of what the amounts add up to, be it more or less; none where that is less
        than a hundredth of a cent."""
        ways = amounts if amounts.sum() > 0 else -amounts
        place = int(np.argmax(ways))
        return self.names[place] if round(float(ways[place]), 2) > 0 else ""

    @property
    def costliest(self) -> str:
        return self.names[int(np.argmax(self.cents))]


def explain(finding: Finding, events: pd.DataFrame, usual: pd.DataFrame, team: pd.DataFrame) -> Explanation:
    """Split the finding's extra; `usual` and `team` are sums (cents, requests, weight) by model before the
    window."""
    proofs = [item.text for item in finding.evidence]
    window = _inside(finding, events)
    if window is None:
        return Explanation(sentence="; ".join(proofs), evidence=finding.evidence)
    weight = "weight"
    if not (usual["weight"].sum() and window.weight.sum()):
        window, weight = replace(window, weight=window.requests), "requests"
    models = _by_model(window, _ModelSums.read(usual, weight), _ModelSums.read(team, weight))
    parts: tuple[ExplanationPart, ...] = ()
    more, culprit = 0, models.costliest
    if finding.extra_cents:
        before = [float(usual[name].sum()) for name in ("requests", "cents", weight)]
        parts, more = _parts(models, before, finding.expected_cents, finding.extra_cents)
        named = next((item.model for item in finding.evidence if item.model), "")
        culprit = named or _culprit(models, parts)
    sentence = "; ".join(filter(None, (_sentence(parts, more), *proofs)))
    return Explanation(parts, more, culprit, _hours(window), sentence, finding.evidence)


def _inside(finding: Finding, events: pd.DataFrame) -> _Window | None:
    """None where no event lies in the window.

    Columns and no table: a table of a few hundred events takes ten times as long to split and to sum.
    """
    if events.empty:
        return None
    at = events["at"].to_numpy("datetime64[us]")
    inside = finding.window.holds(at)
    if not inside.any():
        return None
    cents = events["charged" if finding.window.unit == "charged" else "cents"]
    return _Window(
        at[inside],
        events["model"].to_numpy(object)[inside],
        *(column.to_numpy(float)[inside] for column in (events["requests"], cents, events["weight"])),
    )


@dataclass(frozen=True)
class _ModelSums:
    """Sums before the window, by model."""

    places: dict[str, int]
    requests: Array
    cents: Array
    weight: Array

    @classmethod
    def read(cls, table: pd.DataFrame, weight: str) -> _ModelSums:
        places = {str(model): place for place, model in enumerate(table.index)}
        return cls(places, *(table[name].to_numpy(float) for name in ("requests", "cents", weight)))

    def of_models(self, names: Sequence[str], missing: float) -> tuple[Array, Array, Array]:
        """Requests, cents and weight of each of these models."""
        places = np.array([self.places.get(name, len(self.places)) for name in names])
        requests, cents, weight = (
            np.append(column, missing)[places] for column in (self.requests, self.cents, self.weight)
        )
        return requests, cents, weight


def _by_model(window: _Window, usual: _ModelSums, team: _ModelSums) -> _Models:
    """The window's sums by model, with the price that the member's and the team's history make usual."""
    used, place = np.unique(window.model, return_inverse=True)
    names = list(map(str, used))
    requests, cents, weight = (
        np.bincount(place, weights=column) for column in (window.requests, window.cents, window.weight)
    )
    _, own_cents, own_weight = usual.of_models(names, 0.0)
    team_requests, team_cents, team_weight = team.of_models(names, np.nan)
    prior = PRIOR_REQUESTS * _ratio(team_weight, team_requests)
    with np.errstate(divide="ignore", invalid="ignore"):
        blended = (own_cents + prior * _ratio(team_cents, team_weight)) / (own_weight + prior)
    price = np.zeros(len(names))
    for prices in (_ratio(cents, weight), _ratio(own_cents, own_weight), blended):  # the last one known
        price = np.where(np.isnan(prices), price, prices)
    return _Models(names, requests, cents, weight, price)


def _ratio(amounts: Array, by: Array) -> Array:
    """NaN where there is nothing to divide by."""
    return np.divide(amounts, by, out=np.full(len(by), np.nan), where=by > 0)


def _parts(
    models: _Models, before: Sequence[float], expected: float, extra: float
) -> tuple[tuple[ExplanationPart, ...], int]:
    """Four parts that telescope from the expected cents to the spent ones, and how many requests more than
    usual. `before`: the usual requests, cents and weight.

    Requests at what a request usually costs; then their tokens at the usual price of a token; then the
    usual prices of the models that were used; then what was paid.
    """
    requests = float(models.requests.sum())
    if not before[2]:  # nothing to compare with: as if it had always been so
        before = [requests, float(models.cents.sum()), float(models.weight.sum())]
    usual_requests, usual_cents, usual_weight = before
    cost = usual_cents / usual_requests if usual_requests else 0.0
    price = usual_cents / usual_weight if usual_weight else 0.0
    weight_before = models.requests * (usual_weight / usual_requests if usual_requests else 0.0)
    context = (models.weight - weight_before) * price
    mix = models.weight * (models.price - price)
    paid = models.cents - models.weight * models.price
    rounded = [round(float(value), 2) for value in (requests * cost - expected, mix.sum(), context.sum())]
    parts = (
        ExplanationPart("volume", rounded[0]),
        ExplanationPart("model_mix", rounded[1], models.largest(mix)),
        ExplanationPart("context", rounded[2], models.largest(context)),
        # The rest, so that rounding is in the sum.
        ExplanationPart("price", round(extra - sum(rounded), 2), models.largest(paid)),
    )
    more = requests - expected / cost if cost else requests
    return parts, int(np.round(more))


def _culprit(models: _Models, parts: tuple[ExplanationPart, ...]) -> str:
    """The model of the largest part, or the one that cost most where it was volume."""
    largest = max(parts, key=lambda part: part.cents)
    return largest.model or models.costliest


def _hours(window: _Window) -> tuple[tuple[str, float], ...]:
    hours, place = np.unique(window.at.astype("datetime64[h]"), return_inverse=True)
    sums = np.bincount(place, weights=window.cents)
    costly = np.sort(np.argsort(-sums, kind="stable")[:MOST_HOURS])
    return tuple((f"{hours[which]}:00Z", round(float(sums[which]), 2)) for which in costly)


def _sentence(parts: tuple[ExplanationPart, ...], more: int) -> str:
    """The parts worth naming, largest first: "340 more requests (+$290), shorter context (-$12)"."""
    extra = sum(part.cents for part in parts)
    largest = [part for part in parts if abs(part.cents) >= max(NAMED_SHARE * extra, 50)]
    largest.sort(key=lambda part: -part.cents)
    return ", ".join(f"{_phrase(part, more)} ({signed_dollars(part.cents)})" for part in largest)


def _phrase(part: ExplanationPart, more: int) -> str:
    rises = part.cents > 0
    model = f" {model_label(part.model)}" if part.model else " mix"
    on = f" on {model_label(part.model)}" if part.model else ""
    return {
        "volume": f"{abs(more):,} {'more' if rises else 'fewer'} requests",
        "model_mix": f"more expensive model{model}" if rises else "cheaper models",
        "context": f"longer context or less cache{on}" if rises else "shorter context or more cache",
        "price": f"higher price for the same tokens{on}" if rises else "lower price for the same tokens",
    }[part.name]
