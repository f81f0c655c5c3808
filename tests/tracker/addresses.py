"""Who may use which address: one row for each address and method of the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from incidents.models import Incident
from tests.tracker.api import company

CALLERS = (
    "visitor",
    "viewer",
    "responder",
    "admin",
    "token:viewer",
    "token:responder",
    "token:admin",
    "cron",
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Statuses in the order of CALLERS, with sign-in on, off, and, where that differs from on, names hidden;
# `ok` is the row's own status. Tokens open no page, and the cron secret opens nothing but /api/cron.
KINDS: dict[str, tuple[str, ...]] = {
    "page": ("302 ok ok ok 302 302 302 302", "ok ok ok ok ok ok ok ok"),
    "member page": (
        "302 ok ok ok 302 302 302 302",
        "ok ok ok ok ok ok ok ok",
        "302 404 ok ok 302 302 302 302",  # names being hidden, nobody is found by their own
    ),
    "respond": ("302 403 ok ok 302 302 302 302", "ok 403 ok ok ok ok ok ok"),
    "admin page": ("302 403 403 ok 302 302 302 302", "302 403 403 ok 302 302 302 302"),
    "nobody": (
        "302 403 403 403 302 302 302 302",
        "403 403 403 403 403 403 403 403",
    ),
    "metrics": ("401 401 401 401 401 401 401 401", "ok ok ok ok ok ok ok ok"),
    "anybody": ("ok ok ok ok ok ok ok ok", "ok ok ok ok ok ok ok ok"),
    "sign in": ("200 302 302 302 200 200 200 200", "302 302 302 302 302 302 302 302"),
    # With sign-in on there are no local logins.
    "own login": ("302 302 302 302 302 302 302 302", "302 ok ok ok 302 302 302 302"),
    "admin sign in": ("302 403 403 403 302 302 302 302", "200 200 200 ok 200 200 200 200"),
    "admin": ("302 302 302 ok 302 302 302 302", "302 302 302 ok 302 302 302 302"),
    "read": ("401 ok ok ok ok ok ok 401", "ok ok ok ok ok ok ok ok"),
    "member": (
        "401 ok ok ok ok ok ok 401",
        "ok ok ok ok ok ok ok ok",
        "401 404 ok ok 404 ok ok 401",
    ),
    "act": ("401 403 ok ok 403 ok ok 401", "ok 403 ok ok 403 ok ok ok"),
    "change": ("401 403 403 ok 403 403 ok 401", "401 403 403 ok 403 403 ok 401"),
    "description": ("302 ok ok ok ok ok ok 302", "ok ok ok ok ok ok ok ok"),
    "cron": ("401 401 401 401 401 401 401 ok", "401 401 401 401 401 401 401 ok"),
}


def make_ann() -> None:
    company.Member.objects.filter(email="ann@company.com").exists() or company.make_member("Ann")


def open_incident() -> None:
    fields = {"cause": "spend", "severity": "warning", "detected_at": company.NOW, "last_run_at": company.NOW}
    Incident.objects.update_or_create(pk=1, defaults=fields | {"status": "open"})


def nothing() -> None:
    """Nothing has to be there for the row."""


@dataclass(frozen=True)
class Row:
    kind: str
    ok: int = 200
    url: str = ""  # where the route holds a parameter
    body: dict = field(default_factory=dict)
    form: dict | None = None  # what a page's form posts, instead of a body of JSON
    prepare: Callable[[], object] = nothing


# Addresses below /admin/ that have rows; all others are the admins' alone.
ADMIN = ("/admin/login/", "/admin/logout/")

ROWS: dict[tuple[str, str], Row] = {
    ("GET", "/"): Row("page"),
    ("GET", "/users/<email>"): Row("member page", url="/users/ann@company.com", prepare=make_ann),
    ("GET", "/incidents"): Row("page"),
    ("GET", "/budgets"): Row("page"),
    ("GET", "/savings"): Row("page"),
    ("POST", "/savings/follow-up"): Row(
        "respond", ok=404, form={"member": "1", "model": "x", "state": "raised"}
    ),
    ("GET", "/teams"): Row("page"),
    ("GET", "/surfaces"): Row("page"),
    ("GET", "/days/<day>"): Row("page", url="/days/2026-03-02"),
    ("GET", "/anomalies"): Row("page"),
    ("GET", "/incidents/<pk>"): Row("page", url="/incidents/1", prepare=open_incident),
    ("POST", "/incidents/<pk>/stop-agent"): Row(
        "respond", 302, url="/incidents/1/stop-agent", form={}, prepare=open_incident
    ),
    ("POST", "/incidents/bulk"): Row("respond", 302, form={}),
    ("POST", "/incidents/<pk>/<action>"): Row(
        "respond", 302, url="/incidents/1/acknowledge", form={}, prepare=open_incident
    ),
    ("GET", "/answers/<token>"): Row("anybody", 410, url="/answers/x"),  # not signed by this site
    ("POST", "/answers/<token>"): Row("anybody", 410, url="/answers/x", form={}),
    ("POST", "/hooks/pagerduty"): Row("anybody", 403, form={}),  # unsigned
    ("POST", "/hooks/opsgenie"): Row("anybody", 403, form={}),  # without the token
    ("POST", "/slack/actions"): Row("anybody", 403, form={}),  # unsigned
    ("GET", "/healthz"): Row("anybody"),
    ("GET", "/healthz/live"): Row("anybody"),
    ("GET", "/healthz/ready"): Row("anybody"),
    ("GET", "/healthz/fresh"): Row("anybody", 503),  # nothing was ever collected here
    ("GET", "/demo/messages"): Row("respond", ok=404),  # this is no demo
    ("GET", "/favicon.ico"): Row("anybody", 302),
    ("GET", "/metrics"): Row("metrics"),
    ("GET", "/users/<email>/limit"): Row("admin page", url="/users/ann@company.com/limit", prepare=make_ann),
    ("POST", "/users/<email>/limit"): Row(
        "admin page", url="/users/ann@company.com/limit", form={}, prepare=make_ann
    ),
    # Nobody here is Ann, so nobody may ask for her.
    ("GET", "/users/<email>/limit/request"): Row("nobody", url="/users/ann@company.com/limit/request"),
    ("POST", "/users/<email>/limit/request"): Row(
        "nobody", url="/users/ann@company.com/limit/request", form={}
    ),
    ("GET", "/limits"): Row("admin page"),
    ("POST", "/limits/requests/<pk>/<decision>"): Row(
        "admin page", 404, url="/limits/requests/1/approve", form={}
    ),
    ("GET", "/chargeback"): Row("page"),
    ("GET", "/insights"): Row("page"),
    ("GET", "/settings"): Row("page"),
    ("GET", "/accounts/login/"): Row("sign in"),
    ("POST", "/accounts/login/"): Row("anybody", 302, form={}),
    ("GET", "/accounts/google/login/callback/"): Row("anybody", 302),
    ("POST", "/accounts/google/login/callback/"): Row("anybody", 302),
    ("GET", "/accounts/oidc/login/callback/"): Row("anybody", 302),
    ("POST", "/accounts/oidc/login/callback/"): Row("anybody", 302),
    ("GET", "/accounts/code/"): Row("own login"),
    ("GET", "/accounts/code/enter/"): Row("own login", 302),
    ("POST", "/accounts/code/enter/"): Row("own login", 302, form={}),
    ("GET", "/accounts/code/set-up/"): Row("own login"),
    ("POST", "/accounts/code/set-up/"): Row("own login", form={}),
    ("POST", "/accounts/code/off/"): Row("own login", 404, form={}),
    ("GET", "/accounts/code/recovery/"): Row("own login", 404),
    ("POST", "/accounts/code/recovery/new/"): Row("own login", form={}),
    ("GET", "/accounts/password/"): Row("own login"),
    ("POST", "/accounts/password/"): Row("own login", form={}),
    ("GET", "/admin/login/"): Row("admin sign in", 302),
    ("POST", "/admin/login/"): Row("admin sign in", form={}),
    ("GET", "/api/"): Row("anybody", 404),
    ("GET", "/api/docs"): Row("description"),
    ("GET", "/api/openapi.json"): Row("description"),
    ("GET", "/api/stats"): Row("read"),
    ("GET", "/api/team-spend"): Row("read"),
    ("GET", "/api/model-costs"): Row("read"),
    ("GET", "/api/users/<email>"): Row("member", url="/api/users/ann@company.com", prepare=make_ann),
    ("GET", "/api/analytics"): Row("read"),
    ("GET", "/api/groups"): Row("read"),
    ("GET", "/api/budgets"): Row("read"),
    ("PATCH", "/api/groups"): Row(
        "change",
        body={"action": "assign", "email": "ann@company.com", "targetGroupId": 0},
        prepare=make_ann,
    ),
    ("POST", "/api/groups/import"): Row("change", body={"csv": "Email,Group\nann@company.com,Core\n"}),
    ("GET", "/api/anomalies"): Row("read"),
    ("GET", "/api/incidents/<pk>"): Row("read", url="/api/incidents/1", prepare=open_incident),
    ("PATCH", "/api/incidents/<pk>"): Row(
        "act",
        url="/api/incidents/1",
        body={"action": "verdict", "verdict": "real"},
        prepare=open_incident,
    ),
    ("POST", "/api/cron"): Row("cron"),
    ("GET", "/api/settings"): Row("read"),
    ("PUT", "/api/settings"): Row("change"),
    ("GET", "/admin/logout/"): Row("admin", 405),
    # The last two: nobody is signed in after them.
    ("POST", "/admin/logout/"): Row("admin", form={}),
    ("POST", "/accounts/logout/"): Row("anybody", 302, form={}),
}
