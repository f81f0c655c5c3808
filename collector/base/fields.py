"""Field shapes shared by the facts' tables."""

from decimal import Decimal
from typing import Any

from django.db import models


class CentsField(models.DecimalField):
    """US cents with the six decimals that the vendor sends; zero by default."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 16, 6
        if not kwargs.get("null"):
            kwargs.setdefault("default", Decimal(0))
        super().__init__(*args, **kwargs)
