"""The admin site: a front page by task, and the way back to the page that somebody came from."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from tracker.admin_site import board
from tracker.admin_site.back import remember_page


class ProductAdminSite(admin.AdminSite):
    site_header = site_title = "Cursor Cost Monitor"
    index_title = "Admin"
    enable_nav_sidebar = False  # the front page has every task; a keyboard would pass the sidebar first
    empty_value_display = "–"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "came_from": remember_page(request)}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        now = timezone.now()
        shown = board.build_board(self.get_app_list(request), now)
        context = {"board": shown, "is_superuser": bool(getattr(request.user, "is_superuser", False))}
        return super().index(request, {**context, **(extra_context or {})})
