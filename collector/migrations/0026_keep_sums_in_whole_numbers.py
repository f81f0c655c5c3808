"""The triggers that keep the new sums, and those sums of what was collected before."""

from importlib import import_module

from django.db import migrations

from collector.migrations._sums import Sums, keep, own

WEEKS = import_module("collector.migrations.0020_keep_sums").WEEKS
REQUESTS = import_module("collector.migrations.0023_keep_more_sums").REQUESTS
TOTAL, BILLED = (f"CAST(ROUND({{row}}{name} * 1000000) AS BIGINT)" for name in ("total_cents", "billed_cents"))
MICRO = {"total_micro": TOTAL, "billed_micro": BILLED}
OF_AGENTS = "CASE WHEN {{row}}surface IN ('cloud_agent', 'automation') THEN {} ELSE 0 END"
USED = {
    **own("requests", "failed_requests", "cache_read_tokens", "runs"),
    "agent_requests": OF_AGENTS.format("{row}requests"),
    **MICRO,
    "agent_micro": OF_AGENTS.format(TOTAL),
}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("collector", "0025_sums_in_whole_numbers")]
    operations = keep(
        Sums(WEEKS.table, WEEKS.rows, WEEKS.identity, WEEKS.key, WEEKS.counts | MICRO, WEEKS.cents),
        Sums(REQUESTS.table, REQUESTS.rows, REQUESTS.identity, REQUESTS.key, USED | REQUESTS.counts),
    )
