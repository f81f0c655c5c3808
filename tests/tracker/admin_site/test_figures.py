"""Every list and form of the admin: dollars in place of cents, no idle decimals, no names of columns."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib import admin
from django.forms import Form
from django.urls import NoReverseMatch, reverse

from collector.base.readable import EnteredDecimal, EnteredInteger, cents_text, number_text
from collector.models import (
    BillingCycle,
    CursorGroup,
    Doubt,
    Member,
    MemberModelDay,
    MemberModelHour,
    Reconciliation,
    SourceRun,
    SpendSnapshot,
    UsageEvent,
)
from detection.models import Anomaly, DetectionSettings, Exemption
from groups.models import BudgetStep, CycleBudget, Group
from incidents.models import Incident, IncidentSettings
from tests.incidents.factories import make_anomaly, make_channel, make_incident, make_member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
AMOUNT = Decimal("123456.789012")
# What nobody should have to read: units of a column, more decimals than a cent has, stored times, Python's
# words, names of columns and keys.
RAW = re.compile(
    r"\b[Cc]ents\b|\d\.\d{3,}|\d{4}-\d\d-\d\dT\d|\b(None|True|False)\b|Decimal\(|datetime\.|[\[{]['\"]"
    r"|\b[a-z]+_[a-z_]+\b"
)
# Names that are data, and not ours to change: functions of a schedule, tools, and help of other packages.
OTHERS = ("django_q", "axes")


@pytest.fixture
def filled() -> None:
    """A row with fractions of a cent in every table that keeps money, and settings with a past."""
    member = make_member("ann@x.io", first_seen_at=NOW, last_seen_at=NOW)
    cycle = BillingCycle.objects.create(start_at=NOW.replace(day=1), end_at=NOW.replace(day=31))
    UsageEvent.objects.create(
        member=member,
        model="auto",
        occurred_at=NOW,
        charged_cents=AMOUNT,
        model_cents=AMOUNT,
        changed_at=NOW,
        first_seen_at=NOW,
    )
    totals = {"total_cents": AMOUNT, "billed_cents": AMOUNT, "updated_at": NOW}
    MemberModelDay.objects.create(member=member, model="auto", day=NOW.date(), **totals)
    MemberModelHour.objects.create(member=member, model="auto", hour_at=NOW, **totals)
    CursorGroup.objects.create(
        cursor_id="g", name="Core", spend_cents=AMOUNT, first_seen_at=NOW, last_seen_at=NOW
    )
    SpendSnapshot.objects.create(
        member=member, cycle=cycle, taken_at=NOW, confirmed_at=NOW, meaning="total", total_cents=AMOUNT
    )
    explanation = [{"reason": "late", "cents": "-8710.464550"}]
    Reconciliation.objects.create(
        cycle=cycle, taken_at=NOW, events_total_cents=AMOUNT, explanation=explanation
    )
    SourceRun.objects.create(source="member_analytics", status="fresh", started_at=NOW, finished_at=NOW)
    make_channel().save()
    anomaly = make_anomaly(member=member, extra_cents=AMOUNT)
    Anomaly.objects.filter(pk=anomaly.pk).update(observed=float(AMOUNT), expected=1 / 3, metric="spend_24h")
    incident = make_incident(member)
    Incident.objects.filter(pk=incident.pk).update(
        extra_cents=AMOUNT, alerted_cents=AMOUNT, stated_cents=AMOUNT
    )
    Exemption.objects.create(
        member=member, cause="spend", kind="too_small", floor_cents=AMOUNT, created_at=NOW
    ).save()
    CycleBudget.objects.create(member=member, amount_dollars=50).save()
    Group.objects.create(name="Web", created_at=NOW).save()
    BudgetStep.objects.create(
        cycle=cycle, target="the team", percent=80, reached_at=NOW, budget_cents=AMOUNT, spent_cents=AMOUNT
    )
    for settings, field, value in (
        (DetectionSettings.get_solo(), "floor_dollars", 80),
        (IncidentSettings.get_solo(), "plan_digest", False),
    ):
        settings.save()
        setattr(settings, field, value)
        settings.save()


def pages() -> Iterator[str]:
    """Each list, form to add, and the form and history of each table's first row."""
    for model in admin.site._registry:
        if model._meta.app_label in OTHERS:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for view in ("changelist", "add"):
            try:
                yield reverse(f"{name}_{view}")
            except NoReverseMatch:  # a table of one row has no list
                continue
        if row := model._default_manager.first():
            yield reverse(f"{name}_change", args=[row.pk])
            if hasattr(row, "history"):
                yield reverse(f"{name}_history", args=[row.pk])


