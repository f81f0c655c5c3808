"""What one check of `manage.py doctor` reports."""

from dataclasses import dataclass
from enum import Enum
from functools import partial


class CheckLevel(Enum):
    OK = "ok"
    OFF = "off"  # not set up, and need not be
    WARN = "warn"  # works, but look at it
    FAIL = "fail"


@dataclass(frozen=True)
class CheckResult:
    """One line: what was looked at, how it is, and what to do about it where something is to be done."""

    verdict: CheckLevel
    subject: str
    text: str
    remedy: str = ""

    @property
    def line(self) -> str:
        line = f"{self.verdict.value:<5} {self.subject:<28} {self.text}"
        return f"{line}: {self.remedy}" if self.remedy else line


ok = partial(CheckResult, CheckLevel.OK)
off = partial(CheckResult, CheckLevel.OFF)
warn = partial(CheckResult, CheckLevel.WARN)
fail = partial(CheckResult, CheckLevel.FAIL)
