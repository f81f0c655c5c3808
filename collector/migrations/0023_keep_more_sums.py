"""The triggers that keep what members did by weeks, and those sums of what was collected before."""

from django.db import migrations

from collector.migrations._sums import MONDAY, Sums, keep, own

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAY = {
    # Written twice, since the schema editor takes values.
    "sqlite": "STRFTIME('%%w', {{row}}day) = '{sqlite}'",
    "postgresql": "EXTRACT(ISODOW FROM {{row}}day) = {postgresql}",
}
MEMBER = {"week": MONDAY} | own("member_id")


def served_on(number: int) -> dict[str, str]:
    """1 for a row of that weekday, Monday being 1, with a served request, else 0."""
    return {
        vendor: f"CASE WHEN {{row}}requests > 0 AND {sql.format(sqlite=number % 7, postgresql=number)} THEN 1 ELSE 0 END"
        for vendor, sql in WEEKDAY.items()
    }


REQUESTS = Sums(
    "collector_memberrequestweek",
    "collector_membersurfaceday",
    identity=("member_id", "day"),
    key=MEMBER,
    counts={name: served_on(number) for number, name in enumerate(WEEKDAYS, start=1)},
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("collector", "0022_more_sums")]
    operations = keep(
        Sums(
            "collector_memberactivityweek",
            "collector_dailyactivity",
            identity=("member_id", "day"),
            key=MEMBER,
            counts={"active_days": "CASE WHEN {row}is_active THEN 1 ELSE 0 END"}
            | own("lines_added", "accepts", "applies", "tabs_accepted"),
        ),
        REQUESTS,
    )
