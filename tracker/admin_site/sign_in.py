"""How sign-in stands, and the lines of `.env` that turn it on, for the page about access."""

import secrets
from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from collector.models import Member
from tracker.access.views import providers

GOOGLE_HINT = "At console.cloud.google.com, create an OAuth client of the type web application."
OPENID_HINT = (
    "Create a web application with the authorization code flow and the scopes openid, profile and email. "
    "Its issuer is https://YOUR-ORG.okta.com at Okta, https://login.microsoftonline.com/TENANT-ID/v2.0 at "
    "Entra ID, https://KEYCLOAK/realms/REALM at Keycloak, and Authelia's own address."
)


@dataclass(frozen=True)
class WayIn:
    """One kind of provider: where to register, what to enter there, and what to write into `.env`."""

    name: str
    hint: str
    redirect_address: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class SignIn:
    providers: tuple[str, ...]  # those that are set up; none in open mode
    admitted: tuple[str, ...]  # domain and addresses; none: everybody whom the provider admits
    administrators: tuple[str, ...]
    ways: tuple[WayIn, ...]


def read_sign_in(request: HttpRequest) -> SignIn:
    """One query. The secret in the lines is made up at each call, and kept nowhere."""
    site = settings.SIGN_IN_URL or request.build_absolute_uri("/").rstrip("/")
    domain = team_domain()
    shared = (
        f"AUTH_SECRET={secrets.token_urlsafe(32)}",
        f"AUTH_ALLOWED_DOMAIN={domain}",
        f"AUTH_ADMIN_EMAILS={getattr(request.user, 'email', '') or f'YOUR-NAME@{domain}'}",
    )
    google = ("AUTH_GOOGLE_ID=CLIENT-ID", "AUTH_GOOGLE_SECRET=CLIENT-SECRET")
    openid = (
        "AUTH_OIDC_ISSUER=https://YOUR-PROVIDER",
        "AUTH_OIDC_ID=CLIENT-ID",
        "AUTH_OIDC_SECRET=CLIENT-SECRET",
        "AUTH_OIDC_NAME=NAME-ON-THE-BUTTON",
    )
    return SignIn(
        tuple(name for _, name in providers()),
        tuple(filter(None, [settings.AUTH_ALLOWED_DOMAIN, *settings.AUTH_ALLOWED_EMAILS])),
        tuple(settings.AUTH_ADMIN_EMAILS),
        (
            WayIn("Google", GOOGLE_HINT, site + reverse("google_callback"), shared + google),
            WayIn(
                "Okta, Entra ID, Keycloak, Authelia …",
                OPENID_HINT,
                site + reverse("oidc_callback"),
                shared + openid,
            ),
        ),
    )


def team_domain() -> str:
    """The domain of most members' addresses, or a made-up one."""
    emails = Member.objects.on_team().values_list("email", flat=True)
    domains = Counter(email.rpartition("@")[2] for email in emails if "@" in email)
    return domains.most_common(1)[0][0] if domains else "example.com"
