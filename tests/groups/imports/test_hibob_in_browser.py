"""The HiBob import as an administrator goes through it, with a file of the ugly kind."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from groups.cursor import adopt
from groups.models import Group
from tests.groups.factories import make_cursor_group, make_member, make_stay, table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def ugly_file() -> bytes:
    """500 lines in Windows-1252: semicolons, CRLF, quoted line breaks, columns in odd order, mixed case."""
    lines = ['"JOB TITLE";team;"E-Mail";Salary;"Group ";Department;Display name']
    for n in range(499):
        team = '"Sales; ""EMEA"""' if n % 5 == 0 else f"Team {n % 5}"
        lines.append(
            f'"Chef\n{n}";{team};P{n}@Example.COM;secret;"Größe {n % 4}";"Dept, {n % 3}";"Müller, {n}"'
        )
    return "\r\n".join(lines).encode("cp1252")


@pytest.fixture
def team():
    """400 of the 499 people and five that the file lacks, all in one of Cursor's groups for a week."""
    everyone = make_cursor_group("Everyone")
    joined = timezone.now().date() - timedelta(days=7)
    for n in range(400):
        make_stay(make_member(f"p{n}@example.com"), everyone, joined)
    for n in range(5):
        make_stay(make_member(f"extra{n}@example.com"), everyone, joined)
    adopt(timezone.now())


def test_from_upload_to_undo(page: Page, live_server, admin_user, team):
    before = table()
    page.goto(f"{live_server.url}/admin/groups/group/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.get_by_role("link", name="Import from HiBob").click()
    page.get_by_label("File:", exact=True).set_input_files(
        {"name": "p.csv", "mimeType": "text/csv", "buffer": b"PK\x03\x04"}
    )
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("this is a ZIP archive")).to_be_visible()

    page.get_by_label("File:", exact=True).set_input_files(
        {"name": "p.csv", "mimeType": "text/csv", "buffer": ugly_file()}
    )
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="400 moves")).to_be_visible()
    expect(page.get_by_text("p450@example.com", exact=True)).to_be_hidden()  # one of 99: folded
    page.get_by_text("In the file, but not a member: 99").click()
    expect(page.get_by_text("p450@example.com", exact=True)).to_be_visible()
    expect(page.get_by_text("extra3@example.com", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="p0@example.com")).to_contain_text('Größe 0 > Sales; "EMEA"')
    assert table() == before

    page.get_by_role("checkbox", name="p7@example.com", exact=True).check()
    page.get_by_role("button", name="Apply all except the selected moves").click()
    expect(page.get_by_text("399 members moved, 20 groups made.")).to_be_visible()
    assert sum(row[3] == "hibob" for row in table()) == 399
    applied = table()
    adopt(timezone.now())
    assert table() == applied

    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("399 members put back.")).to_be_visible()
    assert table() == before
    assert [group.name for group in Group.objects.all()] == ["Everyone"]
