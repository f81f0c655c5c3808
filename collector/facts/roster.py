"""From the vendor's several ids of a person to one member, made when first met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, QuerySet

from collector.models import Member

UNATTRIBUTED = "unattributed"


@dataclass(frozen=True)
class Identity:
    """Whom a row names: the join key, and what is known of them besides."""

    key: str
    kind: str = Member.Kind.PERSON
    name: str = ""
    numeric_id: str = ""
    cursor_id: str = ""


def identify(
    email: str = "",
    *,
    service_account: str = "",
    service_name: str = "",
    number: str = "",
    cursor_id: str = "",
) -> Identity:
    """The identity of a row: a service account, a person by e-mail or by one of the vendor's ids, or nobody.

    `number` is the one of daily usage and events, `cursor_id` that of members and spend (user_…).
    """
    if service_account:
        key = email or f"service-account:{service_account.lower()}"
        return Identity(key, Member.Kind.SERVICE_ACCOUNT, service_name)
    if email:
        return Identity(email, numeric_id=number, cursor_id=cursor_id)
    if vendor_id := cursor_id or number:
        return Identity(f"user:{vendor_id.lower()}", numeric_id=number, cursor_id=cursor_id)
    return Identity(UNATTRIBUTED, Member.Kind.UNATTRIBUTED, "Unattributed")


@dataclass
class Roster:
    """Member ids by join key and by either of the vendor's ids."""

    by_key: dict[str, int] = field(default_factory=dict)
    by_number: dict[str, int] = field(default_factory=dict)
    by_cursor_id: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Roster:
        roster = cls()
        roster._learn(Member.objects.all())
        return roster

    def member_id(self, identity: Identity) -> int:
        """The member of `identity`, which `admit` has seen."""
        return self._by_vendor_id(identity) or self.by_key[identity.key]

    def vague(self) -> set[int]:
        """Members that name nobody in particular: nobody's spend, and bare ids."""
        return {pk for key, pk in self.by_key.items() if key == UNATTRIBUTED or key.startswith("user:")}

    def admit(self, identities: Iterable[Identity], at: datetime) -> None:
        """Make members of those whom nobody knows yet: their spend must not be lost."""
        unknown = {each.key: each for each in identities if not self._knows(each)}
        Member.objects.bulk_create(
            [
                Member(
                    email=each.key,
                    kind=each.kind,
                    name=each.name,
                    numeric_id=each.numeric_id,
                    cursor_id=each.cursor_id,
                    first_seen_at=at,
                    last_seen_at=at,
                )
                for each in unknown.values()
            ],
            ignore_conflicts=True,
        )
        self._learn(Member.objects.filter(email__in=list(unknown)))

    def _learn(self, members: QuerySet[Member]) -> None:
        # An id may have two addresses, or none at first: whoever is still listed has the last word.
        rows = members.order_by(F("gone_at").asc(nulls_last=True), "pk")
        for pk, email, number, cursor_id in rows.values_list("pk", "email", "numeric_id", "cursor_id"):
            self.by_key[email] = pk
            self.by_number[number] = pk
            self.by_cursor_id[cursor_id] = pk

    def _by_vendor_id(self, identity: Identity) -> int | None:
        """Whom the vendor's id names, where a row has nothing else."""
        if not identity.key.startswith("user:"):
            return None
        if identity.cursor_id:
            return self.by_cursor_id.get(identity.cursor_id)
        return self.by_number.get(identity.numeric_id)

    def _knows(self, identity: Identity) -> bool:
        return identity.key in self.by_key or self._by_vendor_id(identity) is not None
