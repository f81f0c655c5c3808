"""Whom viewers see when privacy is on: everybody under pseudonyms, or themselves and their own groups."""

from collections.abc import Iterable, Iterator
from contextvars import copy_context
from dataclasses import replace
from datetime import date
from typing import cast

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce, Lower

from collector.base.names import BY_NAME, Names
from collector.models import Member, MemberAddress
from groups.assignments.membership import groups_of, held_groups
from tracker.access.request import Access
from tracker.models import AccessSettings

Privacy = AccessSettings.Privacy


def visible_ids(access: Access, day: date) -> frozenset[int] | None:
    """Ids of the members whom `access` may see on `day`; None: everybody. Reports are limited to them."""
    if access.sees != Privacy.OWN:
        return None
    own_id = id_of(access)
    if own_id is None:
        return frozenset()
    held = held_groups(day)
    own_group = held.get(own_id)
    return frozenset({own_id, *(pk for pk, group in held.items() if group and group == own_group)})


def names_for(access: Access, day: date) -> Names:
    """How `access` sees people on `day`: themselves by name, and others by name unless those are hidden."""
    policy = access.policy

    def seen() -> frozenset[str]:
        people = Member.objects.filter(pk__in=visible_ids(access, day) or ()).order_by()
        return frozenset(text for row in people.values_list("name", "email") for text in row)

    def their_groups() -> frozenset[int]:
        return groups_of(visible_ids(access, day) or (), day)

    reader = replace(BY_NAME, shows_ranks=policy.shows_ranks)
    if access.sees == Privacy.NAMES:
        return reader
    if access.sees == Privacy.OWN:
        return replace(reader, sees_all=False, colleagues=seen, groups=their_groups, memo={})
    return Names(True, id_of(access), policy.smallest_group, day, policy.shows_ranks, memo={})


def id_of(access: Access) -> int | None:
    """The reader's own member; None if they have no seat. No query where the policy tells it."""
    if access.user is None:
        return None
    if "member_id" in vars(access.policy):
        return cast(int | None, vars(access.policy)["member_id"])
    login = User.objects.filter(pk=access.user.pk)
    return login.values_list(member_of_login(access.user.pk), flat=True).first()


def member_of_login(user_pk: int) -> Coalesce:
    """The id of the member whose address a login's is, or else was; None without one.

    A former address is somebody else's by now if its member signs in with the present one.
    """
    address = Lower(Subquery(User.objects.filter(pk=user_pk).values("email")))
    holders = User.objects.filter(email__iexact=OuterRef("member__email"))
    former = MemberAddress.objects.order_by().filter(~Exists(holders), email=address)
    return Coalesce(
        Subquery(Member.objects.order_by().filter(email=address).values("pk")),
        Subquery(former.values("member")),
        output_field=BigIntegerField(),
    )


def is_passed_on(email: str, member: Member) -> bool:
    """Whether `email` is a former address of the member's and somebody else's by now, as above."""
    is_former = member.email != email.lower()
    return is_former and User.objects.filter(email__iexact=member.email).exists()


def within(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """`chunks`, each made in the context that this is called in, whenever it is asked for."""
    context, source = copy_context(), iter(chunks)
    return iter(lambda: context.run(next, source, None), None)
