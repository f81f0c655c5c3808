"""Every documented answer of every endpoint, one thing wrong at a time.

Each time: no traceback, nothing absurd stored, every readable row stored, what is wrong noted with its
reason, and the next clean reading exact.
"""

import contextlib
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import models

from collector.base.fields import CentsField
from collector.base.plausibility import AHEAD, CONTROL, EARLIEST, MOST_CENTS, MOST_COUNT
from collector.collecting.runs import SYNCS
from collector.cursor.analytics import TEAM_METRICS
from collector.cursor.errors import CursorApiError
from collector.models import Doubt, Member, RejectedRow
from collector.sources import analytics

from .endpoints import endpoints
from .mutations import (
    MISSING,
    NONSENSE,
    NOW,
    RENAMED,
    VALUES,
    WEEK,
    WINDOW,
    CannedClient,
    Endpoint,
    fields_of,
    recorded,
    spoilt,
)

pytestmark = pytest.mark.django_db
SHARED = ("Member", "BillingCycle", "MemberModelDay")  # what several sources write
NAMES = ("members", "spend", "events", "activity", "groups", "group members", "commits")
STAMPS = {"id", "updated_at", "changed_at", "first_seen_at", "last_seen_at", "taken_at", "confirmed_at"}
STAMPS |= {"first_named_at", "last_named_at", "raw", "role", "numeric_id"}
TOTALS = ("totalUsageEventsCount", "totalMembers", "totalCount", "totalUsers", "totalPages", "numPages")


@pytest.fixture(scope="module")
def spots() -> dict[str, Endpoint]:
    return endpoints(recorded())


@pytest.fixture
def team(request) -> None:
    """People whom groups name by id; the list of members makes its own."""
    if request.getfixturevalue("name") == "members":
        return
    Member.objects.bulk_create(
        Member(email=f"p{n}@x.com", cursor_id=f"user_{n}", first_seen_at=NOW, last_seen_at=NOW)
        for n in range(len(VALUES) + 1)
    )


def read(spot: Endpoint, payload: Any) -> int | None:
    """Read the answer; how much was noted, None where it is refused as no answer."""
    client: Any = CannedClient(spot.answers(payload))
    metric = spot.path.rpartition("/")[2]
    with contextlib.ExitStack() as patches:
        if spot.source == "team_analytics":
            patches.enter_context(
                mock.patch.object(analytics, "TEAM_METRICS", {metric: TEAM_METRICS[metric]})
            )
        if spot.source == "member_analytics":
            patches.enter_context(mock.patch.object(analytics, "MEMBER_METRICS", (metric,)))
        return _sync(spot, client)


def _sync(spot: Endpoint, client: Any) -> int | None:
    """A week is one question: a longer window is read in parts, and here each would bring the same rows."""
    window = WINDOW if spot.source == "team_analytics" else WEEK
    try:
        return SYNCS[spot.source](client, window, lambda part, result: None).noted
    except CursorApiError:
        return None


def table(name: str) -> list[tuple]:
    model = apps.get_model("collector", name)
    names = [field.attname for field in model._meta.concrete_fields if field.name not in STAMPS]
    return sorted(map(repr, model.objects.values_list(*names)))


def facts(spot: Endpoint) -> list[tuple]:
    return table(spot.table)


def assert_nothing_absurd(spot: Endpoint) -> None:
    for name in {spot.table, *SHARED}:
        model = apps.get_model("collector", name)
        columns = model._meta.concrete_fields
        for row in model.objects.values_list(*(field.attname for field in columns)):
            for column, value in zip(columns, row, strict=True):
                assert is_plausible(column, value), f"{name}.{column.name}: {value!r:.100}"


def is_plausible(column: models.Field, value: Any) -> bool:
    if value is None or isinstance(value, bool | dict | list):
        return True
    if isinstance(column, CentsField):
        return abs(value) <= MOST_CENTS * 50
    if isinstance(value, datetime):
        is_end = column.name in ("end_at", "expires_at")
        return value >= EARLIEST and (is_end or value <= NOW + AHEAD)
    if isinstance(value, date):
        return EARLIEST.date() <= value <= (NOW + AHEAD).date()
    if isinstance(value, str):
        return not CONTROL.search(value.replace("\n", "") if column.name != "email" else value)
    if isinstance(value, int | Decimal):
        return 0 <= value <= MOST_COUNT * 50
    return False


def means_something(name: str, value: Any) -> bool:
    return value is MISSING or value is RENAMED or repr(value) not in NONSENSE


