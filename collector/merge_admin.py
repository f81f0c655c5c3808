"""“Merge two members”: choose, preview, merge; and undo from the record's page."""

from decimal import Decimal

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from .base.money import dollars
from .base.names import login_name
from .base.read_only import ReadOnly
from .facts.likely_pairs import likely_pairs
from .facts.merging import MergeRefused, merge_members, preview_merge, undo_merge
from .models import Member, MemberMerge


def may_merge(request: HttpRequest) -> bool:
    """Members are not edited by hand: the right to change them is the right to merge them."""
    return request.user.has_perm("collector.change_member")


class MergesMembers(admin.ModelAdmin):
    """Before the members' admin: the action that merges two of them, and the pairs that it suggests."""

    actions = ("merge",)
    change_list_template = "admin/collector/member/change_list.html"

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return may_merge(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        pairs = likely_pairs() if may_merge(request) and request.method == "GET" else []
        shown = {"pairs": pairs, "checkbox_name": ACTION_CHECKBOX_NAME}
        return super().changelist_view(request, shown | (extra_context or {}))

    @admin.action(description="Merge two members…", permissions=["merge"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Member]) -> HttpResponse | None:
        chosen = list(queryset.order_by("first_seen_at", "pk")[:3])
        if len(chosen) != 2:
            self.message_user(request, "Choose exactly two members.", messages.ERROR)
            return None
        kept_pk = request.POST.get("keep", "")
        keep, gone = reversed(chosen) if kept_pk == str(chosen[1].pk) else chosen
        now, by = timezone.now(), login_name(request.user)
        try:
            if "confirmed" not in request.POST:
                return self._ask(request, preview_merge(keep, gone, by=by, now=now), chosen)
            record = merge_members(keep, gone, by=by, now=now)
        except MergeRefused as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return None
        self.message_user(request, f"{record}.", messages.SUCCESS)
        return redirect("admin:collector_membermerge_change", record.pk)

    def _ask(self, request: HttpRequest, preview: MemberMerge, chosen: list[Member]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": "Merge two members",
            "preview": preview,
            "sums": sums_of(preview),
            "members": chosen,
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:collector_member_changelist"),
        }
        return TemplateResponse(request, "admin/collector/member/merge.html", context)


def sums_of(record: MemberMerge) -> list[tuple[str, int, str]]:
    """Usage events and dollars of both before, and of the one after."""
    names = (("kept", record.kept_email), ("gone", record.gone_email), ("after", "merged"))
    return [
        (name, record.sums[key]["events"], dollars(Decimal(record.sums[key]["cents"])))
        for key, name in names
        if key in record.sums  # the last is known once everything has moved
    ]


@admin.register(MemberMerge)
class MemberMergeAdmin(ReadOnly, admin.ModelAdmin):
    """What was merged by whom, what moved, and the button that separates the two again."""

    change_form_template = "admin/collector/membermerge/change_form.html"
    list_display = ("merged_at", "gone_email", "kept_email", "merged_by", "reason", "undone_at")
    search_fields = ("gone_email", "kept_email", "merged_by")
    fields = (
        *("kept_email", "gone_email", "reason"),
        *("merged_by", "merged_at", "finished_at", "undone_by", "undone_at"),
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        record = self.get_object(request, object_id)
        shown: dict[str, object] = {"sums": sums_of(record), "counts": record.counts} if record else {}
        shown["may_undo"] = bool(record and not record.undone_at and may_merge(request))
        return super().change_view(request, object_id, form_url, shown | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.undo))
        return [path("<int:pk>/undo/", view, name="collector_membermerge_undo"), *super().get_urls()]

    def undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not may_merge(request):
            raise PermissionDenied
        record = get_object_or_404(MemberMerge, pk=pk)
        try:
            undo_merge(record, by=login_name(request.user), now=timezone.now())
        except MergeRefused as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.message_user(request, "The two are separate members again.", messages.SUCCESS)
        return redirect("admin:collector_membermerge_change", pk)
