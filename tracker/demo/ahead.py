"""What is found in the hours to come, worked out by a process beside this one while the first are lived."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from typing import Protocol

from detection.findings.finding import Finding
from tracker.running.together import kept_together

Findings = tuple[Finding, ...]
Judge = Callable[[datetime], Findings]
CHUNK = 6  # hours that are handed over together


class FoundByHour(Protocol):
    """The findings of each of a row of hours."""

    def __getitem__(self, place: int, /) -> Findings: ...
    def __iter__(self) -> Iterator[Findings]: ...


def judge_all(hours: Sequence[datetime], judge: Judge) -> FoundByHour:
    """The findings of each of `hours`: beside this process where there is a second core to fork to."""
    if sys.platform == "linux" and (os.cpu_count() or 1) > 1:
        return FindingsAhead(hours, judge)
    return [judge(hour) for hour in hours]


class FindingsAhead:
    """Findings by hour, in the order of `hours`; asking for one that is not ready waits for it."""

    def __init__(self, hours: Sequence[datetime], judge: Judge) -> None:
        chunks = [hours[first : first + CHUNK] for first in range(0, len(hours), CHUNK)]
        with kept_together():
            pool = ProcessPoolExecutor(1, get_context("fork"), _Worker.begin, (judge,))
            self._chunks = [pool.submit(_Worker.judge_each, chunk) for chunk in chunks]
        pool.shutdown(wait=False)  # once all is done

    def __getitem__(self, place: int, /) -> Findings:
        return self._chunks[place // CHUNK].result()[place % CHUNK]

    def __iter__(self) -> Iterator[Findings]:
        for chunk in self._chunks:
            yield from chunk.result()


class _Worker:
    """The process beside: it was forked with what it judges by, which is never pickled."""

    judge: Judge

    @classmethod
    def begin(cls, judge: Judge) -> None:
        cls.judge = judge

    @classmethod
    def judge_each(cls, hours: Sequence[datetime]) -> list[Findings]:
        return [cls.judge(hour) for hour in hours]
