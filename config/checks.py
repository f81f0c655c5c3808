"""System checks over the settings: each problem with an id and what to do about it.

No message repeats a value, since many are secrets.
"""

import os
import re
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_domain_name, validate_email

from collector.base.commands import SETTINGS_CHECKS

Messages = Iterator[CheckMessage]
HOST = re.compile(r"\*|\.?[\w.-]+|\[?[0-9A-Fa-f:]+\]?")


def missing(*names: str) -> list[str]:
    return [name for name in names if not getattr(settings, name)]


def all_or_none(code: str, purpose: str, *names: str) -> Messages:
    """One error when only some of `names` are set."""
    absent = missing(*names)
    if absent and len(absent) < len(names):
        hint = f"Set all of {', '.join(names)}, or none of them."
        yield Error(f"{purpose} is only partly configured: {', '.join(absent)} not set.", hint, id=code)


@register(SETTINGS_CHECKS)
def check_values(app_configs: object, **_: object) -> Messages:
    for problem in settings.ENVIRONMENT_PROBLEMS:
        hint = "Correct it in the environment or in .env; see README.md."
        yield Error(problem, hint, id="config.E001")


@register(SETTINGS_CHECKS)
def check_var_directory(app_configs: object, **_: object) -> Messages:
    database = str(settings.DATABASES["default"]["NAME"])
    is_needed = not settings.SHARED_SECRET_KEY or Path(database).is_relative_to(settings.VAR_DIR)
    is_there = settings.VAR_DIR.is_dir()
    if is_needed and not (is_there and os.access(settings.VAR_DIR, os.W_OK)):
        verb = "written" if is_there else "created"
        hint = "Let this user own it, or set SECRET_KEY and DATABASE_URL."
        yield Error(f"{settings.VAR_DIR} cannot be {verb}.", hint, id="config.E002")


@register(SETTINGS_CHECKS)
def check_time_zone(app_configs: object, **_: object) -> Messages:
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        hint = "Days of spend are UTC days, as Cursor's are; another zone would move spend between days."
        yield Error("TIME_ZONE must be UTC and USE_TZ true.", hint, id="config.E003")


@register(SETTINGS_CHECKS, Tags.security)
def check_sign_in(app_configs: object, **_: object) -> Messages:
    names = ("AUTH_SECRET", "AUTH_GOOGLE_ID", "AUTH_GOOGLE_SECRET")
    openid = ("AUTH_OIDC_ISSUER", "AUTH_OIDC_ID", "AUTH_OIDC_SECRET")
    has_openid = len(missing(*openid)) < len(openid)
    if has_openid:
        yield from all_or_none("config.E021", "OpenID Connect sign-in", "AUTH_SECRET", *openid)
    if not has_openid or len(missing(*names[1:])) < 2:
        yield from all_or_none("config.E004", "Google sign-in", *names)
    if 0 < len(settings.AUTH_SECRET) < 32:
        hint = "Make one: openssl rand -base64 32"
        yield Error("AUTH_SECRET is shorter than 32 characters.", hint, id="config.E005")
    limits = ("AUTH_ALLOWED_DOMAIN", "AUTH_ALLOWED_EMAILS", "AUTH_ADMIN_EMAILS")
    if len(missing(*names)) == len(names) and not has_openid and len(missing(*limits)) < len(limits):
        hint = "Set up sign-in as docs/access.md explains, or drop the restriction."
        yield Error(
            "AUTH_ALLOWED_… or AUTH_ADMIN_EMAILS is set, but sign-in is off: the pages are open to everyone.",
            hint,
            id="config.E006",
        )


def needed(code: str, name: str, other: str, hint: str) -> Messages:
    """An error when `name` is set without `other`."""
    if getattr(settings, name) and not getattr(settings, other):
        yield Error(f"{name} is set without {other}.", hint=hint, id=code)


