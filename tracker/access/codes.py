"""One-time codes of local administrators, by allauth.mfa: what this site decides about them."""

import base64
import hashlib
from collections.abc import Iterable

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP
from axes.handlers.proxy import AxesProxyHandler
from cryptography.fernet import Fernet, InvalidToken
from django import forms
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from tracker.access.audit import client_network
from tracker.access.deeds import current_request, note_change

WRONG_CODE = "wrong code"
CODES = "authenticator_set"  # of a login, to read those of many at once
KINDS = {
    Authenticator.Type.TOTP: "a one-time code for their login",
    Authenticator.Type.RECOVERY_CODES: "the recovery codes of their login",
}


def has_code(user: User) -> bool:
    codes: Iterable[Authenticator] = getattr(user, CODES).all()
    return any(code.type == Authenticator.Type.TOTP for code in codes)


def remove_codes(user: User) -> bool:
    """Delete the one-time code and recovery codes, so that the password is enough; whether there were any."""
    deleted, _ = Authenticator.objects.filter(user=user).delete()
    return bool(deleted)


def lacks_required_code(user: User | AnonymousUser) -> bool:
    """Whether a local administrator has to set up a code before anything else."""
    is_asked = settings.AUTH_REQUIRE_TOTP and not settings.AUTH_ENABLED
    return bool(is_asked and isinstance(user, User) and user.is_staff and not has_code(user))


class SignInStages(DefaultAccountAdapter):
    """What comes between a right name and being signed in."""

    def get_login_stages(self) -> list[str]:
        """The code, for local logins alone: a provider asks for what it wants itself."""
        return [] if settings.AUTH_ENABLED else ["allauth.mfa.stages.AuthenticateStage"]

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, str]]:
        """The password once more, before a code is set up or turned off."""
        return [{"id": "reauthenticate", "description": "Password", "url": reverse("account_reauthenticate")}]

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_network(request)


class OneTimeCodes(DefaultMFAAdapter):
    """allauth.mfa's adapter: secrets are encrypted with a key derived from this site's secret key."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right. An app shows a new one every 30 seconds.",
        "cannot_delete_authenticator": "This site requires a one-time code (AUTH_REQUIRE_TOTP).",
    }

    def get_totp_issuer(self) -> str:
        return "Cursor Cost Monitor"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not settings.AUTH_REQUIRE_TOTP

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _cipher().decrypt(encrypted_text).decode()
        except InvalidToken:
            reset = "`python manage.py reset_totp NAME` removes one-time codes that were set up before."
            raise PermissionDenied(f"This site's secret key has changed. {reset}") from None


class SetUp(ActivateTOTPForm):
    """The first code, which turns the others on; it is used by that, and lets nobody in."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not TOTP(Authenticator(user=self.user))._mark_code_used(code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(AuthenticateForm):
    """The code at sign-in; a wrong one counts like a wrong password."""

    def clean_code(self) -> str:
        if not AxesProxyHandler.is_allowed(context.request, self._credentials()):
            raise forms.ValidationError("Too many attempts. Try again in an hour.")
        code: str = super().clean_code()
        return code

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        credentials = self._credentials() | {"problem": WRONG_CODE}
        user_login_failed.send(sender=__name__, credentials=credentials, request=context.request)

    def _credentials(self) -> dict[str, str]:
        return {"username": self.user.get_username()}


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def note_code(sender: object, authenticator: Authenticator, **signal: object) -> None:
    """Note it in the audit log, with the current request: allauth may pass an earlier one that it kept until
    the password was entered."""
    request = current_request()
    if request is None:
        return
    verbs = {authenticator_added: "added", authenticator_removed: "deleted", authenticator_reset: "changed"}
    verb = next(verb for sent, verb in verbs.items() if sent is signal["signal"])
    note_change(request, f"{verb} {KINDS[authenticator.type]}")


@receiver(authenticator_added)
def end_other_sessions(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    """Sign the person out everywhere else: the password alone opened those sessions."""
    others = Session.objects.filter(expire_date__gt=timezone.now())
    others = others.exclude(session_key=request.session.session_key)
    theirs = [row.pk for row in others if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(pk__in=theirs).delete()


def _cipher() -> Fernet:
    key = hashlib.sha256(f"one-time codes:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
