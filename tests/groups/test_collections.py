"""Collections over real HTTP leave alone what was changed here."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting import runs
from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.models import Member
from groups.assignments import changes
from groups.assignments.membership import current
from groups.cursor import adopt
from groups.imports.apply import apply, upload
from groups.imports.undo import undo
from groups.models import Group
from sandbox import Company, Sandbox, build_company
from tests.groups.factories import table

NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)
TODAY = NOW.date()
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company(members=12, days=3, seed=3, now=NOW)


@pytest.fixture
def client(company: Company) -> Iterator[CursorClient]:
    with Sandbox(company, enforces_limits=False) as sandbox:
        yield CursorClient(sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True))


def collect(client, hours):
    """A collection as it happens `hours` after the first; what was there must be there afterwards."""
    before = state()
    now = NOW + timedelta(hours=hours)
    assert runs.collect(now, client=client, sources={"members", "groups"}).failed == []
    adopt(now)
    return before


def state():
    return table(), list(Group.objects.values_list("name", "closed_day"))


def test_collections_after_rename_move_merge_import_and_undo_change_none_of_them(client):
    collect(client, 0)
    theirs = current(TODAY)
    assert len({group for group in theirs.values() if group}) > 1
    ours = changes.create("Ours > Team", now=NOW)
    first, second, *_ = Group.objects.filter(cursor_group__isnull=False)
    mover = next(pk for pk, group in theirs.items() if group not in (first, second, None))

    changes.rename(first, "Renamed > Here", now=NOW)
    assert collect(client, 1) == state()
    changes.move([mover], ours, TODAY, by="ada", now=NOW)
    assert collect(client, 2) == state()
    changes.merge(second, ours, by="ada", now=NOW)
    assert collect(client, 3) == state()

    lines = "".join(f"{email},Imported,Team\n" for email in Member.objects.values_list("email", flat=True))
    file = io.BytesIO(f"Email,Group,Team\n{lines}".encode())
    kept = upload("hibob", file, name="p.csv", from_day=TODAY, by="ada", now=NOW)
    before = state()
    assert apply(kept, None, by="ada", now=NOW).moved > 3
    assert collect(client, 4) == state()
    undo(kept, by="ada", now=NOW)
    assert state() == before
    assert collect(client, 5) == state()

    changes.give_back(list(theirs), by="ada", now=NOW)
    changes.give_back_name(first, now=NOW)
    collect(client, 6)
    assert current(TODAY)[mover] == theirs[mover]
    first.refresh_from_db()
    assert first.name == first.cursor_group.name
