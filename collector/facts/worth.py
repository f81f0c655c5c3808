"""What usage is worth that was not charged: included rows of an export, answers without a cost.

Known where the source says what the model cost; else its tokens are kept by weight, for a price to be put on
them. Free and failed usage is worth nothing.
"""

from __future__ import annotations

import operator
from functools import reduce

from django.db.models import Case, F, FloatField, Q, Sum, Value, When
from django.db.models.functions import Cast, Coalesce

from collector.models import UsageEvent

# What kinds of tokens cost relative to an input token, about alike in the price lists of the vendors'
# models: they make one figure for how much a request carried. Only their proportions matter.
TOKEN_WEIGHTS = {
    "input_tokens": 1.0,
    "cache_write_tokens": 1.25,
    "cache_read_tokens": 0.1,
    "output_tokens": 5.0,
}
NOT_CHARGED = Q(charged_cents=0)
FOR_NOTHING = Q(kind__iexact="free") | Q(discount_percent=100) | UsageEvent.FAILED
WORTH_KNOWN = NOT_CHARGED & Q(model_cents__gt=0) & ~FOR_NOTHING
UNPRICED = NOT_CHARGED & Q(model_cents__isnull=True, cost_basis=UsageEvent.CostBasis.UNKNOWN) & ~FOR_NOTHING
FREE = NOT_CHARGED & ~WORTH_KNOWN & ~UNPRICED


def worth_cents() -> Coalesce:
    """The sum of what uncharged usage is known to be worth."""
    return Coalesce(
        Sum(Case(When(WORTH_KNOWN, then=Cast("model_cents", FloatField())), output_field=FloatField())),
        Value(0.0),
    )


def weight_where(condition: Q) -> Coalesce:
    """The sum of the weighed tokens of the events for which `condition` holds."""
    parts = [
        Cast(Coalesce(F(name), 0), FloatField()) * Value(weight) for name, weight in TOKEN_WEIGHTS.items()
    ]
    weight = reduce(operator.add, parts)
    return Coalesce(Sum(Case(When(condition, then=weight), output_field=FloatField())), Value(0.0))
