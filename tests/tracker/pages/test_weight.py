"""What a first visit to the overview sends, compressed as the server compresses it."""

import gzip
import re
from pathlib import Path

from django.contrib.staticfiles import finders


def test_the_first_visit_stays_under_350_kb_and_twelve_requests(acme, client):
    page = client.get("/", headers={"accept-encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"
    files = set(re.findall(r'(?:href|src)="/static/([^"]+)"', gzip.decompress(page.content).decode()))
    sizes = [len(gzip.compress(Path(finders.find(name)).read_bytes())) for name in files]
    assert 1 + len(files) <= 12
    assert len(page.content) + sum(sizes) < 350_000
