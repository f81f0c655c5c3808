"""Asking for what may not have changed: the vendor's ETags, kept once the rows they stand for are stored."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from collector.cursor.client import CursorClient
from collector.cursor.pages import Page
from collector.models import StoredETag

Row = TypeVar("Row")

# Questions name days, and every day has others.
FORGET_AFTER = timedelta(days=7)
Params = Mapping[str, str | int]


@dataclass
class ETags:
    """The ETags of one reading. `remember` goes into the transaction that marks it complete, never before."""

    client: CursorClient
    seen: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def ask(self, path: str, params: Params, read: Callable[[object], Page[Row]]) -> Page[Row]:
        """GET one page, read by `read`; a page that has not changed since it was stored has no rows."""
        request = f"{path}?{urlencode(params)}"
        stored = StoredETag.objects.filter(request=request).first()
        answer = self.client.get(path, params, etag=stored.etag if stored else "")
        if stored and answer.is_unchanged:
            return Page([], None, stored.has_more, is_known=True)
        page = read(answer.payload)
        # An empty answer is not held on to: asking again costs little, and a wrong one would last.
        if answer.etag and page.rows:
            self.seen[request] = (answer.etag[:200], bool(page.has_more))
        return page

    def remember(self, at: datetime) -> None:
        """Keep the ETags of what was stored at `at`."""
        keep(
            (
                StoredETag(request=request[:300], etag=etag, has_more=has_more, read_at=at)
                for request, (etag, has_more) in self.seen.items()
            ),
            at,
        )


def keep(etags: Iterable[StoredETag], at: datetime) -> None:
    """Store `etags`, and forget those of questions asked no more."""
    StoredETag.objects.filter(read_at__lt=at - FORGET_AFTER).delete()
    StoredETag.objects.bulk_create(
        etags,
        update_conflicts=True,
        unique_fields=["request"],
        update_fields=["etag", "has_more", "read_at"],
    )
