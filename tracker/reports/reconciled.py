"""How Cursor's own total of a cycle differs from what its events add up to, and why."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from collector.base.money import cents, round_cents
from collector.models import BillingCycle, Reconciliation
from collector.models.spend import REASONS, RECONCILED
from tracker.widgets import formats


@dataclass(frozen=True)
class ReconciledPart:
    """One reason and its cents of the difference: above zero where Cursor's total is the larger."""

    reason: str
    cents: Decimal

    @property
    def said(self) -> str:
        sign = "+" if self.cents > 0 else ""
        return f"{sign}{formats.money(self.cents)} {REASONS[self.reason]}"


@dataclass(frozen=True)
class Reconciled:
    """One cycle as compared at `at`; `cursor_cents` is None where Cursor's answer does not say its total."""

    at: datetime
    events_cents: Decimal
    cursor_cents: Decimal | None
    parts: tuple[ReconciledPart, ...]  # they add up to the difference

    @property
    def cents(self) -> Decimal | None:
        """Cursor's total less the events'."""
        return None if self.cursor_cents is None else self.cursor_cents - self.events_cents

    @property
    def said(self) -> str:
        """The difference and what it is made of, in one line."""
        if self.cents is None:
            return "Cursor's answer has no total of its own for the cycle"
        if not round_cents(self.cents):
            return f"Cursor's own total is the same as of {formats.instant(self.at)}"
        parts = "; ".join(part.said for part in self.parts if round_cents(part.cents))
        compared = f"{formats.money(abs(self.cents))} {'more' if self.cents > 0 else 'less'}"
        return (
            f"Cursor's own total is {formats.money(self.cursor_cents)}, {compared} than its events' "
            f"{formats.money(self.events_cents)}: {parts} (as of {formats.instant(self.at)})"
        )


def reconciled(cycle: BillingCycle) -> Reconciled | None:
    """The newest comparison of `cycle`; None before the first. One query, unless it was read along."""
    if "reconciled_at" in vars(cycle):
        found = tuple(vars(cycle)[name] for name in RECONCILED)
    else:
        rows = Reconciliation.objects.filter(cycle=cycle).order_by("-taken_at")
        found = rows.values_list(*RECONCILED.values()).first() or (None,)
    if found[0] is None:
        return None
    at, events, snapshot, explanation = found
    parts = tuple(ReconciledPart(part["reason"], Decimal(part["cents"])) for part in explanation)
    return Reconciled(at, cents(events), None if snapshot is None else cents(snapshot), parts)
