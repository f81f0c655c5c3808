"""Which page of the site led into the admin, so that every page of the admin links back to it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from tracker.access.guard import referring_path
from tracker.layout import PAGES

KEY = "admin_came_from"
LONGEST = 500
LABELS = PAGES | {"anomalies": "Incidents"}


@dataclass(frozen=True)
class CameFrom:
    label: str
    url: str


def remember_page(request: HttpRequest) -> CameFrom | None:
    """The page of the site that this session last entered the admin from; None for a visit from elsewhere."""
    address = referring_path(request)
    if 0 < len(address) <= LONGEST and (label := page_label(address)):
        request.session[KEY] = [label, address]
    page = request.session.get(KEY)
    return CameFrom(*page) if page else None


def page_label(address: str) -> str:
    """The name of a page as its link shows it; empty for the admin itself, sign-in and unknown addresses."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return ""
    name = match.url_name or ""
    if match.view_name == "incident":
        return f"Incident {match.kwargs['pk']}"
    if match.view_name == "member":
        return str(match.kwargs["email"])
    return LABELS.get(name, "") if not match.app_names else ""
