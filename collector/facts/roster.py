"""From the vendor's several ids of a person to one member, made when first met.

Cursor's own ids come first (`user_…`, then the number), the address after them: addresses change. Every
address that a member was ever known by leads to that member.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.db.models import F

from collector.base.cells import is_address
from collector.base.plausibility import is_number
from collector.models import Member, MemberAddress, MemberMerge

from .merging import begin_merge, merge_members

UNATTRIBUTED = "unattributed"
# Few enough to move within the second that a transaction may take.
MOST_EVENTS_AT_ONCE = 2_000
BY_ID = "user:"  # how the key of a person without an address begins


class Identity(NamedTuple):
    """Who a row names: the join key, and what else is known about them."""

    key: str
    kind: str = Member.Kind.PERSON
    name: str = ""
    numeric_id: str = ""
    cursor_id: str = ""

    @property
    def has_address(self) -> bool:
        return "@" in self.key


@lru_cache(20_000)
def identify(
    email: str = "",
    *,
    service_account: str = "",
    service_name: str = "",
    number: str = "",
    cursor_id: str = "",
) -> Identity:
    """The identity of a row: a service account, a person by e-mail or by one of the vendor's ids, or nobody.

    `number` is the one of daily usage and events, `cursor_id` that of members and spend (user_…). One that
    stands in place of the address, as of people who have left, is an id all the same. Service accounts are
    known by their ids in lower case.
    """
    if email.startswith("user_") or is_number(email, most_digits=40):
        email, number = "", number or email
    if (cursor_id or number) and not service_account and not is_address(email):
        email = ""  # a word such as “(deleted)”, which several people may have
    if number.startswith("user_") and not cursor_id:
        number, cursor_id = "", number
    if service_account := service_account.lower():
        key = email or f"service-account:{service_account}"
        return Identity(key[:254], Member.Kind.SERVICE_ACCOUNT, service_name, cursor_id=service_account)
    if email:
        return Identity(email, numeric_id=number[:40], cursor_id=cursor_id)
    if vendor_id := cursor_id or number:
        return Identity(f"{BY_ID}{vendor_id.lower()}", numeric_id=number[:40], cursor_id=cursor_id)
    return Identity(UNATTRIBUTED, Member.Kind.UNATTRIBUTED, "Unattributed")


@dataclass(frozen=True)
class Conflict:
    """An id whose new address is somebody else's already."""

    cursor_id: str
    address: str
    member_id: int
    other_id: int


