"""A proxy or a certificate that refuses the call: said at once, with the setting to change."""

import pytest
import requests

from collector.cursor.errors import CursorApiError, Trouble

pytestmark = pytest.mark.django_db
PATH = "/teams/members"
POOL = "HTTPSConnectionPool(host='cursor.test', port=443): Max retries exceeded with url: / (Caused by "
VERIFY = "SSLCertVerificationError(1, '[SSL: CERT] certificate verify failed: {} (_ssl.c:1006)'))"
TUNNEL = "ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: {}')))"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            requests.exceptions.SSLError(POOL + VERIFY.format("self-signed certificate in chain")),
            r"not accepted \(self-signed certificate in chain\). If a proxy .* REQUESTS_CA_BUNDLE",
        ),
        (
            requests.exceptions.SSLError(
                POOL + VERIFY.format("Hostname mismatch, certificate is not valid for 'cursor.test'.")
            ),
            r"not accepted \(Hostname mismatch, certificate is not valid\)",
        ),
        (
            requests.exceptions.SSLError(POOL + VERIFY.format("certificate is not yet valid")),
            r"\(certificate is not yet valid\).* the clock here",
        ),
        (
            requests.exceptions.SSLError(
                POOL + "SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number')"
            ),
            "does not speak TLS there. Check CURSOR_API_URL",
        ),
        (
            requests.exceptions.ProxyError(POOL + TUNNEL.format("407 Proxy Authentication Required")),
            "the proxy answered 407 Proxy Authentication Required. Check HTTPS_PROXY and NO_PROXY",
        ),
        (requests.exceptions.InvalidProxyURL("bad"), "check CURSOR_API_URL and HTTPS_PROXY"),
        (
            OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /nope.pem"),
            "check REQUESTS_CA_BUNDLE",
        ),
    ],
)
def test_what_asking_again_cannot_help_is_asked_once_and_names_the_setting(told, client, error, says):
    told.tell(PATH, error)
    with pytest.raises(CursorApiError, match=says) as caught:
        client.get(PATH)
    assert (client.requests_made, caught.value.trouble) == (1, Trouble.FOREIGN)


def test_a_proxy_that_cannot_reach_cursor_just_now_is_tried_again_and_named(told, client):
    told.tell(PATH, requests.exceptions.ProxyError(POOL + TUNNEL.format("503 Service Unavailable")))
    with pytest.raises(CursorApiError, match="the proxy does not answer; check HTTPS_PROXY"):
        client.get(PATH)
    assert client.requests_made == 3
