"""Channels in the admin: a form by kind, and a test before anything is saved."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from collector.base.days import utc_day
from collector.base.plausibility import is_number
from collector.base.read_only import RecordedAdmin
from groups.models import Group
from incidents.channels.base import DeliveryError
from incidents.channels.forms import CHANNEL_FIELDSETS, channel_form, chosen_kind, missing_set_up
from incidents.models import Channel
from incidents.notifying import outbox
from incidents.notifying.catching_up import revive
from incidents.notifying.routing import audience

INSTEAD = {"target": "readable_target"}  # of what may hold a key, where it is only looked at
TESTED = "tested_channel"  # of a session: the digest of the target whose last test got through, and when


def target_digest(channel: Channel) -> str:
    """Stands for a channel's kind and target, which may hold a key and so stays out of the session."""
    what = f"{channel.kind}\n{channel.target}"
    return salted_hmac("incidents.tested_channel", what, algorithm="sha256").hexdigest()


@admin.register(Channel)
class ChannelAdmin(RecordedAdmin):
    """Where notifications go. Tokens and passwords are in the environment, never here."""

    change_form_template = "admin/incidents/channel/change_form.html"
    list_display = (
        "name",
        "kind",
        "is_enabled",
        "least_severity",
        "follows",
        "escalation",
        "last_ok_at",
        "last_error",
    )
    list_filter = ("kind", "is_enabled", "least_severity")
    list_select_related = ("escalate_to",)
    readonly_fields = ("follows", "last_ok_at", "last_error", "last_error_at", "paused_until")
    actions = ("send_test",)
    when_saved = (
        "Changes take effect with the next message. If the channel receives alerts, it is also notified of "
        "the incidents that are already open. To end a channel that has sent something, or that .env sets "
        "up, uncheck Enabled: it cannot be deleted."
    )
    when_deleted = "Nothing was sent to it yet, and nothing will be."
    fieldsets: ClassVar[Any] = CHANNEL_FIELDSETS

    def get_form(
        self, request: HttpRequest, obj: Channel | None = None, change: bool = False, **options: object
    ) -> type[forms.ModelForm]:
        """The form of the channel's kind, which hides a stored key."""
        kind = obj.kind if obj else chosen_kind(request)
        return super().get_form(request, obj, change, form=channel_form(kind), **options)

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """A new channel's kind is chosen above the form, and nothing was sent to it yet. Who may only look
        sees as little of a stored key as the form shows."""
        if not obj:
            return ((None, {"fields": ("name", "target", "is_enabled")}), *self.fieldsets[1:-1])
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return [
            (title, {**options, "fields": [INSTEAD.get(name, name) for name in options["fields"]]})
            for title, options in self.fieldsets
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Not by the target, whose key could be guessed letter by letter."""
        return not lookup.startswith("target") and super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.test_view))
        return [path("test/", view, name="incidents_channel_test"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """The form, with the kinds to choose from while the channel is new."""
        channel = self.get_object(request, unquote(object_id)) if object_id else None
        chosen = channel.kind if channel else chosen_kind(request)
        shown = {
            "kinds": [(kind.value, kind.label, kind.value == chosen) for kind in Channel.Medium],
            "chosen_kind": chosen,
            "missing_set_up": missing_set_up(chosen),
            "may_test": self.may_test(request),
        }
        return super().changeform_view(request, object_id, form_url, shown | (extra_context or {}))

    def may_test(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) or self.has_change_permission(request)

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Send a test with what the form holds, outside any transaction; one sentence comes back."""
        if not self.may_test(request):
            raise PermissionDenied
        pk = request.GET.get("channel", "")
        channel = get_object_or_404(Channel, pk=int(pk)) if is_number(pk) else None
        form = self.get_form(request, channel, change=channel is not None)(request.POST, instance=channel)
        if not form.is_valid():
            problems = "; ".join(str(message) for errors in form.errors.values() for message in errors)
            return HttpResponse(format_html("Not sent: {}", problems))
        if form.has_changed():
            form.instance.pk = None  # what is not saved yet says nothing about the stored channel
        try:
            answer = outbox.send_test(form.instance, timezone.now())
        except DeliveryError as problem:
            return HttpResponse(format_html("The message did not get through. {}", problem))
        request.session[TESTED] = [target_digest(form.instance), timezone.now().isoformat()]
        return HttpResponse(format_html("The message got through. Its id there is {}.", answer))

    @admin.display(description="target")
    def readable_target(self, channel: Channel) -> str:
        return channel.shown_target

    @admin.display(description="for whom")
    def follows(self, channel: Channel) -> str:
        """Whom it hears of, as its groups stand today."""
        if not channel.pk or channel.audience != Channel.Audience.GROUPS:
            return channel.get_audience_display()
        followed = audience(channel, utc_day(timezone.now())) or ()
        names = Group.objects.filter(pk__in=followed).values_list("name", flat=True)
        return ", ".join(names) or "nobody, because its groups are deleted. Choose other groups."

    @admin.display(description="escalates to")
    def escalation(self, channel: Channel) -> str:
        if channel.escalate_to is None:
            return "–"
        return f"{channel.escalate_to} after {channel.escalate_after_minutes} min"

    def has_delete_permission(self, request: HttpRequest, obj: Channel | None = None) -> bool:
        """What the environment asks for would only come back, and what was sent names its channel."""
        is_kept = obj is not None and (bool(obj.seed) or obj.notifications.exists())
        return super().has_delete_permission(request, obj) and not is_kept

    @admin.action(description="Send a test", permissions=["change"])
    def send_test(self, request: HttpRequest, channels: QuerySet[Channel]) -> None:
        """Send a test on each and show what the other side answered."""
        for channel in channels:
            try:
                answer = outbox.send_test(channel, timezone.now())
            except DeliveryError as problem:
                self.message_user(request, f"{channel}: {problem}", messages.ERROR)
            else:
                text = f"{channel}: the message got through. Its id there is {answer}."
                self.message_user(request, text, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Channel, form: forms.ModelForm, change: bool) -> None:
        """A channel that is mended gets the alerts it missed of open incidents; one that was tested works."""
        digest, at = request.session.get(TESTED, ("", ""))
        if digest == target_digest(obj):
            obj.last_ok_at, obj.last_error, obj.last_error_at = datetime.fromisoformat(at), "", None
        if form.changed_data:
            obj.paused_until = None
        super().save_model(request, obj, form, change)
        if form.changed_data:
            revive(obj, timezone.now())
