"""Evidence that spend went wrong which does not depend on how much a member's days vary.

Pure functions over one member's hours. Each piece of evidence is a sentence for people; rules ask only
whether there is any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from collector.models import AGENT_SURFACES, Surface

from .arrays import Array

# A model is new for a member while it made less than this share of their requests.
NEW_MODEL_SHARE = 0.05
# It must carry this share of the spend, at this many times what a request of the member usually costs.
CARRIED_SHARE, COSTLIER = 0.5, 2.0
LEAST_REQUESTS_BEFORE = 10
# Nor is a model new where it carried an earlier day, or one did whose requests cost two thirds as much,
# however long ago; nor for somebody seen on too few days, with too few cents, to have a usual model.
COSTLIER_THAN_A_DAY, LEAST_DAYS_BEFORE, LEAST_CENTS_BEFORE = 1.5, 3, 1_000
# One or two requests say little of what a model costs.
LEAST_NEW_REQUESTS = 3
# One run or conversation that holds most of the requests: this share, and so many usual days' worth; and so
# many requests, fewer in a run, which nobody types.
ONE_THREAD_SHARE, ONE_THREAD_DAYS = 0.6, 2.0
CONVERSATION_REQUESTS, RUN_REQUESTS = 40, 20
# Requests an hour that nobody types: one a minute, in two hours, twice as many as ever.
MACHINE_REQUESTS, MACHINE_HOURS, MACHINE_TIMES = 60, 2, 2.0
# A slower machine runs all day: so many hours' worth of them in 24.
LONG_DAY_HOURS = 5
# Work through hours of the day at which the member was never at work on so many days.
STRANGE_SHARE, STRANGE_HOURS, STRANGE_REQUESTS, KNOWN_DAYS = 0.5, 3, 30, 8
# Times the usual tokens per request, and beyond what the member's own days allow; and in so many hours and
# that of the middle request so many times, since one huge conversation makes no long session.
LONGER_CONTEXT, LONGER_THROUGHOUT, LONGER_HOURS = 2.5, 1.5, 3

RUNS = {Surface.CLOUD_AGENT: "cloud agent run", Surface.AUTOMATION: "automation"}


class EvidenceKind(Enum):
    NEW_MODEL = "new_model"
    ONE_THREAD = "one_thread"
    MACHINE_PACE = "machine_pace"
    STRANGE_HOURS = "strange_hours"
    CONTEXT = "context"


# Nobody at the keyboard: with such evidence half the floor is enough.
UNATTENDED = frozenset({EvidenceKind.ONE_THREAD, EvidenceKind.MACHINE_PACE, EvidenceKind.STRANGE_HOURS})
# Evidence that is reliable without a long history.
PLAIN = UNATTENDED | {EvidenceKind.NEW_MODEL}


@dataclass(frozen=True)
class Evidence:
    """One piece: what kind, and in words."""

    kind: EvidenceKind
    text: str
    model: str = ""


@dataclass(frozen=True)
class Usual:
    """What a member's requests are compared with: their weighed tokens, usually and at most as the member's
    own days allow; `cost_lift`, how many times the usual a request costs everybody now; and `team_cost`, the
    cents of a request that are nothing new in the team. Nothing is compared with `problem_days`, counted
    from 1970."""

    context: float
    most_context: float
    cost_lift: float = 1.0
    team_cost: float = 0.0
    problem_days: Array | Sequence[int] = ()


class Work(NamedTuple):
    """One member's hours, oldest first: a row per hour, model and surface.

    `hour` counts whole hours since 1970 UTC; `model`, `surface` and `thread` are positions in the names that
    come with it; a thread of -1 is none.
    """

    hour: Array
    model: Array
    surface: Array
    cents: Array
    requests: Array
    weight: Array
    thread: Array
    thread_requests: Array

    def between(self, start: int, end: int) -> Work:
        """The rows of the hours `[start, end)`."""
        first, last = np.searchsorted(self.hour, [start, end])
        return Work(*(column[first:last] for column in self))

    def by_hand(self, names: WorkNames) -> Work:
        """The rows of no cloud agent and no automation."""
        agents = [place for place, name in enumerate(names.surfaces) if name in AGENT_SURFACES]
        is_by_hand = ~np.isin(self.surface, agents)
        return self.chosen(is_by_hand)

    def chosen(self, rows: Array) -> Work:
        """These rows."""
        return Work(*(column[rows] for column in self))


class WorkNames(NamedTuple):
    """What the positions in `Work` stand for."""

    models: list[str]
    surfaces: list[str]


# Members' hours, known at the frame's instant, by member id.
WorkReader = Callable[[Sequence[int]], tuple[Mapping[int, Work], WorkNames]]


def nothing_known(member_ids: Sequence[int]) -> tuple[Mapping[int, Work], WorkNames]:
    """A reader for when nothing is known of members' hours: there is no evidence then."""
    return {}, WorkNames([], [])


