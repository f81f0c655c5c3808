"""Google's OpenID Connect on loopback: consent page, token endpoint, certificates; ids really signed."""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

KEY_ID = "key-1"
CLIENT_ID = "client.apps.googleusercontent.com"
CLIENT_SECRET = "google-secret"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class FakeGoogle:
    """`person` are the claims of who signs in next; `overrides` what the token says instead."""

    def __init__(self) -> None:
        self.person: dict = {}
        self.overrides: dict = {}
        self.signing_key = KEY
        self.codes: dict[str, dict] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, authorize_url: str) -> str:
        """What the person's consent leads to: the callback's address with code and state."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def tokens(self, form: dict) -> dict | None:
        """The token endpoint's answer; None for a used code, a wrong secret or PKCE verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if not asked or form.get("client_secret") != CLIENT_SECRET or asked["code_challenge"] != challenge:
            return None
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 3600,
            "nonce": asked["nonce"],
            "email_verified": True,
            **self.person,
            **self.overrides,
        }
        token = jwt.encode(claims, self.signing_key, algorithm="RS256", headers={"kid": KEY_ID})
        return {"access_token": "at", "expires_in": 3600, "token_type": "Bearer", "id_token": token}

    def certificates(self) -> dict:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake")])
        today = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(KEY.public_key())
            .serial_number(1)
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
            .sign(KEY, hashes.SHA256())
        )
        return {KEY_ID: certificate.public_bytes(serialization.Encoding.PEM).decode()}


def handler_for(google: FakeGoogle) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/certs"):
                self.send(200, json.dumps(google.certificates()), "application/json")
            else:
                link = html.escape(google.answer(self.path))
                self.send(200, f'<a href="{link}">Continue as {google.person["name"]}</a>', "text/html")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = google.tokens({name: values[0] for name, values in parse_qs(body).items()})
            problem = {"error": "invalid_grant"}
            self.send(200 if answer else 400, json.dumps(answer or problem), "application/json")

        def send(self, status: int, body: str, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    return Handler
