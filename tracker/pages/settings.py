"""The settings page's tables."""

from django.http import QueryDict

from collector.base import names
from collector.collecting.freshness import SourceFreshness
from collector.models import SourceRun
from groups.reporting.summary import GroupSummary
from incidents.models import Channel
from tracker.reports.configuration import Configuration
from tracker.widgets import formats
from tracker.widgets.cells import Flag
from tracker.widgets.tables import Column, PageParts, Table

BELONG = "People with a seat who are in the group today. Chargeback counts who spent in it."
DOUBTS = (
    "Answers from Cursor that do not add up, and rows that could not be read, with the money concerned. "
    "The reasons are in the admin, under Doubts and Rejected rows."
)
TONES = {"ok": "good", "ok_doubts": "warning", "fresh": "good", "failed": "critical", "running": "info"}


def page(report: Configuration, query: QueryDict, *, with_groups: bool = True) -> PageParts:
    return PageParts(
        query,
        report.now,
        report=report,
        sources=sources_table(report),
        runs=runs_table(report),
        channels=channels_table(report),
        groups=groups_table(report) if with_groups else None,
    )


def sources_table(report: Configuration) -> Table[SourceFreshness]:
    columns: list[Column[SourceFreshness]] = [
        Column("source", "Source", lambda s: s.label),
        Column("state", "State", lambda s: s.status, "flag", shown=source_flag),
        Column("good", "Last read", lambda s: s.last_good_at, "ago"),
        Column("run", "Last asked", lambda s: s.last_run_at, "ago"),
        Column("newest", "Known up to", lambda s: s.newest_at, "ago"),
        Column("doubts", "Doubts", lambda s: str(report.notes.get(s.source, "")), help=DOUBTS),
        Column("error", "Error", lambda s: names.current().error_text(s.error)),
    ]
    return Table("sources", "Sources", columns, report.sources, sort="source")


def source_flag(source: SourceFreshness) -> Flag:
    if not source.status:
        return Flag("never read", "plain")
    if source.is_stale and source.status != SourceRun.RunStatus.FAILED:
        return Flag("stale", "warning")
    return Flag(SourceRun.RunStatus(source.status).label, TONES.get(source.status, "plain"))


def runs_table(report: Configuration) -> Table[SourceRun]:
    columns: list[Column[SourceRun]] = [
        Column("started", "Started", lambda r: r.started_at, "ago"),
        Column("source", "Source", lambda r: r.get_source_display()),
        Column("state", "State", lambda r: r.status, "flag", shown=run_flag),
        Column("window", "Window", window),
        Column("seen", "Seen", lambda r: r.rows_seen, "count"),
        Column("new", "New", lambda r: r.rows_new, "count"),
        Column("changed", "Changed", lambda r: r.rows_changed, "count"),
        Column("requests", "Requests", lambda r: r.requests, "count"),
        Column("took", "Took", lambda r: r.finished_at - r.started_at if r.finished_at else None, "duration"),
        Column("error", "Error", lambda r: names.current().error_text(r.error)),
    ]
    empty = "Nothing has been collected yet."
    return Table("runs", "Latest runs", columns, report.runs, sort="-started", empty=empty, page_rows=20)


def run_flag(run: SourceRun) -> Flag:
    return Flag(run.get_status_display(), TONES.get(run.status, "plain"))


def window(run: SourceRun) -> str:
    if not (run.window_start_at and run.window_end_at):
        return ""
    return f"{formats.instant(run.window_start_at)} to {formats.instant(run.window_end_at)}"


def channels_table(report: Configuration) -> Table[Channel]:
    columns: list[Column[Channel]] = [
        Column("name", "Channel", lambda c: c.name),
        Column("kind", "Kind", lambda c: c.get_kind_display()),
        Column("state", "State", lambda c: channel_flag(c).label, "flag", shown=channel_flag),
        Column("severity", "From severity", lambda c: c.get_least_severity_display()),
        Column("groups", "For", channel_audience),
        Column("quiet", "Quiet hours", quiet_hours),
        Column("ok", "Last delivered", lambda c: c.last_ok_at, "ago"),
        Column("error", "Last error", lambda c: names.current().error_text(c.last_error)),
    ]
    empty = "No channel is set up, so nobody is notified. An administrator can add one under Channels."
    return Table("channels", "Channels", columns, report.channels, sort="name", empty=empty)


def channel_flag(channel: Channel) -> Flag:
    if not channel.is_enabled:
        return Flag("off", "plain")
    return Flag("failing", "critical") if channel.last_error else Flag("on", "good")


def channel_audience(channel: Channel) -> str:
    if channel.audience != Channel.Audience.GROUPS:
        return channel.get_audience_display()
    names = [group.name for group in channel.groups.all() if group.closed_day is None or group.merged_into_id]
    return ", ".join(names) or "nobody, because its groups are deleted"


def quiet_hours(channel: Channel) -> str:
    if channel.quiet_from is None or channel.quiet_until is None:
        return ""
    return f"{channel.quiet_from:%H:%M} to {channel.quiet_until:%H:%M} {channel.timezone}"


def groups_table(report: Configuration) -> Table[GroupSummary]:
    columns: list[Column[GroupSummary]] = [
        Column("name", "Group", lambda g: g.name),
        Column("members", "Seats", lambda g: len(g.members), "count", help=BELONG),
        Column("spend", "Spend of this cycle", lambda g: g.spend_cents, "money"),
    ]
    empty = "There are no groups yet: Cursor's billing groups appear with the first collection."
    return Table("groups", "Billing groups", columns, report.groups, sort="name", empty=empty)
