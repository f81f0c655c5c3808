"""What settings say about the providers, in the shapes that allauth and the browser want."""

from urllib.parse import urlsplit


def google_provider(client_id: str, secret: str) -> dict[str, object]:
    """allauth's settings of Google."""
    return {
        "APP": {"client_id": client_id, "secret": secret},
        "SCOPE": ["openid", "profile", "email"],
        "OAUTH_PKCE_ENABLED": True,
    }


def openid_apps(issuer: str, name: str, client_id: str, secret: str) -> list[dict[str, object]]:
    """allauth's list of applications: one, or none without an issuer."""
    if not issuer:
        return []
    flow = {"server_url": issuer, "oauth_pkce_enabled": True}
    return [{"provider_id": "oidc", "name": name, "client_id": client_id, "secret": secret, "settings": flow}]


def origins(address: str) -> list[str]:
    """Scheme and host of an address, for the Content-Security-Policy; none for an empty one."""
    parts = urlsplit(address)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
