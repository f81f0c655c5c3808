"""allauth's names for the few addresses that sign-in needs; its other pages do not exist here."""

from django.urls import path

from tracker.access import callbacks, views

urlpatterns = [
    path("accounts/login/", views.sign_in, name="account_login"),
    path("accounts/logout/", views.sign_out, name="account_logout"),
    path("accounts/google/login/callback/", callbacks.google_callback, name="google_callback"),
    path("accounts/oidc/login/callback/", callbacks.oidc_callback, name="oidc_callback"),
    path("admin/login/", views.admin_sign_in, name="admin_sign_in"),
]
