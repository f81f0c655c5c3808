"""A page is answered from what was rendered before, until something that it may show has changed."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from collector.base import changes
from collector.base.statements import count_sum
from collector.models import Member, MemberModelDay, RequestSlot, SourceRun
from detection.models import DetectionSettings
from tests.tracker.conftest import ALLAUTH, make_person
from tests.tracker.pages import company
from tests.tracker.pages.conftest import make_incident
from tracker.models import AccessSettings, SavingFollowUp
from tracker.views import answers

pytestmark = pytest.mark.django_db

PAGES = ["/", "/insights", "/users/ana.novak@acme.example", "/chargeback", "/teams"]


@pytest.fixture
def looks(client, acme):
    """Opens the overview and says whether it was rendered for that."""
    client.get("/")  # makes the one-row settings and the palette
    caches["pages"].clear()

    def look(address: str = "/") -> bool:
        before = dict(caches["pages"]._cache)
        assert client.get(address).status_code == 200
        return caches["pages"]._cache != before

    return look


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_kept_costs_at_most_eight_queries(acme, client, page, django_assert_max_num_queries):
    client.get(page)  # makes the one-row settings and the palette
    first = client.get(page).text
    with django_assert_max_num_queries(8):
        assert client.get(page).text == first


def test_a_page_is_rendered_once_for_an_address(looks):
    assert [looks(), looks(), looks("/?period=7d"), looks("/?period=7d")] == [True, False, True, False]


def test_whatever_is_written_by_whatever_method_renders_it_again(looks):
    looks()
    for write in (
        lambda: MemberModelDay.objects.filter(day=company.TODAY).update(total_cents=1),
        lambda: Member.objects.first().save(),
        lambda: DetectionSettings.objects.update(team_budget_dollars=70),
        lambda: connection.cursor().execute("UPDATE groups_group SET name = name"),
        lambda: MemberModelDay.objects.filter(day=company.TODAY).delete(),
    ):
        write()
        assert looks()
        assert not looks()


def test_what_no_page_shows_renders_nothing_again(looks):
    looks()
    RequestSlot.objects.create(endpoint_class="admin", number=99, free_at=company.NOW)
    assert not looks()


def test_a_page_is_kept_for_five_minutes_at_most(looks):
    looks()
    with time_machine.travel(company.NOW + timedelta(minutes=6), tick=False):
        assert looks()


@pytest.fixture
def write(acme, monkeypatch):
    """Lets the mark change as after a commit: the tests' own are never committed."""
    parts = {"others": 0, "job": 0}
    monkeypatch.setattr(
        changes, "current_mark", lambda stored=None: f"{parts['others']:016}{parts['job']:016}"
    )

    def do(by: str) -> None:
        parts[by] += 1

    return do


def test_a_page_may_be_a_minute_behind_the_hourly_job_and_no_other_writer(looks, write):
    assert looks()
    write("job")
    assert not looks()
    write("others")
    assert looks()
    write("job")
    with time_machine.travel(company.NOW + timedelta(seconds=61), tick=False):
        assert looks()
        assert not looks()


def test_one_process_renders_what_the_job_wrote_while_the_others_show_the_page_before(
    looks, write, monkeypatch
):
    looks()
    write("job")
    shown_meanwhile = []
    render = answers.render_to_string

    def render_slowly(*args):
        monkeypatch.setattr(answers, "render_to_string", render)
        shown_meanwhile.append(looks())
        return render(*args)

    monkeypatch.setattr(answers, "render_to_string", render_slowly)
    with time_machine.travel(company.NOW + timedelta(seconds=61), tick=False):
        assert looks()
    assert shown_meanwhile == [False]


