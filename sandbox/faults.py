"""How an answer can go wrong, each way as the vendor, a proxy or the network does it; and which ones do."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from fnmatch import fnmatchcase

from .company.draws import Topic, stream
from .http import HttpError, Request, SandboxResponse, Wire

Again = Callable[[Request], SandboxResponse]  # what another request would be answered

ERRORS = {
    429: ("Too Many Requests", "Rate limit exceeded. Please try again later."),
    500: ("Internal Server Error", "Something went wrong."),
    502: ("Bad Gateway", "Upstream did not answer."),
    503: ("Service Unavailable", "Please try again later."),
}


@dataclass(frozen=True)
class Fault:
    """Turns a good answer into a bad one; None where it would change nothing, and then it is not used up."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse | None:
        raise NotImplementedError


@dataclass(frozen=True)
class StatusFault(Fault):
    """An error; `retry_after` goes out in seconds, or as a date if `is_date`, or not at all if None."""

    status: int
    retry_after: int | None = None
    is_date: bool = False

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        body = HttpError(self.status, *ERRORS.get(self.status, ("Error", "Something went wrong."))).body
        return SandboxResponse(body, self.status, self._headers())

    def _headers(self) -> dict[str, str]:
        if self.retry_after is None:
            return {}
        if not self.is_date:
            return {"Retry-After": str(self.retry_after)}
        due = datetime.now(UTC) + timedelta(seconds=self.retry_after)
        return {"Retry-After": format_datetime(due, usegmt=True)}


@dataclass(frozen=True)
class Reset(Fault):
    """The connection is reset instead of an answer."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        return replace(answer, wire=Wire.RESET)


@dataclass(frozen=True)
class Truncated(Fault):
    """The connection closes in the middle of the body."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        return replace(answer, wire=Wire.TRUNCATED)


@dataclass(frozen=True)
class Slow(Fault):
    """The right answer, late."""

    seconds: float

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        return replace(answer, delay_seconds=self.seconds)


@dataclass(frozen=True)
class Html(Fault):
    """200 with a proxy's page instead of JSON."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        return SandboxResponse(
            "<!doctype html><title>Please sign in</title>", headers={"Content-Type": "text/html"}
        )


@dataclass(frozen=True)
class OtherJson(Fault):
    """200 with JSON of another shape."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        return SandboxResponse({"status": "ok"})


@dataclass(frozen=True)
class Missing(Fault):
    """A field is missing: `field` of the answer or else of its first row; without a name, the list itself."""

    field: str | None = None

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse | None:
        listed = list_field(answer)
        if listed is None:
            return None
        name = self.field or listed
        if name in answer.body:
            return _with(answer, _without(answer.body, name))
        rows = answer.body.get(listed)
        if not isinstance(rows, list) or not rows or name not in rows[0]:
            return None
        return _with(answer, {**answer.body, listed: [_without(rows[0], name), *rows[1:]]})


@dataclass(frozen=True)
class Null(Fault):
    """The list is null."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse | None:
        name = list_field(answer)
        return _with(answer, {**answer.body, name: None}) if name else None


@dataclass(frozen=True)
class EmptyPage(Fault):
    """The page is empty although it says that others follow."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse | None:
        name = list_field(answer)
        if not name or not answer.body[name]:
            return None
        return _with(answer, {**answer.body, name: type(answer.body[name])()})


@dataclass(frozen=True)
class WrongCount(Fault):
    """The total does not agree with the rows."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse | None:
        body = answer.body if isinstance(answer.body, dict) else {}
        for name in ("totalUsageEventsCount", "totalCount", "totalMembers"):
            if name in body:
                return _with(answer, {**body, name: body[name] + 7})
        return None


@dataclass(frozen=True)
class RepeatedPage(Fault):
    """The rows of the previous page again."""

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse | None:
        number, name = request.integer("page", 1), list_field(answer)
        if number < 2 or not name:
            return None
        before = again(replace(request, body={**request.body, "page": number - 1}))
        return _with(answer, {**answer.body, name: before.body[name]})


def list_field(answer: SandboxResponse) -> str | None:
    """Return the name of the field that holds the rows, None if the answer has none."""
    if not isinstance(answer.body, dict):
        return None
    if isinstance(answer.body.get("data"), dict):
        return "data"
    return next((name for name, value in answer.body.items() if isinstance(value, list)), None)


def _without(row: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key != name}


def _with(answer: SandboxResponse, body: dict[str, object]) -> SandboxResponse:
    return replace(answer, body=body)


KINDS: dict[str, Callable[[float], Fault]] = {
    "429": lambda seconds: StatusFault(429, retry_after=int(seconds)),
    "429-date": lambda seconds: StatusFault(429, retry_after=int(seconds), is_date=True),
    "429-bare": lambda _: StatusFault(429),
    "500": lambda _: StatusFault(500),
    "502": lambda _: StatusFault(502),
    "503": lambda _: StatusFault(503),
    "reset": lambda _: Reset(),
    "truncated": lambda _: Truncated(),
    "slow": Slow,
    "html": lambda _: Html(),
    "other-json": lambda _: OtherJson(),
    "missing": lambda _: Missing(),
    "null": lambda _: Null(),
    "empty-page": lambda _: EmptyPage(),
    "wrong-count": lambda _: WrongCount(),
    "repeated-page": lambda _: RepeatedPage(),
}
DEFAULT_SECONDS = 1.0


def fault_named(name: str) -> Fault:
    """Return the fault of this name, with seconds after a colon where it has any; ValueError if unknown."""
    kind, _, seconds = name.partition(":")
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; one of {', '.join(KINDS)}")
    return KINDS[kind](float(seconds or DEFAULT_SECONDS))


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
