"""Names hidden from viewers: every address, asked before and after all members changed their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextvars import copy_context
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client

from collector.base import names
from collector.base.names import BY_NAME, Names, shown_as
from collector.models import Member, MemberAddress, SourceRun, SpendSnapshot
from detection.models import Anomaly
from detection.vocabulary import Cause, Rule
from groups.budgets.models import CycleBudget
from groups.models import Group
from incidents import lifecycle
from incidents.lifecycle import Actor
from incidents.models import Incident, IncidentAnomaly, Notification, Origin
from tests.incidents.factories import make_anomaly, make_channel, make_incident
from tests.tracker.addresses import ROWS
from tests.tracker.api import company
from tests.tracker.conftest import ALLAUTH, make_person
from tracker.access.privacy import within
from tracker.models import AccessSettings, DemoStory, SavingFollowUp
from tracker.templatetags.tracker_components import demo_card

pytestmark = pytest.mark.django_db

NOW, YESTERDAY = company.NOW, company.YESTERDAY
# Names, local parts and domains that nothing else on any page has in it.
PEOPLE = (
    ("Aaltje Quuxley", "aquux@first.example"),
    ("Björn O'Xylo", "bxylo@second.example"),
    ("Zdenka Vroomhout", "zvroom@third.example"),
    ("div", "email@fourth.example"),
)
TELL_TALE = re.compile(r"aaltje|quux|rn o|xylo|zdenka|vroom|(first|second|third|fourth)\.example", re.I)
CSRF = re.compile(r"\b[A-Za-z0-9]{64}\b")


@pytest.fixture
def members() -> Iterator[list[Member]]:
    with time_machine.travel(NOW, tick=False):
        company.BillingCycle.objects.create(start_at=NOW - timedelta(days=15), end_at=NOW + timedelta(15))
        group = Group.objects.create(name="Platform > Core", created_at=NOW)
        yield [make_member(name, email, group) for name, email in PEOPLE]


def make_member(name: str, email: str, group: Group) -> Member:
    """One who has everything that a page could show by name; all have spent the same."""
    member = Member.objects.create(name=name, email=email, first_seen_at=NOW, last_seen_at=NOW)
    MemberAddress.objects.create(email=f"old.{email}", member=member, noted_at=NOW)
    company.put(member, group)
    company.use(member, "opus", YESTERDAY, requests=20, cents=5_000)
    CycleBudget.objects.create(member=member, amount_dollars=Decimal(10))
    SpendSnapshot.objects.create(
        member=member, taken_at=NOW, confirmed_at=NOW, cycle=company.BillingCycle.objects.get(),
        meaning="current", limit_dollars=Decimal(20), on_demand_cents=Decimal(2_000),
    )  # fmt: skip
    SavingFollowUp.objects.create(
        member=member, model="opus", instead="sonnet", state="raised", reason=f"{name} agrees", raised_at=NOW,
        changed_at=NOW, changed_by=email, token_share=0.5, cents_per_token=0.001,
    )  # fmt: skip
    make_trouble(member)
    return member


def make_trouble(member: Member) -> None:
    """An incident with everything in it that may name somebody."""
    said = f"{member.name} ({member.email}) spent $412 in 24 h"
    operands = {"window_start": NOW.isoformat(), "window_end": NOW.isoformat()}
    anomaly = make_anomaly(member, message=said, last_seen_at=NOW, detected_at=NOW, operands=operands)
    incident = make_incident(member, message=said, last_run_at=NOW, detected_at=NOW)
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=NOW)
    actor = Actor(None, member.email)
    lifecycle.acknowledge(incident, actor, Origin.PAGE, NOW)
    lifecycle.note(incident, Actor(None, member.name), Origin.API, NOW, f"asked {member.name}")
    channel = make_channel("email", name=f"channel {member.pk}", last_error=f"{member.email} refused")
    Notification.objects.create(
        incident=incident, channel=channel, kind="alert", entry=incident.timeline.first(), status="given_up",
        created_at=NOW, due_at=NOW, dedupe_key=str(member.pk),
        error=f"{member.email} refused",
    )  # fmt: skip
    SourceRun.objects.create(
        source="events", started_at=NOW, finished_at=NOW, status="failed", error=f"{member.email}: no cents"
    )


@pytest.fixture
def team_incident(members) -> Incident:
    operands = {"member_ids": [member.pk for member in members], "window_start": NOW.isoformat()}
    anomaly = make_anomaly(
        team=True, rule=Rule.MEMBERS_LIMITED, cause=Cause.LIMIT, metric="members", operands=operands,
        message=", ".join(name for name, _ in PEOPLE), detected_at=NOW, last_seen_at=NOW,
    )  # fmt: skip
    incident = Incident.objects.create(
        cause=Cause.LIMIT, severity="warning", message=anomaly.message, detected_at=NOW, last_run_at=NOW
    )
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=NOW)
    return incident


@pytest.fixture
def viewer(auth_on, members, team_incident) -> Client:
    AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer")
    client = Client(raise_request_exception=False)
    client.force_login(make_person("viewer"), backend=ALLAUTH)
    return client


def pseudonym(member: Member) -> str:
    return Names(True).address(member.pk, member.email)


def addresses(members: list[Member], incident: Incident) -> list[str]:
    """Every address that is read, with a member and incidents in place of its parameters; tables by name."""
    found = []
    for (method, route), row in ROWS.items():
        if method == "GET" and "<email>" in route:
            found.append(route.replace("<email>", pseudonym(members[0])))
        elif method == "GET" and "<pk>" in route:
            pks = [incident.pk, members[0].incidents.get().pk]
            found += [route.replace("<pk>", str(pk)) for pk in pks]
        elif method == "GET":
            found.append(row.url or route)
    sorts = ["/?members.sort=name", "/?members.sort=-name", "/incidents?incidents.sort=incident"]
    searches = [f"{page}?search={text}" for page in ("/", "/incidents") for text in ("quux", "fourth.ex")]
    return [*found, *sorts, *searches, "/users/aquux@first.example", "/api/users/old.bxylo@second.example"]


def read(client: Client, urls: list[str]) -> dict[str, str]:
    """The answers, heads and bodies, with those of all CSVs that pages offer."""
    for name in ("default", "pages"):
        caches[name].clear()
    answers: dict[str, str] = {}
    for url in urls:
        answers[url] = body = asked(client, url)
        if "?" in url:
            continue  # the same tables in another order, or fewer of their rows
        for link in sorted(set(re.findall(r'href="([^"]*[?&;]csv=[^"]*)"', body))):
            path = unescape(link) if link.startswith("/") else url.partition("?")[0] + unescape(link)
            if path not in answers:
                answers[path] = asked(client, path)
    return answers


def asked(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code != 500, url
    return CSRF.sub("", f"{answer.status_code}\n{dict(answer.items())}\n{answer.getvalue().decode()}")


@pytest.mark.slow
def test_no_answer_depends_on_what_people_are_called(viewer, members, team_incident):
    urls = addresses(members, team_incident)
    before = read(viewer, urls)
    assert len(before) > 60
    echoed = re.compile("quux|first.example|second.example|fourth.ex")  # what the address has in it
    named = {url: TELL_TALE.findall(body) for url, body in before.items() if not echoed.search(url)}
    assert {url: found for url, found in named.items() if found} == {}
    rename(members)
    after = read(viewer, urls)
    assert before.keys() == after.keys()
    assert [url for url in before if before[url] != after[url]] == []


def rename(members: list[Member]) -> None:
    """Each gets a name that comes where another's came, and new addresses."""
    MemberAddress.objects.all().delete()
    for place, member in enumerate(members):
        Member.objects.filter(pk=member.pk).update(name=f"{9 - place} other", email=f"{9 - place}@other.test")
        for row in (*Anomaly.objects.filter(member=member), *Incident.objects.filter(member=member)):
            type(row).objects.filter(pk=row.pk).update(message="said otherwise")


