"""`manage.py doctor`: looks at everything that this installation leans on, changing nothing."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from smtplib import SMTPException

import redis
from django.apps import apps
from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from solo.models import SingletonModel

from collector.base.days import utc_day
from collector.facts.doubts import open_notes
from collector.models import Source, SourceRun
from incidents.channels import email, slack, webhook
from incidents.channels.base import DeliveryError
from incidents.models import Channel, Notification
from incidents.notifying.routing import has_nobody
from tracker.ops.findings import CheckResult, fail, off, ok, warn
from tracker.ops.health import database_problem
from tracker.ops.reach import check_cursor
from tracker.ops.worker import WorkerState, worker_report

LITTLE_DISK = 1024**3


def examine(now: datetime) -> Iterator[CheckResult]:
    """Yield the findings as they are made; those that need the database are skipped if it does not answer."""
    yield from check_settings()
    database = check_database()
    yield database
    yield check_disk()
    yield check_static_files()
    yield check_broker()
    if not database.remedy:
        yield check_worker(now)
        yield from check_cursor(now)
        yield from check_doubts()
        yield check_notifications()
        yield from check_channels(now)
        yield from check_stored_settings()
    yield check_slack()
    yield check_mail()
    yield check_webhook()


def check_settings() -> Iterator[CheckResult]:
    messages = [
        message
        for message in run_checks(include_deployment_checks=settings.HTTPS)
        if message.level >= WARNING
    ]
    for message in messages:
        make_result = fail if message.is_serious() else warn
        yield make_result("settings", f"{message.msg} ({message.id})", message.hint or "see README.md")
    if not messages:
        yield ok("settings", "no problems found")


def check_database() -> CheckResult:
    problem = database_problem()
    if problem:
        text, _, remedy = problem.partition(": ")
        return fail("database", text, remedy)
    if not is_writable():
        file = connection.settings_dict["NAME"]
        is_file = connection.vendor == "sqlite"
        remedy = f"let this user write both {file} and its directory" if is_file else "check DATABASE_URL"
        return fail("database", "cannot be written", remedy)
    if encoding := odd_encoding():
        remedy = "move to a database that createdb --encoding=UTF8 --template=template0 has made"
        return fail("database", f"encoded as {encoding}, which cannot hold every name", remedy)
    return ok("database", f"{connection.display_name} {version()}, migrated")


def is_writable() -> bool:
    """Whether the database accepts a write. The write affects no row and is rolled back."""
    try:
        with transaction.atomic():
            SourceRun.objects.filter(pk=0).update(error="")
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return True


def odd_encoding() -> str:
    """The encoding of a PostgreSQL database that cannot hold every name as it is; empty for UTF-8."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        encoding = str(cursor.fetchone()[0])
    return "" if encoding == "UTF8" else encoding


def version() -> str:
    """The database server's version, or SQLite's."""
    numbers = connection.get_database_version()
    return ".".join(str(number) for number in numbers)


def check_disk() -> CheckResult:
    free = shutil.disk_usage(settings.VAR_DIR if settings.VAR_DIR.is_dir() else settings.BASE_DIR).free
    text = f"{free / 1024**3:.1f} GiB free"
    if free < LITTLE_DISK:
        return warn("disk", text, "make room, or run `python manage.py prune`")
    return ok("disk", text)


def check_static_files() -> CheckResult:
    if not settings.STATIC_MANIFEST:
        return ok("static files", "served from the apps")
    if (settings.STATIC_ROOT / "staticfiles.json").is_file():
        return ok("static files", "collected")
    return fail("static files", "not collected", "run `python manage.py collectstatic --no-input`")


def check_broker() -> CheckResult:
    if not settings.REDIS_URL:
        return ok("task queue", "in the database")
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5).ping()
    except redis.RedisError as error:
        text = f"Redis does not answer ({type(error).__name__})"
        return fail("task queue", text, "start it with `docker compose up -d redis`, or check REDIS_URL")
    return ok("task queue", "Redis answers")


def check_doubts() -> Iterator[CheckResult]:
    """A finding per source of which something could not be read, or does not add up."""
    for source, notes in sorted(open_notes().items()):
        remedy = "see Doubts and Rejected rows in the admin; the rest of the source is stored"
        yield warn(f"{Source(source).label}: doubts", str(notes), remedy)


