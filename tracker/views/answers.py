"""A page as HTML, kept until something that it may show changes, or one of its charts or tables as CSV."""

import csv
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString, mark_safe

from collector.base import changes, names
from tracker import filter_bar
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.filters import Filters, filters_from
from tracker.layout import Freshness, Layout, frame
from tracker.widgets.formats import csv_cell
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import Export, PageParts

# How long a page is kept at most: what it says of the clock (incidents' ages, the cycle's hours) is as old.
KEPT_SECONDS = 300
# How far a page may be behind what the hourly job writes, and how long one process has to render it again,
# while the others show the one before.
LAG, RENDERING_SECONDS = timedelta(seconds=60), 30
# Where the answer says how fresh the figures are, which no kept page can.
FRESHNESS = mark_safe("<!-- freshness -->")  # noqa: S308  # nosec
# Pages that show their reader something of their own; all others are the same for all who see as much.
PERSONAL = {"member"}
CHARTS = ("chartkick/Chart.bundle.js", "tracker/js/chart.js")

Report = TypeVar("Report")


@dataclass(frozen=True)
class RenderedPage:
    """A page that is kept, what it was rendered of (`version`) and when, and when that was collected."""

    content: str
    version: str
    rendered_at: datetime
    collected_at: datetime | None


def filtered_page(
    name: str,
    report: Callable[[Filters], Report],
    layout: Callable[[Report, QueryDict], PageParts],
    **shown: Any,
) -> Callable[[AccessRequest], HttpResponse]:
    """The view of a page that a report and a layout make; `shown` as `filtered_response` takes it."""

    @viewer
    def view(request: AccessRequest) -> HttpResponse:
        asked = filters_from(request)
        return filtered_response(request, name, asked, lambda: layout(report(asked), request.GET), **shown)

    return view


def filtered_response(
    request: AccessRequest,
    name: str,
    asked: Filters,
    build: Callable[[], PageParts],
    *,
    choices: Callable[[Filters, str], filter_bar.Choices] = filter_bar.build_filter_choices,
    title: str = "",
    scripts: tuple[str, ...] = CHARTS,
    styles: tuple[str, ...] = (),
    csv_name: str = "",
) -> HttpResponse:
    """A page with the filter bar, which offers what `choices` says."""
    return page_response(
        request,
        name,
        build,
        lambda page: {"report": page.report, "filters": asked, "choices": choices(asked, request.path)},
        now=asked.now,
        visible=asked.visible,
        mark=asked.mark,
        title=title or name.capitalize(),
        scripts=scripts,
        styles=styles,
        csv_name=csv_name or f"{name}-{asked.period.first}-to-{asked.period.end}",
    )


def page_response(
    request: AccessRequest,
    name: str,
    build: Callable[[], PageParts],
    also: Callable[[PageParts], dict[str, object]],
    *,
    now: datetime,
    visible: frozenset[int] | None,
    title: str,
    mark: str | None = None,
    scripts: tuple[str, ...] = CHARTS,
    styles: tuple[str, ...] = (),
    csv_name: str = "",
    untracked: object = None,
) -> HttpResponse:
    """The page that `build` makes, unless it is kept; `also` is what else the template called `name` needs.

    `visible` are the members whom the reader may see, `mark` is what `changes` says, looked up where absent,
    `untracked` is what else is shown that no mark changes with. CSV files begin with `csv_name`, or `name`.
    """
    if "csv" in request.GET:
        return csv_response(build().exports, request.GET["csv"], csv_name or name)
    mark = changes.current_mark(getattr(request, "stored_mark", None)) if mark is None else mark
    key = page_key(request, name, visible, (changes.without_background(mark), untracked))

    def render_page() -> str:
        page = build()
        context = {"page": page, "meanings": MEANINGS, "now": now, "visible": visible, **also(page)}
        of_each_reader = {"freshness": FRESHNESS, "csrf_token": token_mark()}
        return render_to_string(f"tracker/{name}.html", context | of_each_reader, request)

    content = kept_page(request, key, page_version(request, now, mark), now, render_page)
    shown = {"content": content, "title": title, "scripts": scripts, "styles": styles}
    return render(request, "tracker/page.html", shown)


def csv_response(exports: Mapping[str, Export], key: str, prefix: str) -> HttpResponse:
    """The chart or table named `key`; BadRequest where the page has none of that name."""
    if key not in exports:
        raise BadRequest(f"This page has no table or chart called “{key}”. It has: {', '.join(exports)}.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{prefix}-{key}.csv"'
    response.write("\ufeff")  # without it, Excel takes UTF-8 for the local encoding
    csv.writer(response).writerows([csv_cell(cell) for cell in row] for row in exports[key].csv_rows)
    return response


def kept_page(
    request: AccessRequest, key: str, version: str, now: datetime, render_page: Callable[[], str]
) -> SafeString:
    """The page kept under `key`, or else rendered and kept, as its reader sees it."""
    kept: RenderedPage | None = caches["pages"].get(key)
    if kept is None or not _is_good_enough(kept, key, version, now):
        kept = RenderedPage(render_page(), version, now, _freshness(request).at)
        caches["pages"].set(key, kept, KEPT_SECONDS)
    return of_reader(kept, request, now, is_lagging=kept.version != version)


def _is_good_enough(kept: RenderedPage, key: str, version: str, now: datetime) -> bool:
    """Whether a page may be shown: it is of this version, or of the one before the hourly job's last writes,
    and that a moment ago or while another process renders it."""
    if kept.version == version or abs(now - kept.rendered_at) < LAG:
        return True
    return not caches["pages"].add(f"{key}:{version}", True, RENDERING_SECONDS)


def of_reader(kept: RenderedPage, request: AccessRequest, now: datetime, *, is_lagging: bool) -> SafeString:
    """A kept page with what depends on the reader and the moment filled in."""
    freshness = _freshness(request)
    collected_at = kept.collected_at if is_lagging else freshness.at
    stated = {"now": now, "collected_at": collected_at, "problems": freshness.problems}
    content = kept.content.replace(FRESHNESS, render_to_string("components/freshness.html", stated))
    if token_mark() in content:
        content = content.replace(token_mark(), get_token(request))
    return mark_safe(content)  # noqa: S308  # nosec


def _freshness(request: AccessRequest) -> Freshness:
    return cast(Layout, frame(request)["frame"]).freshness


@cache
def token_mark() -> str:
    """Stands for the reader's own token in the forms of a page that is kept; nobody can be called so."""
    return salted_hmac("the reader's token", "", algorithm="sha256").hexdigest()


def page_key(request: AccessRequest, name: str, visible: frozenset[int] | None, shown: object) -> str:
    """What decides whether a page may be shown to somebody: its address, whom they may see, and what has been
    written, but for what the hourly job writes, and what else is `shown`."""
    parts = (
        settings.VERSION,
        name,
        request.path,
        request.GET.urlencode(),
        shown,
        None if visible is None else sorted(visible),
        request.access.role,
        request.access.sees,
        names.current(),
        request.access.email if name in PERSONAL else "",
    )
    return f"page:{_digest(parts)}"


def page_version(request: AccessRequest, now: datetime, mark: str) -> str:
    """What a page that may be shown is rendered of: all that has been written, and the time."""
    known_until = getattr(request, "known_until", None)
    return _digest((mark, known_until, int(now.timestamp()) // KEPT_SECONDS))


def _digest(parts: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
