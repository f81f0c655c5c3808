"""Google's OpenID Connect through allauth, with the two checks that allauth leaves to the provider."""

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.google import views as google
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from tracker.access.oidc import callback_url, claims_of


class GoogleAdapter(google.GoogleOAuth2Adapter):
    def get_callback_url(self, request: HttpRequest, app: object) -> str:
        return callback_url(request, "google_callback")

    def _decode_id_token(self, app: object, id_token: str) -> dict:
        """The claims, the signature checked always; allauth trusts TLS alone in this flow."""
        return google._verify_and_decode(app, id_token, verify_signature=True)


def nonce_matches(login: SocialLogin) -> bool:
    """Whether the claims carry the nonce of this very attempt; claims without one never do."""
    sent, came = login.state.get("nonce"), claims_of(login).get("nonce")
    return bool(sent) and isinstance(came, str) and constant_time_compare(sent, came)
