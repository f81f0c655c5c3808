"""What uncharged usage is worth, of what was collected before that was kept: imports, mostly.

Day by day, each in a transaction of its own, so that it may be repeated and nobody waits for long.
"""

from collections import defaultdict
from datetime import timedelta, timezone

from django.db import migrations, transaction
from django.db.models import F, Max, Min, Q

WEIGHTS = {"input_tokens": 1.0, "cache_write_tokens": 1.25, "cache_read_tokens": 0.1, "output_tokens": 5.0}


def surface(event) -> str:
    if event.is_bugbot:
        return "bugbot"
    if event.automation_id:
        return "automation"
    if event.cloud_agent_id:
        return "cloud_agent"
    if event.kind_of_member == "service_account":
        return "service_account"
    return "cli" if event.is_headless else "ide"


def worth(event) -> tuple[float, float, float]:
    """Cents known, and tokens by weight: without a price, and free."""
    weight = sum((getattr(event, name) or 0) * share for name, share in WEIGHTS.items())
    kind = event.kind.lower()
    if kind == "free" or event.discount_percent == 100 or "errored" in kind or "aborted" in kind:
        return 0.0, 0.0, weight
    if event.model_cents and event.model_cents > 0:
        return float(event.model_cents), 0.0, 0.0
    if event.model_cents is None and event.cost_basis == "unknown":
        return 0.0, weight, 0.0
    return 0.0, 0.0, weight


def fill(apps, schema_editor) -> None:
    events = apps.get_model("collector", "UsageEvent").objects
    uncharged = events.filter(charged_cents=0).exclude(input_tokens=None, output_tokens=None, cache_read_tokens=None)
    span = uncharged.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    if span["first"] is None:
        return
    day = span["first"].astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= span["last"]:
        until = day + timedelta(days=1)
        rows = uncharged.filter(Q(occurred_at__gte=day) & Q(occurred_at__lt=until))
        with transaction.atomic():
            fill_day(apps, day, rows.annotate(kind_of_member=F("member__kind")))
        day = until


def fill_day(apps, day, events) -> None:
    totals = defaultdict(lambda: [0.0, 0.0, 0.0])
    for event in events.iterator():
        hour = event.occurred_at.astimezone(timezone.utc).replace(minute=0, second=0, microsecond=0)
        for place, figure in enumerate(worth(event)):
            totals[event.member_id, event.model, surface(event), hour][place] += figure
    hours = apps.get_model("collector", "MemberModelHour").objects
    days = apps.get_model("collector", "MemberModelDay").objects.filter(day=day.date())
    by_day = defaultdict(lambda: [0.0, 0.0, 0.0])
    for (member, model, origin, hour), figures in totals.items():
        own = hours.filter(member_id=member, model=model, surface=origin, hour_at=hour)
        own.update(**named(figures))
        for place, figure in enumerate(figures):
            by_day[member, model, origin][place] += figure
    for (member, model, origin), figures in by_day.items():
        # Of a day on which a cycle turns the later part has them all: the days' sums are what is read.
        own = days.filter(member_id=member, model=model, surface=origin).order_by("-is_after_turn").first()
        if own:
            days.filter(pk=own.pk).update(**named(figures))


def named(figures) -> dict[str, float]:
    known, unpriced, free = figures
    return {"worth_cents": round(known, 6), "unpriced_weight": round(unpriced), "free_weight": round(free)}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("collector", "0008_value_of_usage")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
