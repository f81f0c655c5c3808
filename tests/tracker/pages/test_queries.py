"""Pages cost a fixed number of queries, however many rows there are."""

import pytest

PAGES = ["/", "/insights", "/users/ana.novak@acme.example", "/settings", "/surfaces"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_at_most_twenty_three_queries(acme, client, path, django_assert_max_num_queries):
    client.get(path)  # makes the one-row settings and the palette
    for query in (
        "",
        "?group=Platform",
        "?period=cycle&search=a",
        "?badge=balanced",
        "?model=default",
        "?surface=cli",
    ):
        with django_assert_max_num_queries(23):
            assert client.get(path + query).status_code == 200
