from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from solo.admin import SingletonModelAdmin

from collector.base.read_only import ReadOnly, RecordedAdmin
from tracker.access import tokens
from tracker.access.request import AccessRequest
from tracker.access.sentences import sentence
from tracker.admin_site import people, powers  # noqa: F401  (they register)
from tracker.models import AccessSettings, ApiToken, AuditEntry, RetentionSettings


@admin.register(AccessSettings)
class AccessSettingsAdmin(RecordedAdmin, SingletonModelAdmin):
    fieldsets = (
        (
            "Roles",
            {
                "fields": ("default_role", "responder_list", "admin_list"),
                "description": "Membership of the groups “viewer”, “responder” and “admin” also gives a "
                "role; "
                "the highest role applies.",
            },
        ),
        ("Privacy", {"fields": ("viewers_see", "smallest_group", "shows_ranks")}),
    )


@admin.register(RetentionSettings)
class RetentionSettingsAdmin(RecordedAdmin, SingletonModelAdmin):
    pass


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    list_display = ("name", "scope", "hint", "created_by", "created_at", "last_used_at", "state")
    list_select_related = ("created_by",)
    list_filter = ("scope",)
    actions = ("revoke",)

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return "revoked"
        return "expired" if token.expires_at and token.expires_at <= timezone.now() else "valid"

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """Made once; afterwards a token can only be revoked."""
        if obj is None:
            return ()
        return (
            "name",
            "scope",
            "expires_at",
            "hint",
            "created_by",
            "created_at",
            "last_used_at",
            "revoked_at",
        )

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False  # a revoked token keeps telling what it was

    def save_model(self, request: HttpRequest, obj: ApiToken, form: ModelForm, change: bool) -> None:
        if change:
            return
        if isinstance(request.user, User):
            obj.created_by = request.user
        secret = tokens.issue(obj)
        messages.warning(request, f"Copy the token now. It will not be shown again: {secret}")

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: AccessRequest, queryset: QuerySet[ApiToken]) -> None:
        names = ", ".join(f"“{token}”" for token in queryset.filter(revoked_at=None))
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        request.audit_detail = f"revoked {names}" if names else ""
        messages.success(request, f"{count} revoked.")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "sentence", "address")
    list_display_links = ("sentence",)
    list_filter = ("action", "at")
    search_fields = ("actor_name", "actor__first_name", "actor__last_name", "target", "detail")
    list_select_related = ("actor",)
    fields = ("at", "sentence", "address", "action", "actor_name", "target", "detail")

    @admin.display(description="what happened")
    def sentence(self, entry: AuditEntry) -> str:
        return sentence(entry)
