"""Whom viewers see when privacy is on: everybody under pseudonyms, or themselves and their own groups."""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from collector.models import Member, MemberAddress
from groups.assignments.membership import current, members_of
from tracker.access.request import Access, AccessRequest
from tracker.access.roles import Role
from tracker.models import AccessSettings

Privacy = AccessSettings.Privacy
# .invalid never is a real domain.
PSEUDONYM = re.compile(r"member[ -](\d{1,18})(@hidden\.invalid)?", re.IGNORECASE)
NOBODY = "nobody by that name"
VEILED_TYPES = ("text/", "application/json")


def visible_ids(access: Access, day: date) -> frozenset[int] | None:
    """Ids of the members whom `access` may see on `day`; None: everybody. Reports are limited to them."""
    if access.sees != Privacy.OWN:
        return None
    own = Member.objects.by_address(access.email) if access.email else None
    if own is None:
        return frozenset()
    group = current(day).get(own.pk)
    return frozenset({own.pk} | (members_of([group.pk], day) if group else set()))


@dataclass(frozen=True)
class Veil:
    """Replaces people's names and e-mails by pseudonyms, in any text: `words` are the longest first."""

    words: tuple[tuple[str, str], ...]

    def over(self, text: str) -> str:
        for word, pseudonym in self.words:
            if word in text:
                text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", pseudonym, text)
        return text


def make_veil(keep_email: str) -> Veil:
    """A veil over all members but the one with `keep_email`: people may see themselves.

    Who bears a name that others bear too is told by the address alone: `Member 4 or 9`.
    """
    kept = Member.objects.by_address(keep_email) if keep_email else None
    others = Member.objects.exclude(pk=kept.pk) if kept else Member.objects.all()
    members = list(others.order_by("pk").values_list("pk", "name", "email"))
    former = MemberAddress.objects.exclude(member=kept).values_list("member_id", "email")
    bearers: dict[str, list[str]] = defaultdict(list)
    for pk, name, _ in members:
        bearers[name].append(str(pk))
    words: dict[str, str] = {}
    for name, pks in bearers.items():
        words |= dict.fromkeys(spellings(name), f"Member {' or '.join(pks)}")
    addresses = [*former, *((pk, email) for pk, _, email in members)]
    for pk, email in addresses:  # last, for who bears the address as a name
        words |= dict.fromkeys(spellings(email), f"member-{pk}@hidden.invalid")
    return Veil(tuple(sorted(words.items(), key=lambda pair: len(pair[0]), reverse=True)))


def spellings(word: str) -> set[str]:
    """`word` as it may stand in HTML, in JSON, in JSON within HTML, in CSV, and in an address."""
    as_json, as_csv = json.dumps(word)[1:-1], word.replace('"', '""')
    in_address = {quote(word), quote(word, safe="@")}
    return {word, html.escape(word), as_json, html.escape(as_json), as_csv, *in_address} - {""}


class PrivacyMiddleware:
    """Veils every answer, and takes pseudonyms where members are asked for, so that no view can forget it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: AccessRequest) -> HttpResponse:
        if hides_names(request) and "search" in request.GET:
            query = request.GET.copy()
            query["search"] = real_search(str(query["search"]))
            request.GET = query  # type: ignore[assignment]
        response = self.get_response(request)
        if hides_names(request) and response.get("Content-Type", "").startswith(VEILED_TYPES):
            draw_over(response, make_veil(request.access.email))
        return response

    def process_view(self, request: AccessRequest, view: Callable, args: tuple, kwargs: dict) -> None:
        access: Access = request.access
        if hides_names(request) and access.may(Role.VIEWER) and "email" in kwargs:
            kwargs["email"] = real_email(kwargs["email"], access.email)


def hides_names(request: AccessRequest) -> bool:
    access: Access = request.access
    return access.sees == Privacy.PSEUDONYMS


def draw_over(response: HttpResponse | StreamingHttpResponse, veil: Veil) -> None:
    """Replace in the body, which is gathered first if it streams, and in the name of a download."""
    body = response.getvalue()
    veiled = veil.over(body.decode(response.charset)).encode(response.charset)
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = [veiled]
    else:
        response.content = veiled
    if "Content-Disposition" in response:
        response["Content-Disposition"] = veil.over(response["Content-Disposition"])


def real_email(asked: str, own: str) -> str:
    """The e-mail behind a pseudonym; asking for anybody by their real one finds nobody."""
    if asked.lower() == own.lower():
        return asked
    match = PSEUDONYM.fullmatch(asked)
    member = Member.objects.filter(pk=int(match[1])).first() if match else None
    if member is None:
        raise Http404("Members are shown under pseudonyms, and none has that name.")
    return member.email


def real_search(text: str) -> str:
    """A search by pseudonym as one by e-mail; a search for anything else finds nobody."""
    match = PSEUDONYM.fullmatch(text.strip())
    member = Member.objects.filter(pk=int(match[1])).first() if match else None
    return member.email if member else (text and NOBODY)
