"""Pages before anything is collected: a module without the company, which is built once for each module."""

from datetime import timedelta

from collector.models.totals import Surface
from tests.groups.factories import make_day, make_member
from tests.tracker.pages.company import TODAY


def test_an_empty_installation_shows_no_nan(at_now, db, client):
    for period in ("24h", "30d", "cycle"):
        answer = client.get(f"/?period={period}")
        assert answer.status_code == 200
        assert "nan" not in answer.text.lower().replace("finance", "")


def test_spend_of_agents_alone_has_no_price_per_request_and_no_dash_in_its_place(at_now, db, client):
    ann = make_member("ann@acme.example", name="Ann")
    make_day(
        ann, TODAY - timedelta(days=1), 900, model="opus", surface=Surface.CLOUD_AGENT, requests=3, runs=1
    )
    assert "100 % on opus</span>" in client.get("/").text
    for path in ("/", "/insights", ann.get_absolute_url()):
        text = client.get(path).text
        for sentence in ("– a request", "– each"):
            assert sentence not in text, (path, sentence)
