"""Totals by surface, by day and by hour, of what was collected before there were any.

Day by day, each in a transaction of its own, so that it may be repeated and nobody waits for long. Days whose
events were pruned, and totals that were imported without events, keep their sums on no surface.
"""

from datetime import UTC, date, datetime, time, timedelta

from django.db import migrations, transaction
from django.utils import timezone

FAILED = "(UPPER(e.kind) LIKE '%%ERRORED%%' OR UPPER(e.kind) LIKE '%%ABORTED%%')"
EARLIER = "(b.occurred_at < e.occurred_at OR (b.occurred_at = e.occurred_at AND b.id < e.id))"
TOKENS = ", ".join(
    f"COALESCE(SUM({name}_tokens), 0)" for name in ("input", "output", "cache_write", "cache_read")
)
TOKEN_COLUMNS = "input_tokens, output_tokens, cache_write_tokens, cache_read_tokens"
# A run counts where it began; an automation's events without a cloud agent are one by conversation and day.
EVENTS = f"""
WITH events AS (
    SELECT e.*,
        CASE WHEN e.is_bugbot THEN 'bugbot' WHEN e.automation_id <> '' THEN 'automation'
            WHEN e.cloud_agent_id <> '' THEN 'cloud_agent' WHEN m.kind = 'service_account' THEN 'service_account'
            WHEN e.is_headless THEN 'cli' ELSE 'ide' END AS surface,
        CASE WHEN {FAILED} THEN 0 ELSE 1 END AS is_served,
        CASE WHEN e.occurred_at >= %(turn)s THEN 1 ELSE 0 END = 1 AS is_after_turn,
        {{hour}} AS hour_at,
        COALESCE(NULLIF(e.cloud_agent_id, ''), NULLIF(e.automation_id, ''), e.conversation_id) AS thread,
        CASE
            WHEN e.cloud_agent_id > '' THEN CASE WHEN EXISTS (
                SELECT 1 FROM collector_usageevent b
                WHERE b.cloud_agent_id > '' AND b.cloud_agent_id = e.cloud_agent_id AND {EARLIER}) THEN 0 ELSE 1 END
            WHEN e.automation_id > '' THEN CASE WHEN EXISTS (
                SELECT 1 FROM collector_usageevent b
                WHERE b.occurred_at >= %(start)s AND b.occurred_at <= e.occurred_at AND b.cloud_agent_id = ''
                    AND b.automation_id = e.automation_id AND b.conversation_id = e.conversation_id
                    AND {EARLIER}) THEN 0 ELSE 1 END
            ELSE 0 END AS is_start
    FROM collector_usageevent e JOIN collector_member m ON m.id = e.member_id
    WHERE e.occurred_at >= %(start)s AND e.occurred_at < %(end)s
)"""  # noqa: S608  # nosec B608
DAYS = f"""{EVENTS}
INSERT INTO collector_membersurfaceday (
    member_id, model, surface, day, is_after_turn, requests, billed_requests, failed_requests,
    max_mode_requests, headless_requests, runs, request_units, total_cents, billed_cents, {TOKEN_COLUMNS},
    updated_at)
SELECT member_id, model, surface, %(day)s, is_after_turn, SUM(is_served),
    SUM(CASE WHEN is_chargeable THEN is_served ELSE 0 END), SUM(1 - is_served),
    SUM(CASE WHEN is_max_mode THEN is_served ELSE 0 END), SUM(CASE WHEN is_headless THEN is_served ELSE 0 END),
    SUM(is_start), ROUND(SUM(request_units), 4), ROUND(SUM(charged_cents), 6),
    ROUND(SUM(CASE WHEN is_chargeable THEN charged_cents ELSE 0 END), 6), {TOKENS}, %(now)s
FROM events GROUP BY member_id, model, surface, is_after_turn"""  # noqa: S608  # nosec B608
HOURS = f"""{EVENTS}, threads AS (
    SELECT member_id, model, surface, hour_at, thread, COUNT(*) AS served, ROW_NUMBER() OVER (
        PARTITION BY member_id, model, surface, hour_at ORDER BY COUNT(*) DESC, thread) AS place
    FROM events WHERE is_served = 1 AND thread <> ''
    GROUP BY member_id, model, surface, hour_at, thread HAVING COUNT(*) >= 5
)
INSERT INTO collector_membermodelhour (
    member_id, model, surface, hour_at, requests, failed_requests, runs, total_cents, billed_cents,
    {TOKEN_COLUMNS}, top_thread, top_thread_requests, updated_at)
SELECT e.member_id, e.model, e.surface, e.hour_at, SUM(is_served), SUM(1 - is_served), SUM(is_start),
    ROUND(SUM(charged_cents), 6), ROUND(SUM(CASE WHEN is_chargeable THEN charged_cents ELSE 0 END), 6), {TOKENS},
    COALESCE(MAX(t.thread), ''), COALESCE(MAX(t.served), 0), %(now)s
FROM events e LEFT JOIN threads t ON t.place = 1 AND t.member_id = e.member_id AND t.model = e.model
    AND t.surface = e.surface AND t.hour_at = e.hour_at
GROUP BY e.member_id, e.model, e.surface, e.hour_at"""  # noqa: S608  # nosec B608
HOUR = {
    "sqlite": "SUBSTR(e.occurred_at, 1, 13) || ':00:00'",
    "postgresql": "DATE_TRUNC('hour', e.occurred_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'",
}
KEPT = (
    "member_id, model, day, is_after_turn, requests, billed_requests, failed_requests, max_mode_requests, "
    f"headless_requests, request_units, total_cents, billed_cents, {TOKEN_COLUMNS}, updated_at"
)
WITHOUT_EVENTS = f"""
INSERT INTO collector_membersurfaceday ({KEPT}, surface, runs)
SELECT {KEPT}, '', 0 FROM collector_membermodelday old
WHERE day = %(day)s AND (requests + failed_requests > 0 OR total_cents <> 0)
    AND NOT EXISTS (SELECT 1 FROM collector_membersurfaceday new
        WHERE new.day = old.day AND new.member_id = old.member_id)"""  # noqa: S608  # nosec B608
