"""One sentence per finding: who, how much against what, since when, why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from .findings import Finding
from .vocabulary import Rule
from .wording import dollars, since, times


def message_of(finding: Finding, name: str, onset_at: datetime | None, why: str, as_of: datetime) -> str:
    """The whole sentence, such as "Ana Ruiz spent $412 in 24 h, 6.1x their usual $67 (since 02:14 UTC): 340
    more requests"."""
    told = _TOLD[finding.rule](finding, name)
    when = f" (since {since(onset_at, as_of)})" if onset_at else ""
    return f"{told}{when}" + (f": {why}" if why else "")


def _spent(finding: Finding, name: str) -> str:
    return f"{name} spent {dollars(finding.observed)} in 24 h, {_against(finding)}"


def _against(finding: Finding) -> str:
    if finding.expected < 1:
        return "and usually nothing"
    return f"{times(finding.observed, finding.expected)} their usual {dollars(finding.expected)}"


def _spike(finding: Finding, name: str) -> str:
    ratio = times(finding.observed, finding.expected)
    average = dollars(finding.expected)
    return f"{name} spent {dollars(finding.observed)} in 24 h, {ratio} their daily average of {average}"


def _cycle_limit(finding: Finding, name: str) -> str:
    return (
        f"{name} spent {dollars(finding.observed)} in this cycle, over the limit of {dollars(finding.bound)}"
    )


def _expensive(finding: Finding, name: str) -> str:
    usual = f"{times(finding.observed, finding.expected)} their usual {dollars(finding.expected)}"
    return f"{name} paid {dollars(finding.observed)} per request in 24 h, {usual}"


_TOLD: dict[Rule, Callable[[Finding, str], str]] = {
    Rule.CYCLE_LIMIT: _cycle_limit,
    Rule.SPIKE: _spike,
    Rule.OWN_BASELINE: _spent,
    Rule.EXPENSIVE_MODEL: _expensive,
}
