"""Members as pages name them."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from collector.models import Member


class Person(NamedTuple):
    """One member of any kind: a seat, a service account, or the place for spend that names nobody."""

    pk: int
    name: str
    email: str
    kind: str
    is_on_team: bool

    @property
    def is_person(self) -> bool:
        return self.kind == Member.Kind.PERSON

    @property
    def url(self) -> str:
        return reverse("member", args=[self.email])


def everybody() -> dict[int, Person]:
    """All members ever seen, by id. One query."""
    rows = Member.objects.order_by().values_list("pk", "name", "email", "kind", "gone_at", "is_removed")
    return {
        pk: Person(pk, label(name, email, kind), email, kind, is_seat(kind) and not (gone_at or is_removed))
        for pk, name, email, kind, gone_at, is_removed in rows
    }


def is_seat(kind: str) -> bool:
    return kind == Member.Kind.PERSON


def label(name: str, email: str, kind: str) -> str:
    if kind == Member.Kind.UNATTRIBUTED:
        return "Spend that names nobody"
    if kind == Member.Kind.SERVICE_ACCOUNT:
        return name or f"Service account {email.removeprefix('service-account:')}"
    return name or email
