"""What one check of `manage.py doctor` says."""

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
    says: str
    remedy: str = ""

    @property
    def line(self) -> str:
        text = f"{self.verdict.value:<5} {self.subject:<28} {self.says}"
        return f"{text}: {self.remedy}" if self.remedy else text


def ok(subject: str, says: str) -> CheckResult:
    return CheckResult(subject, CheckLevel.OK, says)


def off(subject: str, says: str, remedy: str = "") -> CheckResult:
    return CheckResult(subject, CheckLevel.OFF, says, remedy)


def warn(subject: str, says: str, remedy: str) -> CheckResult:
    return CheckResult(subject, CheckLevel.WARN, says, remedy)


def fail(subject: str, says: str, remedy: str) -> CheckResult:
    return CheckResult(subject, CheckLevel.FAIL, says, remedy)
