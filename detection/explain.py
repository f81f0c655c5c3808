"""Why: the extra dollars as parts that add up to them, the models and hours behind them, and one sentence
for people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .findings import Finding
from .wording import signed_dollars

TOLD_SHARE = 0.05  # a part below this share of the extra is left out of the sentence, never out of the sum
MOST_HOURS = 3


@dataclass(frozen=True)
class Part:
    """`cents` of the extra (negative where it saved), and the model that did most of it."""

    name: str  # volume, model_mix, context or price
    cents: float
    model: str = ""


@dataclass(frozen=True)
class Explanation:
    """`parts` add up to the finding's extra; `hours` are the costliest ones of the window, in time order."""

    parts: tuple[Part, ...] = ()
    more_requests: int = 0
    model: str = ""
    hours: tuple[tuple[str, float], ...] = ()
    sentence: str = ""

    def as_json(self) -> dict[str, object]:
        """Plain values, as stored with the anomaly."""
        return {
            "parts": [{"name": part.name, "cents": part.cents, "model": part.model} for part in self.parts],
            "more_requests": self.more_requests,
            "hours": [{"start_at": start, "cents": cents} for start, cents in self.hours],
            "sentence": self.sentence,
        }


def explain(finding: Finding, events: pd.DataFrame, usual: pd.DataFrame, team: pd.DataFrame) -> Explanation:
    """Split the finding's extra; `usual` and `team` are sums (cents, requests, weight) by model before the
    window."""
    window = _inside(finding, events)
    if window.empty:
        return Explanation()
    models = _by_model(window, usual, team)
    if not finding.extra_cents:
        return Explanation(model=str(models["cents"].idxmax()), hours=_hours(window))
    parts, more = _parts(models, finding.expected_cents, finding.extra_cents)
    return Explanation(parts, more, _culprit(models, parts), _hours(window), _sentence(parts, more))


def _inside(finding: Finding, events: pd.DataFrame) -> pd.DataFrame:
    start, end = pd.Timestamp(finding.window.start_at), pd.Timestamp(finding.window.end_at)
    return events[(events["at"] >= start) & (events["at"] < end)]


def _by_model(window: pd.DataFrame, usual: pd.DataFrame, team: pd.DataFrame) -> pd.DataFrame:
    """One row per model, of the window or of the history: `n`, `cents` and `c`, `w` (cents, weight per
    request) in the window; `p0`, `c0`, `w0` (share, cents, weight per request) as usual."""
    models = window.groupby("model")[["requests", "cents", "weight"]].sum()
    names = models.index.union(usual.index)
    models = models.reindex(names, fill_value=0.0).rename(columns={"requests": "n"})
    own = usual.reindex(names)
    of_team = team.reindex(names)
    served = models["n"].where(models["n"] > 0)
    models["c"], models["w"] = models["cents"] / served, models["weight"] / served
    # What a model usually costs: this member's own experience, else the team's, else what it cost now.
    for short, name in (("c0", "cents"), ("w0", "weight")):
        own_rate, team_rate = (
            table[name] / table["requests"].where(table["requests"] > 0) for table in (own, of_team)
        )
        models[short] = own_rate.fillna(team_rate).fillna(models[short[0]]).fillna(0.0)
    requests = own["requests"].fillna(0.0)
    models["p0"] = requests / requests.sum() if requests.sum() else models["n"] / max(models["n"].sum(), 1.0)
    return models.fillna({"c": 0.0, "w": 0.0})


def _parts(models: pd.DataFrame, expected: float, extra: float) -> tuple[tuple[Part, ...], int]:
    """Four parts that telescope from the expected cents to the spent ones, and how many requests more than
    usual."""
    served = models["n"].sum()
    usual_cost = float((models["p0"] * models["c0"]).sum())
    volume = served * usual_cost - expected
    mix = (models["n"] - served * models["p0"]) * models["c0"]
    price_of_weight = (models["c0"] / models["w0"].where(models["w0"] > 0)).fillna(0.0)
    context = (models["n"] * (models["w"] - models["w0"]) * price_of_weight).where(models["w"] > 0, 0.0)
    price = models["n"] * (models["c"] - models["c0"]) - context
    rounded = [round(float(value), 2) for value in (volume, mix.sum(), context.sum())]
    against = (models["n"] - served * models["p0"]) * (models["c0"] - usual_cost)
    parts = (
        Part("volume", rounded[0]),
        Part("model_mix", rounded[1], _largest(against.where(models["n"] > 0))),
        Part("context", rounded[2], _largest(context)),
        # The rest, so that rounding and events that served nothing are in the sum.
        Part("price", round(extra - sum(rounded), 2), _largest(price)),
    )
    more = served - expected / usual_cost if usual_cost else served
    return parts, int(np.round(more))


def _largest(values: pd.Series) -> str:
    return str(values.idxmax()) if len(values) and values.max() > 0 else ""


def _culprit(models: pd.DataFrame, parts: tuple[Part, ...]) -> str:
    """The model of the largest part, or the one that cost most where it was volume."""
    largest = max(parts, key=lambda part: part.cents)
    return largest.model or str(models["cents"].idxmax())


def _hours(window: pd.DataFrame) -> tuple[tuple[str, float], ...]:
    by_hour = window.groupby(window["at"].dt.floor("h"))["cents"].sum()
    costly = by_hour.nlargest(MOST_HOURS).sort_index()
    hours = pd.DatetimeIndex(costly.index).strftime("%Y-%m-%dT%H:00Z")
    return tuple((hour, round(float(cents), 2)) for hour, cents in zip(hours, costly, strict=True))


def _sentence(parts: tuple[Part, ...], more: int) -> str:
    """The parts worth telling, largest first: "340 more requests (+$290), dearer model opus (+$55)"."""
    extra = sum(part.cents for part in parts)
    told = [part for part in parts if abs(part.cents) >= max(TOLD_SHARE * extra, 50)]
    told.sort(key=lambda part: -part.cents)
    return ", ".join(f"{_phrase(part, more)} ({signed_dollars(part.cents)})" for part in told)


def _phrase(part: Part, more: int) -> str:
    dearer = part.cents > 0
    model = f" {part.model}" if part.model else " mix"
    on = f" on {part.model}" if part.model else ""
    return {
        "volume": f"{abs(more):,} {'more' if dearer else 'fewer'} requests",
        "model_mix": f"dearer model{model}" if dearer else "cheaper models",
        "context": f"longer context or less cache{on}" if dearer else "shorter context or more cache",
        "price": f"higher price for the same tokens{on}" if dearer else "lower price for the same tokens",
    }[part.name]