@pytest.mark.parametrize("name", [*NAMES, "team", "by-user"])
def test_one_field_of_one_row_at_a_time(spots, team, name):
    for spot in picked(spots, name):
        clean = spot.wrap(spot.rows)
        assert read(spot, clean) == 0
        truth = facts(spot)
        assert len(truth) >= len(spot.rows)
        for field in fields_of(spot.rows[0]):
            rows = [spoilt(row, field, value) for row, value in zip(spot.rows, VALUES, strict=False)]
            rows.append(spot.rows[-1])
            noted = read(spot, spot.wrap(rows))
            assert noted is not None, f"{name}.{field} ended the reading"
            assert_nothing_absurd(spot)
            assert_noted(spot, field, noted)
            assert read(spot, clean) == 0
            assert_exact(spot, field, truth)
            truth = facts(spot)


def picked(spots: dict[str, Endpoint], name: str) -> Iterator[Endpoint]:
    if name in spots:
        yield spots[name]
    else:
        yield from (spot for path, spot in spots.items() if path.startswith(f"/analytics/{name}/"))


def assert_noted(spot: Endpoint, field: str, noted: int) -> None:
    """Wherever a value says nothing that the field could mean, that is on record, and why."""
    if field.split(".")[0] in spot.free or (spot.source == "team_analytics" and not is_read(spot, field)):
        return
    assert noted, f"{spot.path}: {field} was spoilt unnoticed"
    reasons = [*RejectedRow.objects.still_open().values_list("reason", flat=True)]
    reasons += Doubt.objects.still_open().values_list("reason", flat=True)
    assert all(len(reason) > 10 for reason in reasons)


def is_read(spot: Endpoint, field: str) -> bool:
    """Analytics keep what numbers there are beside the count; only the count and the keys are missed."""
    meaning = TEAM_METRICS[spot.path.rpartition("/")[2]]
    return field in (*spot.keys, meaning.count, meaning.name, meaning.detail)


def assert_exact(spot: Endpoint, field: str, truth: list[tuple]) -> None:
    """What was right before is right again; another value of a key is another row, which stays."""
    if field.split(".")[0] in spot.keys:
        missing = lost(spot, truth)
        assert not missing, f"{spot.path}: {field}: {missing[:2]}"
    else:
        assert facts(spot) == truth, f"{spot.path}: {field}"


def lost(spot: Endpoint, truth: list[tuple]) -> list[tuple]:
    """Which of the rows are no longer stored."""
    stored = set(facts(spot))
    return [row for row in truth if row not in stored]


@pytest.mark.parametrize("name", [*NAMES, "team", "by-user"])
def test_one_field_of_the_envelope_at_a_time(spots, team, name):
    for spot in picked(spots, name):
        clean = spot.wrap(spot.rows[-4:])
        assert read(spot, clean) == 0
        truth = facts(spot)
        for field in fields_of(clean):
            for value in VALUES:
                read(spot, spoilt(clean, field, value))
            assert_nothing_absurd(spot)
            assert read(spot, clean) == 0
            assert_exact(spot, field, truth)
            truth = facts(spot)


@pytest.mark.parametrize("name", [*NAMES, "team", "by-user"])
def test_rows_too_many_too_few_and_no_rows_at_all(spots, team, name):
    for spot in picked(spots, name):
        rows = spot.rows[-6:]
        clean = spot.wrap(rows)
        read(spot, clean)
        truth = facts(spot)
        for odd in (None, 7, "x", [], {}, True, rows[0], {"error": "x"}):
            answer = with_rows(spot, clean, [odd, *rows])
            noted = read(spot, answer)
            assert noted is None or noted > 0 or odd is rows[0], f"{spot.path}: {odd!r:.40} went unnoticed"
            assert lost(spot, truth) == []
        for short in (rows[:3], rows[:1], []):
            read(spot, with_rows(spot, clean, short))
            assert lost(spot, truth) == [], f"{spot.path}: {len(short)} rows"
        assert read(spot, clean) == 0
        assert facts(spot) == truth


def with_rows(spot: Endpoint, clean: Any, rows: list[Any]) -> Any:
    """The clean envelope, totals and all, around other rows."""
    return clean | {
        name: value
        for name, value in spot.wrap(rows).items()
        if isinstance(value, list | dict) and name != "pagination"
    }


@pytest.mark.parametrize("by", [-1, 1, 7, 10**6])
@pytest.mark.parametrize("name", NAMES)
def test_announced_totals_that_differ(spots, team, name, by):
    spot = spots[name]
    clean = spot.wrap(spot.rows[-6:])
    for field in fields_of(clean):
        if field.rpartition(".")[2] not in TOTALS:
            continue
        outer, _, inner = field.rpartition(".")
        value = (clean[outer] if outer else clean)[inner] + by
        noted = [read(spot, spoilt(clean, field, value)) for _ in range(2)][-1]
        assert noted is not None
        assert len(facts(spot)) >= 6


def test_that_is_at_least_three_thousand(spots):
    every = [spot for name in (*NAMES, "team", "by-user") for spot in picked(spots, name)]
    assert len(every) == len(spots)
    answers = (part for spot in every for part in (spot.rows[0], spot.wrap(spot.rows[-4:])))
    assert sum(len(VALUES) * len([*fields_of(answer)]) for answer in answers) >= 3000
