"""Up to which instant each source is complete, and since when."""

from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Least

from collector.models import Watermark

from .windows import Window


def extend(source: str, window: Window) -> None:
    """Note that `window` of `source` is complete; call it where the rows are written.

    What is complete is one stretch: a part that does not touch it does not count yet. An end beyond the time
    of this reading was noted by a wrong clock, or, while history is read, by a collection meanwhile.
    """
    start_at, end_at = window.span
    mark = Watermark.objects.filter(source=source).first()
    if mark is None:
        Watermark.objects.create(source=source, complete_from_at=start_at, complete_until_at=end_at)
        return
    until_at = mark.complete_until_at
    if not window.is_backwards:
        until_at = min(until_at, window.read_at)
    began_at = min(mark.complete_from_at or until_at, until_at)
    if start_at <= until_at and end_at >= began_at:
        Watermark.objects.filter(pk=mark.pk).update(
            complete_from_at=min(began_at, start_at), complete_until_at=max(until_at, end_at)
        )


def restart_or_extend(source: str, window: Window) -> datetime | None:
    """The same, where the vendor has nothing from before `window`: what is complete may begin with it.

    Where it does, up to when `source` was complete before: what lies between was never read.
    """
    extend(source, window)
    known_until = until(source)
    if known_until is None or known_until >= window.start_at:
        return None
    mark = Watermark.objects.filter(source=source)
    mark.update(complete_from_at=window.start_at, complete_until_at=window.end_at)
    return known_until


def known_ends(source: str) -> QuerySet[Watermark, datetime]:
    """Up to when rows of `source` are known: the end of its last complete window, or up to when the vendor
    has sent rows, where it is behind. No row before the first window."""
    sent = Coalesce("sent_until_at", "complete_until_at")
    return Watermark.objects.filter(source=source).values_list(Least("complete_until_at", sent), flat=True)


def until(source: str) -> datetime | None:
    """The end of the last complete window of `source`; None before the first."""
    return Watermark.objects.filter(source=source).values_list("complete_until_at", flat=True).first()
