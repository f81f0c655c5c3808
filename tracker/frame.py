"""What surrounds every page: its links, banners, theme, and the filters that its links carry on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tracker import filters

THEMES = ("system", "light", "dark")
PAGES = {"overview": "Overview", "insights": "Insights", "incidents": "Incidents", "settings": "Settings"}


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class Banner:
    tone: str
    title: str
    text: str
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Frame:
    links: list[Link]
    banners: list[Banner]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame` (asked for only by pages that show it), `theme`, `now`, `filter_query`."""
    now = timezone.now()
    return {
        "frame": SimpleLazyObject(lambda: Frame(links(request), banners(request, now))),
        "theme": theme(request),
        "now": now,
        "filter_query": filter_query(request),
    }


def theme(request: HttpRequest) -> str:
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else "system"


def filter_query(request: HttpRequest) -> str:
    """The filters of this address as `?…`, for links to other pages; empty when there are none."""
    kept = {name: request.GET[name] for name in filters.NAMES if request.GET.get(name)}
    return f"?{urlencode(kept)}" if kept else ""


def links(request: HttpRequest) -> list[Link]:
    return [
        Link(label, url, is_current=is_under(request.path, url))
        for name, label in PAGES.items()
        if (url := address(name))
    ]


def address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def is_under(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))


def banners(request: HttpRequest, now: datetime) -> list[Banner]:
    found = []
    if settings.DEMO:
        found.append(
            Banner(
                "info",
                "Demo data.",
                "These people and figures are made up. To see your own team, "
                "set CURSOR_ADMIN_API_KEY in .env and start again.",
            )
        )
    return found
