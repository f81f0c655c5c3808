"""Sessions of sign-ins that have begun: strangers cause them, so they are short, and not without number."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.http import HttpRequest

TIME_TO_SIGN_IN = timedelta(minutes=15)
MOST_UNFINISHED = 10_000


def begin_sign_in(request: HttpRequest, now: datetime) -> None:
    """Make the session end soon unless somebody comes back signed in; delete those that have ended so."""
    request.session.set_expiry(int(TIME_TO_SIGN_IN.total_seconds()))
    Session.objects.filter(expire_date__lt=now).delete()
    # Of people who are signed in only those are among these whose session ends within these minutes anyway.
    unfinished = Session.objects.filter(expire_date__lte=now + TIME_TO_SIGN_IN).order_by("-expire_date")
    beyond = unfinished.values_list("expire_date", flat=True)[MOST_UNFINISHED : MOST_UNFINISHED + 1]
    for expire_date in list(beyond):
        Session.objects.filter(expire_date__lte=expire_date).delete()


def finish_sign_in(request: HttpRequest) -> None:
    """Give the session of somebody who may come in its full length again."""
    request.session.set_expiry(None)