def words(page: str) -> str:
    """What a page shows, without JSON as it was stored or received, and the commands that are quoted."""
    shown = page.partition("<main")[2].partition("</main")[0]
    shown = re.sub(r"<(pre|code|script|option).*?</\1>", "", shown, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", shown))


def test_no_page_of_the_admin_shows_a_figure_as_it_is_stored(admin_client, filled):
    raw = []
    for url in pages():
        answer = admin_client.get(url, follow=True)
        if answer.status_code == 403:  # nothing is added there by hand
            continue
        assert answer.status_code == 200, url
        raw += [f"{url}: {found.group(0)}" for found in RAW.finditer(words(answer.content.decode()))]
    assert raw == []


def test_lists_and_forms_show_dollars_in_place_of_cents(admin_client, filled):
    incident = admin_client.get(f"/admin/incidents/incident/{Incident.objects.get().pk}/change/")
    assert "Extra cost" in incident.content.decode()
    assert "Extra cents" not in incident.content.decode()
    for url in (
        f"/admin/incidents/incident/{Incident.objects.get().pk}/change/",
        "/admin/collector/usageevent/",
        "/admin/collector/membermodelday/",
        "/admin/collector/spendsnapshot/",
        "/admin/collector/reconciliation/",
        "/admin/detection/exemption/",
        "/admin/groups/budgetstep/",
    ):
        assert "$1,234.57" in admin_client.get(url).content.decode(), url


def test_a_column_of_dollars_sorts_by_the_stored_amount(admin_client, filled):
    MemberModelDay.objects.create(
        member=Member.objects.get(), model="opus", day=date(2026, 3, 11), total_cents=9, updated_at=NOW
    )
    page = admin_client.get("/admin/collector/membermodelday/", {"o": "7"}).content.decode()
    assert page.index("$0.09") < page.index("$1,234.57")


def test_the_floor_of_an_exemption_is_entered_in_dollars(admin_client, filled):
    row = Exemption.objects.get()
    url = f"/admin/detection/exemption/{row.pk}/change/"
    page = admin_client.get(url).content.decode()
    assert 'value="1234.57"' in page and "Floor ($)" in page
    values = {"member": row.member_id, "cause": "spend", "kind": "too_small", "floor_cents": "45.50"}
    assert admin_client.post(url, values).status_code == 302
    row.refresh_from_db()
    assert row.floor_cents == 4550
    assert "Floor: $1,234.57 to $45.50" in words(
        admin_client.get(url.replace("change", "history")).content.decode()
    )
    values["floor_cents"] = ""
    assert "needs an amount" in admin_client.post(url, values).content.decode()
    for odd in ("1E+999999", "sNaN"):
        values["floor_cents"] = odd
        assert "Enter a number" in admin_client.post(url, values).content.decode()


def test_a_row_that_nobody_changes_by_hand_offers_no_history(admin_client, filled):
    assert (
        "historylink"
        not in admin_client.get(
            f"/admin/incidents/incident/{Incident.objects.get().pk}/change/"
        ).content.decode()
    )
    assert (
        "historylink"
        in admin_client.get(
            f"/admin/detection/exemption/{Exemption.objects.get().pk}/change/"
        ).content.decode()
    )


def test_raw_json_stays_as_it_was_received(admin_client, filled):
    doubt = Doubt(source="members", scope="members", kind="k", reason="r", where="w")
    for field in doubt._meta.concrete_fields:
        if field.name.endswith("_at") and not field.null:
            setattr(doubt, field.name, NOW)
    doubt.raw = {"userId": 7}
    doubt.save()
    page = admin_client.get(f"/admin/collector/doubt/{doubt.pk}/change/").content.decode()
    assert "<pre>{\n &quot;userId&quot;: 7\n}</pre>" in page


@pytest.mark.parametrize(
    ("cents", "shown"),
    [("123456.789", "$1,234.57"), ("0.4", "under $0.01"), ("0", "$0.00"), ("-250", "-$2.50")],
)
def test_cents_are_shown_in_dollars(cents, shown):
    assert cents_text(Decimal(cents)) == shown


@pytest.mark.parametrize(("value", "shown"), [(1 / 3, "0.33"), (12.5, "12.5"), (1200.0, "1,200"), (0.0, "0")])
def test_numbers_have_no_idle_decimals(value, shown):
    assert number_text(value) == shown


@pytest.mark.parametrize(
    ("entered", "read"),
    [
        (" $75 ", "75"),
        ("12,5", "12.5"),
        ("2,500", "2500"),
        ("$1,234,567.89", "1234567.89"),
        ("1.234.567,89", "1234567.89"),
        ("1 250,50", "1250.50"),
        ("-5,25", "-5.25"),
        ("1,25,0", ""),
        ("2.500", ""),  # two and a half, or two and a half thousand
        ("1e3", "1000"),
        ("NaN", ""),
        ("fifty", ""),
    ],
)
def test_numbers_are_read_as_people_write_them_and_what_is_unclear_is_refused(entered, read):
    form = type("Form", (Form,), {"amount": EnteredDecimal(decimal_places=2)})({"amount": entered})
    assert form.is_valid() == bool(read)
    assert not read or form.cleaned_data["amount"] == Decimal(read)


@pytest.mark.parametrize(
    ("entered", "read"), [("1,000", 1000), ("1 000", 1000), ("24", 24), ("2,5", None), ("2.500", None)]
)
def test_a_whole_number_is_none_with_decimals(entered, read):
    form = type("Form", (Form,), {"hours": EnteredInteger()})({"hours": entered})
    form.full_clean()
    assert form.cleaned_data.get("hours") == read


@pytest.mark.parametrize(
    ("address", "figure"),
    [
        ("/admin/detection/detectionsettings/", "floor_dollars"),
        ("/admin/groups/cyclebudget/add/", "amount_dollars"),
        ("/admin/incidents/incidentsettings/", "acknowledgement_hours"),
    ],
)
def test_no_browser_drops_the_comma_of_a_figure(admin_client, address, figure):
    page = admin_client.get(address, follow=True).content.decode()
    assert f'<input type="text" name="{figure}"' in page
    assert 'type="number"' not in page
