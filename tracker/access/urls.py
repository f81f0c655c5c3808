"""allauth's names for the few addresses that sign-in needs; its other pages do not exist here."""

from allauth.account.views import reauthenticate
from allauth.mfa.base.views import authenticate, index
from allauth.mfa.recovery_codes.views import generate_recovery_codes, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from django.urls import path
from django.views.decorators.http import require_POST

from tracker.access import callbacks, views
from tracker.access.views import local_login_page as local

urlpatterns = [
    path("accounts/login/", views.sign_in, name="account_login"),
    path("accounts/logout/", views.sign_out, name="account_logout"),
    path("accounts/google/login/callback/", callbacks.google_callback, name="google_callback"),
    path("accounts/oidc/login/callback/", callbacks.oidc_callback, name="oidc_callback"),
    path("accounts/password/", local(reauthenticate), name="account_reauthenticate"),
    path("accounts/code/", local(index), name="mfa_index"),
    path("accounts/code/enter/", local(authenticate), name="mfa_authenticate"),
    path("accounts/code/set-up/", local(activate_totp), name="mfa_activate_totp"),
    path("accounts/code/off/", local(require_POST(deactivate_totp)), name="mfa_deactivate_totp"),
    path("accounts/code/recovery/", local(view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "accounts/code/recovery/new/",
        local(require_POST(generate_recovery_codes)),
        name="mfa_generate_recovery_codes",
    ),
    path("admin/login/", views.admin_sign_in, name="admin_sign_in"),
]
