"""What usage is worth that was not charged: included rows of an export, answers without a cost.

Known where the source says what the model cost; else its tokens are kept by weight, for a price to be put on
them. Free and failed usage is worth nothing.
"""

from django.db.models import Q

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