@dataclass
class Roster:
    """Member ids by join key, former addresses included, and by either of the vendor's ids."""

    by_key: dict[str, int] = field(default_factory=dict)
    by_number: dict[str, int] = field(default_factory=dict)
    by_cursor_id: dict[str, int] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)  # the present key of each

    @classmethod
    def load(cls) -> Roster:
        roster = cls()
        roster.reload()
        return roster

    def reload(self) -> None:
        """Read the members again: some may have been merged since."""
        for index in (self.by_key, self.by_number, self.by_cursor_id, self.addresses):
            index.clear()
        self.by_key.update(MemberAddress.objects.values_list("email", "member_id"))
        self._learn(None)

    def member_id(self, identity: Identity) -> int:
        """The member of `identity`, which `admit` has seen."""
        known_id = self.known_id(identity)
        return self.by_key[identity.key] if known_id is None else known_id

    def known_id(self, identity: Identity) -> int | None:
        """The member of `identity`, None if nobody knows them yet."""
        for vendor_id, by_id in (
            (identity.cursor_id, self.by_cursor_id),
            (identity.numeric_id, self.by_number),
        ):
            if vendor_id and vendor_id in by_id:
                return by_id[vendor_id]
        return self.by_key.get(identity.key)

    def vague(self) -> set[int]:
        """Members that name nobody in particular: nobody's spend, and bare ids."""
        return {pk for pk, key in self.addresses.items() if key == UNATTRIBUTED or key.startswith(BY_ID)}

    def seated(self) -> set[int]:
        """Members whom Cursor lists by an id of their own."""
        return set(Member.objects.on_team().exclude(cursor_id="").values_list("pk", flat=True))

    def admit(self, identities: Iterable[Identity], at: datetime) -> None:
        """Create members for unknown identities: their spend must not be lost."""
        wanted = sorted(set(identities), key=lambda identity: (not identity.has_address, identity))
        unknown: dict[str, Identity] = {}
        ids: set[str] = set()
        for identity in wanted:
            is_unknown = identity.key not in unknown and identity.cursor_id not in ids
            if is_unknown and self.known_id(identity) is None:
                unknown[identity.key] = identity
                ids |= {identity.cursor_id} - {""}
        self._make(unknown, at)
        for identity in wanted:
            if identity.kind == Member.Kind.SERVICE_ACCOUNT:
                self._learn_account(identity)
            if not identity.has_address:
                continue
            if identity.key not in self.by_key:
                self.add_address(self.member_id(identity), identity.key, at)
            elif self.by_key[identity.key] != self.member_id(identity):
                holders = self.member_id(identity), self.by_key[identity.key]
                number = identity.cursor_id or identity.numeric_id
                self.join_if_one(Conflict(number, identity.key, *holders), at)

    def _learn_account(self, account: Identity) -> None:
        """Keep the id of a service account that was known by its address alone: another row may lack that."""
        pk, number = self.member_id(account), account.cursor_id
        if number not in self.by_cursor_id and Member.objects.filter(
            pk=pk, kind=account.kind, cursor_id=""
        ).update(cursor_id=number):
            self.by_cursor_id[number] = pk

    def join_if_one(self, conflict: Conflict, at: datetime) -> bool:
        """Merge the two members whom one id names, where nothing but an address identifies the other.

        Not where a person has separated them, and not where the other has an id or held a seat.
        """
        members = Member.objects.in_bulk([conflict.member_id, conflict.other_id])
        keep, gone = members[conflict.member_id], members[conflict.other_id]
        is_somebody = gone.cursor_id or gone.role or gone.numeric_id not in ("", keep.numeric_id)
        if gone.kind != keep.kind or gone.email != conflict.address or is_somebody:
            return False
        if MemberMerge.objects.was_undone(keep.pk, gone.email):
            return False
        reason = f"Cursor’s id {conflict.cursor_id} has both addresses"
        if gone.usage_events.count() > MOST_EVENTS_AT_ONCE:
            # This may be within a transaction of the collection; the next one does it before it reads.
            begin_merge(keep, gone, by="Cursor", now=at, reason=reason)
            return False
        merge_members(keep, gone, by="Cursor", now=at, reason=reason)
        for index in (self.by_key, self.by_number, self.by_cursor_id):
            index.update({key: keep.pk for key, pk in index.items() if pk == gone.pk})
        del self.addresses[gone.pk]
        return True

    def _make(self, unknown: dict[str, Identity], at: datetime) -> None:
        if not unknown:
            return
        Member.objects.bulk_create(
            [
                Member(
                    email=identity.key,
                    kind=identity.kind,
                    name=identity.name,
                    numeric_id=identity.numeric_id,
                    cursor_id=identity.cursor_id,
                    first_seen_at=at,
                    last_seen_at=at,
                )
                for identity in unknown.values()
            ],
            ignore_conflicts=True,
        )
        self._learn(list(unknown))

    def follow_addresses(self, listed: Mapping[str, str], at: datetime) -> list[Conflict]:
        """Give each known id the address that the list now has for it; what was theirs stays theirs.

        Returns the ids whose new address belongs to somebody else: those are not touched.
        """
        shared = Counter(email for email in listed.values() if email)
        moves = {
            self.by_cursor_id[cursor_id]: (cursor_id, email)
            for cursor_id, email in listed.items()
            if email and cursor_id and cursor_id in self.by_cursor_id and shared[email] == 1
        }
        moves = {pk: new for pk, new in moves.items() if self.addresses[pk] != new[1]}
        owners = {key: pk for pk, key in self.addresses.items()}
        conflicts: list[Conflict] = []
        # A member who keeps an address that another was to take makes that one keep theirs too.
        while blocked := [
            Conflict(cursor_id, email, pk, owners[email])
            for pk, (cursor_id, email) in moves.items()
            if email in owners and owners[email] not in moves
        ]:
            conflicts += blocked
            for conflict in blocked:
                del moves[conflict.member_id]
        for pk in moves:  # two that swap their addresses must not meet
            Member.objects.filter(pk=pk).update(email=f"moving:{pk}")
        for pk, (_, email) in moves.items():
            self._move(pk, email, at)
        return conflicts

    def release_addresses(self, listed: Mapping[str, str]) -> None:
        """Give a former address to the id that has it now, if its former holder is still listed."""
        present = {self.by_cursor_id[cursor_id] for cursor_id in listed if cursor_id in self.by_cursor_id}
        for cursor_id, email in listed.items():
            holder = self.by_key.get(email)
            is_known = not cursor_id or cursor_id in self.by_cursor_id
            if holder in present and not is_known and self.addresses[holder] != email:
                MemberAddress.objects.filter(email=email).delete()
                del self.by_key[email]

    def _move(self, pk: int, email: str, at: datetime) -> None:
        former = self.addresses[pk]
        MemberAddress.objects.filter(email=email).delete()
        Member.objects.filter(pk=pk).update(email=email)
        self.addresses[pk] = email
        self.by_key[email] = pk
        if not former.startswith(BY_ID) and self.by_key.get(former) == pk:
            self.add_address(pk, former, at)

    def add_address(self, pk: int, email: str, at: datetime) -> None:
        """Remember another address or id of the member."""
        MemberAddress.objects.update_or_create(email=email, defaults={"member_id": pk, "noted_at": at})
        self.by_key[email] = pk

    def _learn(self, keys: list[str] | None) -> None:
        """Take up the members of these keys, or all."""
        members = Member.objects.all() if keys is None else Member.objects.filter(email__in=keys)
        # An id may have two addresses, or none at first: the one still listed decides.
        rows = members.order_by(F("gone_at").asc(nulls_last=True), "pk")
        listed = rows.values_list("pk", "email", "kind", "numeric_id", "cursor_id")
        for pk, email, kind, number, stored_id in listed:
            cursor_id = stored_id.lower() if kind == Member.Kind.SERVICE_ACCOUNT else stored_id
            self.by_key[email] = pk
            self.addresses[pk] = email
            if number:
                self.by_number[number] = pk
            if cursor_id:
                self.by_cursor_id[cursor_id] = pk
                self.by_key.setdefault(f"{BY_ID}{cursor_id.lower()}", pk)
