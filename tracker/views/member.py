from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from collector.models import Member
from tracker.access.guard import viewer


@viewer
def member(request: HttpRequest, email: str) -> HttpResponse:
    found = Member.objects.filter(email=email.lower()).first()
    if found is None:
        raise Http404(f"Nobody with the address {email} has been seen in Cursor's answers.")
    return render(request, "tracker/member.html", {"member": found})