@register(SETTINGS_CHECKS)
def check_companions(app_configs: object, **_: object) -> Messages:
    hint = "Set the token of the app that posts there; channels can also be added in the admin."
    yield from needed("config.E007", "SLACK_CHANNEL_ID", "SLACK_BOT_TOKEN", hint)
    hint = "Buttons are answered by the app that posts the messages: set its token and channel."
    yield from needed("config.E008", "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", hint)
    hint = "Set the address that receives the messages, or drop the secret."
    yield from needed("config.E011", "WEBHOOK_SECRET", "WEBHOOK_URL", hint)
    hint = "Name the claim whose values these are, or drop them."
    yield from needed("config.E024", "AUTH_OIDC_ROLES", "AUTH_OIDC_ROLE_CLAIM", hint)
    hint = "Google sends no roles: set up OpenID Connect, or drop the claim."
    yield from needed("config.E025", "AUTH_OIDC_ROLE_CLAIM", "AUTH_OIDC_ISSUER", hint)
    if settings.CURSOR_LIMITS == "write" and not settings.CURSOR_ADMIN_API_KEY:
        hint = "Set a key of the Admin API that may write, or drop CURSOR_LIMITS."
        yield Error("CURSOR_LIMITS=write is set without CURSOR_ADMIN_API_KEY.", hint, id="config.E023")
    if settings.AUTH_REQUIRE_TOTP and settings.AUTH_ENABLED:
        hint = "Require the second factor there, and drop AUTH_REQUIRE_TOTP: it is for local passwords."
        yield Error("AUTH_REQUIRE_TOTP is set, but people sign in with a provider.", hint, id="config.E027")
    if settings.AUTH_URL and settings.AUTH_URL.startswith("https://") != settings.HTTPS:
        hint = "Give both the same scheme: a cookie for HTTPS is not sent over HTTP."
        yield Error("Only one of DASHBOARD_URL and AUTH_URL is an https:// address.", hint, id="config.E026")


@register(SETTINGS_CHECKS)
def check_mail(app_configs: object, **_: object) -> Messages:
    if settings.RESEND_API_KEY and settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        hint = "Set RESEND_FROM to an address of a domain verified at Resend."
        yield Error("Resend is only partly configured: RESEND_FROM is not set.", hint, id="config.E009")
    if settings.ALERT_EMAIL_TO and not settings.EMAIL_CONFIGURED:
        hint = "Set RESEND_API_KEY and RESEND_FROM, or EMAIL_URL."
        yield Error("ALERT_EMAIL_TO is set, but nothing can send mail.", hint, id="config.E010")
    if settings.RESEND_API_KEY and settings.EMAIL_URL:
        hint = "Mail goes out one way only: drop one of the two."
        yield Error("RESEND_API_KEY and EMAIL_URL are both set.", hint, id="config.E022")


@register(SETTINGS_CHECKS)
def check_addresses(app_configs: object, **_: object) -> Messages:
    for name in ("ALERT_EMAIL_TO", "AUTH_ALLOWED_EMAILS", "AUTH_ADMIN_EMAILS"):
        if not all(is_valid(validate_email, address) for address in getattr(settings, name)):
            hint = "Separate addresses with commas: ann@example.com, bob@example.com"
            yield Error(f"{name} holds something that is not an e-mail address.", hint, id="config.E012")
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if not is_valid(validate_email, sender):
        hint = "Write it as costs@example.com, or with a name: Costs <costs@example.com>"
        yield Error("DEFAULT_FROM_EMAIL or RESEND_FROM is not an e-mail address.", hint, id="config.E012")
    if not all(map(HOST.fullmatch, settings.ALLOWED_HOSTS)):
        hint = "Separate names with commas, without https:// and without ports: costs.example.com, 192.0.2.1"
        yield Error("ALLOWED_HOSTS holds something that is not a host name.", hint, id="config.E028")
    if settings.AUTH_ALLOWED_DOMAIN and not is_valid(validate_domain_name, settings.AUTH_ALLOWED_DOMAIN):
        yield Error("AUTH_ALLOWED_DOMAIN is not a domain.", hint="Write it as example.com", id="config.E013")


def is_valid(validate: Callable[[str], object], value: str) -> bool:
    try:
        validate(value)
    except ValidationError:
        return False
    return True


@register(SETTINGS_CHECKS, Tags.security, deploy=True)
def check_deployment(app_configs: object, **_: object) -> Messages:
    if not settings.SHARED_SECRET_KEY:
        hint = "Several machines must share one key, and a replaced one would sign everybody out."
        yield Warning("SECRET_KEY is not set: this machine made its own.", hint, id="config.W001")
    if not settings.HTTPS:
        hint = "Set it to the address people open; cookies are then sent over HTTPS only."
        yield Warning("DASHBOARD_URL is not an https:// address.", hint, id="config.W002")
    elif not settings.AUTH_TRUST_HOST:
        hint = "Set AUTH_TRUST_HOST=true; otherwise requests are redirected to HTTPS in a loop."
        yield Warning(
            "DASHBOARD_URL is https://, but the proxy in front is not trusted.", hint, id="config.W003"
        )
    if settings.AUTH_ENABLED and not settings.AUTH_ADMIN_EMAILS:
        hint = "Name at least one administrator, unless Access in the admin does."
        yield Warning(
            "Sign-in is on and AUTH_ADMIN_EMAILS is empty: nobody could change settings.",
            hint,
            id="config.W004",
        )
    if settings.AUTH_OIDC_ISSUER.startswith("http://"):
        hint = "Use the provider's https:// address: who is in between could let anybody in."
        yield Warning("AUTH_OIDC_ISSUER is not an https:// address.", hint, id="config.W005")
