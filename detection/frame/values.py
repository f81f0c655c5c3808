"""Expressions over usage events: what each was charged, is worth, or counts as."""

from django.db.models import BooleanField, Case, FloatField, Q, Value, When
from django.db.models.functions import Cast, Greatest

from collector.facts.worth import WORTH_KNOWN
from collector.models import UsageEvent

SERVED = ~UsageEvent.FAILED
BY_AGENT = (~Q(cloud_agent_id="") | ~Q(automation_id="")) & Q(is_bugbot=False)


def number_where(condition: Q, value: object, otherwise: object = None) -> Case:
    """`value` where the condition holds, else 0 (or `otherwise`)."""
    return Case(When(condition, then=value), default=otherwise or Value(0.0), output_field=FloatField())


def is_served() -> Case:
    """Whether an event counts as a request: neither errored nor aborted."""
    return Case(When(SERVED, then=Value(True)), default=Value(False), output_field=BooleanField())


def billed_cents() -> Case:
    """An event's charge where it is billed, 0 where it is included."""
    return number_where(Q(is_chargeable=True), Cast("charged_cents", FloatField()))


def known_value() -> Case:
    """What an event was charged, or is known to be worth; a credit is no usage and worth nothing."""
    charged = Greatest(Cast("charged_cents", FloatField()), Value(0.0))
    return number_where(WORTH_KNOWN, Cast("model_cents", FloatField()), charged)
