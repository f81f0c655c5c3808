"""OpenID Connect with any provider through allauth: its open checks, and roles from a claim."""

from collections.abc import Mapping

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.urls import reverse

from tracker.access.roles import GROUP_NAMES

PROVIDER = "oidc"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
INSTEAD_OF_NUL = "\ufffd"
VOUCHING = ("email_verified", "xms_edov")
LONGEST_SUBJECT = 180  # allauth's column has 191


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    def get_callback_url(self, request: HttpRequest, app: object) -> str:
        return callback_url(request, "oidc_callback")

    def get_scope(self) -> list[str]:
        """What is asked for: with the scope of the role claim's name, if the provider offers one.

        Okta and Authelia give `groups` only to those who ask for it; others refuse a scope they do not offer.
        """
        scope: list[str] = self.get_provider().get_scope()
        claim = settings.AUTH_OIDC_ROLE_CLAIM
        if not claim or claim in scope:
            return scope
        return [*scope, claim] if claim in (self.openid_config.get("scopes_supported") or ()) else scope

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **response: object
    ) -> SocialLogin:
        """What came back. Whoever had this subject at another issuer is forgotten: a subject is unique at its
        own alone. Where it is the same person, the address finds them."""
        login: SocialLogin = super().complete_login(request, app, token, **response)
        known = SocialAccount.objects.filter(provider=PROVIDER, uid=login.account.uid)
        known.exclude(extra_data__id_token__iss=self.openid_config["issuer"]).delete()
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, object]:
        """The claims, the signature always checked; OAuth2Error for a token not meant for this site."""
        try:
            claims: dict[str, object] = jwt.decode(
                id_token,
                self._signing_key(jwt.get_unverified_header(id_token).get("kid")),
                algorithms=ALGORITHMS,
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as problem:
            raise OAuth2Error("The ID token is not valid") from problem
        return claims

    def _signing_key(self, key_id: str | None) -> jwt.PyJWK:
        """The provider's key of that name; a token without a name may only mean the one key that there is."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        named = [key for key in keys if key_id is None or key.key_id == key_id]
        if len(named) != 1:
            raise OAuth2Error("The ID token is not signed with a key of the provider")
        return named[0]


def callback_url(request: HttpRequest, name: str) -> str:
    """Under the site's own address, if set: behind a proxy the request's host may be an inner one."""
    path = reverse(name)
    return f"{settings.SIGN_IN_URL}{path}" if settings.SIGN_IN_URL else request.build_absolute_uri(path)


def claims_of(login: SocialLogin) -> dict[str, object]:
    """What the provider says of the person: its signed ID token, and userinfo of the same subject."""
    data = login.account.extra_data
    if login.account.provider != PROVIDER:
        return dict(data)
    signed = as_mapping(data.get("id_token"))
    more = as_mapping(data.get("userinfo"))
    if not signed or (more and more.get("sub") != signed.get("sub")):
        return {}
    # What vouches for one address says nothing of another.
    if "email" in signed and str(signed["email"]).lower() != str(more.get("email")).lower():
        more = {name: value for name, value in more.items() if name not in VOUCHING}
    return {**more, **signed}


def as_mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}


def is_verified(claims: Mapping[str, object]) -> bool:
    """Whether the provider vouches for the address: by `email_verified`, or without it by Entra ID's
    `xms_edov`."""
    verified = claims.get("email_verified")
    return verified is True or (verified is None and claims.get("xms_edov") in (True, 1, "1", "true", "True"))


def is_good_subject(subject: object) -> bool:
    return (
        isinstance(subject, str)
        and 0 < len(subject) <= LONGEST_SUBJECT
        and INSTEAD_OF_NUL not in subject
        and "\x00" not in subject
    )


def apply_roles(user: User, claims: Mapping[str, object]) -> None:
    """Give `user` exactly the roles that the claim's values map to; nothing where no claim is configured."""
    if not settings.AUTH_OIDC_ROLE_CLAIM:
        return
    wanted = mapped_roles(claim_values(claims, settings.AUTH_OIDC_ROLE_CLAIM))
    user.groups.remove(*Group.objects.filter(name__in=set(GROUP_NAMES) - wanted))
    user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in wanted))


def claim_values(claims: Mapping[str, object], path: str) -> set[str]:
    """The texts at `path`, which may lead into objects (`realm_access.roles`); one text is a list of one."""
    value: object = claims.get(path)
    if value is None:
        value = claims
        for part in path.split("."):
            value = as_mapping(value).get(part)
    items = [value] if isinstance(value, str) else value
    return {item for item in items if isinstance(item, str)} if isinstance(items, list) else set()


def mapped_roles(values: set[str]) -> set[str]:
    """Roles by AUTH_OIDC_ROLES; where that is empty, values that are called like a role."""
    mapping = settings.AUTH_OIDC_ROLES or {name: name for name in GROUP_NAMES}
    return {mapping[value] for value in values if value in mapping} & set(GROUP_NAMES)
