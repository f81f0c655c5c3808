"""Members as pages name them: by name, or under pseudonyms where those are hidden from the reader."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse

from collector.base import names
from collector.base.statements import prepared
from collector.models import Member
from groups.assignments.membership import held_group_on
from groups.small import keep_assignments
from incidents.models import Incident
from tracker.reports.sql import Row, as_date, as_instant, fetch

FIELDS = (
    "pk", "name", "email", "kind", "gone_at", "is_removed", "first_seen", "role", "is_concerned",
    "held_group",
)  # fmt: skip
ASSIGNMENT = ("assignments__group", "assignments__from_day")
OWNER = re.compile("owner|admin", re.IGNORECASE)


class Person(NamedTuple):
    """One member of any kind: a seat, a service account, or the place for spend that names nobody."""

    pk: int
    name: str
    email: str
    kind: str
    is_on_team: bool
    first_seen: str  # when the vendor's list had the member first, as the database writes instants
    is_owner: bool  # of the organisation: who manages Cursor has a seat, and need not use it
    has_open_incident: bool
    group_id: int | None  # the group held on the day that was asked for

    @property
    def since(self) -> datetime:
        """Of few who are asked: to read everybody's took a twentieth of a page."""
        return as_instant(datetime.fromisoformat(self.first_seen))

    @property
    def is_person(self) -> bool:
        return self.kind == Member.Kind.PERSON

    @property
    def url(self) -> str:
        return member_url(self.email)


class People(dict[int, Person]):
    """Members by id, as they were read for `day`; one made since then is read when asked for."""

    def __init__(self, day: date, people: dict[int, Person]) -> None:
        super().__init__(people)
        self.day = day

    def __missing__(self, pk: int) -> Person:
        made_since = _everybody(self.day)
        self[pk] = made_since[pk]
        return made_since[pk]


@lru_cache(maxsize=20_000)
def member_url(address: str) -> str:
    """Looked up once: a page links to some forty members, and to look each up takes 3 ms of its 60."""
    return reverse("member", args=[address])


def everybody(day: date) -> People:
    """All members ever seen, by id, with the group that each held on `day`. One query, once an answer, whose
    rows are taken as they come: to convert them as Django does takes as long as all the rest.

    Hidden ones come in the order of their pseudonyms: whatever lists equals as they come tells nothing. How
    large the groups are is read along for whoever may not see small ones.
    """
    return names.current().once(("everybody", day), lambda: People(day, _everybody(day)))


def _everybody(day: date) -> dict[int, Person]:
    reader = names.current()
    found = _read(day, reader)
    owners = {role for role in {row[7] for row in found} if OWNER.search(role)}
    people = {
        pk: Person(
            pk,
            label(name, email, kind),
            email,
            kind,
            is_seat(kind) and not (gone_at or is_removed),
            first_seen,
            role in owners,
            bool(is_concerned),
            group_id,
        )
        for pk, name, email, kind, gone_at, is_removed, first_seen, role, is_concerned, group_id, *_ in found
    }
    if not reader.are_hidden:
        return people
    keep_assignments(
        (pk, gone_at and as_instant(gone_at), made_to, from_day and as_date(from_day))
        for pk, _, _, _, gone_at, is_removed, *_, made_to, from_day in found
        if people[pk].is_person and not is_removed
    )
    return dict(sorted(people.items(), key=lambda item: names.code(item[0])))


def _read(day: date, reader: names.Names) -> list[Row]:
    """`FIELDS` of everybody, as the reader may see them; where names are hidden, for each assignment."""
    found = fetch(_members.statement(day, reader.are_hidden))
    if not reader.are_hidden:
        return found
    return [(pk, reader.name(pk, name), reader.address(pk, email), *row) for pk, name, email, *row in found]


@prepared
def _members(day: date, with_assignments: bool) -> QuerySet:
    unresolved = Incident.objects.unresolved().filter(member=OuterRef("pk"))
    rows = Member.objects.order_by().annotate(
        is_concerned=Exists(unresolved),
        held_group=held_group_on(day),
        first_seen=Cast("first_seen_at", CharField()),
    )
    return rows.values_list(*FIELDS, *(ASSIGNMENT if with_assignments else ()))


def is_seat(kind: str) -> bool:
    return kind == Member.Kind.PERSON


def label(name: str, email: str, kind: str) -> str:
    if kind == Member.Kind.UNATTRIBUTED:
        return "Unattributed spend"
    if kind == Member.Kind.SERVICE_ACCOUNT:
        return name or f"Service account {email.removeprefix('service-account:')}"
    return name or email
