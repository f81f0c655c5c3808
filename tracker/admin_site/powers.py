"""What the admin offers of other packages' tables: only what is meant to be offered, and nothing to run."""

# All of them register what is taken back below, and would do so later if they were not asked first.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
import django_q.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from axes.admin import AccessAttemptAdmin, AccessFailureLogAdmin, AccessLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from django_q.admin import FailAdmin, QueueAdmin, ScheduleAdmin, TaskAdmin
from django_q.models import Failure, OrmQ, Schedule, Success

from collector.base.read_only import ReadOnly

# allauth's own tables: keys come from the environment, addresses from Google at each sign-in, and the
# secrets of one-time codes are their owners' alone.
# Django's groups are the roles: their names have a meaning, and their permissions none. Logins have an admin
# of their own.
WITHDRAWN = (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, Group, User)
# What runs by itself and who tried to sign in, to look at: a schedule names a function, so none is made or
# changed by hand, and django-q's own actions would run a task again.
READ_ONLY: dict[type[Model], type[admin.ModelAdmin]] = {
    Schedule: ScheduleAdmin,
    Success: TaskAdmin,
    Failure: FailAdmin,
    OrmQ: QueueAdmin,
    AccessAttempt: AccessAttemptAdmin,
    AccessFailureLog: AccessFailureLogAdmin,
    AccessLog: AccessLogAdmin,
}


class SuperusersOnly:
    """Before an admin: its table is for those who may do everything."""

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser


for model in (*WITHDRAWN, *READ_ONLY):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
for model, theirs in READ_ONLY.items():
    shown = type(f"{model.__name__}ReadAdmin", (ReadOnly, SuperusersOnly, theirs), {"actions": ()})
    admin.site.register(model, shown)
