"""What requests cost: tokens times rates, less discount, plus the token fee. Integers, so sums are exact."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from .columns import TYPES, EventColumns, Events
from .instants import day_ms
from .kinds import EventKind, Fate
from .prices import MICRO, TOKEN_FEE, position, rates

REQUEST_UNIT_MICRO = 4 * MICRO  # request plans charge four cents a unit
TOKEN_FIELDS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")


@dataclass(frozen=True)
class PriceRise:
    """`model` costs `ratio` times as much from the UTC `day` on."""

    model: str
    day: date
    ratio: float


def price(draft: EventColumns, rise: PriceRise | None = None) -> Events:
    """Return the requests with their costs; which of them the plan includes is not decided here."""
    draft = without_needless_tokens(draft)
    model_micro, fee_micro = _model_micro(draft), _fee_micro(draft)
    if rise:
        is_repriced = (draft.model == position(rise.model)) & (draft.occurred_ms >= day_ms(rise.day))
        model_micro = np.where(is_repriced, np.rint(model_micro * rise.ratio).astype(np.int64), model_micro)
    kind = np.select(
        [draft.fate == Fate.FREE, draft.fate == Fate.ERRORED, draft.fate == Fate.ABORTED],
        [EventKind.FREE, EventKind.ERRORED, EventKind.ABORTED],
        EventKind.USAGE_BASED,
    )
    return Events(
        **vars(draft),
        model_micro=model_micro,
        fee_micro=fee_micro,
        charged_micro=_charged_micro(draft, model_micro, fee_micro),
        kind=kind.astype(TYPES["kind"]),
    )


def charged_micro(draft: EventColumns) -> np.ndarray:
    """Return what each request costs, in millionths of a cent."""
    return price(draft).charged_micro


def discount_percent(events: EventColumns) -> np.ndarray:
    """Return the discount on each request; a free one is a discount of everything."""
    return np.where(events.fate == Fate.FREE, 100, rates("discount_percent")[events.model]).astype(np.int64)


def without_needless_tokens(draft: EventColumns) -> EventColumns:
    """Failed requests, and requests that are billed per request, report no tokens."""
    has_tokens = np.isin(draft.fate, (Fate.COMPLETED, Fate.FREE))
    return draft.having(**{name: np.where(has_tokens, getattr(draft, name), 0) for name in TOKEN_FIELDS})


def _model_micro(draft: EventColumns) -> np.ndarray:
    cost = np.zeros(len(draft))
    for name in TOKEN_FIELDS:
        cost += getattr(draft, name) * rates(name.removesuffix("_tokens"))[draft.model]
    return np.rint(cost).astype(np.int64)


def _fee_micro(draft: EventColumns) -> np.ndarray:
    tokens = sum(getattr(draft, name) for name in TOKEN_FIELDS)
    pays = (rates("has_fee")[draft.model] > 0) & (draft.fate == Fate.COMPLETED)
    return np.where(pays, tokens * TOKEN_FEE, 0)


def _charged_micro(draft: EventColumns, model_micro: np.ndarray, fee_micro: np.ndarray) -> np.ndarray:
    discounted = model_micro * (100 - discount_percent(draft)) // 100 + fee_micro
    units = 1 + (draft.noise % np.uint64(2)).astype(np.int64)
    return np.where(draft.fate == Fate.BY_REQUEST, units * REQUEST_UNIT_MICRO, discounted)
