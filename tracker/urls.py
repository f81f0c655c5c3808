from django.conf import settings as site
from django.urls import path, re_path
from django.views.generic import RedirectView

from tracker.access.guard import public
from tracker.demo.views import demo_messages
from tracker.views.agent_stops import stop_agent_run
from tracker.views.budgets import budgets
from tracker.views.chargeback import chargeback
from tracker.views.figures import insights, member, one_day, overview, surfaces, teams
from tracker.views.hooks import opsgenie_hook, pagerduty_hook
from tracker.views.incident_actions import ACTIONS, act_on_incident, act_on_many
from tracker.views.incidents import incident, incidents
from tracker.views.limits import decide_limit_request, limit_request, limits, member_limit
from tracker.views.member_answers import member_answer
from tracker.views.savings import follow_saving_up, savings
from tracker.views.settings import settings
from tracker.views.slack import slack_actions

# Browsers ask for it on pages that name no icon: the admin's and the API's.
ICON = RedirectView.as_view(url=f"{site.STATIC_URL}tracker/img/mark.svg", http_method_names=["get", "head"])

urlpatterns = [
    path("", overview, name="overview"),
    path("budgets", budgets, name="budgets"),
    path("chargeback", chargeback, name="chargeback"),
    path("savings", savings, name="savings"),
    path("savings/follow-up", follow_saving_up, name="follow-saving-up"),
    path("surfaces", surfaces, name="surfaces"),
    path("teams", teams, name="teams"),
    path("days/<str:day>", one_day, name="day"),
    path("settings", settings, name="settings"),
    path("insights", insights, name="insights"),
    path("users/<path:email>/limit", member_limit, name="member-limit"),
    path("users/<path:email>/limit/request", limit_request, name="limit-request"),
    path("users/<path:email>", member, name="member"),
    path("limits", limits, name="limits"),
    re_path(
        r"^limits/requests/(?P<pk>\d{1,18})/(?P<decision>approve|deny)$",
        decide_limit_request,
        name="limit-decision",
    ),
    path("incidents", incidents, name="incidents"),
    path("anomalies", incidents, name="anomalies"),
    path("incidents/bulk", act_on_many, name="incidents-bulk"),
    path("incidents/<int:pk>/stop-agent", stop_agent_run, name="incident-stop-agent"),
    path("incidents/<int:pk>", incident, name="incident"),
    re_path(
        rf"^incidents/(?P<pk>\d{{1,18}})/(?P<action>{'|'.join(ACTIONS)})$",
        act_on_incident,
        name="incident-action",
    ),
    path("demo/messages", demo_messages, name="demo-messages"),
    path("favicon.ico", public(ICON)),
    path("answers/<str:token>", member_answer, name="member-answer"),
    path("hooks/pagerduty", pagerduty_hook, name="pagerduty-hook"),
    path("hooks/opsgenie", opsgenie_hook, name="opsgenie-hook"),
    path("slack/actions", slack_actions, name="slack-actions"),
]
