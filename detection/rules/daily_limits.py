"""Requests, and tokens, in a UTC day over a limit."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

import numpy as np

from collector.base.days import day_end, day_start
from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.arrays import Array
from detection.frame.frame import Frame
from detection.frame.usual import habits
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule

RULES = (Rule.DAILY_REQUESTS, Rule.DAILY_TOKENS)
NEEDS = ("events",)
# The running day and the two before it, so that midnight clears nothing and what arrives late is still
# counted.
CLOSED_DAYS = 2


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Members over a limit on one of the last days; their highest day is the one reported."""
    usual_requests = np.nan_to_num(np.exp(frame.past.once(habits).requests.level))
    over = list(_over(frame, "requests", settings.daily_requests_limit, usual_requests))
    return over + list(_over(frame, "tokens", settings.daily_tokens_limit, np.zeros(len(usual_requests))))


def _over(frame: Frame, unit: Literal["requests", "tokens"], limit: int, usual: Array) -> Iterator[Finding]:
    if not limit:
        return
    closed = getattr(frame.days, unit)[:, -CLOSED_DAYS:]
    counts = np.concatenate([closed, getattr(frame.today, unit)], axis=1)
    highest = counts.argmax(axis=1)

    def day_of(row: int) -> date:
        return frame.day - timedelta(days=CLOSED_DAYS - int(highest[row]))

    def window(row: int) -> FindingWindow:
        day = day_of(row)
        return FindingWindow(day_start(day), min(day_end(day), frame.as_of), "since", unit)

    yield from Judgement(
        rule=Rule.DAILY_REQUESTS if unit == "requests" else Rule.DAILY_TOKENS,
        cause=Cause.REQUESTS if unit == "requests" else Cause.TOKENS,
        mask=counts.max(axis=1) > limit,
        metric=f"{unit}_day",
        observed=counts.max(axis=1),
        bound=float(limit),
        expected=usual,
        window=window,
        is_provisional=highest == CLOSED_DAYS,
        operands=lambda row: {"day": day_of(row).isoformat()},
    ).findings(frame)
