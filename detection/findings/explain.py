"""Why: the extra dollars as parts that add up to them, the models and hours behind them, and one sentence
for people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from detection.frame.evidence import Evidence

from .finding import Finding
from .wording import model_label, signed_dollars

TOLD_SHARE = 0.05  # a smaller share of the extra is not named in the sentence, but always part of the sum
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


def explain(finding: Finding, events: pd.DataFrame, usual: pd.DataFrame, team: pd.DataFrame) -> Explanation:
    """Split the finding's extra; `usual` and `team` are sums (cents, requests, weight) by model before the
    window."""
    window = _inside(finding, events)
    if window.empty:
        return Explanation(sentence=_listed(finding.evidence), evidence=finding.evidence)
    if finding.window.unit == "charged":
        window = window.assign(cents=window["charged"])
    if not (usual["weight"].sum() and window["weight"].sum()):
        window, usual, team = (table.assign(weight=table["requests"]) for table in (window, usual, team))
    models = _by_model(window, usual, team)
    if not finding.extra_cents:
        return Explanation(
            model=str(models["cents"].idxmax()),
            hours=_hours(window),
            sentence=_listed(finding.evidence),
            evidence=finding.evidence,
        )
    parts, more = _parts(models, usual, finding.expected_cents, finding.extra_cents)
    named = next((item.model for item in finding.evidence if item.model), "")
    sentence = "; ".join(filter(None, (_sentence(parts, more), _listed(finding.evidence))))
    culprit = named or _culprit(models, parts)
    return Explanation(parts, more, culprit, _hours(window), sentence, finding.evidence)


def _listed(evidence: tuple[Evidence, ...]) -> str:
    return "; ".join(item.text for item in evidence)


def _inside(finding: Finding, events: pd.DataFrame) -> pd.DataFrame:
    start, end = pd.Timestamp(finding.window.start_at), pd.Timestamp(finding.window.end_at)
    return events[(events["at"] >= start) & (events["at"] < end)]


def _by_model(window: pd.DataFrame, usual: pd.DataFrame, team: pd.DataFrame) -> pd.DataFrame:
    """One row per model of the window: `requests`, `cents`, `weight` (tokens), and `price`, the usual cents
    per weight."""
    models = window.groupby("model")[["requests", "cents", "weight"]].sum()
    own, of_team = usual.reindex(models.index).fillna(0.0), team.reindex(models.index)
    team_price = of_team["cents"] / of_team["weight"].where(of_team["weight"] > 0)
    own_price = own["cents"] / own["weight"].where(own["weight"] > 0)
    prior = PRIOR_REQUESTS * of_team["weight"] / of_team["requests"].where(of_team["requests"] > 0)
    blended = (own["cents"] + prior * team_price) / (own["weight"] + prior)
    paid = models["cents"] / models["weight"].where(models["weight"] > 0)
    return models.assign(price=blended.fillna(own_price).fillna(paid).fillna(0.0))


def _parts(
    models: pd.DataFrame, usual: pd.DataFrame, expected: float, extra: float
) -> tuple[tuple[ExplanationPart, ...], int]:
    """Four parts that telescope from the expected cents to the spent ones, and how many requests more than
    usual.

    Requests at what a request usually costs; then their tokens at the usual price of a token; then the
    usual prices of the models that were used; then what was paid.
    """
    requests = models["requests"].sum()
    before = usual[["requests", "cents", "weight"]].sum()
    if not before["weight"]:  # nothing to compare with: as if it had always been so
        before = models[["requests", "cents", "weight"]].sum()
    cost = before["cents"] / before["requests"] if before["requests"] else 0.0
    price = before["cents"] / before["weight"] if before["weight"] else 0.0
    usual_weight = models["requests"] * (before["weight"] / before["requests"] if before["requests"] else 0.0)
    context = (models["weight"] - usual_weight) * price
    mix = models["weight"] * (models["price"] - price)
    paid = models["cents"] - models["weight"] * models["price"]
    rounded = [round(float(value), 2) for value in (requests * cost - expected, mix.sum(), context.sum())]
    parts = (
        ExplanationPart("volume", rounded[0]),
        ExplanationPart("model_mix", rounded[1], _largest(mix)),
        ExplanationPart("context", rounded[2], _largest(context)),
        # The rest, so that rounding is in the sum.
        ExplanationPart("price", round(extra - sum(rounded), 2), _largest(paid)),
    )
    more = requests - expected / cost if cost else requests
    return parts, int(np.round(more))


def _largest(values: pd.Series) -> str:
    return str(values.idxmax()) if len(values) and values.max() > 0 else ""


def _culprit(models: pd.DataFrame, parts: tuple[ExplanationPart, ...]) -> str:
    """The model of the largest part, or the one that cost most where it was volume."""
    largest = max(parts, key=lambda part: part.cents)
    return largest.model or str(models["cents"].idxmax())


def _hours(window: pd.DataFrame) -> tuple[tuple[str, float], ...]:
    by_hour = window.groupby(window["at"].dt.floor("h"))["cents"].sum()
    costly = by_hour.nlargest(MOST_HOURS).sort_index()
    hours = pd.DatetimeIndex(costly.index).strftime("%Y-%m-%dT%H:00Z")
    return tuple((hour, round(float(cents), 2)) for hour, cents in zip(hours, costly, strict=True))


def _sentence(parts: tuple[ExplanationPart, ...], more: int) -> str:
    """The parts worth naming, largest first: "340 more requests (+$290), shorter context (-$12)"."""
    extra = sum(part.cents for part in parts)
    largest = [part for part in parts if abs(part.cents) >= max(TOLD_SHARE * extra, 50)]
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
