from django.urls import path, re_path

from tracker.views.chargeback import chargeback
from tracker.views.incident_actions import ACTIONS, act, act_on_many
from tracker.views.incidents import incident, incidents
from tracker.views.insights import insights
from tracker.views.member import member
from tracker.views.overview import overview
from tracker.views.settings import settings
from tracker.views.slack import slack_actions

urlpatterns = [
    path("", overview, name="overview"),
    path("chargeback", chargeback, name="chargeback"),
    path("settings", settings, name="settings"),
    path("insights", insights, name="insights"),
    path("users/<str:email>", member, name="member"),
    path("incidents", incidents, name="incidents"),
    path("anomalies", incidents, name="anomalies"),
    path("incidents/bulk", act_on_many, name="incidents-bulk"),
    path("incidents/<int:pk>", incident, name="incident"),
    re_path(rf"^incidents/(?P<pk>\d{{1,18}})/(?P<action>{'|'.join(ACTIONS)})$", act, name="incident-action"),
    path("slack/actions", slack_actions, name="slack-actions"),
]
