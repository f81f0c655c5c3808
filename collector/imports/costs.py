"""What a row of the dashboard's CSV says about money."""

from dataclasses import dataclass
from decimal import Decimal

from collector.base.csv_files import Row
from collector.cursor.kinds import is_billed_kind
from collector.models import UsageEvent

from .numbers import count, money, units

# The price of a request unit. Files from request plans have units and no costs.
CENTS_PER_UNIT = Decimal(4)
# The columns that show that a file has the API's own rows: amounts in cents.
API_AMOUNTS = {"charged_cents", "model_cents"}


@dataclass(frozen=True)
class FileCost:
    """The cost of a row. Only billed rows are charged; on others the cost is what the usage was worth."""

    is_due: bool  # whether the row should have a charge
    cents: Decimal | None  # the amount that the row states; None where it states none
    value_cents: Decimal | None
    has_kind: bool = True

    @property
    def is_known(self) -> bool:
        return self.cents is not None

    @property
    def charged_cents(self) -> Decimal:
        return self.cents if self.is_due and self.cents else Decimal(0)

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
    if row.cells.keys() >= API_AMOUNTS and "cost" not in row.cells:
        return _cost_of_api(row, delimiter)
    cost_cents = money(row["cost"], delimiter)
    _check_shift(row, cost_cents)
    if "kind" not in row.cells and "cost_to_you" in row.cells:  # until mid-2025
        return FileCost(True, money(row["cost_to_you"], delimiter), cost_cents, has_kind=False)
    if not is_billed_kind(row["kind"]):  # “Free” is what was charged, not what the usage was worth
        return FileCost(False, cost_cents, cost_cents or None)
    if "cost" not in row.cells:  # from a request plan
        requests = units(row["requests"], delimiter)
        return FileCost(True, None if requests is None else requests * CENTS_PER_UNIT, None)
    return FileCost(True, cost_cents, cost_cents)


def _cost_of_api(row: Row, delimiter: str) -> FileCost:
    charged, model = (money(row[name], delimiter, unit=1) for name in ("charged_cents", "model_cents"))
    stated = row["chargeable"].lower()
    is_due = stated in ("true", "1") if stated else is_billed_kind(row["kind"])
    return FileCost(is_due, charged, charged if model is None else model)


def _check_shift(row: Row, cost_cents: Decimal | None) -> None:
    """ValueError if the cost equals the number of tokens, because then the columns have shifted."""
    total = count(row["total"], "number of tokens")
    if cost_cents and total and total >= 1000 and cost_cents == total * 100:
        raise ValueError(f"the cost and the total of tokens are both {total:,}: the columns have shifted.")
