"""Pages cost a fixed number of queries, however many rows there are."""

import pytest

# The overview, a member's page and the insights are still above the twenty that the others keep to.
PAGES = {
    "/": 23,
    "/users/ana.novak@acme.example": 23,
    "/settings": 20,
    "/insights": 22,
    "/surfaces": 20,
    "/teams": 20,
    "/chargeback": 20,
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_few_queries(acme, client, path, django_assert_max_num_queries):
    client.get(path)  # makes the one-row settings and the palette
    for query in (
        "",
        "?group=Platform",
        "?period=cycle&search=a",
        "?badge=balanced",
        "?model=default",
        "?surface=cli",
    ):
        with django_assert_max_num_queries(PAGES[path]):
            assert client.get(path + query).status_code == 200