def test_pseudonyms_find_their_members_and_sort_by_themselves(viewer, members):
    shown = [Names(True).name(member.pk, "") for member in members]
    body = viewer.get("/?members.sort=name&csv=members").getvalue().decode()
    assert re.findall(r"Member [A-Z2-7]{8}", body) == sorted(shown)
    assert shown[2] in viewer.get("/", {"search": shown[2].lower()}).getvalue().decode()
    page = viewer.get(f"/users/{pseudonym(members[2])}")
    assert f"<h1>{shown[2]}</h1>" in page.getvalue().decode()


def test_people_see_themselves_and_no_kept_page_shows_them_to_others(auth_on, viewer, members):
    Member.objects.filter(pk=members[0].pk).update(email="own@company.com")
    own = Client()
    own.force_login(make_person("viewer", "own@company.com"), backend=ALLAUTH)
    for first, second in ((own, viewer), (viewer, own)):
        caches["pages"].clear()
        bodies = {client: client.get("/").getvalue().decode() for client in (first, second)}
        assert "Aaltje Quuxley" in bodies[own]
        assert TELL_TALE.findall(bodies[viewer]) == []
    assert own.get("/users/own@company.com").status_code == 200
    assert "Zdenka" not in own.get("/incidents").getvalue().decode()


def test_the_demos_stories_are_for_whoever_reads_names(settings):
    settings.DEMO = True
    DemoStory.objects.create(title="Aaltje Quuxley ran away", text="", path="/")
    assert len(demo_card()["stories"]) == 1
    for reader in (Names(True), Names(sees_all=False)):
        with shown_as(reader):
            assert demo_card()["stories"] == []


