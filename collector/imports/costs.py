"""What a row of the dashboard's CSV says about money."""

import re
from dataclasses import dataclass
from decimal import Decimal

from collector.base.csv_files import Row
from collector.models import UsageEvent

from .numbers import count, money, units

# Kinds that are charged, whatever separates their words.
BILLED_KINDS = {"usage based", "on demand", "usage event kind usage based", "usage based pricing"}
# The price of a request unit. Files from request plans have units and no costs.
CENTS_PER_UNIT = Decimal(4)


@dataclass(frozen=True)
class FileCost:
    """The cost of a row. Only billed rows are charged; on others the cost is what the usage was worth."""

    is_due: bool  # whether the row should have a charge
    charged_cents: Decimal
    value_cents: Decimal | None
    is_known: bool
    has_kind: bool = True

    @property
    def is_billed(self) -> bool:
        """Whether it counts as billed. Without a kind (until mid-2025) only an amount shows that."""
        return self.is_due and (self.has_kind or self.charged_cents > 0)

    @property
    def basis(self) -> str:
        basis = UsageEvent.CostBasis.FILE if self.is_known else UsageEvent.CostBasis.UNKNOWN
        return basis.value


def cost_of_row(row: Row, delimiter: str) -> FileCost:
    """The row's cost, by the format of its file; ValueError if a cell that should hold an amount does not."""
    cost_cents = money(row["cost"], delimiter)
    _check_shift(row, cost_cents)
    if "kind" not in row.cells:
        return _cost_without_kind(money(row["cost_to_you"], delimiter), cost_cents)
    if not is_billed_kind(row["kind"]):
        return _cost_of_included_usage(cost_cents)
    if "cost" not in row.cells:
        return _cost_by_request_units(units(row["requests"], delimiter))
    return _billed_cost(cost_cents)


def _cost_without_kind(paid_cents: Decimal | None, cost_cents: Decimal | None) -> FileCost:
    """Files until mid-2025 have no kind, but a column for the amount that is paid."""
    return FileCost(
        is_due=True,
        charged_cents=paid_cents or Decimal(0),
        value_cents=cost_cents,
        is_known=paid_cents is not None,
        has_kind=False,
    )


def _cost_of_included_usage(cost_cents: Decimal | None) -> FileCost:
    """“Free” is what was charged; it does not show what the usage was worth."""
    return FileCost(
        is_due=False,
        charged_cents=Decimal(0),
        value_cents=cost_cents or None,
        is_known=cost_cents is not None,
    )


def _cost_by_request_units(request_units: Decimal | None) -> FileCost:
    """Files from request plans have request units and no costs."""
    return FileCost(
        is_due=True,
        charged_cents=(request_units or Decimal(0)) * CENTS_PER_UNIT,
        value_cents=None,
        is_known=request_units is not None,
    )


def _billed_cost(cost_cents: Decimal | None) -> FileCost:
    return FileCost(
        is_due=True,
        charged_cents=cost_cents or Decimal(0),
        value_cents=cost_cents,
        is_known=cost_cents is not None,
    )


def is_billed_kind(kind: str) -> bool:
    return _plain(kind) in BILLED_KINDS


def begins_like_billed_kind(kind: str) -> bool:
    """Whether it may be one, with more words after it."""
    return _plain(kind).startswith(tuple(BILLED_KINDS))


def _plain(kind: str) -> str:
    """Words in lower case with single blanks, whichever dashes or underscores join them."""
    return re.sub(r"[\s_\-‐-―−]+", " ", kind.strip().lower())


def _check_shift(row: Row, cost_cents: Decimal | None) -> None:
    """ValueError if the cost equals the number of tokens, because then the columns have shifted."""
    total = count(row["total"], "number of tokens")
    if cost_cents and total and total >= 1000 and cost_cents == total * 100:
        raise ValueError(f"the cost and the total of tokens are both {total:,}: the columns have shifted.")
