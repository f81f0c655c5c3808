from datetime import UTC, date, datetime

import pytest

from collector.base.names import shown_as
from collector.models import Member
from groups.models import Assignment, Group
from tests.tracker.conftest import make_person
from tracker.access.privacy import names_for, visible_ids
from tracker.access.request import Access
from tracker.access.roles import Role
from tracker.models import AccessSettings

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
    return Access(role, email, user, policy=AccessSettings(viewers_see=sees))


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


class TestHiddenNames:
    @pytest.fixture(autouse=True)
    def company(self):
        self.ann = make_member("Ann Lee", "ann@company.com")
        self.bob = make_member("Bob Lee", "bob@company.com")
        with shown_as(names_for(access(Role.VIEWER, "pseudonyms", "bob@company.com"), TODAY)):
            yield

    def test_a_pseudonym_leads_to_its_member_and_a_real_address_to_oneself_alone(self):
        pseudonym = self.ann.shown_email
        assert pseudonym.endswith("@hidden.invalid")
        for asked in (pseudonym, pseudonym.upper(), self.ann.shown_name):
            assert Member.objects.by_address(asked) == self.ann
        assert Member.objects.by_address("bob@company.com") == self.bob
        for asked in (
            "ann@company.com",
            "member-22222222@hidden.invalid",
            "member-1@hidden.invalid",
            "x",
            "",
        ):
            assert Member.objects.by_address(asked) is None

    def test_a_search_finds_pseudonyms_and_oneself(self):
        assert list(Member.objects.matching("lee")) == [self.bob]
        assert list(Member.objects.matching(self.ann.shown_name[:12])) == [self.ann]
        assert set(Member.objects.matching("member")) == {self.ann}

    def test_who_acts_is_never_under_a_pseudonym(self):
        assert not names_for(access(Role.RESPONDER, "pseudonyms", "ann@company.com"), TODAY).are_hidden
