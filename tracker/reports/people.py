"""Members as pages name them: by name, or under pseudonyms where those are hidden from the reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from tracker.reports.sql import as_date, as_instant, fetch

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
    is_person: bool
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
    def email_below(self) -> str:
        """The address for the line below the name; empty where it stands in the name's place."""
        return "" if self.email == self.name else self.email

    @property
    def url(self) -> str:
        return member_url(self.email)


class People(dict[int, Person]):
    """Members by id, as they were read for `day`; one made since then is read when asked for."""

    def __init__(self, day: date, people: Mapping[int, Person]) -> None:
        super().__init__(people)
        self.day = day

    def __missing__(self, pk: int) -> Person:
        self[pk] = _everybody(self.day)[pk]
        return self[pk]


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
    rows = fetch(_members.statement(day, reader.are_hidden))
    owners = {role for role in {row[7] for row in rows} if OWNER.search(role)}
    people = {}
    for pk, name, email, kind, gone_at, is_removed, since, role, is_concerned, group_id, *_ in rows:
        if reader.are_hidden:
            name, email = reader.name(pk, name), reader.address(pk, email)
        is_person = kind == Member.Kind.PERSON
        is_on_team, is_owner = is_person and not (gone_at or is_removed), role in owners
        shown = label(name, email, kind)
        people[pk] = Person(
            pk, shown, email, kind, is_person, is_on_team, since, is_owner, bool(is_concerned), group_id
        )
    if not reader.are_hidden:
        return people
    keep_assignments(
        (pk, gone_at and as_instant(gone_at), made_to, from_day and as_date(from_day))
        for pk, _, _, _, gone_at, is_removed, *_, made_to, from_day in rows
        if people[pk].is_person and not is_removed
    )
    return dict(sorted(people.items(), key=lambda item: names.code(item[0])))


@prepared
def _members(day: date, with_assignments: bool) -> QuerySet:
    unresolved = Incident.objects.unresolved().filter(member=OuterRef("pk"))
    rows = Member.objects.order_by().annotate(
        is_concerned=Exists(unresolved),
        held_group=held_group_on(day),
        first_seen=Cast("first_seen_at", CharField()),
    )
    return rows.values_list(*FIELDS, *(ASSIGNMENT if with_assignments else ()))


def label(name: str, email: str, kind: str) -> str:
    if kind == Member.Kind.UNATTRIBUTED:
        return "Unattributed spend"
    if kind == Member.Kind.SERVICE_ACCOUNT:
        return name or f"Service account {email.removeprefix('service-account:')}"
    return name or email
