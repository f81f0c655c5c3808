import csv
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.http import Http404, HttpResponse, StreamingHttpResponse

from collector.models import Member
from groups.models import Assignment, Group
from tests.tracker.conftest import make_person
from tracker.access.privacy import draw_over, make_veil, real_email, real_search, visible_ids
from tracker.access.request import Access
from tracker.access.roles import Role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def make_member(name, email):
    return Member.objects.create(name=name, email=email, first_seen_at=NOW, last_seen_at=NOW)


def put(member, group, day=TODAY):
    Assignment.objects.create(
        member=member, group=group, from_day=day, source="manual", changed_by="test", changed_at=NOW
    )


def access(role, sees, email=""):
    user = make_person(role.name.lower(), email) if email else None
    return Access(role, email, user, viewers_see=sees)


class TestOwnGroups:
    @pytest.fixture(autouse=True)
    def company(self):
        self.ann, self.bob, self.cat, self.dan = (
            make_member(name.title(), f"{name}@company.com") for name in ("ann", "bob", "cat", "dan")
        )
        core, web = (Group.objects.create(name=name, created_at=NOW) for name in ("Core", "Web"))
        put(self.ann, core)
        put(self.bob, core)
        put(self.cat, web)

    def ids(self, email, role=Role.VIEWER):
        return visible_ids(access(role, "own", email), TODAY)

    def test_a_viewer_sees_the_own_group(self):
        assert self.ids("ann@company.com") == {self.ann.pk, self.bob.pk}

    def test_a_viewer_without_a_group_sees_nobody_else(self):
        assert self.ids("dan@company.com") == {self.dan.pk}

    def test_a_viewer_who_is_no_member_sees_nobody(self):
        assert self.ids("guest@partner.example") == frozenset()

    def test_a_visitor_sees_nobody(self):
        assert visible_ids(access(Role.VIEWER, "own"), TODAY) == frozenset()

    @pytest.mark.parametrize("role", [Role.RESPONDER, Role.ADMIN])
    def test_who_acts_sees_everybody(self, role):
        assert self.ids("ann@company.com", role) is None

    def test_other_settings_limit_nobody(self):
        assert visible_ids(access(Role.VIEWER, "pseudonyms", "ann@company.com"), TODAY) is None


class TestVeil:
    @pytest.fixture(autouse=True)
    def company(self):
        self.ann = make_member("Ann Lee", "ann@company.com")
        self.park = make_member("Ann Lee Park", "ann.lee.park@company.com")
        self.bob = make_member("Bób O'Brien <b>", "bob+1@company.com")
        self.veil = make_veil(keep_email="nobody@company.com")

    def test_names_and_addresses_become_pseudonyms(self):
        text = "Ann Lee (ann@company.com), Ann Lee Park (ann.lee.park@company.com)"
        assert self.veil.over(text) == (
            f"Member {self.ann.pk} (member-{self.ann.pk}@hidden.invalid), "
            f"Member {self.park.pk} (member-{self.park.pk}@hidden.invalid)"
        )

    @pytest.mark.parametrize(
        "spelt",
        [
            "Bób O&#x27;Brien &lt;b&gt;",
            "B\\u00f3b O'Brien <b>",
            "B\\u00f3b O&#x27;Brien &lt;b&gt;",
            "B%C3%B3b%20O%27Brien%20%3Cb%3E",
        ],
    )
    def test_no_spelling_of_a_name_slips_through(self, spelt):
        assert self.veil.over(f">{spelt}<") == f">Member {self.bob.pk}<"

    def test_no_nickname_slips_through_in_a_csv(self):
        rob = make_member('Rob "Bo" Smith', "rob@company.com")
        file = StringIO()
        csv.writer(file).writerow([rob.name, rob.email])
        assert f"Member {rob.pk}" in make_veil("").over(file.getvalue())

    @pytest.mark.parametrize("spelt", ["bob+1@company.com", "bob%2B1%40company.com", "bob%2B1@company.com"])
    def test_no_spelling_of_an_address_slips_through(self, spelt):
        assert self.veil.over(f"/users/{spelt}?x=1") == f"/users/member-{self.bob.pk}@hidden.invalid?x=1"

    def test_a_name_within_a_longer_word_is_left_alone(self):
        make_member("Al", "al@company.com")
        assert make_veil("").over("Also, Total") == "Also, Total"

    def test_nobody_stands_under_a_namesakes_pseudonym(self):
        other = make_member("Ann Lee", "ann.two@company.com")
        assert make_veil("").over("Ann Lee: ann@company.com, Ann Lee: ann.two@company.com") == (
            f"Member {self.ann.pk} or {other.pk}: member-{self.ann.pk}@hidden.invalid, "
            f"Member {self.ann.pk} or {other.pk}: member-{other.pk}@hidden.invalid"
        )

    def test_people_see_themselves(self):
        assert make_veil("ann@company.com").over("Ann Lee, ann@company.com") == "Ann Lee, ann@company.com"

    def test_a_streamed_file_is_veiled_across_its_chunks(self):
        response = StreamingHttpResponse([b"Ann", b" Lee,1\r\n"], content_type="text/csv")
        draw_over(response, self.veil)
        assert response.getvalue() == f"Member {self.ann.pk},1\r\n".encode()

    def test_the_name_of_a_download_is_veiled(self):
        headers = {"Content-Disposition": 'attachment; filename="ann@company.com.csv"'}
        response = HttpResponse("x", headers=headers)
        draw_over(response, self.veil)
        assert "ann@" not in response["Content-Disposition"]

    def test_a_pseudonym_leads_to_its_member_and_a_real_address_to_nobody(self):
        assert real_email(f"member-{self.ann.pk}@hidden.invalid", "bob+1@company.com") == "ann@company.com"
        assert real_email("bob+1@company.com", "bob+1@company.com") == "bob+1@company.com"
        for asked in ("ann@company.com", "member-999999@hidden.invalid", "x"):
            with pytest.raises(Http404):
                real_email(asked, "bob+1@company.com")

    def test_a_search_finds_pseudonyms_alone(self):
        assert real_search(f"Member {self.ann.pk}") == "ann@company.com"
        assert real_search("ann") == "nobody by that name"
        assert real_search("") == ""
