"""What one check of `manage.py doctor` reports."""

from dataclasses import dataclass
from enum import Enum


class CheckLevel(Enum):
    OK = "ok"
    OFF = "off"  # not set up, and need not be
    WARN = "warn"  # works, but look at it
    FAIL = "fail"


@dataclass(frozen=True)
class CheckResult:
    """One line: what was looked at, how it is, and what to do about it where something is to be done."""

    subject: str
    verdict: CheckLevel
    text: str
    remedy: str = ""

    @property
    def line(self) -> str:
        line = f"{self.verdict.value:<5} {self.subject:<28} {self.text}"
        return f"{line}: {self.remedy}" if self.remedy else line


def ok(subject: str, text: str) -> CheckResult:
    return CheckResult(subject, CheckLevel.OK, text)


def off(subject: str, text: str, remedy: str = "") -> CheckResult:
    return CheckResult(subject, CheckLevel.OFF, text, remedy)


def warn(subject: str, text: str, remedy: str) -> CheckResult:
    return CheckResult(subject, CheckLevel.WARN, text, remedy)


def fail(subject: str, text: str, remedy: str) -> CheckResult:
    return CheckResult(subject, CheckLevel.FAIL, text, remedy)