def test_who_acts_reads_names(viewer, members):
    responder = Client()
    responder.force_login(make_person("responder"), backend=ALLAUTH)
    viewer.get("/incidents")
    assert "Zdenka Vroomhout" in responder.get("/incidents").getvalue().decode()


def test_a_pseudonym_is_the_keys_and_the_members_alone(settings):
    settings.SECRET_KEY = "first key of forty characters, at the least"
    first = [names.code(pk) for pk in range(1, 200)]
    assert first == [names.code(pk) for pk in range(1, 200)]
    assert len(set(first)) == len(first)
    assert first not in (sorted(first), sorted(first, reverse=True))
    settings.SECRET_KEY = "another key of forty characters, at the least"
    assert not set(first) & {names.code(pk) for pk in range(1, 200)}


def test_a_stream_is_written_for_whoever_asked():
    def chunks() -> Iterator[bytes]:
        for name in ("Ann", "Bob"):
            yield names.current().name(1, name).encode()

    with shown_as(Names(True)):
        stream = within(chunks())
    assert names.current() == BY_NAME
    assert set(stream) == {f"Member {names.code(1)}".encode()}
    assert copy_context().run(names.current) == BY_NAME


def test_what_was_imported_is_told_without_its_sentence(members):
    wild, rule = "Björn went wild", Rule.CYCLE_OUTLIER
    anomaly = make_anomaly(members[1], message=wild, operands={"origin": "import"}, rule=rule)
    incident = make_incident(members[1], cause=Cause.REQUESTS, message=anomaly.message)
    with shown_as(Names(True)):
        assert incident.sentence == f"Member {names.code(members[1].pk)}: requests"
        IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=NOW)
        assert incident.sentence == f"Member {names.code(members[1].pk)}: {anomaly.get_rule_display()}"


def test_a_day_reads_the_same(viewer, members):
    """A page of one day lists its members by spend, and equals by pseudonym."""
    body = viewer.get(f"/days/{date(2026, 11, 19)}?csv=members").getvalue().decode()
    shown = re.findall(r"Member [A-Z2-7]{8}", body)
    assert sorted(shown) == sorted(Names(True).name(member.pk, "") for member in members)
