"""Who can spend."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from collector.base import names


class MemberQuerySet(models.QuerySet["Member"]):
    def people(self) -> MemberQuerySet:
        """Seats held by persons: no service accounts, no unattributed spend."""
        return self.filter(kind=Member.Kind.PERSON)

    def on_team(self) -> MemberQuerySet:
        """People whom the vendor still lists as members."""
        return self.people().filter(gone_at__isnull=True, is_removed=False)

    def by_address(self, email: str) -> Member | None:
        """The member whose address `email` is or was, whatever the case.

        Where names are hidden, the member whose pseudonym it is: a real address finds only the reader.
        """
        address, reader = email.strip().lower(), names.current()
        if reader.are_hidden and (pseudonym := names.PSEUDONYM.fullmatch(address)):
            pks, asked = self.order_by().values_list("pk", flat=True), pseudonym[1].upper()
            return self.filter(pk__in=[pk for pk in pks if names.code(pk) == asked]).first()
        member = self.filter(email=address).first() or self.filter(addresses__email=address).first()
        return None if member and reader.hides(member.pk) else member

    def matching(self, text: str) -> MemberQuerySet:
        """Members whose name or e-mail, as the reader sees them, contains `text`, whatever the case."""
        if not text:
            return self
        reader = names.current()
        if reader.are_hidden:
            rows = self.order_by().values_list("pk", "name", "email")
            pks = reader.once(
                ("members found", text),
                lambda: [pk for pk, name, email in rows if reader.is_found(pk, name, email, text)],
            )
            return self.filter(pk__in=pks)
        former = MemberAddress.objects.filter(email__icontains=text).values("member")
        return self.filter(Q(name__icontains=text) | Q(email__icontains=text) | Q(pk__in=former))


class Member(models.Model):
    """One row is one seat, service account, or the place for spend that names nobody.

    `email` is the join key of every source, always lower case. A service account without an address
    is `service-account:<id>`, a person known by number alone `user:<number>`, and spend that names
    nobody `unattributed`.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        SERVICE_ACCOUNT = "service_account", "service account"
        UNATTRIBUTED = "unattributed", "unattributed"

    email = models.CharField(
        max_length=254, unique=True, help_text="In lower case; identifies the member in all sources."
    )
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.PERSON)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(
        max_length=40, blank=True, help_text="As sent by Cursor: owner, member or free-owner."
    )
    cursor_id = models.CharField(max_length=80, blank=True, help_text="Cursor's encoded id, such as user_…")
    numeric_id = models.CharField(max_length=40, blank=True, help_text="Cursor's numeric id in daily usage.")
    picture_url = models.URLField(max_length=500, blank=True)
    is_removed = models.BooleanField(default=False, help_text="Whether Cursor lists the seat as removed.")
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="When this member disappeared from Cursor's list."
    )
    owner = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned",
        limit_choices_to={"kind": "person", "gone_at": None, "is_removed": False},
        help_text="The person responsible for this service account. Its incidents name and notify them.",
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="member_email_lower_case",
                violation_error_message="The e-mail must be in lower case, because it identifies the "
                "member in all sources.",
            ),
        ]

    def __str__(self) -> str:
        return self.shown_name or self.shown_email

    def get_absolute_url(self) -> str:
        return reverse("member", args=[self.shown_email])

    @property
    def shown_name(self) -> str:
        """The name as the reader may see it."""
        return names.current().name(self.pk, self.name)

    @property
    def shown_email(self) -> str:
        """The address as the reader may see it; pages and the API find the member by it."""
        return names.current().address(self.pk, self.email)

    @property
    def shown_role(self) -> str:
        """The role as the reader may see it: one owner among few members would be a name."""
        return "" if names.current().hides(self.pk) else self.role

    @property
    def responsible(self) -> Member | None:
        """The person who answers for this spend: themselves, or the owner who is still on the team."""
        if self.kind == Member.Kind.PERSON:
            return self
        owner = self.owner
        return owner if owner and owner.gone_at is None and not owner.is_removed else None


class MemberAddress(models.Model):
    """One row is one former address of a member, which still finds them."""

    email = models.CharField(max_length=254, unique=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="addresses")
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "member addresses"
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email
