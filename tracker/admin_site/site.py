"""The admin site: a front page by task, and the way back to the page that somebody came from."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from collector.base.readable import name_plainly
from tracker.access.codes import lacks_required_code
from tracker.access.request import AccessRequest
from tracker.admin_site import board
from tracker.admin_site.back import remember_page
from tracker.admin_site.checklist import read_checklist
from tracker.admin_site.states import read_facts
from tracker.models import SetUp


class ProductAdminSite(admin.AdminSite):
    site_header = site_title = "Cursor Cost Monitor"
    index_title = "Admin"
    enable_nav_sidebar = False  # the front page has every task; a keyboard would pass the sidebar first
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        super().register(model_or_iterable, admin_class, **options)
        for model in [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable:
            name_plainly(model)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not lacks_required_code(request.user)

    def each_context(self, request: HttpRequest) -> dict[str, object]:
        return {**super().each_context(request), "came_from": remember_page(request)}

    def get_urls(self) -> list[URLPattern | URLResolver]:
        dismiss = self.admin_view(require_POST(self.dismiss_setup))
        return [path("setup/dismiss/", dismiss, name="setup_dismiss"), *super().get_urls()]

    def dismiss_setup(self, request: HttpRequest) -> HttpResponse:
        """Take the set-up card off the overview, or bring it back."""
        if not request.user.has_perm("tracker.change_setup"):
            raise PermissionDenied
        at = None if "restore" in request.POST else timezone.now()
        SetUp.objects.update_or_create(pk=SetUp.singleton_instance_id, defaults={"dismissed_at": at})
        return redirect("admin:index" if at is None else "overview")

    def index(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> TemplateResponse:
        facts = read_facts(timezone.now(), cast(AccessRequest, request).access.policy)
        context = {
            "board": board.build_board(self.get_app_list(request), facts),
            "checklist": read_checklist(facts.now, facts.sources),
            "is_superuser": bool(getattr(request.user, "is_superuser", False)),
        }
        return super().index(request, {**context, **(extra_context or {})})
