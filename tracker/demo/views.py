"""The demo's inbox: a page that exists in a demo only."""

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import render

from incidents.models import Channel
from tracker.access.guard import responder
from tracker.access.request import AccessRequest

from .models import DemoMessage

PAGE_SIZE = 30


@responder
def demo_messages(request: AccessRequest) -> HttpResponse:
    """What Slack and e-mail would have got, the newest first."""
    if not settings.DEMO:
        raise Http404("Messages are shown here only in a demo.")
    asked = request.GET.get("kind", "")
    kind = asked if asked in Channel.Medium.values else ""
    sent_at = Coalesce("notification__sent_at", "kept_at")
    rows = DemoMessage.objects.select_related("notification__incident").order_by(sent_at.desc(), "-pk")
    if kind:
        rows = rows.filter(kind=kind)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "tracker/demo_messages.html", {"page": page, "kind": kind})
