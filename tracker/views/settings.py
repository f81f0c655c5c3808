from django.http import HttpResponse
from django.utils import timezone

from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.models import AccessSettings
from tracker.pages import settings as layout
from tracker.reports.configuration import Configuration
from tracker.views.answers import page_response


@viewer
def settings(request: AccessRequest) -> HttpResponse:
    report = Configuration(timezone.now(), request.access.policy)
    sees_all = request.access.sees != AccessSettings.Privacy.OWN
    return page_response(
        request,
        "settings",
        lambda: layout.page(report, request.GET, with_groups=sees_all),
        lambda _: {"report": report},
        now=report.now,
        visible=None,
        title="Settings",
        scripts=(),
        # Runs renew no mark, and the environment may be another after a restart.
        untracked=([(run.pk, run.status) for run in report.runs], report.collection, report.notification),
    )
