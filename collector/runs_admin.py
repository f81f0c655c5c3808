"""The runs of sources in the admin: how fresh each source is, and a button to collect now."""

from datetime import UTC, datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST, require_safe

from .base.read_only import ReadOnly
from .collecting import freshness
from .models import SourceRun
from .tasks import allowed_from, collection_state, queue_collection

INSTANT = "j M Y, H:i"
COLLECTING = "admin/collector/sourcerun/collecting.html"


class CollectedAdmin(ReadOnly, admin.ModelAdmin):
    """Rows that only collecting writes. Django joins what a list shows by itself, unless it may be empty."""

    # Counting a hundred million rows twice would take longer than showing a page of them.
    show_full_result_count = False
    list_per_page = 50


@admin.register(SourceRun)
class SourceRunAdmin(CollectedAdmin):
    """What each run did, how fresh each source is, and a button to collect now."""

    change_list_template = "admin/collector/sourcerun/change_list.html"
    list_display = (
        "started_at",
        "source",
        "status",
        "error",
        "window",
        "rows",
        "requests",
    )
    list_filter = ("source", "status", "trigger")
    search_fields = ("error",)
    date_hierarchy = "started_at"

    @admin.display(description="window (UTC)")
    def window(self, run: SourceRun) -> str:
        start, end = run.window_start_at, run.window_end_at
        if not start or not end or start >= end:
            return ""
        until = f"{end:%H:%M}" if start.date() == end.date() else date_format(end, INSTANT)
        return f"{date_format(start, INSTANT)} to {until}"

    @admin.display(description="rows")
    def rows(self, run: SourceRun) -> str:
        if not run.rows_seen:
            return "0"
        return f"{run.rows_seen:,} ({run.rows_new:,} new, {run.rows_changed:,} changed)"

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        now, may_collect = timezone.now(), self.may_collect(request)
        shown = {
            "freshness": freshness.sources(now),
            "may_collect": may_collect,
            "next_collection_at": allowed_from(now) if may_collect else None,
        }
        return super().changelist_view(request, shown | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.collect_now))
        state = self.admin_site.admin_view(require_safe(self.collecting))
        return [
            path("collect-now/", view, name="collector_collect_now"),
            path("collecting/<str:task>/<int:asked>/", state, name="collector_collecting"),
            *super().get_urls(),
        ]

    def may_collect(self, request: HttpRequest) -> bool:
        """Runs are not edited by hand: the right to change them is the right to ask for one."""
        return request.user.has_perm("collector.change_sourcerun")

    def collect_now(self, request: HttpRequest) -> HttpResponse:
        """Queue a collection, at most once an hour."""
        if not self.may_collect(request):
            raise PermissionDenied
        now = timezone.now()
        request_made = queue_collection(now)
        if "HX-Request" in request.headers and request_made.task:
            return self.collecting(request, request_made.task, int(now.timestamp()))
        if "HX-Request" in request.headers:
            return TemplateResponse(request, COLLECTING, {"refusal": request_made.words})
        messages.info(request, request_made.words)
        return redirect("admin:collector_sourcerun_changelist")

    def collecting(self, request: HttpRequest, task: str, asked: int) -> HttpResponse:
        """How a collection stands that was asked for at `asked`, in Unix seconds, as part of the page."""
        if not self.may_collect(request):
            raise PermissionDenied
        now = timezone.now()
        asked_at = datetime.fromtimestamp(min(asked, int(now.timestamp())), UTC)
        shown = {"state": collection_state(task, asked_at, now), "task": task, "asked": asked}
        return TemplateResponse(request, COLLECTING, shown)
