"""One form for each kind of channel: what its target is called, how it is entered, what it must look like.

A key that was entered once is not shown again: left empty, the one that is there stays. After `is_valid()` a
form's `instance` is the channel as entered, saved or not, which `incidents.notifying.outbox.send_test` takes.
"""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from collector.base.plausibility import is_number
from incidents.models import Channel
from incidents.notifying.messages import site_url

from .targets import SECRET_KINDS

CHANNEL_FIELDSETS = (
    (None, {"fields": ("name", "kind", "target", "is_enabled")}),
    (
        "What is sent",
        {
            "fields": (
                "sends_alerts",
                "least_severity",
                "audience",
                "groups",
                "sends_digests",
                "sends_budgets",
            )
        },
    ),
    ("When", {"fields": ("quiet_from", "quiet_until", "timezone", "is_loud_when_critical")}),
    ("When nobody acknowledges", {"fields": ("escalate_after_minutes", "escalate_to")}),
    ("Now", {"fields": ("follows", "last_ok_at", "last_error", "last_error_at", "paused_until")}),
)

LINE = forms.TextInput(attrs={"size": 60})
LINES = forms.Textarea(attrs={"rows": 4, "cols": 60})
SECRET = forms.PasswordInput(attrs={"autocomplete": "off", "size": 60})


class GroupsField(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        """No number of a group is longer than 64 bits, which SQLite could not look up."""
        if not all(is_number(str(pk)) for pk in value or ()):
            raise forms.ValidationError("Choose groups from the list.")
        return super().clean(value)


class ChannelForm(forms.ModelForm):
    """What all kinds have in common; `channel_form` adds the kind and its own words for the target."""

    kind_value: ClassVar[str]

    class Meta:
        model = Channel
        fields = tuple(name for _, options in CHANNEL_FIELDSETS[:-1] for name in options["fields"])
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"groups": GroupsField}
        widgets: ClassVar[dict[str, type[forms.Widget]]] = {"groups": forms.CheckboxSelectMultiple}
        error_messages: ClassVar[dict[str, dict[str, str]]] = dict.fromkeys(
            ("quiet_from", "quiet_until"), {"invalid": "Enter a time such as 22:00."}
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.kind = self.initial["kind"] = self.kind_value
        if "kind" in self.fields:
            self.fields["kind"].disabled = True
        if "target" in self.fields and self.instance.pk and self.instance.target:
            self.fields["target"].required = False
            if self.kind_value in SECRET_KINDS:
                self.initial["target"] = ""
                now = f" Now: {self.instance.shown_target}. Leave this empty to keep it."
                self.fields["target"].help_text += now

    # The groups come with the form, not with the row, so their fit to the audience is checked here.
    def clean(self) -> dict[str, object]:
        data = super().clean() or self.cleaned_data
        is_for_groups = data.get("audience") == Channel.Audience.GROUPS
        if is_for_groups and not data.get("groups"):
            self.add_error("groups", "Choose at least one group, or set the audience to everybody.")
        if data.get("audience") and not is_for_groups and data.get("groups"):
            self.add_error("groups", "Only a channel “for these groups” has groups: remove them.")
        return data

    def clean_target(self) -> str:
        """What was entered; where a secret was left empty, the one that is stored."""
        entered = str(self.cleaned_data.get("target") or "").strip()
        if entered or self.instance.kind not in SECRET_KINDS or not self.instance.pk:
            return entered
        return Channel.objects.values_list("target", flat=True).get(pk=self.instance.pk)


# What each kind calls its target, and how it is entered.
TARGET_FIELDS: dict[str, forms.CharField] = {
    Channel.Medium.SLACK: forms.CharField(
        label="Channel id",
        help_text="For example C0123456789. Invite the app to the channel. If empty, SLACK_CHANNEL_ID is "
        "used.",
        widget=LINE,
        required=False,
    ),
    Channel.Medium.EMAIL: forms.CharField(
        label="Addresses",
        help_text="Separated by commas or line breaks. If empty, ALERT_EMAIL_TO is used.",
        widget=LINES,
        required=False,
    ),
    Channel.Medium.WEBHOOK: forms.CharField(
        label="Address",
        help_text="Receives each message as JSON by POST. If empty, WEBHOOK_URL is used.",
        widget=LINE,
        required=False,
    ),
    Channel.Medium.APPRISE: forms.CharField(
        label="Apprise URLs",
        help_text="One per line, such as discord://ID/TOKEN, ntfy://TOPIC or, for Teams, "
        "workflows://HOST/WORKFLOW/SIGNATURE. If one of several fails, all are tried again, so use one "
        "channel per URL.",
        widget=LINES,
    ),
    Channel.Medium.PAGERDUTY: forms.CharField(
        label="Integration Key",
        help_text="The key of an Events API v2 integration of the service: 32 letters and digits.",
        widget=SECRET,
    ),
    Channel.Medium.OPSGENIE: forms.CharField(
        label="API key",
        help_text="The key of an API integration that may create and update alerts.",
        widget=SECRET,
    ),
}


def channel_form(kind: str) -> type[ChannelForm]:
    """The form of a kind, one of `Channel.Medium`."""
    return type("KindForm", (ChannelForm,), {"kind_value": kind, "target": TARGET_FIELDS[kind]})


def missing_set_up(kind: str) -> str:
    """What `.env` lacks for messages of the kind, or for their buttons, in sentences; empty for nothing."""
    if kind == Channel.Medium.SLACK and not settings.SLACK_BOT_TOKEN:
        return (
            "Slack needs an app of your own. At api.slack.com/apps, create one with the bot scope chat:write "
            "and, for the buttons in messages, users:read and users:read.email; install it. Set "
            "SLACK_BOT_TOKEN in .env to its Bot User OAuth Token (xoxb-…) and, for the buttons, "
            "SLACK_SIGNING_SECRET to its Signing Secret. Restart, and invite the app to the channel."
        )
    if kind == Channel.Medium.SLACK and not settings.SLACK_SIGNING_SECRET:
        return (
            "Buttons in messages do nothing yet: in the app, switch Interactivity on with the request URL "
            f"{site_url(reverse('slack-actions'))}, add the bot scopes users:read and users:read.email, set "
            "SLACK_SIGNING_SECRET in .env to its Signing Secret, and restart."
        )
    if kind == Channel.Medium.EMAIL and not settings.EMAIL_CONFIGURED:
        return (
            "E-mail needs a server. Set EMAIL_URL in .env, for example smtp+tls://USER:PASSWORD@HOST:587, or "
            "RESEND_API_KEY and RESEND_FROM, and restart."
        )
    return ""


def chosen_kind(request: HttpRequest) -> str:
    """The kind of a channel that is being added: Slack until another one is chosen."""
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    return kind if kind in Channel.Medium.values else Channel.Medium.SLACK
