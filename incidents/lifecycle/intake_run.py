"""What one intake works with, and what it reports."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from collector.base.reports import StepReport
from incidents.models import IncidentSettings


@dataclass(frozen=True)
class TakeInReport(StepReport):
    """What one run did to incidents."""

    opened: int = 0
    joined: int = 0
    worsened: int = 0
    reopened: int = 0
    resolved: int = 0
    unresolved: int = 0
    failed: int = 0

    @property
    def summary(self) -> str:
        text = (
            f"{self.opened} opened, {self.joined} joined, {self.worsened} raised, {self.reopened} reopened, "
            f"{self.resolved} resolved by themselves; {self.unresolved} unresolved"
        )
        return f"{text}; {self.failed} failed, see the log" if self.failed else text


@dataclass(frozen=True)
class Run:
    """What every step of one run needs to know."""

    as_of: datetime
    now: datetime
    no_data: frozenset[str]
    policy: IncidentSettings
    floor_cents: Decimal