BUGBOT = """
UPDATE collector_usageevent SET is_bugbot = %(yes)s
WHERE occurred_at >= %(start)s AND occurred_at < %(end)s
    AND (UPPER(model) LIKE '%%BUGBOT%%' OR UPPER(kind) LIKE '%%BUGBOT%%')"""


def fill(apps, schema_editor) -> None:
    connection = schema_editor.connection
    Pruning = apps.get_model("collector", "Pruning")
    turns = dict(
        (at.astimezone(UTC).date(), at)
        for at in apps.get_model("collector", "BillingCycle").objects.order_by("start_at").values_list("start_at", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT day FROM collector_membermodelday ORDER BY day")
        days = [date.fromisoformat(str(day)) for (day,) in cursor.fetchall()]
    for day in days:
        is_pruned = Pruning.objects.filter(first_day__lte=day, last_day__gte=day).exists()
        with transaction.atomic(using=connection.alias):
            fill_day(connection, day, turns.get(day), is_pruned=is_pruned)


def fill_day(connection, day: date, turn: datetime | None, *, is_pruned: bool) -> None:
    start_at = datetime.combine(day, time(), tzinfo=UTC)
    end_at = start_at + timedelta(days=1)
    instant = connection.ops.adapt_datetimefield_value
    values = {
        "day": connection.ops.adapt_datefield_value(day),
        "start": instant(start_at),
        "end": instant(end_at),
        "turn": instant(turn or end_at),
        "now": instant(timezone.now()),
        "yes": True,
    }
    hour = HOUR[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM collector_membersurfaceday WHERE day = %(day)s", values)
        cursor.execute(
            "DELETE FROM collector_membermodelhour WHERE hour_at >= %(start)s AND hour_at < %(end)s", values
        )
        if not is_pruned:
            cursor.execute(BUGBOT, values)
            cursor.execute(DAYS.replace("{hour}", hour), values)
            cursor.execute(HOURS.replace("{hour}", hour), values)
        cursor.execute(WITHOUT_EVENTS, values)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("collector", "0004_surfaces")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
