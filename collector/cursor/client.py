"""Bytes to and from Cursor: the only importer of the HTTP library."""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.auth import HTTPBasicAuth

from collector.base.cells import tidy
from collector.base.deadline import DeadlineExceeded, deadline

from . import retry
from .errors import CursorApiError, Trouble
from .failures import is_refused, reason_of, setup_fault
from .limits import Limiter
from .page_sizes import PageSizes
from .transport import WatchedAdapter

log = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 5, 60
# Altogether, head and body: an answer that keeps trickling is as bad as none.
CALL_SECONDS = 180
# The largest page (1,000 events) is about 0.7 MB, a page of analytics a few; more is a mistake.
LARGEST_BODY = 64 * 1024 * 1024
MOST_DIGITS = 40  # of a whole number: far beyond any that is plausible
WORTH_A_LINE = 5  # seconds of waiting that somebody may wonder about
NOT_MODIFIED = 304
# What a proxy has touched comes with 203; whether the others hold an answer, their bodies show.
GOOD = (200, 201, 202, 203)
# The key may not ask it, or nobody answers it: not part of the plan.
REFUSED, BUSY = (401, 402, 403, 404, 405, 410, 501), (408, 425, 429)
# How a 403 says that it is a limit and no refusal.
RATE_LIMIT = re.compile(r"rate.?limit|too many requests", re.IGNORECASE)
ERROR_FIELDS = {"error", "message", "code", "statusCode"}


@dataclass(frozen=True)
class Answer:
    """A valid answer: parsed JSON with exact decimals. `is_unchanged`: the ETag matched, without payload."""

    payload: object = None
    etag: str = ""
    is_unchanged: bool = False


class _TryAgain(Exception):
    """This attempt failed in a way that may not recur."""

    def __init__(self, problem: str, *, asked: float | None = None, is_unreachable: bool = False) -> None:
        super().__init__(problem)
        self.asked = asked
        self.trouble = Trouble.UNREACHABLE if is_unreachable else Trouble.BUSY


