"""A period of any two days, and addresses that show the same figures next week."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from collector.models import UsageEvent
from tests.tracker.pages.company import TODAY
from tracker.widgets import formats

pytestmark = pytest.mark.usefixtures("acme")
PAGES = ("/", "/insights", "/teams", "/users/ana.novak@acme.example")


def cents_between(first: date, last: date):
    events = UsageEvent.objects.filter(occurred_at__date__gte=first, occurred_at__date__lte=last)
    return sum(event.charged_cents for event in events)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 10, 1), date(2026, 10, 20)), (date(2026, 11, 10), date(2026, 11, 10)),
     (date(2026, 9, 1), date(2026, 11, 22))],
)  # fmt: skip
def test_any_two_days_make_a_period(client, first, last):
    text = client.get(f"/teams?from={first}&to={last}").text
    assert formats.money(cents_between(first, last)) in text
    assert "today so far" not in text


@pytest.mark.parametrize("address", PAGES)
def test_every_page_takes_two_days_and_shows_nothing_after_them(client, address):
    response = client.get(f"{address}?from=2026-10-05&to=2026-10-11")
    assert response.status_code == 200
    assert "5 Oct 2026 to 11 Oct 2026: 7 whole days (UTC)" in response.text
    assert "today so far $" not in response.text
    assert "swatch provisional" not in response.text


def test_today_is_not_over_and_is_cut_off(client):
    text = client.get(f"/?from={TODAY - timedelta(days=3)}&to={TODAY}").text
    assert "20 Nov 2026 to 22 Nov 2026: 3 whole days (UTC)" in text


@pytest.mark.parametrize("address", [*PAGES, "/surfaces", "/savings", "/incidents"])
@pytest.mark.parametrize(
    "query", [f"from={TODAY}", f"from={TODAY}&to={TODAY}&compare=before", f"to={TODAY}&group=Platform"]
)
def test_today_alone_is_a_period(client, address, query):
    response = client.get(f"{address}?{query}")
    assert response.status_code == 200
    assert "23 Nov 2026, so far (UTC)" in response.text
    assert "No data for the days to compare with" not in response.text


def test_todays_figures_are_those_of_its_events(client):
    text = client.get(f"/teams?from={TODAY}").text
    assert formats.money(cents_between(TODAY, TODAY)) in text
    assert "not included" not in text
    assert "Today is not included, as it is not over" in client.get(f"/teams?from=2026-11-20&to={TODAY}").text


def test_two_days_the_wrong_way_round_are_swapped(client):
    right, wrong = (
        client.get(f"/teams?{query}")
        for query in ("from=2026-11-01&to=2026-11-10", "from=2026-11-10&to=2026-11-01")
    )
    assert wrong.status_code == 200
    assert "1 Nov 2026 to 10 Nov 2026: 10 whole days (UTC)" in wrong.text
    assert "wrong way round and have been swapped" in wrong.text
    assert "swapped" not in right.text
    assert formats.money(cents_between(date(2026, 11, 1), date(2026, 11, 10))) in wrong.text


def test_one_day_alone_is_a_period_of_one_day(client):
    assert "10 Nov 2026 (UTC)" in client.get("/?from=2026-11-10").text


@pytest.mark.parametrize(
    ("query", "why"),
    [("from=2026-11-24", "not begun yet"),
     ("from=2026-02-30", "is not a day"), ("from=x&to=2026-11-01", "is not a day"),
     ("from=2022-12-01&to=2022-12-31", "no usage before 2023"),
     ("from=0001-01-01&compare=before", "no usage before 2023")],
)  # fmt: skip
def test_days_that_make_no_period_are_refused_with_the_reason(client, query, why):
    response = client.get(f"/?{query}")
    assert response.status_code == 400
    assert why in response.text


@pytest.mark.parametrize(
    ("query", "said", "why"),
    [("from=2022-12-01&to=2023-01-10", "1 Jan 2023 to 10 Jan 2023", "There is no usage before 2023"),
     ("from=2024-01-01&to=2026-01-01", "2 Jan 2024 to 1 Jan 2026: 731 whole days", "at most 731 days"),
     ("from=0001-01-01&to=9999-12-31", "22 Nov 2024 to 22 Nov 2026: 731 whole days", "at most 731 days"),
     ("from=2026-11-20&to=2027-01-31", "20 Nov 2026 to 22 Nov 2026: 3 whole days", "Today is not included")],
)  # fmt: skip
def test_a_period_is_cut_to_the_days_that_there_are_and_a_line_says_so(client, query, said, why):
    for page in ("/", "/teams"):
        response = client.get(f"{page}?{query}")
        assert response.status_code == 200
        assert said in response.text
        assert why in response.text
        assert ("no usage before" in response.text) == ("no usage before" in why.casefold())
    assert client.get(f"/?{query}&csv=members").status_code == 200


def test_the_link_to_copy_names_days_and_keeps_the_other_filters(client):
    text = client.get("/?period=7d&group=Platform&model=claude-sonnet").text
    assert (
        'data-copy="/?from=2026-11-16&amp;to=2026-11-22&amp;group=Platform&amp;model=claude-sonnet"' in text
    )
    assert 'title="The last 7 whole UTC days, whenever the page is opened"' in text


def test_choosing_a_relative_period_forgets_the_days(client):
    text = client.get("/?from=2026-10-05&to=2026-10-11&search=ana").text
    assert 'href="?period=7d&amp;search=ana"' in text
    assert '<input type="hidden" name="from" value="2026-10-05">' in text  # the other filters keep the days
