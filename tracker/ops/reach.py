"""Which of Cursor's sources the keys reach: the smallest question to each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from collector.base.days import parse_http_date
from collector.base.notes import Notes
from collector.collecting.runs import FATAL, OPTIONAL
from collector.collecting.windows import Window, closed_minute
from collector.cursor.analytics import CommitsAnswer, MetricsByMember, TeamAnswer
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError, Trouble
from collector.cursor.events import PATH as EVENTS_PATH
from collector.cursor.group_records import GroupsAnswer
from collector.cursor.records import ActivityAnswer, EventsAnswer, MembersAnswer, SpendAnswer
from collector.cursor.rows import parse
from collector.cursor.values import Record
from collector.models import Source
from collector.sources import activity, analytics, commits, groups, members, spend
from tracker.ops.findings import CheckResult, fail, off, ok, warn
from tracker.running.demo import holds_demo

# Windows end a minute in the past; a clock further off would ask for minutes that are not over.
LARGEST_CLOCK_ERROR = timedelta(seconds=30)


# What an installation does without where a key does not reach the source.
LOST = {
    Source.MEMBERS: "nothing is collected at all",
    Source.SPEND: "no billing cycles, no limits, no comparison with Cursor's own totals",
    Source.EVENTS: "no spend, no detection",
    Source.ACTIVITY: "no lines, tabs and active days",
    Source.GROUPS: "groups are kept here or imported",
    Source.TEAM_ANALYTICS: "no adoption figures on the insights page",
    Source.MEMBER_ANALYTICS: "no tools and commands by member",
    Source.COMMITS: "no commits by repository",
}


@dataclass(frozen=True)
class Question:
    """The smallest request that shows whether a source answers, and with what; POST where there is a body."""

    source: str
    path: str
    answer: type[Record]
    body: Mapping[str, object] | None = None
    params: Mapping[str, str | int] | None = None

    def ask(self, client: CursorClient) -> None:
        given = client.get(self.path, self.params) if self.body is None else client.post(self.path, self.body)
        parse(self.answer, given.payload, self.path, Notes(self.path, timezone.now()))


def questions(now: datetime) -> list[Question]:
    """One per source, members first: they show whether the key is good at all."""
    hour = Window(closed_minute(now) - timedelta(hours=1), closed_minute(now), now)
    first_page = {"page": 1, "pageSize": 1}
    span = {"startDate": hour.first_ms, "endDate": hour.last_ms, **first_page}
    days = analytics.dates(hour)
    page_of_days = {**days, **first_page}
    return [
        Question(Source.MEMBERS, members.PATH, MembersAnswer),
        Question(Source.SPEND, spend.PATH, SpendAnswer, body=first_page),
        Question(Source.EVENTS, EVENTS_PATH, EventsAnswer, body=span),
        Question(Source.ACTIVITY, activity.PATH, ActivityAnswer, body=span),
        Question(Source.GROUPS, groups.PATH, GroupsAnswer),
        Question(Source.TEAM_ANALYTICS, f"{analytics.TEAM_PATH}dau", TeamAnswer, params=days),
        Question(
            Source.MEMBER_ANALYTICS, f"{analytics.MEMBER_PATH}mcp", MetricsByMember, params=page_of_days
        ),
        Question(Source.COMMITS, commits.PATH, CommitsAnswer, params=page_of_days),
    ]


def check_cursor(now: datetime, client: CursorClient | None = None) -> Iterator[CheckResult]:
    """A finding per source, and one about the clock; where nothing can be asked, the first says so."""
    if client is None and not settings.CURSOR_ADMIN_API_KEY:
        if holds_demo():
            text = "no key: `make run` collects from the demo's sandbox"
            yield off("Cursor", text, "README.md explains how to use your own data")
        else:
            yield warn("Cursor", "no key: nothing is collected", "set CURSOR_ADMIN_API_KEY")
        return
    client = client or CursorClient.from_settings()
    stamps: list[tuple[str, datetime]] = []
    client.session.hooks["response"].append(
        lambda answer, **_: stamps.append((answer.headers.get("Date", ""), timezone.now()))
    )
    for question in questions(now):
        finding, is_fatal = ask_source(question, client)
        yield finding
        if is_fatal:
            return
    if stamps:
        yield check_clock(*stamps[0])


def ask_source(question: Question, client: CursorClient) -> tuple[CheckResult, bool]:
    """The finding, and whether nothing else need be asked."""
    subject = f"Cursor: {Source(question.source).label}"
    try:
        question.ask(client)
    except CursorApiError as error:
        if error.trouble is Trouble.REFUSED and question.source in OPTIONAL:
            text = (
                f"not available on this plan, or not to this key; without it: {LOST[Source(question.source)]}"
            )
            return off(subject, text), False
        text, _, remedy = str(error).partition(": ")
        text = f"{text}; without it: {LOST[Source(question.source)]}"
        is_fatal = (
            question.source == Source.MEMBERS and error.trouble in FATAL and not error.is_about_question
        )
        return fail(subject, text, remedy or "ask again later"), is_fatal
    return ok(subject, "answers"), False


def check_clock(date_header: str, received_at: datetime) -> CheckResult:
    """This machine's clock against the one that stamps Cursor's answers, which has whole seconds."""
    theirs = parse_http_date(date_header)
    if theirs is None:
        return off("clock", "Cursor's answers carry no date to compare with")
    error = abs(received_at - theirs)
    text = f"{error.total_seconds():.0f} s from Cursor's"
    if error > LARGEST_CLOCK_ERROR:
        return warn("clock", text, "set it, with NTP for example: windows of collection end by this clock")
    return ok("clock", text)
