"""The FOCUS 1.2 export: its plain rules; `focus_validator.py` has them all checked."""

import csv
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from collector.models import BillingCycle
from groups.reporting import focus
from tests.groups.factories import assign, make_day, make_group, make_member

pytestmark = pytest.mark.django_db

MANDATORY = {
    *("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingAccountId", "BillingAccountName"),
    *("BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd", "ChargeCategory", "ChargeClass"),
    *("ChargeDescription", "ChargePeriodStart", "ChargePeriodEnd", "InvoiceIssuerName", "PricingQuantity"),
    *("PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
}
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


@pytest.fixture
def spent():
    """Ann on the turning day, both parts, and in a group the day after; Bob before any cycle."""
    BillingCycle.objects.create(
        start_at=datetime(2026, 3, 13, 15, 30, tzinfo=UTC), end_at=datetime(2026, 4, 13, 15, 30, tzinfo=UTC)
    )
    ann, bob = make_member("ann@x.io", name="Ann"), make_member("bob@x.io")
    group = make_group("=Eng > Web")
    assign(ann, group, date(2026, 3, 14))
    tokens = {"input_tokens": 1, "output_tokens": 20, "cache_write_tokens": 300, "cache_read_tokens": 4_000}
    make_day(ann, date(2026, 3, 13), Decimal("10"), billed_cents=10, requests=1)
    make_day(ann, date(2026, 3, 13), Decimal("20"), billed_cents=10, requests=2, is_after_turn=True, **tokens)
    make_day(ann, date(2026, 3, 14), Decimal("123.456789"), billed_cents=0, requests=3, model="default")
    make_day(bob, date(2026, 2, 28), Decimal("1"), model="")
    return group


def export(first="2026-02-01", last="2026-03-31") -> list[dict[str, str]]:
    out = io.StringIO()
    call_command("export_focus", "--from", first, "--to", last, stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_every_mandatory_column_is_there_and_other_names_begin_with_x(spent):
    columns = list(export()[0])
    assert set(columns) >= MANDATORY
    assert len(MANDATORY) == 21
    assert len(set(columns)) == len(columns)
    assert set(next(focus.rows(date(2026, 2, 1), date(2026, 3, 31)))) == set(columns)


def test_only_a_correction_may_leave_a_mandatory_column_empty(spent):
    for row in export():
        assert [name for name in MANDATORY if not row[name]] == ["ChargeClass"]
        for name in ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"):
            assert INSTANT.match(row[name])
        assert row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["ChargePeriodEnd"]
        assert row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]
        for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingQuantity"):
            Decimal(row[name])


def test_days_are_split_where_a_cycle_turns_and_costs_are_dollars(spent):
    columns = ("ResourceId", "BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd", "EffectiveCost")
    assert [tuple(row[name] for name in columns) for row in export()] == [
        ("bob@x.io", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z", "0.010000"),
        ("ann@x.io", "2026-03-01T00:00:00Z", "2026-03-13T00:00:00Z", "2026-03-13T15:30:00Z", "0.100000"),
        ("ann@x.io", "2026-03-13T15:30:00Z", "2026-03-13T15:30:00Z", "2026-03-14T00:00:00Z", "0.200000"),
        ("ann@x.io", "2026-03-13T15:30:00Z", "2026-03-14T00:00:00Z", "2026-03-15T00:00:00Z", "1.23456789"),
    ]


def test_tokens_models_and_groups_stand_where_focus_has_them(spent):
    bob, before, after, later = export()
    assert (after["ConsumedQuantity"], after["ConsumedUnit"], after["x_CacheReadTokens"]) == (
        "4321.0",
        "Tokens",
        "4000",
    )
    assert (after["BilledCost"], after["x_IncludedCost"], after["x_Requests"]) == (
        "0.100000",
        "0.100000",
        "2",
    )
    assert [row["SkuId"] for row in (bob, before, later)] == ["unnamed", "gpt-5", "default"]
    assert (before["SubAccountId"], before["SubAccountName"]) == ("unassigned", "Unassigned")
    assert (later["SubAccountId"], later["SubAccountName"]) == (f"group-{spent.pk}", "'=Eng > Web")


def test_the_range_includes_both_days(spent):
    assert len(export("2026-03-13", "2026-03-13")) == 2
    assert export("2026-01-01", "2026-01-31") == []
    with pytest.raises(CommandError, match="--to is before --from"):
        export("2026-03-13", "2026-03-12")


def test_a_file_is_written(spent, tmp_path):
    out = io.StringIO()
    path = tmp_path / "focus.csv"
    call_command("export_focus", "--from", "2026-03-01", "--to", "2026-03-31", path, stdout=out)
    assert out.getvalue() == f"3 rows written to {path}\n"
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_focus", "--from", "2026-03-01", "--to", "2026-03-31", tmp_path / "no" / "f.csv")
