"""Tokens of the four kinds as one number: all of them, or weighed by what their kind costs."""

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

from django.db.models import F, FloatField, Value
from django.db.models.functions import Cast, Coalesce

from collector.facts.worth import TOKEN_WEIGHTS


def all_tokens() -> Cast:
    """An event's tokens of all four kinds."""
    return Cast(reduce(operator.add, (Coalesce(F(name), 0) for name in TOKEN_WEIGHTS)), FloatField())


def weighed(read: Callable[[str], object]) -> Any:
    """Tokens of all kinds in input tokens' worth; `read` turns a field's name into what is weighed."""
    parts = [
        Cast(Coalesce(read(name), 0), FloatField()) * Value(weight) for name, weight in TOKEN_WEIGHTS.items()
    ]
    return reduce(operator.add, parts)
