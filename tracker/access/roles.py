"""Who may do what: three roles, each including the one before."""

from __future__ import annotations

from enum import IntEnum

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db.models import Case, QuerySet, When

from tracker.access.codes import lacks_required_code
from tracker.address_lists import clean_address
from tracker.models import AccessSettings


class Role(IntEnum):
    """Ordered: a higher role may do all that a lower one may."""

    NOBODY = 0  # not let in
    VIEWER = 1  # sees
    RESPONDER = 2  # acts on incidents
    ADMIN = 3  # changes settings and groups, enters the admin

    @classmethod
    def named(cls, name: str) -> Role:
        return cls[name.upper()]


# Django groups of these names give the role; a migration makes them.
GROUP_NAMES = ("viewer", "responder", "admin")


def role_of_visitor(policy: AccessSettings) -> Role:
    """What someone who has not signed in may do: nothing when sign-in is on."""
    return Role.NOBODY if settings.AUTH_ENABLED else Role.named(policy.default_role)


def group_roles(user_pk: int) -> QuerySet:
    """The roles that Django groups give a user, as numbers, the highest first."""
    number = Case(*(When(name=name, then=Role.named(name)) for name in GROUP_NAMES))
    return (
        Group.objects.filter(user=user_pk, name__in=GROUP_NAMES)
        .order_by(-number)
        .values_list(number, flat=True)
    )


def role_of(user: User, policy: AccessSettings, group_role: int | None = None) -> Role:
    """The highest role that a list or a group gives `user`, else the default one. At most one query; none
    where the user's groups were read before, or the role they give is known (0: none)."""
    if lacks_required_code(user):
        return role_of_visitor(policy)
    if not settings.AUTH_ENABLED and user.is_staff and user.is_superuser:
        return Role.ADMIN  # a local administrator; with sign-in on, these flags follow the role
    if clean_address(user.email) in settings.AUTH_ADMIN_EMAILS or user.email in policy.admins():
        return Role.ADMIN
    if group_role is None:
        given = [group.name for group in user.groups.all()]
        group_role = max((Role.named(name) for name in GROUP_NAMES if name in given), default=Role.NOBODY)
    listed = Role.RESPONDER if user.email in policy.responders() else Role.NOBODY
    return Role(max(group_role, listed)) or Role.named(policy.default_role)