@dataclass
class CursorClient:
    """Asks one team's API. `requests_made` counts every HTTP request made, retries included."""

    base_url: str
    key: str = field(repr=False)
    analytics_key: str = field(default="", repr=False)
    limiter: Limiter = field(default_factory=Limiter)
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    requests_made: int = 0
    waits: tuple[float, ...] = retry.WAITS
    read_seconds: int = READ_SECONDS
    session: requests.Session = field(default_factory=requests.Session)
    page_sizes: PageSizes = field(default_factory=PageSizes)

    def __post_init__(self) -> None:
        # Retries are decided here, where Retry-After and the total are known.
        self.session.mount(self.base_url, WatchedAdapter(pool_connections=2, pool_maxsize=4, max_retries=0))
        self.session.headers.update({"Accept": "application/json", "User-Agent": "cursor-cost-monitor"})

    @classmethod
    def from_settings(cls) -> CursorClient:
        """The client of this installation; CursorApiError where no key is set."""
        if not settings.CURSOR_ADMIN_API_KEY:
            raise CursorApiError(
                "CURSOR_ADMIN_API_KEY is not set: create a key at cursor.com/dashboard → API Keys "
                "(read-only is enough at first) and put it in .env. Without one, `make run` shows the demo.",
                permanent=True,
                trouble=Trouble.REFUSED,
            )
        return cls(settings.CURSOR_API_URL, settings.CURSOR_ADMIN_API_KEY, settings.CURSOR_ANALYTICS_API_KEY)

    @classmethod
    def for_a_page(cls) -> CursorClient:
        """The same for a person who is waiting: at most one retry, and a short deadline."""
        client = cls.from_settings()
        client.waits, client.read_seconds = (1.0,), 10
        return client

    def get(self, path: str, params: Mapping[str, str | int] | None = None, *, etag: str = "") -> Answer:
        """GET `path`; with `etag`, an answer that has not changed since costs nothing."""
        headers = {"If-None-Match": etag} if etag else {}
        return self.page_sizes.ask(
            path, params or {}, lambda question: self._ask("GET", path, params=question, headers=headers)
        )

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        return self.page_sizes.ask(path, body, lambda question: self._ask("POST", path, json=question))

    def _ask(self, method: str, path: str, **request: object) -> Answer:
        began, tries = self.monotonic(), 0
        while True:
            tries += 1
            self.limiter.wait(path)
            try:
                return self._try(method, path, **request)
            except _TryAgain as failure:
                is_down = failure.trouble is Trouble.UNREACHABLE
                wait = retry.next_wait(
                    tries,
                    self.monotonic() - began,
                    failure.asked,
                    random.random(),  # noqa: S311  (jitter, not a secret)
                    retry.UNREACHABLE_WAITS if is_down else self.waits,
                )
                if wait is None:
                    raise self._give_up(f"{method} {path}", failure, tries) from None
                level = logging.INFO if wait >= WORTH_A_LINE else logging.DEBUG
                log.log(level, "%s %s: %s; trying again in %.0f s", method, path, failure, wait)
                self.sleep(wait)

    def _try(self, method: str, path: str, **request: object) -> Answer:
        self.requests_made += 1
        try:
            with deadline(CALL_SECONDS, largest=2 * LARGEST_BODY):
                response, body = self._exchange(method, path, request)
        except DeadlineExceeded as error:
            raise _TryAgain(str(error)) from None
        except (requests.ConnectionError, requests.Timeout) as error:
            if fault := setup_fault(str(error)):
                raise self._error(f"Cannot reach {self._host()}: {fault}", Trouble.FOREIGN) from None
            is_unreachable = isinstance(error, requests.exceptions.ConnectTimeout) or is_refused(error)
            raise _TryAgain(reason_of(error), is_unreachable=is_unreachable) from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise _TryAgain("the answer was cut off or damaged") from None
        # The library reads a Location even unasked, and files that REQUESTS_CA_BUNDLE names.
        except (requests.RequestException, OSError, ValueError) as error:
            setting = (
                "REQUESTS_CA_BUNDLE" if "CA certificate" in str(error) else "CURSOR_API_URL and HTTPS_PROXY"
            )
            text = f"{method} {path} failed ({type(error).__name__}): check {setting}"
            raise self._error(text, Trouble.FOREIGN) from None
        return self._read(f"{method} {path}", response, body)

    def _exchange(
        self, method: str, path: str, request: Mapping[str, Any]
    ) -> tuple[requests.Response, bytes]:
        response = self.session.request(
            method,
            self.base_url + path,
            # Given here and not as a header, which a .netrc would overwrite with somebody's password.
            auth=HTTPBasicAuth(self._key(path).encode(), b""),
            timeout=(CONNECT_SECONDS, self.read_seconds),
            allow_redirects=False,
            stream=True,
            **request,
        )
        with response:
            return response, self._body(response)

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        for part in response.iter_content(256 * 1024):
            body += part
            if len(body) > LARGEST_BODY:
                text = f"the answer is larger than {LARGEST_BODY >> 20} MB: check CURSOR_API_URL"
                raise self._error(text, Trouble.FOREIGN)
        return bytes(body)

    def _read(self, where: str, response: requests.Response, body: bytes) -> Answer:
        """The answer of a complete response; _TryAgain if it is worth another try, CursorApiError if not."""
        status = response.status_code
        if status == NOT_MODIFIED:
            return Answer(is_unchanged=True, etag=response.headers.get("ETag", ""))
        seconds = retry.retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        is_later = seconds is not None and status >= 400  # whatever the status: some refuse in place of 429
        is_later |= status == 403 and RATE_LIMIT.search(_vendor_message(body)) is not None
        if is_later or status in BUSY or (status >= 500 and status not in REFUSED):
            raise _TryAgain(f"it answered {status}", asked=seconds)
        if status in REFUSED:
            raise self._refusal(where, status, _vendor_message(body))
        if status not in GOOD:
            text = f"{where} answered {status} {_vendor_message(body)}".rstrip()
            if 300 <= status < 400:
                text = f"{text}: check CURSOR_API_URL, and whether a proxy asks to sign in"
                raise self._error(text, Trouble.FOREIGN)
            raise self._error(text, Trouble.REJECTED)
        payload = self._parse(where, body)
        if isinstance(payload, dict) and payload and (payload.get("error") or payload.keys() <= ERROR_FIELDS):
            text = f"{where} answered {status} with an error: {_vendor_message(body)}"
            raise self._error(f"{text}. The next run asks again", Trouble.REJECTED, permanent=False)
        return Answer(payload=payload, etag=response.headers.get("ETag", ""))

    def _parse(self, where: str, body: bytes) -> object:
        try:
            return _read_json(body)
        except RecursionError:
            pass
        except ValueError:
            if body.lstrip()[:1] in (b"", b"{", b"["):
                raise _TryAgain("the answer was cut off") from None
        raise self._error(
            f"{where} answered something that is not JSON: is CURSOR_API_URL ({self._host()}) "
            "the Cursor API, or does a proxy answer in its place?",
            Trouble.FOREIGN,
        )

    def _refusal(self, where: str, status: int, detail: str) -> CursorApiError:
        answered = f"{where} answered {status} {detail}".rstrip()
        is_second = self._key(where.split()[-1]) != self.key
        name = "CURSOR_ANALYTICS_API_KEY" if is_second else "CURSOR_ADMIN_API_KEY"
        otherwise = ", or unset it where the plan has no analytics" if is_second else ""
        key = "a valid team key" if status == 401 else "one that may read this, else one with scope admin:*"
        error = self._error(
            f"Cursor refused the key ({answered}): set {name} to {key} "
            f"from cursor.com/dashboard → API Keys{otherwise}",
            Trouble.SECOND_KEY if is_second and status == 401 else Trouble.REFUSED,
            answered=answered,
        )
        error.is_about_question = status != 401
        return error

    def _give_up(self, where: str, failure: _TryAgain, tries: int) -> CursorApiError:
        if failure.trouble is Trouble.UNREACHABLE:
            text = f"Cannot reach {self._host()} ({failure}): check CURSOR_API_URL and the network"
        else:
            often = f", {tries} times in a row" if tries > 1 else ""
            text = f"{where}: {failure}{often}. The next run asks again"
        return self._error(text, failure.trouble, permanent=False)

    def _error(
        self, text: str, trouble: Trouble, *, permanent: bool = True, answered: str = ""
    ) -> CursorApiError:
        return CursorApiError(
            self._one_line(text), permanent=permanent, trouble=trouble, answered=self._one_line(answered)
        )

    def _one_line(self, text: str) -> str:
        """`text` in one line, with any key in it blotted out (the vendor may echo it)."""
        for key in filter(None, (self.key, self.analytics_key)):
            text = text.replace(key, "***")
        return tidy(text)

    def _host(self) -> str:
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    def _key(self, path: str) -> str:
        return self.analytics_key if path.startswith("/analytics/") and self.analytics_key else self.key


def _read_json(body: bytes) -> object:
    """The answer. Impossible numbers come as text and damaged letters as a mark: their rows' own concern."""
    text = body.decode(json.detect_encoding(body), errors="replace")
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=str)
    except json.JSONDecodeError:
        raise
    # Python reads no number of thousands of digits or with an endless exponent; asking for each takes time.
    except (ValueError, ArithmeticError):
        return json.loads(text, parse_float=_decimal, parse_constant=str, parse_int=_whole_number)


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_DIGITS else digits[:MOST_DIGITS]


def _decimal(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except ArithmeticError:
        return digits[:MOST_DIGITS]


def _vendor_message(body: bytes) -> str:
    """What the vendor says of an error, in any of its shapes: {message}, {error}; else nothing."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("message") or answer.get("error") or "")[:200]
