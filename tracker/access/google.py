"""Google's OpenID Connect through allauth, with the two checks that allauth leaves to the provider."""

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.google import views as google
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from tracker.access.oidc import claims_of


class GoogleAdapter(google.GoogleOAuth2Adapter):
    def get_callback_url(self, request: HttpRequest, app: object) -> str:
        """Under the site's own address, if set: behind a proxy the request's host may be an inner one."""
        path = reverse("google_callback")
        return f"{settings.SIGN_IN_URL}{path}" if settings.SIGN_IN_URL else request.build_absolute_uri(path)

    def _decode_id_token(self, app: object, id_token: str) -> dict:
        """The claims, the signature checked always; allauth trusts TLS alone in this flow."""
        return google._verify_and_decode(app, id_token, verify_signature=True)


def nonce_matches(login: SocialLogin) -> bool:
    """Whether the claims carry the nonce of this very attempt; claims without one never do."""
    sent, came = login.state.get("nonce"), claims_of(login).get("nonce")
    return bool(sent) and isinstance(came, str) and constant_time_compare(sent, came)
