from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from collector.base.names import login_name
from collector.base.read_only import CarefulList, ReadOnly, SettingsAdmin
from tracker.access import tokens
from tracker.access.request import AccessRequest
from tracker.access.sentences import sentence
from tracker.admin_site import people, powers  # noqa: F401  (they register)
from tracker.admin_site.sign_in import read_sign_in
from tracker.models import AccessSettings, ApiToken, AuditEntry, RetentionSettings


@admin.register(AccessSettings)
class AccessSettingsAdmin(SettingsAdmin):
    when_saved = "Changes take effect at once, for people who are signed in too."
    change_form_template = "admin/tracker/accesssettings/change_form.html"
    fieldsets = (
        (
            "Roles",
            {
                "fields": ("default_role", "responder_list", "admin_list"),
                "description": "A role chosen under People counts too; the highest role applies.",
            },
        ),
        ("Privacy", {"fields": ("viewers_see", "smallest_group", "shows_ranks")}),
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        shown = {"sign_in": read_sign_in(request)}
        return super().change_view(request, object_id, form_url, shown | (extra_context or {}))

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever names the administrators could become one, as with logins."""
        return request.user.is_superuser


@admin.register(RetentionSettings)
class RetentionSettingsAdmin(SettingsAdmin):
    when_saved = "What is older is deleted by the next daily run (03:35 UTC) and cannot be brought back."


@admin.register(ApiToken)
class ApiTokenAdmin(CarefulList, admin.ModelAdmin):
    list_display = ("name", "scope", "hint", "maker", "created_at", "last_used_at", "state")
    list_select_related = ("created_by",)
    list_filter = ("scope",)
    actions = ("revoke",)

    @admin.display(description="created by", ordering="created_by__email")
    def maker(self, token: ApiToken) -> str:
        return login_name(token.created_by) if token.created_by else ""

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
            "maker",
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
