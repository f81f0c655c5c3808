"""Settings that contradict each other are refused where they are saved, with the reason at the field.

Every field that an administrator may edit, and every variable, stands here: in a pair, or alone. A new one
has to be thought about before these tests pass.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import models
from solo.models import SingletonModel

from collector.base.read_only import ReadOnly
from detection.models import DetectionSettings, Exemption
from detection.replay.overrides import Override, apply
from groups.models import BudgetSettings, CycleBudget
from incidents.models import Channel, GuardSettings, IncidentSettings
from tests.settings_pairs import ENVIRONMENTS, MAIL, PAIRS
from tracker.models import AccessSettings, ApiToken, RetentionSettings

pytestmark = pytest.mark.django_db


# Fields whose every value goes with every value of the others: switches and thresholds of one check each.
# What another setting makes idle (the hour of a daily e-mail that is off) contradicts nothing.
ALONE = {
    "DetectionSettings": """cycle_limit_dollars daily_requests_limit daily_tokens_limit team_multiplier
        spike_multiplier cycle_outlier_multiplier expensive_model_multiplier expensive_model_min_dollars
        machine_pace_per_hour price_changes plan_exhausted members_limited team_budget_dollars
        own_baseline_sensitivity drift_multiplier floor_dollars continuation_hours stale_after_hours
        confirm_by_own_history info_findings""",
    "IncidentSettings": """quiet_runs keep_open_until_reviewed reopen_window_hours acknowledgement_hours
        summary_above email_mode email_digest_hour give_up_after vendor_lag_hours plan_digest cycle_digest
        weekly_digest digest_hour""",
    "GuardSettings": "extra_dollars",
    "AccessSettings": "smallest_group shows_ranks",
    "RetentionSettings": "audit_days run_days preview_days import_days history_days sign_in_days",
    "BudgetSettings": "member_budget_dollars steps notifies_of_members seat_dollars",
    "CycleBudget": "amount_dollars",
    "Exemption": "member reason",
    "ApiToken": "name scope",
    "Channel": """name least_severity groups timezone is_loud_when_critical escalate_after_minutes""",
}
# Escalation's two halves and quiet hours' two ends are constraints; groups come with the form, which has a
# test of its own (tests/incidents/notifying/test_audience.py).
SETTINGS_MODELS = {
    "DetectionSettings": DetectionSettings,
    "IncidentSettings": IncidentSettings,
    "GuardSettings": GuardSettings,
    "AccessSettings": AccessSettings,
    "RetentionSettings": RetentionSettings,
    "BudgetSettings": BudgetSettings,
    "CycleBudget": CycleBudget,
    "Exemption": Exemption,
    "ApiToken": ApiToken,
    "Channel": Channel,
}
# Editable in the admin, and no settings: people, groups with their history of moves, imports.
NO_SETTINGS = {"User", "Group", "GroupImport", "MemberPlace"}

# Variables: the check that refuses a contradiction, or empty for one that goes with every other.
VARIABLES = {
    "config.E002": "VAR_DIR SECRET_KEY DATABASE_URL",
    "config.E004": "AUTH_SECRET AUTH_GOOGLE_ID AUTH_GOOGLE_SECRET",
    "config.E006": "AUTH_ALLOWED_DOMAIN AUTH_ALLOWED_EMAILS AUTH_ADMIN_EMAILS",
    "config.E007": "SLACK_BOT_TOKEN SLACK_CHANNEL_ID",
    "config.E008": "SLACK_SIGNING_SECRET",
    "config.E009": "RESEND_FROM DEFAULT_FROM_EMAIL",
    "config.E010": "ALERT_EMAIL_TO",
    "config.E011": "WEBHOOK_URL WEBHOOK_SECRET",
    "config.E014": "DEMO CURSOR_ADMIN_API_KEY",
    "config.E021": "AUTH_OIDC_ISSUER AUTH_OIDC_ID AUTH_OIDC_SECRET",
    "config.E022": "RESEND_API_KEY EMAIL_URL",
    "config.E023": "CURSOR_LIMITS",
    "config.E024": "AUTH_OIDC_ROLES",
    "config.E025": "AUTH_OIDC_ROLE_CLAIM",
    "config.E026": "AUTH_URL DASHBOARD_URL",
    "config.E027": "AUTH_REQUIRE_TOTP",
    "config.W003": "AUTH_TRUST_HOST",
    "": """DEBUG ALLOWED_HOSTS STATIC_MANIFEST LOG_FORMAT LOG_LEVEL METRICS_TOKEN CRON_SECRET REDIS_URL
        CURSOR_ANALYTICS_API_KEY CURSOR_AGENTS_API_KEY CURSOR_API_URL SLACK_API_URL PAGERDUTY_WEBHOOK_SECRET
        OPSGENIE_WEBHOOK_TOKEN PAGERDUTY_EVENTS_URL OPSGENIE_API_URL HEARTBEAT_URL AUTH_OIDC_NAME
        WEB_CONCURRENCY""",
}


def refused_fields(row: models.Model) -> dict[str, list[str]]:
    try:
        row.full_clean()
    except ValidationError as problem:
        return problem.message_dict
    return {}


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_contradiction_is_refused_with_the_reason_and_mended_it_is_accepted(pair, settings):
    for name, value in ENVIRONMENTS.get(pair.fields, MAIL).items():
        setattr(settings, name, value)
    refused = refused_fields(pair.row())
    assert pair.at in refused and len(" ".join(refused[pair.at])) > 20
    assert refused_fields(pair.mended()) == {}


def editable(model: type[models.Model]) -> set[str]:
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return {field.name for field in fields if field.editable and not field.primary_key}


@pytest.mark.parametrize("name", SETTINGS_MODELS)
def test_every_field_of_the_settings_stands_in_a_pair_or_alone(name):
    paired = {
        field.partition(".")[2]
        for pair in PAIRS
        for field in pair.fields.split()
        if field.startswith(f"{name}.")
    }
    alone = set(ALONE.get(name, "").split())
    assert paired & alone == set()
    known = editable(SETTINGS_MODELS[name])
    by_code = {"created_at", "created_by", "revoked_at", "revoked_by"}  # never entered
    assert (paired | alone) - by_code == known - by_code


def test_every_model_that_an_administrator_edits_is_one_of_these():
    edited = {
        model.__name__ for model, offered in admin.site._registry.items() if not isinstance(offered, ReadOnly)
    }
    assert edited - NO_SETTINGS == set(SETTINGS_MODELS)
    singles = {model for model in apps.get_models() if issubclass(model, SingletonModel)}
    assert {model.__name__ for model in singles} - {"SetUp"} <= set(SETTINGS_MODELS)


def test_every_settings_model_keeps_a_history_but_tokens_which_never_change():
    without = {name for name, model in SETTINGS_MODELS.items() if not hasattr(model, "history")}
    assert without == {"ApiToken"}


def test_every_variable_stands_in_a_pair_or_alone():
    listed = [name for names in VARIABLES.values() for name in names.split()]
    assert len(listed) == len(set(listed))
    assert set(listed) == django_settings.ENVIRONMENT_NAMES


@pytest.mark.parametrize(
    ("expected", "variables"),
    [
        (
            "config.E022",
            {"RESEND_API_KEY": "re_1", "EMAIL_URL": "smtp://x", "DEFAULT_FROM_EMAIL": "a@b.example"},
        ),
        ("config.E023", {"CURSOR_LIMITS": "write"}),
        ("config.E024", {"AUTH_OIDC_ROLES": {"sre": "responder"}}),
        ("config.E025", {"AUTH_OIDC_ROLE_CLAIM": "groups"}),
        ("config.E027", {"AUTH_REQUIRE_TOTP": True, "AUTH_ENABLED": True}),
        ("config.E026", {"AUTH_URL": "https://login.example.com"}),
    ],
)
def test_variables_that_contradict_each_other_are_refused(settings, expected, variables):
    for name, value in variables.items():
        setattr(settings, name, value)
    problems = [check for check in run_checks() if check.id.startswith("config.")]
    assert [check.id for check in problems] == [expected]
    assert problems[0].hint and not {str(value) for value in variables.values()} & {problems[0].msg}


def test_the_api_refuses_what_the_form_refuses(client):
    client.force_login(User.objects.create_superuser("root", "root@x.io", "x"))
    body = {"ownBaseline": {"minDays": 15, "historyDays": 14}}
    answer = client.put("/api/settings", body, content_type="application/json")
    assert answer.status_code == 400 and "ownBaseline.minDays" in answer.json()["fields"]


def test_a_command_refuses_what_the_form_refuses():
    overrides = [Override.parse("own_baseline.days=14"), Override.parse("own_baseline.min_days=15")]
    with pytest.raises(CommandError, match="own_baseline_min_days: At most 14"):
        apply(DetectionSettings(), overrides)
    with pytest.raises(CommandError):
        call_command("backtest", "--set", "spike.lookback_days=80")
