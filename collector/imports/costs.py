"""What a row of the dashboard's CSV says about money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from collector.base.csv_files import Row
from collector.models import UsageEvent

from .numbers import count, money, units

# Kinds that are charged, whatever stands between the words.
BILLED_KINDS = {"usage based", "on demand", "usage event kind usage based", "usage based pricing"}
# What a request unit costs on a request plan, whose files have units and no costs.
CENTS_PER_UNIT = Decimal(4)


@dataclass(frozen=True)
class FileCost:
    """What a row says about money. Only billed rows are charged; a sum on any other is what it was worth."""

    is_due: bool  # the row should say what was paid
    charged_cents: Decimal
    value_cents: Decimal | None
    is_known: bool
    has_kind: bool = True

    @property
    def is_billed(self) -> bool:
        """Whether it counts as billed: until the middle of 2025 only a sum says so."""
        return self.is_due and (self.has_kind or self.charged_cents > 0)

    @property
    def basis(self) -> str:
        basis = UsageEvent.CostBasis.FILE if self.is_known else UsageEvent.CostBasis.UNKNOWN
        return basis.value


def cost_of_row(row: Row, delimiter: str) -> FileCost:
    """The row's cost; ValueError where a cell holds something else than money."""
    value = money(row["cost"], delimiter)
    _check_shift(row, value)
    if "kind" not in row.cells:
        # Until the middle of 2025: no kind, and a column of its own for what is paid.
        paid = money(row["cost_to_you"], delimiter)
        return FileCost(True, paid or Decimal(0), value, paid is not None, has_kind=False)
    if not is_billed_kind(row["kind"]):
        # “Free” is what was charged, and says nothing of what the row was worth.
        return FileCost(False, Decimal(0), value or None, value is not None)
    if "cost" not in row.cells:  # a request plan's
        number = units(row["requests"], delimiter)
        return FileCost(True, (number or Decimal(0)) * CENTS_PER_UNIT, None, number is not None)
    return FileCost(True, value or Decimal(0), value, value is not None)


def is_billed_kind(kind: str) -> bool:
    return re.sub(r"[\s_-]+", " ", kind.strip().lower()) in BILLED_KINDS


def _check_shift(row: Row, value: Decimal | None) -> None:
    """ValueError where the cost is the number of tokens: the columns have shifted."""
    total = count(row["total"], "number of tokens")
    if value and total and total >= 1000 and value == total * 100:
        raise ValueError(f"the cost and the total of tokens are both {total:,}: the columns have shifted.")
