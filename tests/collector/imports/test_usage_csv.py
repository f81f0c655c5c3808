"""The dashboard's CSV of usage events, in every form, and what becomes of its rows."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from collector.imports import events as writer
from collector.imports.usage import import_usage
from collector.models import BillingCycle, Member, MemberModelDay, SourceRun, UsageEvent
from tests.collector.imports.rows import IN, ONE, TEAM

pytestmark = pytest.mark.django_db

AT = datetime(2026, 8, 1, 9, tzinfo=UTC)


def take(path, **options):
    return import_usage(path, AT, **options)


def events():
    return [
        (
            event.member.email,
            f"{event.occurred_at:%d %H:%M:%S.%f}"[:-3],
            event.model,
            event.kind,
            event.charged_cents,
            event.is_chargeable,
            event.model_cents,
        )
        for event in UsageEvent.objects.select_related("member").order_by("-occurred_at", "pk")
    ]


def everything():
    return list(UsageEvent.objects.order_by("pk").values()), list(
        MemberModelDay.objects.order_by("pk").values()
    )


def test_a_teams_file_becomes_events_and_totals(write):
    take(write(TEAM + ONE))
    event = UsageEvent.objects.get()
    assert events() == [
        ("ann@x.io", "30 10:00:00.123", "claude-4.5-sonnet", "On-Demand", Decimal(42), True, Decimal(42))
    ]
    assert (event.cache_write_tokens, event.input_tokens, event.cache_read_tokens, event.output_tokens) == (
        100,
        20,
        3000,
        4,
    )
    assert (event.origin, event.cost_basis, event.is_max_mode) == ("csv", "file", False)
    total = MemberModelDay.objects.get()
    assert (total.day, total.requests, total.billed_cents, total.cache_read_tokens) == (
        date(2026, 7, 30),
        1,
        Decimal(42),
        3000,
    )


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (
            f"Date,Model,{IN},Cost,Cost to you",
            "2025-05-01T10:00:00.000Z,gpt-4,1,2,3,4,10,$0.10,$0.04",
            ("me@x.io", "01 10:00:00.000", "gpt-4", "", Decimal(4), True, Decimal(10)),
        ),
        (
            f"Date,Model,{IN},Cost,Cost to you",
            "2025-05-01T10:00:00.000Z,gpt-4,1,2,3,4,10,$0.10,$0.00",
            ("me@x.io", "01 10:00:00.000", "gpt-4", "", Decimal(0), False, Decimal(10)),
        ),
        (
            f"Date,Kind,Model,Max Mode,{IN},Cost",
            "2025-09-01T10:00:00.000Z,Included in Pro,auto,Yes,1,2,3,4,10,0.5",
            ("me@x.io", "01 10:00:00.000", "default", "Included in Pro", Decimal(0), False, Decimal(50)),
        ),
        (
            f"Date,User,Kind,Model,Max Mode,{IN},Cost",
            "2026-07-01T10:00:00.000Z,ann@x.io,Usage-based,gpt-5,No,1,2,3,4,10,1.5",
            ("ann@x.io", "01 10:00:00.000", "gpt-5", "Usage-based", Decimal(150), True, Decimal(150)),
        ),
        (
            f"Date,User,Kind,Model,Max Mode,{IN},Requests",
            "2026-07-01T10:00:00.000Z,ann@x.io,On-Demand,gpt-5,No,1,2,3,4,10,2.5",
            ("ann@x.io", "01 10:00:00.000", "gpt-5", "On-Demand", Decimal(10), True, None),
        ),
        (
            f"Date,User,Kind,Model,Max Mode,{IN},Requests",
            "2026-07-01T10:00:00.000Z,ann@x.io,Included,gpt-5,No,1,2,3,4,10,1",
            ("ann@x.io", "01 10:00:00.000", "gpt-5", "Included", Decimal(0), False, None),
        ),
        (
            f"Date,User,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,{IN},Cost",
            "2026-07-01T10:00:00.000Z,42,bc-1,,Free,gpt-5,No,1,2,3,4,10,Free",
            ("user:42", "01 10:00:00.000", "gpt-5", "Free", Decimal(0), False, None),
        ),
        (
            f"Date,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,{IN},Cost,Something New",
            "2026-07-01T10:00:00.000Z,,,On-Demand,gpt-5,No,1,2,3,4,10,0.01,?",
            ("me@x.io", "01 10:00:00.000", "gpt-5", "On-Demand", Decimal(1), True, Decimal(1)),
        ),
        (
            f"cost,date;,MODEL,{IN},Kind,User".replace("date;", "date"),
            "-,2026-07-01T12:00:00.000+02:00,gpt-5,,,,,,Included,Ann@x.io",
            ("ann@x.io", "01 10:00:00.000", "gpt-5", "Included", Decimal(0), False, None),
        ),
    ],
    ids=["a paid", "a included", "b", "c", "d on-demand", "d included", "e", "e own", "another order"],
)
def test_every_form_of_the_header_is_read(write, header, row, expected):
    take(write(f"{header}\n{row}\n"), member="Me@x.io")
    assert events() == [expected]


@pytest.mark.parametrize("cost", ["Included", "-", "Free", "", "NaN", "0.42"])
def test_only_billed_kinds_are_charged(write, cost):
    rows = ONE + ONE.replace("10:00:00.123", "10:00:01.000").replace("On-Demand", "Included").replace(
        "0.42", cost
    )
    take(write(TEAM + rows))
    assert [(event[3], event[4]) for event in events()] == [
        ("Included", Decimal(0)),
        ("On-Demand", Decimal(42)),
    ]


def test_a_second_import_changes_nothing(write):
    path = write(TEAM + ONE + ONE.replace(".123", ".124"))
    take(path)
    before = everything()
    again = take(path)
    assert everything() == before
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)


def test_a_revised_cost_replaces_the_old_one(write):
    take(write(TEAM + ONE))
    again = take(write(TEAM + ONE.replace("0.42", "0.50")))
    assert (again.new, again.changed) == (0, 1)
    assert MemberModelDay.objects.get().total_cents == Decimal(50)


def test_a_file_that_lost_some_costs_makes_no_zero_of_what_an_older_one_said(write):
    take(write(TEAM + ONE))
    later = ONE.replace("10:00:00.123", "11:00:00.000")
    again = take(write(TEAM + ONE.replace("0.42", "") + later))
    assert (again.new, again.changed) == (1, 0)
    assert MemberModelDay.objects.get().billed_cents == Decimal(84)


def test_rows_alike_in_all_that_names_them_are_all_kept(write):
    path = write(TEAM + ONE + ONE + ONE.replace('"4","3124"', '"5","3125"'))
    assert take(path).new == 3
    assert take(path).unchanged == 3
    assert sorted(UsageEvent.objects.values_list("ordinal", flat=True)) == [0, 1, 2]
    assert MemberModelDay.objects.get().requests == 3


def make_event(origin="api", model="claude-4.5-sonnet", charged="99"):
    member = Member.objects.filter(email="ann@x.io").first() or Member.objects.create(
        email="ann@x.io", first_seen_at=AT, last_seen_at=AT
    )
    return UsageEvent.objects.create(
        member=member,
        occurred_at=datetime(2026, 7, 30, 10, 0, 0, 123_000, tzinfo=UTC),
        model=model,
        charged_cents=Decimal(charged),
        origin=origin,
        first_seen_at=AT,
        changed_at=AT,
    )


def test_what_the_api_told_is_neither_changed_nor_counted_twice(write):
    make_event()
    before = list(UsageEvent.objects.values())
    result = take(write(TEAM + ONE + ONE.replace("10:00:00.123", "10:00:01.000")))
    assert (result.new, result.known_better) == (1, 1)
    assert list(UsageEvent.objects.order_by("pk").values())[:1] == before


def test_a_model_spelled_as_people_read_it_is_the_apis_event_all_the_same(write):
    make_event()
    result = take(write(TEAM + ONE.replace("claude-4.5-sonnet", "Sonnet 4.5 (Balanced)")))
    assert (result.new, result.known_better) == (0, 1)


def test_one_more_row_than_the_api_told_is_new(write):
    make_event()
    make_event(model="gpt-5")
    rows = ONE + ONE.replace("claude-4.5-sonnet", "gpt-5") + ONE.replace("claude-4.5-sonnet", "other")
    result = take(write(TEAM + rows))
    assert (result.new, result.known_better) == (1, 2)
    assert UsageEvent.objects.get(origin="csv").model == "other"


def test_an_event_of_the_other_tracker_is_known_better_too(write):
    make_event(origin="tracker")
    assert take(write(TEAM + ONE)).known_better == 1


def test_a_dry_run_changes_nothing_and_says_the_same(write):
    path = write(TEAM + ONE)
    dry = take(path, is_dry_run=True)
    assert (dry.new, UsageEvent.objects.count(), Member.objects.count(), SourceRun.objects.count()) == (
        1,
        0,
        0,
        0,
    )
    assert list(take(path).lines) == list(dry.lines)


def test_the_import_leaves_its_record(write):
    take(write(TEAM + ONE))
    run = SourceRun.objects.get()
    assert (run.source, run.trigger, run.status, run.rows_seen, run.rows_new) == ("events", "csv", "ok", 1, 1)


def test_a_cycle_can_be_made_known_and_splits_its_day(write):
    rows = ONE + ONE.replace("10:00:00.123", "15:00:00.000")
    take(write(TEAM + rows), cycle_start_at=datetime(2026, 7, 30, 12, tzinfo=UTC))
    cycle = BillingCycle.objects.get(is_inferred=False)
    assert MemberModelDay.objects.in_cycle(cycle).spend()["requests"] == 1
    assert MemberModelDay.objects.count() == 2


def test_windows_1252_semicolons_and_crlf_are_read(write):
    text = (TEAM + ONE.replace("Ann@X.io", "Zoë@x.io")).replace(",", ";").replace("\n", "\r\n")
    take(write(text.encode("cp1252")))
    assert events()[0][0] == "zoë@x.io"


def test_a_file_is_written_in_chunks_whatever_its_order(write, monkeypatch):
    monkeypatch.setattr(writer, "CHUNK", 7)
    times = [f"2026-07-{1 + n % 5:02d}T{n % 24:02d}:00:00.000Z" for n in range(60)]
    rows = "".join(f"{at},p{n % 2}@x.io,On-Demand,auto,No,1,2,3,4,10,0.01\n" for n, at in enumerate(times))
    path = write(TEAM + rows)
    assert take(path).new == 60
    assert MemberModelDay.objects.aggregate(total=Sum("total_cents"), requests=Sum("requests")) == {
        "total": 60,
        "requests": 60,
    }
    assert take(path).unchanged == 60


def test_the_command_reports_and_refuses(write):
    out = io.StringIO()
    path = str(write(TEAM + ONE + ONE.replace(".123", ".124").replace("0.42", "-")))
    call_command("import_usage_csv", path, "--dry-run", stdout=out)
    call_command("import_usage_csv", path, stdout=out)
    call_command("import_usage_csv", path, stdout=out)
    assert out.getvalue().splitlines() == [
        "2 rows read, 2026-07-30 10:00 to 2026-07-30 10:00 UTC",
        "2 imported: 2 new, 0 revised",
        "new members: 1",
        "1 billed rows have no cost: counted as requests without a cost",
        "Nothing was changed: this was a dry run.",
        "2 rows read, 2026-07-30 10:00 to 2026-07-30 10:00 UTC",
        "2 imported: 2 new, 0 revised",
        "new members: 1",
        "1 billed rows have no cost: counted as requests without a cost",
        "2 rows read, 2026-07-30 10:00 to 2026-07-30 10:00 UTC",
        "0 imported: 0 new, 0 revised",
        "2 skipped: imported before, unchanged",
        "1 billed rows have no cost: counted as requests without a cost",
    ]
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_usage_csv", "none.csv")
    with pytest.raises(CommandError, match="Line 1"):
        call_command("import_usage_csv", str(write("x\n")))


def test_the_command_wants_an_address_and_says_who_is_new_and_when_it_was_not_needed(write):
    with pytest.raises(CommandError, match="'X' is not an e-mail address"):
        call_command("import_usage_csv", str(write(TEAM + ONE)), "--member=X")
    out = io.StringIO()
    call_command("import_usage_csv", str(write(TEAM + ONE)), "--member=Bob@x.io", stdout=out)
    assert out.getvalue().splitlines()[2:] == [
        "new members: 1",
        "--member was not needed: every row has a user",
    ]
    again = io.StringIO()
    nobodys = ONE.replace("Ann@X.io", "").replace("10:00:00", "11:00:00")
    call_command("import_usage_csv", str(write(TEAM + ONE + nobodys)), "--member=Bob@x.io", stdout=again)
    assert again.getvalue().splitlines()[2:] == [
        "1 skipped: imported before, unchanged",
        "new members: 1",
        "1 rows have no user: counted as bob@x.io",
    ]
    assert set(Member.objects.values_list("email", flat=True)) == {"ann@x.io", "bob@x.io"}
