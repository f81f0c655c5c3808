"""The sandbox's clock: it runs, or stands still until it is set."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The time at the made-up company: an instant that stands still, or the machine's clock."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen_at = _aware(frozen_at) if frozen_at else None

    def now(self) -> datetime:
        return self._frozen_at or datetime.now(UTC)

    def freeze(self, instant: datetime) -> None:
        """Stand still at `instant`; ValueError if naive."""
        self._frozen_at = _aware(instant)

    def advance(self, **duration: float) -> datetime:
        """Move on by a timedelta's arguments, stand still there and return the new time."""
        self.freeze(self.now() + timedelta(**duration))
        return self.now()

    def run(self) -> None:
        """Follow the machine's clock again."""
        self._frozen_at = None


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return instant.astimezone(UTC)