WORKER_REMEDIES = {
    WorkerState.NEVER: "start `python manage.py worker`, or call run_pipeline from cron",
    WorkerState.GONE: "start `python manage.py worker`, or call run_pipeline from cron",
    WorkerState.BUSY: "wait for the run to end; if it takes long each time, add a worker",
    WorkerState.STUCK: "restart `python manage.py worker`; its log says what it was doing",
}


def check_worker(now: datetime) -> CheckResult:
    report = worker_report(now)
    remedy = WORKER_REMEDIES.get(report.state)
    return warn("worker", report.text, remedy) if remedy else ok("worker", report.text)


def check_notifications() -> CheckResult:
    given_up = Notification.objects.given_up().count()
    waiting = Notification.objects.waiting().count()
    if given_up:
        return warn("notifications", f"{given_up} given up", "see why under Messages sent in the admin")
    return ok("notifications", f"{waiting} waiting, none given up")


def check_channels(now: datetime) -> Iterator[CheckResult]:
    """A finding for each enabled channel that is for nobody, is not set up, or failed at its last attempt."""
    channels = list(Channel.objects.enabled())
    if not any(channel.sends_alerts for channel in channels):
        remedy = "set SLACK_BOT_TOKEN, ALERT_EMAIL_TO or WEBHOOK_URL, or add a channel in the admin"
        yield warn("channels", "none receives alerts, so nobody is notified", remedy)
    for channel in channels:
        subject = f"channel: {channel}"
        missing = missing_for(channel)
        if missing:
            yield fail(subject, "cannot be reached", f"set {missing}, or switch it off in the admin")
        elif has_nobody(channel, utc_day(now)):
            yield warn(subject, "is for nobody: its groups are deleted", "choose others in the admin")
        elif channel.last_error:
            text, _, remedy = channel.last_error.partition(": ")
            yield warn(subject, text, remedy or "send a test from the admin")


def check_stored_settings() -> Iterator[CheckResult]:
    """Settings that a variable of the environment has contradicted since they were saved."""
    for model in apps.get_models():
        row = model._default_manager.first() if issubclass(model, SingletonModel) else None
        try:
            if row:
                row.full_clean()
        except ValidationError as problem:
            yield warn(str(model._meta.verbose_name), " ".join(problem.messages), "change it in the admin")


def missing_for(channel: Channel) -> str:
    """What has to be set before anything can be sent to `channel`; empty where nothing is missing."""
    needs: dict[str, object] = {"its target": channel.target.strip()}
    if channel.kind == Channel.Medium.WEBHOOK:
        needs = {"its target or WEBHOOK_URL": webhook.address(channel)}
    elif channel.kind == Channel.Medium.SLACK:
        needs = {
            "SLACK_BOT_TOKEN": settings.SLACK_BOT_TOKEN,
            "its target or SLACK_CHANNEL_ID": slack.room(channel),
        }
    elif channel.kind == Channel.Medium.EMAIL:
        needs = {
            "RESEND_API_KEY and RESEND_FROM or EMAIL_URL": settings.EMAIL_CONFIGURED,
            "its target or ALERT_EMAIL_TO": channel.is_personal
            or channel.target_items()
            or settings.ALERT_EMAIL_TO,
        }
    return ", ".join(name for name, value in needs.items() if not value)


def check_slack() -> CheckResult:
    if not settings.SLACK_BOT_TOKEN:
        return off("Slack", "not set up", "set SLACK_BOT_TOKEN")
    try:
        answer = slack.call("auth_test")
    except DeliveryError as error:
        text, _, remedy = str(error).partition(": ")
        return fail("Slack", text, remedy or "check SLACK_BOT_TOKEN")
    return ok("Slack", f"the token of {answer.get('user', 'a bot')} in {answer.get('team', 'a workspace')}")


def check_mail() -> CheckResult:
    if not settings.EMAIL_CONFIGURED:
        return off("mail", "not set up", "set RESEND_API_KEY and RESEND_FROM, or EMAIL_URL")
    if settings.RESEND_API_KEY:
        return ok("mail", "goes through Resend; `manage.py sendtestemail you@example.com` tries it")
    try:
        email.greet_server()
    except (OSError, SMTPException) as error:
        return fail("mail", f"the server does not answer ({type(error).__name__})", "check EMAIL_URL")
    return ok("mail", "the server answers")


def check_webhook() -> CheckResult:
    if not settings.WEBHOOK_URL:
        return off("webhook", "not set up", "set WEBHOOK_URL")
    signed = "signed" if settings.WEBHOOK_SECRET else "unsigned"
    return ok("webhook", f"set, {signed}; it is not called for a check")
