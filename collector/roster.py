"""From the vendor's several ids of a person to one member, made when first met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .models import Member

UNATTRIBUTED = "unattributed"


@dataclass(frozen=True)
class Identity:
    """Whom a row names: the join key, and what is known of them besides."""

    key: str
    kind: str = Member.Kind.PERSON
    name: str = ""
    numeric_id: str = ""


def identify(
    email: str = "", *, service_account: str = "", service_name: str = "", number: str = ""
) -> Identity:
    """The identity of a row: a service account, a person by e-mail or by number, or nobody."""
    if service_account:
        key = email or f"service-account:{service_account.lower()}"
        return Identity(key, Member.Kind.SERVICE_ACCOUNT, service_name)
    if email:
        return Identity(email, numeric_id=number)
    if number:
        return Identity(f"user:{number.lower()}", numeric_id=number)
    return Identity(UNATTRIBUTED, Member.Kind.UNATTRIBUTED, "Unattributed")


@dataclass
class Roster:
    """Member ids by join key and by the vendor's number."""

    by_key: dict[str, int] = field(default_factory=dict)
    by_number: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Roster:
        rows = list(Member.objects.values_list("pk", "email", "numeric_id"))
        return cls({email: pk for pk, email, _ in rows}, {number: pk for pk, _, number in rows if number})

    def member_id(self, identity: Identity) -> int:
        """The member of `identity`, which `admit` has seen."""
        if identity.key.startswith("user:") and identity.numeric_id in self.by_number:
            return self.by_number[identity.numeric_id]
        return self.by_key[identity.key]

    def vague(self) -> set[int]:
        """Members that name nobody in particular: nobody's spend, and bare numbers."""
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
                    first_seen_at=at,
                    last_seen_at=at,
                )
                for each in unknown.values()
            ],
            ignore_conflicts=True,
        )
        for pk, email, number in Member.objects.filter(email__in=list(unknown)).values_list(
            "pk", "email", "numeric_id"
        ):
            self.by_key[email] = pk
            self.by_number.setdefault(number, pk)

    def _knows(self, identity: Identity) -> bool:
        if identity.key.startswith("user:") and identity.numeric_id in self.by_number:
            return True
        return identity.key in self.by_key
