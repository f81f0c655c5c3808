"""The vendor's API told word for word: what each address answers, in turn, and what it was asked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
import responses

from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter

BASE = "https://cursor.test"
NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)  # a Wednesday

Told = tuple[int, dict[str, str], str | bytes]


def make_client(**overrides: Any) -> CursorClient:
    """A client of the told API that never waits."""
    defaults = {"limiter": Limiter(is_unlimited=True), "sleep": lambda seconds: None}
    return CursorClient(BASE, "key_secret", **{**defaults, **overrides})


class FakeApi:
    """Answers by path, in turn; the last stays. One is a body, (status, body, headers), or makes one."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.asked: dict[str, list[Any]] = defaultdict(list)
        self.authorization: dict[str, str] = {}  # of the last request
        self._answers: dict[str, list[Any]] = {}
        self._mock = mock

    def tell(self, path: str, *answers: Any) -> None:
        if path not in self._answers:
            for method in (responses.GET, responses.POST):
                self._mock.add_callback(method, BASE + path, callback=self._callback(path))
        self._answers[path] = list(answers)

    def _callback(
        self, path: str
    ) -> Callable[[requests.PreparedRequest], tuple[int, dict[str, str], str | bytes]]:
        def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str | bytes]:
            body = json.loads(request.body) if request.body else dict(request.params)
            self.asked[path].append(body)
            self.authorization[path] = request.headers["Authorization"]
            answers = self._answers[path]
            given = answers.pop(0) if len(answers) > 1 else answers[0]
            given = given(body) if callable(given) else given
            if isinstance(given, Exception):
                raise given
            status, content, headers = given if isinstance(given, tuple) else (200, given, {})
            return status, headers, content if isinstance(content, str | bytes) else json.dumps(content)

        return answer


def ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def event(at: datetime, email: str | None = "ana@example.com", **fields: Any) -> dict[str, Any]:
    """One usage event as documented: 21.36232 cents, chargeable."""
    row = {
        "timestamp": str(ms(at)),
        "userEmail": email,
        "model": "claude-4.5-sonnet",
        "kind": "Usage-based",
        "maxMode": False,
        "requestsCosts": 5,
        "isTokenBasedCall": True,
        "isChargeable": True,
        "isHeadless": False,
        "tokenUsage": {
            "inputTokens": 126,
            "outputTokens": 450,
            "cacheWriteTokens": 6112,
            "cacheReadTokens": 11964,
            "totalCents": 20.18232,
        },
        "cursorTokenFee": 1.18,
        "chargedCents": 21.36232,
    }
    return {name: value for name, value in (row | fields).items() if value is not None}


def events_page(
    rows: list[dict], *, total: int | None = None, page: int = 1, pages: int = 1
) -> dict[str, Any]:
    return {
        "totalUsageEventsCount": len(rows) if total is None else total,
        "pagination": {
            "numPages": pages,
            "currentPage": page,
            "pageSize": 1000,
            "hasNextPage": page < pages,
            "hasPreviousPage": page > 1,
        },
        "usageEvents": rows,
    }


def member(email: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"user_{email}",
        "name": email.split("@")[0].title(),
        "email": email,
        "role": "member",
    } | fields


def spend_row(email: str, **fields: Any) -> dict[str, Any]:
    return {
        "userId": f"user_{email}",
        "email": email,
        "name": email,
        "role": "member",
        "spendCents": 1875.500123,
        "overallSpendCents": 3200.750456,
        "fastPremiumRequests": 980,
        "hardLimitOverrideDollars": 0,
        "monthlyLimitDollars": None,
        "effectivePerUserLimitDollars": 50,
    } | fields


def spend_page(
    rows: list[dict], *, start: datetime, total: int | None = None, pages: int = 1
) -> dict[str, Any]:
    return {
        "teamMemberSpend": rows,
        "subscriptionCycleStart": ms(start),
        "totalMembers": len(rows) if total is None else total,
        "totalPages": pages,
    }