def gather(work: Work, names: WorkNames, start: int, end: int, usual: Usual) -> tuple[Evidence, ...]:
    """Evidence in the hours `[start, end)`, beside what the member did before them."""
    window, before = work.between(start, end), work.between(-(2**40), start)
    before = before.chosen(~np.isin(before.hour // 24, usual.problem_days))
    if not window.requests.sum():
        return ()
    pieces = (
        _new_model(window, before, names, start, usual),
        _one_thread(window, before, names),
        _machine_pace(window, before),
        _strange_hours(window, before),
        _longer_context(window.by_hand(names), usual),
    )
    return tuple(filter(None, pieces))


def _new_model(window: Work, before: Work, names: WorkNames, start: int, usual: Usual) -> Evidence | None:
    """A model that never carried a day of the member's carries the spend, and a request of it costs more than
    those of the models that did."""
    requests_before = before.requests.sum()
    earlier = before.between(-(2**40), start // 24 * 24)
    is_known = (
        len(np.unique(earlier.hour // 24)) >= LEAST_DAYS_BEFORE or earlier.cents.sum() >= LEAST_CENTS_BEFORE
    )
    if not is_known or requests_before < LEAST_REQUESTS_BEFORE or not before.cents.sum():
        return None
    by_model = np.bincount(window.model, weights=window.cents)
    model = int(by_model.argmax())
    spent, total = by_model[model], window.cents.sum()
    requests = window.requests[window.model == model].sum()
    cost_before = before.cents.sum() / requests_before
    is_new = before.requests[before.model == model].sum() < NEW_MODEL_SHARE * requests_before
    carried = _costs_of_carriers(earlier)
    costliest = max(carried.values(), default=0.0)
    least_cost = max(COSTLIER * cost_before, COSTLIER_THAN_A_DAY * costliest, usual.team_cost)
    least = least_cost * usual.cost_lift * requests
    is_tried = is_new and model not in carried and requests >= LEAST_NEW_REQUESTS
    if not is_tried or spent < CARRIED_SHARE * total or spent < least:
        return None
    name = names.models[model]
    dollars, was = spent / requests / 100, cost_before / 100
    text = f"{name} is new for them, at ${dollars:,.2f} a request against ${was:,.2f}"
    return Evidence(EvidenceKind.NEW_MODEL, text, name)


def _costs_of_carriers(work: Work) -> Mapping[int, float]:
    """The models that carried a day, with the most cents that a request of each cost on such a day."""
    days, day = np.unique(work.hour // 24, return_inverse=True)
    shape = len(days), int(work.model.max()) + 1
    place = day * shape[1] + work.model
    cents, requests = (
        np.bincount(place, weights=column, minlength=shape[0] * shape[1]).reshape(shape)
        for column in (work.cents, work.requests)
    )
    has_carried = (requests >= LEAST_NEW_REQUESTS) & (
        cents >= CARRIED_SHARE * cents.sum(axis=1, keepdims=True)
    )
    cost = np.where(has_carried, cents / np.maximum(requests, 1), 0.0).max(axis=0)
    return {int(model): float(cost[model]) for model in np.flatnonzero(cost)}


def _one_thread(window: Work, before: Work, names: WorkNames) -> Evidence | None:
    """One run or conversation made most of the requests, and more than usual days have."""
    is_named = window.thread >= 0
    if not is_named.any():
        return None
    threads, place = np.unique(window.thread[is_named], return_inverse=True)
    by_thread = np.bincount(place, weights=window.thread_requests[is_named], minlength=len(threads))
    made, total = int(by_thread.max()), int(window.requests.sum())
    row = np.flatnonzero(is_named & (window.thread == threads[by_thread.argmax()]))[0]
    run = RUNS.get(Surface(names.surfaces[window.surface[row]]))
    usual = before.requests.sum() / max(len(np.unique(before.hour // 24)), 1)
    least = max(RUN_REQUESTS if run else CONVERSATION_REQUESTS, ONE_THREAD_DAYS * usual)
    if made < least or made < ONE_THREAD_SHARE * total:
        return None
    what = run or "conversation"
    return Evidence(EvidenceKind.ONE_THREAD, f"{made:,} of {total:,} requests in one {what}")


def _machine_pace(window: Work, before: Work) -> Evidence | None:
    """Requests came faster than a person makes them."""
    pace = _by_hour(window)
    usual = _by_hour(before).max(initial=0)
    fast = pace >= max(MACHINE_REQUESTS, MACHINE_TIMES * usual)
    if fast.sum() < MACHINE_HOURS:
        return None
    text = f"a machine's pace: up to {int(pace.max()):,} requests an hour, in {int(fast.sum())} hours"
    return Evidence(EvidenceKind.MACHINE_PACE, text)


def _strange_hours(window: Work, before: Work) -> Evidence | None:
    """Most of the requests came at hours of the day at which the member never works."""
    if len(np.unique(before.hour // 24)) < KNOWN_DAYS:
        return None
    usual_hours = np.zeros(24, dtype=bool)
    worked = np.unique(before.hour[before.requests > 0] % 24)
    for hour in (worked - 1, worked, worked + 1):
        usual_hours[hour % 24] = True
    strange = ~usual_hours[window.hour % 24]
    made, total = int(window.requests[strange].sum()), int(window.requests.sum())
    hours = np.unique(window.hour[strange & (window.requests > 0)])
    if len(hours) < STRANGE_HOURS or made < max(STRANGE_REQUESTS, STRANGE_SHARE * total):
        return None
    first, last = int(hours[0]) % 24, (int(hours[-1]) + 1) % 24
    text = (
        f"{made:,} of {total:,} requests between {first:02d}:00 and {last:02d}:00 UTC, when they never work"
    )
    return Evidence(EvidenceKind.STRANGE_HOURS, text)


def _longer_context(window: Work, usual: Usual) -> Evidence | None:
    """Each request carried far more tokens than the member's requests do."""
    requests = window.requests.sum()
    if not requests:
        return None
    now = window.weight.sum() / requests
    if not usual.context > 0 or not now > max(usual.most_context, LONGER_CONTEXT * usual.context):
        return None
    long = LONGER_THROUGHOUT * usual.context
    hours = np.unique(window.hour[window.weight > long * np.maximum(window.requests, 1)])
    if len(hours) < LONGER_HOURS or _middle_context(window) < long:
        return None
    return Evidence(EvidenceKind.CONTEXT, f"{now / usual.context:.1f} times the usual context per request")


def _middle_context(window: Work) -> float:
    """Weighed tokens per request in the hour, model and surface of the middle request."""
    made = window.requests > 0
    per_request, requests = window.weight[made] / window.requests[made], window.requests[made]
    order = np.argsort(per_request)
    reached = np.cumsum(requests[order])
    return float(per_request[order][np.searchsorted(reached, reached[-1] / 2)])


def _by_hour(work: Work) -> Array:
    hours, place = np.unique(work.hour, return_inverse=True)
    return np.bincount(place, weights=work.requests, minlength=len(hours))
