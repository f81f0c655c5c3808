"""Who may see what, the scripts' tokens, the record of who did what, the colours of models, and
sums that one process leaves to all."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords
from solo.models import SingletonModel

from collector.models import Member
from tracker.access.admission import allow_list
from tracker.address_lists import AddressList, parse_list, split_list
from tracker.demo.models import DemoMessage, DemoStory  # noqa: F401  (tables of this app)
from tracker.ops.models import RetentionSettings  # noqa: F401


def validate_address_list(text: str) -> None:
    try:
        parse_list(split_list(text))
    except ValueError as error:
        raise ValidationError(str(error)) from error


class AccessSettings(SingletonModel):
    """The one row that says which roles people have and whom viewers may see."""

    class DefaultRole(models.TextChoices):
        VIEWER = "viewer", "viewer: reads"
        RESPONDER = "responder", "responder: reads, and acts on incidents"

    class Privacy(models.TextChoices):
        NAMES = "names", "everybody, by name"
        PSEUDONYMS = "pseudonyms", "everybody, under pseudonyms"
        OWN = "own", "only themselves and their own groups"

    default_role = models.CharField(
        max_length=16,
        choices=DefaultRole,
        default=DefaultRole.RESPONDER,
        help_text="For everybody who may sign in and has no other role.",
    )
    responder_list = models.TextField(
        "responders",
        blank=True,
        validators=[validate_address_list],
        help_text="One e-mail address or domain per line, for example oncall@example.com or "
        "@sre.example.com.",
    )
    admin_list = models.TextField(
        "admins",
        blank=True,
        validators=[validate_address_list],
        help_text="In addition to AUTH_ADMIN_EMAILS. Admins can change settings and groups and open this "
        "admin.",
    )
    viewers_see = models.CharField(
        max_length=16,
        choices=Privacy,
        default=Privacy.NAMES,
        help_text="Responders and admins see everybody by name. If viewers do not, pages show them a notice.",
    )
    smallest_group = models.PositiveSmallIntegerField(
        "smallest group",
        default=5,
        db_default=5,
        help_text="When viewers see pseudonyms, groups with fewer people than this are shown as part of "
        "their parent group. 0: show every group.",
    )
    shows_ranks = models.BooleanField(
        "ranks",
        default=True,
        db_default=True,
        help_text="Whether pages and the API rank members by spend and by requests.",
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "access"

    def __str__(self) -> str:
        return "Access"

    def clean(self) -> None:
        if self.viewers_see != self.Privacy.NAMES and self.default_role != self.DefaultRole.VIEWER:
            raise ValidationError(
                {"default_role": "With privacy on, the default role must be viewer: a responder sees names."}
            )
        if self.viewers_see == self.Privacy.OWN and not settings.AUTH_ENABLED:
            problem = "Without sign-in nobody is known, so viewers would see nothing: set sign-in up first."
            raise ValidationError({"viewers_see": problem})
        for name in ("responder_list", "admin_list"):
            if strangers := self._strangers(getattr(self, name)):
                problem = f"{', '.join(strangers)} may not sign in: add them to AUTH_ALLOWED_EMAILS first."
                raise ValidationError({name: problem})

    @staticmethod
    def _strangers(entries: str) -> list[str]:
        """Addresses and domains of a list whom the environment's lists do not admit."""
        allowed = allow_list()
        if not (settings.AUTH_ENABLED and allowed):
            return []
        try:
            listed = parse_list(split_list(entries))
        except ValueError:  # refused already, with the entry that is no address
            return []
        admitted = allowed.domains | {email.rpartition("@")[2] for email in allowed.emails}
        domains = [f"@{domain}" for domain in listed.domains - admitted]
        return sorted([*domains, *(email for email in listed.emails if email not in allowed)])

    def responders(self) -> AddressList:
        return parse_list(split_list(self.responder_list))

    def admins(self) -> AddressList:
        return parse_list(split_list(self.admin_list))


class SetUp(SingletonModel):
    """The one row that remembers what the set-up checklist cannot read from other tables."""

    dismissed_at = models.DateTimeField(null=True, blank=True, editable=False)
    backed_up_at = models.DateTimeField(null=True, blank=True, editable=False)
    demo_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the demo began in this database."
    )

    class Meta:
        verbose_name = verbose_name_plural = "set-up"

    def __str__(self) -> str:
        return "set-up"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self, now: datetime) -> ApiTokenQuerySet:
        """Tokens neither revoked nor expired at `now`."""
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))


class ApiToken(models.Model):
    """One row is one secret that a script sends instead of signing in; only its hash is kept."""

    class Scope(models.TextChoices):
        VIEWER = "viewer", "read"
        RESPONDER = "responder", "read, and act on incidents"
        ADMIN = "admin", "read, act on incidents, change settings and groups"

    name = models.CharField(
        max_length=80, unique=True, help_text="What uses the token, for example “weekly report”."
    )
    scope = models.CharField(max_length=16, choices=Scope, default=Scope.VIEWER)
    hint = models.CharField("begins with", max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="If empty, the token never expires.")
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self._state.adding and self.expires_at and self.expires_at <= timezone.now():
            raise ValidationError({"expires_at": "This time has passed: the token would never work."})


class AuditEntry(models.Model):
    """One row is one thing that somebody did or was refused; rows are never changed."""

    class Action(models.TextChoices):
        SIGN_IN = "sign-in", "signed in"
        SIGN_OUT = "sign-out", "signed out"
        REFUSED = "refused", "was refused"
        CHANGE = "change", "changed"
        EXPORT = "export", "exported"

    at = models.DateTimeField()
    action = models.CharField(max_length=16, choices=Action)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(
        max_length=254, help_text="E-mail address, token name or “visitor” at that time."
    )
    address = models.GenericIPAddressField(null=True)
    target = models.CharField(max_length=300, blank=True, help_text="Method and path.")
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        # The admin lists the newest first and narrows by action.
        indexes = [models.Index(fields=["action", "-at"], name="auditentry_action_at")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.get_action_display()} {self.target}"


class ModelColourQuerySet(models.QuerySet["ModelColour"]):
    def in_order(self) -> ModelColourQuerySet:
        """The oldest place first."""
        return self.order_by("place")


class ModelColour(models.Model):
    """One row is the place in the palette that a model was given when it was first met; it never changes."""

    model = models.CharField(max_length=120, unique=True, blank=True)
    place = models.PositiveIntegerField(unique=True, help_text="Counted from 0; the colour follows from it.")

    objects = ModelColourQuerySet.as_manager()

    def __str__(self) -> str:
        return self.model


class CachedValue(models.Model):
    """One row is one value of Django's database cache, whose columns these are; it clears them itself."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class SavingFollowUp(models.Model):
    """One row is what became of a suggestion to one member to use a cheaper model instead of another.

    What it was measured by then stays: the realised saving is compared with it.
    """

    class State(models.TextChoices):
        RAISED = "raised", "raised"
        ACCEPTED = "accepted", "accepted"
        DECLINED = "declined", "declined"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=120)
    instead = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=300, blank=True)
    raised_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=254)
    token_share = models.FloatField(
        help_text="The model's share of the member's tokens in the 30 days before."
    )
    cents_per_token = models.FloatField(help_text="The difference between the two prices at that time.")

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["member", "model"], name="savingfollowup_one_per_member_model"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.instead} instead of {self.model}"
