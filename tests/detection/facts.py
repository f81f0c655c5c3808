"""Small made-up facts for detection's tests."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from collector.base.days import day_end, day_start
from collector.facts import rollups
from collector.models import Member, MemberModelDay, MemberModelHour, UsageEvent

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)  # a Tuesday
FRESH = {"events": timedelta(minutes=5), "spend": timedelta(minutes=5)}


def make_member(email="ana@example.com", **values):
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return Member.objects.create(
        **{"email": email, "name": "Ana Ruiz", "first_seen_at": first, "last_seen_at": first} | values
    )


def make_day(member, day, dollars, requests=10, model="sonnet", **values):
    cents = Decimal(dollars) * 100
    return MemberModelDay.objects.create(
        member=member, day=day, model=model, requests=requests, total_cents=cents, updated_at=NOW, **values
    )


def make_event(member, at, dollars, model="sonnet", **values):
    return make_events(member, [at], dollars, model, **values)[0]


def make_events(member, instants, dollars, model="sonnet", **values):
    """An event of so many dollars at each of the instants."""
    events = [new_event(member, at, dollars, model, **values) for at in instants]
    UsageEvent.objects.bulk_create(events)
    for event in {event.occurred_at.date(): event for event in events}.values():
        count_hour(event)
    return events


def new_event(member, at, dollars, model="sonnet", **values):
    """Not stored yet."""
    return UsageEvent(
        **{
            "member": member,
            "occurred_at": at,
            "model": model,
            "kind": "Usage-based",
            "charged_cents": Decimal(dollars) * 100,
            "first_seen_at": at,
            "changed_at": at,
        }
        | values
    )


def count_hour(event):
    """Bring the totals of the event's hours into line, as collecting does; days stay as a test made them."""
    day = event.occurred_at.date()
    start_at, end_at = day_start(day), day_end(day)
    events = UsageEvent.objects.between(start_at, end_at).filter(member=event.member)
    totals = rollups.totals_of_day(day, events)
    stored = MemberModelHour.objects.between(start_at, end_at).filter(member=event.member)
    rollups.HOURS.upsert(totals.hours, stored, event.changed_at)


def ten_dollar_days(member):
    """Ten dollars and ten requests on each of the thirty days before yesterday."""
    for back in range(2, 32):
        make_day(member, date(2026, 3, 17) - timedelta(days=back), 10)


def runaway(member):
    """Eight requests of ten dollars, an hour apart, the first at 05:30."""
    make_events(member, [datetime(2026, 3, 17, 5 + hour, 30, tzinfo=UTC) for hour in range(8)], 10)
