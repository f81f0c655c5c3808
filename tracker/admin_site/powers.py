"""What the admin offers of other packages' tables: only what is meant to be offered, and nothing to run."""

from __future__ import annotations

from typing import Any

import django_q.admin  # noqa: F401  (all of them register what is taken back below)
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from axes.admin import AccessAttemptAdmin, AccessFailureLogAdmin, AccessLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django_q.admin import FailAdmin, QueueAdmin, ScheduleAdmin, TaskAdmin
from django_q.models import Failure, OrmQ, Schedule, Success

from collector.base.read_only import ReadOnly

# allauth's own tables: keys come from the environment, and addresses from Google at each sign-in.
# Django's groups are the roles: their names have a meaning, and their permissions none.
WITHDRAWN = (EmailAddress, SocialAccount, SocialApp, SocialToken, Group)
REPLACED = (User, AccessAttempt, AccessFailureLog, AccessLog, Failure, OrmQ, Schedule, Success)
for model in (*WITHDRAWN, *REPLACED):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class SuperusersOnly:
    """Before an admin: its table is for those who may do everything."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


@admin.register(Schedule)
class ScheduleReadAdmin(ReadOnly, SuperusersOnly, ScheduleAdmin):
    """What runs by itself. A schedule names a function, so none is made or changed by hand."""


@admin.register(Success)
class SuccessReadAdmin(ReadOnly, SuperusersOnly, TaskAdmin):
    actions = ()  # django-q's own would run the task again


@admin.register(Failure)
class FailureReadAdmin(ReadOnly, SuperusersOnly, FailAdmin):
    actions = ()


@admin.register(OrmQ)
class QueueReadAdmin(ReadOnly, SuperusersOnly, QueueAdmin):
    """What waits for a worker."""


@admin.register(AccessAttempt)
class SignInAttemptAdmin(ReadOnly, SuperusersOnly, AccessAttemptAdmin):
    actions = ()


@admin.register(AccessFailureLog)
class SignInFailureAdmin(ReadOnly, SuperusersOnly, AccessFailureLogAdmin):
    pass


@admin.register(AccessLog)
class SignInLogAdmin(ReadOnly, SuperusersOnly, AccessLogAdmin):
    pass


ROLES_DECIDE = (
    "What somebody may do follows from their role, never from single permissions: the groups “viewer”, "
    "“responder” and “admin” chosen here, the lists under Access, AUTH_ADMIN_EMAILS; the highest counts. "
)
WITH_SIGN_IN = "Admins enter this site with every permission; nobody else does."
WITHOUT_SIGN_IN = "While sign-in is off, a superuser is an admin too, and enters with the password set here."


@admin.register(User)
class LoginAdmin(SuperusersOnly, UserAdmin):
    """Who signs in. Whoever may change logins may become anybody, so it is for superusers alone."""

    filter_horizontal = ("groups",)
    list_filter = ("is_active", "is_superuser", "groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        how = WITH_SIGN_IN if settings.AUTH_ENABLED else WITHOUT_SIGN_IN
        flags = ("is_active", "groups") if settings.AUTH_ENABLED else ("is_active", "is_superuser", "groups")
        return (
            (None, {"fields": ("username", "password")}),
            ("Who", {"fields": ("first_name", "last_name", "email")}),
            ("Role", {"fields": flags, "description": ROLES_DECIDE + how}),
            ("Dates", {"fields": ("last_login", "date_joined")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return ("last_login", "date_joined")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Without sign-in the flag for entering this site goes with the one for doing everything in it."""
        if "is_superuser" in form.changed_data:
            obj.is_staff = obj.is_superuser
        super().save_model(request, obj, form, change)
