"""Which answers go wrong: the next ones at an address, or random ones by a seeded generator."""

import threading
from collections import Counter
from fnmatch import fnmatchcase

from .company.draws import Topic, stream
from .faults import Again, Fault
from .http import Request, SandboxResponse

Plan = tuple[str, Fault]  # at which path, and what happens


class Mishaps:
    """Faults to come. Paths may hold `*`. `happened` counts them by the fault's class."""

    def __init__(self, seed: int = 0) -> None:
        self.happened: Counter[str] = Counter()
        self._draw = stream(seed, Topic.FAULTS)
        self._planned: list[Plan] = []  # as often as it is to happen
        self._chances: list[tuple[Plan, float]] = []
        self._lock = threading.RLock()

    def next(self, path: str, fault: Fault, *, times: int = 1) -> None:
        """Spoil the next answers of `path`; plans of one path happen in the order they were made."""
        with self._lock:
            self._planned += [(path, fault)] * times

    def sometimes(self, fault: Fault, probability: float, *, path: str = "*") -> None:
        """Spoil each answer of `path` with this chance."""
        with self._lock:
            self._chances.append(((path, fault), probability))

    def clear(self) -> None:
        """Remove all planned and random faults."""
        with self._lock:
            self._planned.clear()
            self._chances.clear()

    def apply_to(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        """Return the answer, spoilt by the first fault that applies and changes something."""
        path = request.path
        with self._lock:
            planned = [plan for plan in self._planned if fnmatchcase(path, plan[0])]
            lucky = [
                plan
                for plan, chance in self._chances
                if fnmatchcase(path, plan[0]) and self._draw.random() < chance
            ]
            for plan in planned + lucky:
                spoilt = plan[1].spoil(answer, request, again)
                if spoilt is not None:
                    if plan in planned:
                        self._planned.remove(plan)
                    self.happened[type(plan[1]).__name__] += 1
                    return spoilt
        return answer