def test_a_page_that_is_behind_the_job_says_up_to_when_it_was_collected(client, write):
    def collect(minutes: int) -> None:
        at = company.NOW + timedelta(minutes=minutes)
        SourceRun.objects.create(source="events", status="ok", started_at=at, finished_at=at)

    def collected() -> str:
        return re.search(r"Collected <time [^>]*>([^<]*)", client.get("/").text)[1]

    collect(-60)
    assert collected() == "1 h ago"
    collect(-2)
    assert collected() == "2 min ago"
    write("job")
    collect(-1)
    assert collected() == "1 h ago"
    with time_machine.travel(company.NOW + timedelta(seconds=61), tick=False):
        assert collected() == "2 min ago"


def test_what_the_collection_says_of_itself_is_never_kept(acme, client):
    client.get("/")
    with time_machine.travel(company.NOW + timedelta(minutes=2), tick=False):
        assert (
            "Collected 2 min ago" in client.get("/").text
            or "Nothing collected from Cursor yet" in client.get("/").text
        )


def sums_the_team(client, email: str) -> bool:
    """Whether the member's page adds up everybody's usage."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/users/{email}").status_code == 200
    return any(count_sum("failed_requests") in query["sql"] for query in captured)


def test_the_teams_sums_are_made_once_for_all_members_until_a_figure_changes(acme, client):
    client.get("/users/dan.osei@acme.example")  # makes the one-row settings and the palette
    caches["pages"].clear()
    assert sums_the_team(client, "ana.novak@acme.example")
    assert not sums_the_team(client, "ben.haddad@acme.example")
    MemberModelDay.objects.filter(member__email="ana.novak@acme.example").update(requests=1)
    assert sums_the_team(client, "cleo.rossi@acme.example")


@pytest.mark.parametrize(
    ("path", "form"), [("/incidents", 'id="bulk"'), ("/savings", 'action="/savings/follow-up')]
)
def test_a_page_kept_for_one_role_is_not_shown_to_another(acme, auth_on, path, form):
    make_incident()
    SavingFollowUp.objects.create(
        member=Member.objects.get(email="ana.novak@acme.example"), model="claude-opus-max", instead="default",
        state="raised", token_share=0.5, cents_per_token=0.001, raised_at=company.NOW, changed_at=company.NOW,
    )  # fmt: skip
    shown = []
    for role in ("responder", "viewer", "responder"):
        client = Client()
        client.force_login(make_person(role, f"{role}{len(shown)}@company.com"), backend=ALLAUTH)
        shown.append(form in client.get(path).text)
    assert shown == [True, False, True]


@pytest.mark.parametrize("path", ["/incidents", "/savings"])
def test_a_kept_page_names_only_whom_its_reader_may_see(acme, auth_on, path):
    make_incident()
    AccessSettings.objects.update_or_create(pk=1, defaults={"viewers_see": "own", "default_role": "viewer"})
    auth_on.AUTH_ALLOWED_DOMAIN = "acme.example"
    shown = []
    for role, email in (("responder", "boss@acme.example"), ("viewer", "eva.novak@acme.example")):
        client = Client()
        client.force_login(make_person(role, email), backend=ALLAUTH)
        shown.append("Ana Novak" in client.get(path).text)
    assert shown == [path == "/incidents", False]


def test_settings_show_each_run_and_what_the_environment_says_at_once(acme, client, settings):
    assert "Nothing to list" in client.get("/settings").text
    run = SourceRun.objects.create(
        source="events", status="running", started_at=company.NOW, trigger="collect"
    )
    assert "running" in client.get("/settings").text.partition('id="table-runs"')[2]
    SourceRun.objects.filter(pk=run.pk).update(status="failed", finished_at=company.NOW, error="refused")
    assert "refused" in client.get("/settings").text
    assert "https://elsewhere.example" not in client.get("/settings").text
    settings.CURSOR_API_URL = "https://elsewhere.example"
    assert "https://elsewhere.example" in client.get("/settings").text


def test_a_name_is_never_taken_for_the_place_of_something_else(acme, client):
    Member.objects.filter(email="ana.novak@acme.example").update(name="csrf-token-of-the-reader")
    assert "csrf-token-of-the-reader" in client.get("/users/ana.novak@acme.example").text
