"""What a client reads over a real connection: the announced length is that of the error, for each error."""

from __future__ import annotations

import http.client
import json
from io import BytesIO
from urllib.parse import urlsplit

import pytest

from tests.tracker.api.conftest import make_token
from tracker.api.api import api

CASES = [
    ("GET", "/api/nope", 404),
    ("GET", "/api/%00", 400),
    ("DELETE", "/api/stats", 405),
    ("POST", "/api/stats", 405),
    ("GET", "/api/users/nobody@company.com", 404),
    ("PUT", "/api/settings", 401),
    ("POST", "/api/groups/import", 401),
    ("PATCH", "/api/incidents/999", 400),
    ("GET", "/api/stats?days=x", 400),
    ("POST", "/api/cron", 403),
]


def read_answer(url: str, method: str, path: str, **headers: str) -> tuple[int, dict, bytes]:
    """Status, headers and all bytes until the server closes; an answer cut short or padded shows."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    body = "{}" if method in ("PUT", "PATCH", "POST") else None
    kind = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body, {"Connection": "close", **kind, **headers})
    answer = connection.getresponse()
    data = answer.read()  # IncompleteRead where fewer bytes come than were announced
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data


@pytest.mark.parametrize(("method", "path", "status"), CASES)
def test_the_announced_length_of_an_error_is_that_of_what_is_sent(live_server, method, path, status):
    got, headers, data = read_answer(live_server.url, method, path)
    assert got == status
    assert int(headers["content-length"]) == len(data)
    assert headers["content-type"].startswith("application/json")
    assert json.loads(data)["message"]


def test_a_body_that_is_too_large_gets_its_error_whole(live_server, settings):
    settings.MAX_BODY_BYTES = 1
    status, headers, data = read_answer(live_server.url, "PUT", "/api/settings")
    assert (status, json.loads(data)["error"]) == (413, "too_large")
    assert int(headers["content-length"]) == len(data)


@pytest.mark.parametrize(("token", "status"), [("wrong", 401), ("good", 413)])
@pytest.mark.django_db
def test_what_is_left_of_a_refused_body_is_read(client, token, status):
    """Where it is not, the connection breaks, and a proxy answers 502 in place of the refusal."""
    size = 6_000_000  # more than the API takes
    stream = BytesIO(b"a" * size)
    wsgi = {"wsgi.input": stream, "CONTENT_LENGTH": str(size)}
    headers = {"authorization": f"Bearer {make_token('admin') if token == 'good' else token}"}
    response = client.generic("POST", "/api/groups/import", b"", "application/json", headers=headers, **wsgi)
    assert response.status_code == status
    assert stream.tell() == size


def test_an_error_over_gzip_is_whole_too(live_server):
    status, headers, data = read_answer(live_server.url, "GET", "/api/nope", **{"Accept-Encoding": "gzip"})
    assert status == 404 and int(headers["content-length"]) == len(data)


def test_the_document_says_of_every_body_that_it_may_be_too_large_or_no_json():
    operations = [way for path in api.get_openapi_schema()["paths"].values() for way in path.values()]
    with_body = [operation for operation in operations if "requestBody" in operation]
    assert len(with_body) == 4
    assert all({413, 415} <= {int(status) for status in operation["responses"]} for operation in with_body)
