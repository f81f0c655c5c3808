"""What one delivery did."""

from dataclasses import dataclass

from collector.base.reports import StepReport


@dataclass(frozen=True)
class DeliveryReport(StepReport):
    """What one delivery did, counted in notifications; `failed` counts steps before them, too."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    escalated: int = 0
    waiting: int = 0

    @property
    def is_ok(self) -> bool:
        return not (self.failed or self.given_up)

    @property
    def summary(self) -> str:
        text = f"{self.sent} sent, {self.waiting} waiting"
        for count, word in (
            (self.failed, "failed"),
            (self.given_up, "given up"),
            (self.escalated, "escalated"),
        ):
            text += f", {count} {word}" if count else ""
        return text
