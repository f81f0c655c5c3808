"""A team that moves to a model it never used: all pay more for the same tokens, and nobody is to blame."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np

from .arrays import Array
from .price_changes import DAYS_SINCE, EPOCH, LEAST_MEMBERS, LEAST_RATIO, PaidRows, PriceChange

# Days of the team's usage that must be known before a model counts as new.
DAYS_KNOWN = 7
# A model to which a team has moved has at least this share of its spend since.
LEAST_SHARE = 0.25
# Whoever pays so much of their spend for it has moved, and so has a team of which so many members have.
MOVED_SHARE = 0.5


def new_models(cents: Array) -> Iterator[tuple[int, int]]:
    """Models that a team may have moved to of late, with how many days ago each was first paid for.

    `cents`: what each model cost the team, a row for each model and a column for each day up to today.
    """
    is_paid = cents > 0
    if not is_paid.any():
        return
    first, known_from = is_paid.argmax(axis=1), is_paid.any(axis=0).argmax()
    begin = max(cents.shape[1] - DAYS_SINCE, known_from + DAYS_KNOWN)
    for model in np.flatnonzero(is_paid.any(axis=1) & (first >= begin)):
        since = cents[:, first[model] :]
        if since[model].sum() >= LEAST_SHARE * since.sum():
            yield int(model), int(since.shape[1]) - 1


def moves_in(paid: PaidRows, names: Sequence[str], today: date) -> list[PriceChange]:
    """Moves of the team that show on `today`."""
    number = (today - EPOCH).days
    first = int(paid.day.min(initial=number))
    width = number - first + 1
    place = paid.model.astype(np.int64) * width + paid.day - first
    cents = np.bincount(place, paid.cents, len(names) * width).reshape(len(names), width)
    moves = (
        move_to(paid, names, model, today - timedelta(days=ago), today) for model, ago in new_models(cents)
    )
    return [move for move in moves if move]


def move_to(paid: PaidRows, names: Sequence[str], model: int, day: date, today: date) -> PriceChange | None:
    """The team's move to the model, first used on `day`, if half of its active members have moved.

    The ratio is that of the price of a token which the median of them pays to the one that they paid before.
    """
    is_after, is_new = paid.day >= (day - EPOCH).days, paid.model == model
    members, place = np.unique(paid.member, return_inverse=True)

    def price(rows: Array) -> tuple[Array, Array]:
        cents, weight = (
            np.bincount(place[rows], figure[rows], len(members)) for figure in (paid.cents, paid.weight)
        )
        return cents, np.divide(cents, weight, out=np.zeros(len(members)), where=weight > 0)

    _, old = price(~is_after)
    (spent, _), (of_model, new) = price(is_after), price(is_new)
    was_active = (old > 0) & (spent > 0)
    has_moved = was_active & (of_model >= MOVED_SHARE * spent) & (new > 0)
    if has_moved.sum() < max(LEAST_MEMBERS, MOVED_SHARE * was_active.sum()):
        return None
    ratio = float(np.median(new[has_moved] / old[has_moved]))
    days = min((today - day).days + 1, 7)
    recent = of_model.sum() if days < 7 else paid.cents[is_new & (paid.day > (today - EPOCH).days - 7)].sum()
    weekly = float(recent * 7 / days * (1 - 1 / ratio))
    change = PriceChange(names[model], day, ratio, weekly, int(has_moved.sum()), is_move=True)
    return change if ratio >= LEAST_RATIO else None
