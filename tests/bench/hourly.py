"""An hourly run without the network: a day of events is read again, as every hour, and judged."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from collector.base.days import from_epoch_ms, to_epoch_ms
from collector.collecting import freshness
from collector.collecting.windows import Window
from collector.cursor.events import PAGE_SIZE
from collector.models import UsageEvent
from collector.sources import events
from detection.engine import detect
from groups.cursor import adopt
from incidents.lifecycle import take_in
from incidents.notifying.outbox import deliver_due

TOKENS = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cacheWriteTokens": "cache_write_tokens",
    "cacheReadTokens": "cache_read_tokens",
    "totalCents": "model_cents",
}


class Echo:
    """Answers what is stored already, in the vendor's form: an hour in which nothing was revised.

    `wall` and `cpu` are the seconds that answering took, which are the vendor's and not the run's.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], list[int]] = {}
        self.wall = self.cpu = 0.0

    def post(self, path: str, body: dict[str, int]) -> SimpleNamespace:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = self._answer(body)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return answer

    def _answer(self, body: dict[str, int]) -> SimpleNamespace:
        found = self._between(body["startDate"], body["endDate"] + 1)
        first = (body["page"] - 1) * PAGE_SIZE
        shown = UsageEvent.objects.select_related("member").in_bulk(found[first : first + PAGE_SIZE])
        pages = -(-len(found) // PAGE_SIZE)
        payload = {
            "totalUsageEventsCount": len(found),
            "pagination": {
                "numPages": pages,
                "currentPage": body["page"],
                "pageSize": PAGE_SIZE,
                "hasNextPage": body["page"] < pages,
                "hasPreviousPage": body["page"] > 1,
            },
            "usageEvents": [spelled(shown[pk]) for pk in found[first : first + PAGE_SIZE]],
        }
        return SimpleNamespace(payload=payload)

    def _between(self, start_ms: int, end_ms: int) -> list[int]:
        if (start_ms, end_ms) not in self._found:
            events = UsageEvent.objects.between(from_epoch_ms(start_ms), from_epoch_ms(end_ms))
            newest_first = events.order_by("-occurred_at", "-pk").values_list("pk", flat=True)
            self._found[start_ms, end_ms] = list(newest_first)
        return self._found[start_ms, end_ms]


def spelled(event: UsageEvent) -> dict[str, Any]:
    """`event` as the client parses the vendor's JSON: counts are int, amounts Decimal."""
    return {
        "timestamp": str(to_epoch_ms(event.occurred_at)),
        "userEmail": event.member.email,
        "model": event.model,
        "kind": event.kind,
        "maxMode": event.is_max_mode,
        "requestsCosts": event.request_units,
        "isTokenBasedCall": event.is_token_based,
        "isChargeable": event.is_chargeable,
        "isHeadless": event.is_headless,
        "chargedCents": event.charged_cents,
        "tokenUsage": {name: getattr(event, field) or 0 for name, field in TOKENS.items()},
    }


def run(now: datetime, echo: Echo) -> None:
    """What every hour does: events, groups, detection, incidents, notifications."""
    window = Window(now - timedelta(hours=24), now, now)
    result = events.sync(echo, window)  # type: ignore[arg-type]
    assert not result.new and not result.changed, "the echo is not what is stored"
    adopt(now)
    take_in(detect(now, data_ages=freshness.ages(now)), now)
    deliver_due(now)
