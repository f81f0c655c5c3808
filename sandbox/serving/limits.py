"""Requests per minute and class of endpoint, for the whole team; the window turns with each minute."""

import threading
import time
from collections import Counter
from collections.abc import Callable

# Documented limits per minute (cursor.com/docs/api, read 2026-11-22).
PER_MINUTE = {
    "admin": 20,
    "events": 60,
    "groups": 20,
    "spend-limit": 250,
    "spend-limits": 20,
    "audit-logs": 20,
    "analytics-team": 100,
    "analytics-by-user": 50,
    "ai-code": 20,
    "me": 100,
    "agents": 100,
}


class Limits:
    """Counts answers per class and minute of its own clock, which says seconds and may be replaced."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.refused: Counter[str] = Counter()  # by class
        self._minutes: dict[int, Counter[str]] = {}
        self._lock = threading.Lock()

    def admits(self, limit_class: str, *, enforced: bool) -> bool:
        """Count a request; False if it is over the limit and limits are enforced."""
        with self._lock:
            used = self._minutes.setdefault(int(self.clock() // 60), Counter())
            if enforced and used[limit_class] >= PER_MINUTE[limit_class]:
                self.refused[limit_class] += 1
                return False
            used[limit_class] += 1
            return True

    def give_back(self, limit_class: str) -> None:
        """An answer of 304 does not count."""
        with self._lock:
            self._minutes[int(self.clock() // 60)][limit_class] -= 1

    def busiest_minute(self) -> dict[str, int]:
        """Return for each class the most requests that any minute has seen."""
        with self._lock:
            classes = {name for used in self._minutes.values() for name in used}
            return {name: max(used[name] for used in self._minutes.values()) for name in sorted(classes)}
