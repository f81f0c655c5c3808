"""What surrounds every page: its links, banners, freshness, theme, and the filters that links carry on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from collector.base.names import current
from collector.collecting import freshness
from collector.collecting.freshness import SourceFreshness
from collector.models import Source, SourceRun
from incidents.notifying.vendor_lag import is_worth_a_notice
from tracker import filters
from tracker.access.exposure import comes_from_outside
from tracker.access.request import AccessRequest
from tracker.access.roles import Role
from tracker.models import AccessSettings
from tracker.widgets import formats

THEMES = ("system", "light", "dark")
PAGES = {
    "overview": "Overview",
    "teams": "Teams",
    "surfaces": "Surfaces",
    "insights": "Insights",
    "incidents": "Incidents",
    "chargeback": "Chargeback",
    "settings": "Settings",
}
# A reading ends some minutes before it began; the vendor counts as behind from hours on.
VENDOR_SLACK = timedelta(hours=1)
ADMIN = {"limits": "Limits", "admin:index": "Admin"}  # for those who may enter them


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Banner:
    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class Problem:
    """Why a figure may be older than the page."""

    text: str
    detail: str


@dataclass(frozen=True)
class Freshness:
    at: datetime | None  # up to when usage events are known
    problems: list[Problem]


@dataclass(frozen=True)
class Layout:
    links: list[Link]
    banners: list[Banner]
    freshness: Freshness
    sources: list[SourceFreshness]
    failed: list[SourceFreshness]  # those whose last reading failed

    @property
    def has_key(self) -> bool:
        return bool(settings.CURSOR_ADMIN_API_KEY)


DEMO = Banner(
    "info",
    "Demo data.",
    "These people and figures are made up. To see your own team, set CURSOR_ADMIN_API_KEY in .env "
    "and start again.",
)
NO_KEY = Banner(
    "warning",
    "No Cursor key.",
    "Nothing can be collected until CURSOR_ADMIN_API_KEY is set in .env. Without one, usage exported from "
    "Cursor's dashboard can be read: python manage.py import_usage_csv FILE",
)
FROM_FILES = Banner(
    "info",
    "Usage comes from imported files.",
    "Read the next export from Cursor's dashboard: python manage.py import_usage_csv FILE. With "
    "CURSOR_ADMIN_API_KEY in .env it is collected every hour.",
)
FIRST_RUN = Banner(
    "info",
    "First collection.",
    "History is being read; figures fill in as it arrives. This page refreshes itself.",
)


def frame(request: AccessRequest) -> dict[str, object]:
    """Context processor: `frame` (built once, for pages that show it), the filters that links carry on, and
    what pages show of access."""
    now, chosen = timezone.now(), request.COOKIES.get("theme", "")
    carried = {name: request.GET[name] for name in filters.NAMES if request.GET.get(name)}
    context = {
        "frame": vars(request).setdefault("frame", SimpleLazyObject(lambda: build_layout(request, now))),
        "theme": chosen if chosen in THEMES else "system",
        "now": now,
        "filter_query": f"?{urlencode(carried)}" if carried else "",
        "version": settings.VERSION,
    }
    access = getattr(request, "access", None)
    if access is None:  # an error page of a request that no middleware saw
        return context
    return context | {
        "access": access,
        "may_respond": access.may(Role.RESPONDER),
        "is_admin": access.may(Role.ADMIN),
        "picture_url": request.session.get("picture", "") if access.user else "",
        "is_open": not settings.AUTH_ENABLED,
        "is_exposed": not settings.AUTH_ENABLED and comes_from_outside(request),
        "hides_names": access.sees == AccessSettings.Privacy.PSEUDONYMS,
        "hides_others": access.sees == AccessSettings.Privacy.OWN,
    }


def build_layout(request: AccessRequest, now: datetime) -> Layout:
    access = getattr(request, "access", None)
    if access is None or not access.may(Role.VIEWER):
        return Layout([], [], Freshness(None, []), [], [])  # whoever has not signed in learns nothing
    sources = freshness.sources(now, with_newest=False)
    events = next(source for source in sources if source.source == Source.EVENTS)
    failed = [source for source in sources if source.status == SourceRun.RunStatus.FAILED]
    known_until, sent_until = filters.known_until(request, now), None
    if known_until and events.age is not None and now - events.age - known_until > VENDOR_SLACK:
        sent_until = known_until  # where Cursor is behind what was read from it
    links = []
    for name, label in (PAGES | ADMIN if access.may(Role.ADMIN) else PAGES).items():
        url = reverse(name)
        is_below = url != "/" and request.path.startswith(url.rstrip("/") + "/")
        links.append(Link(label, url, is_current=request.path == url or is_below))
    notices = banners(events, failed) + late_banners(known_until, sent_until, now)
    return Layout(links, notices, freshness_of(sources, events, now, sent_until), sources, failed)


def banners(events: SourceFreshness, failed: list[SourceFreshness]) -> list[Banner]:
    """What the reader must know before relying on a figure."""
    notices = []
    if settings.DEMO:
        notices.append(DEMO)
    elif not settings.CURSOR_ADMIN_API_KEY:
        notices.append(FROM_FILES if events.is_imported else NO_KEY)
    if settings.CURSOR_ADMIN_API_KEY and events.last_good_at is None and not failed:
        notices.append(FIRST_RUN)
    if failed:
        names = ", ".join(source.label for source in failed)
        still_shown = " What was collected before is still shown." if events.last_good_at else ""
        error = current().error_text(failed[0].error.rstrip("."))
        detail = f"{error}.{still_shown}" if error else still_shown.strip()
        notices.append(Banner("warning", f"The last collection failed: {names}.", detail))
    return notices


def late_banners(known_until: datetime | None, sent_until: datetime | None, now: datetime) -> list[Banner]:
    """That the figures stop some time ago, and what to do about it; where Cursor itself is behind, on working
    days once it lasts as long as is set."""
    if sent_until:
        text = (
            "It responds, but its newest events are older than usual at this hour. Later usage is missing "
            "from these figures: it is not zero. It arrives with a later collection, so you do not need to "
            "do anything."
        )
        banner = Banner("warning", f"{sent_up_to(sent_until, now)}.", text)
        return [banner] if is_worth_a_notice(sent_until, now) else []
    if known_until is None or now - known_until <= freshness.STALE:
        return []
    advice = "Check that the hourly job runs, or collect now: python manage.py run_pipeline."
    if not settings.CURSOR_ADMIN_API_KEY:
        advice = "Import a newer export: python manage.py import_usage_csv FILE."
    text = (
        f"Later usage is missing from these figures; it is not zero. {advice} "
        "Settings shows each source's last answer."
    )
    return [Banner("warning", f"No news since {formats.instant(known_until)}.", text)]


def sent_up_to(sent_until: datetime, now: datetime) -> str:
    at = f"{sent_until:%H:%M} UTC" if sent_until.date() == now.date() else formats.instant(sent_until)
    return f"Cursor has sent events up to {at}"


def freshness_of(
    sources: list[SourceFreshness], events: SourceFreshness, now: datetime, sent_until: datetime | None
) -> Freshness:
    """When usage events were last read, and which sources are older than they should be."""
    stale = [source for source in sources if source.is_stale and source.last_run_at]
    problems = [
        Problem(
            f"{source.label}: last read {formats.age(now - source.last_good_at)}"
            if source.last_good_at
            else f"{source.label}: never read",
            current().error_text(source.error) or "Is the hourly job running?",
        )
        for source in stale
    ]
    if sent_until:
        detail = "Later hours are unknown, not zero: Cursor itself is behind."
        problems.insert(0, Problem(sent_up_to(sent_until, now), detail))
    return Freshness(events.last_good_at, problems)
