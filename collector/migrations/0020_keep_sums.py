"""The triggers that keep the sums of days, and the sums of what was collected before there were any.

Whatever is written to the days is added, in the same transaction, whoever writes it. The sums of the past are
filled week by week, each in a transaction of its own that may be repeated.
"""

from django.db import migrations

from collector.migrations._sums import MONDAY, Sums, keep, own

DAYS = {
    "rows": "collector_membersurfaceday",
    "identity": ("member_id", "day", "model", "surface", "is_after_turn"),
    "counts": own("requests", "failed_requests", "max_mode_requests", "runs", "input_tokens", "output_tokens",
                  "cache_write_tokens", "cache_read_tokens"),
    "cents": own("total_cents", "billed_cents"),
}  # fmt: skip
WEEKS = Sums("collector_membermodelweek", key={"week": MONDAY} | own("member_id", "model", "surface"), **DAYS)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("collector", "0019_sums")]
    operations = keep(
        WEEKS,
        Sums("collector_teammodelday", key=own("day", "model", "surface", "is_after_turn"), **DAYS),
    )
