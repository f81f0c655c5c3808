"""Which answers go wrong: the next ones at an address, or random ones by a seeded generator."""

import threading
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .company.draws import Topic, stream
from .faults import Again, Fault
from .http import Request, SandboxResponse


@dataclass
class _Planned:
    path: str
    fault: Fault
    times: int


@dataclass(frozen=True)
class _Chance:
    path: str
    fault: Fault
    probability: float


class Mishaps:
    """Faults to come. Paths may hold `*`. `happened` counts them by the fault's class."""

    def __init__(self, seed: int = 0) -> None:
        self.happened: Counter[str] = Counter()
        self._draw = stream(seed, Topic.FAULTS)
        self._planned: list[_Planned] = []
        self._chances: list[_Chance] = []
        self._lock = threading.RLock()

    def next(self, path: str, fault: Fault, *, times: int = 1) -> None:
        """Spoil the next answers of `path`; plans of one path happen in the order they were made."""
        with self._lock:
            self._planned.append(_Planned(path, fault, times))

    def sometimes(self, fault: Fault, probability: float, *, path: str = "*") -> None:
        """Spoil each answer of `path` with this chance."""
        with self._lock:
            self._chances.append(_Chance(path, fault, probability))

    def clear(self) -> None:
        """Remove all planned and random faults."""
        with self._lock:
            self._planned.clear()
            self._chances.clear()

    def apply_to(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        """Return the answer, spoilt by the first fault that applies and changes something."""
        with self._lock:
            for fault in self._due(request.path):
                spoilt = fault.spoil(answer, request, again)
                if spoilt is not None:
                    self._use_up(request.path, fault)
                    self.happened[type(fault).__name__] += 1
                    return spoilt
        return answer

    def _due(self, path: str) -> list[Fault]:
        planned = [plan.fault for plan in self._planned if fnmatchcase(path, plan.path)]
        lucky = [
            chance.fault
            for chance in self._chances
            if fnmatchcase(path, chance.path) and self._draw.random() < chance.probability
        ]
        return planned + lucky

    def _use_up(self, path: str, fault: Fault) -> None:
        for plan in self._planned:
            if plan.fault is fault and fnmatchcase(path, plan.path):
                plan.times -= 1
                break
        self._planned = [plan for plan in self._planned if plan.times > 0]
