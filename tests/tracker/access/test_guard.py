import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse

from tests.tracker.conftest import make_person
from tracker.access import guard
from tracker.access.guard import AccessMiddleware, find_access
from tracker.access.roles import Role
from tracker.models import AccessSettings

pytestmark = pytest.mark.django_db


def page(request):
    return HttpResponse("page")


@pytest.fixture
def ask(rf):
    """What the middleware answers for a view and a user; None means that the view is reached."""

    def do(view, user):
        request = rf.get("/somewhere/")
        request.user, request.session, request.resolver_match = user, {}, None
        request.access = find_access(request)
        return AccessMiddleware(page).process_view(request, view, (), {})

    return do


def test_a_view_that_says_nothing_is_the_admins(ask, auth_on):
    assert ask(page, AnonymousUser())["Location"] == "/accounts/login/?next=/somewhere/"
    with pytest.raises(PermissionDenied):
        ask(page, make_person("responder"))
    assert ask(page, make_person("admin")) is None


@pytest.mark.parametrize(
    ("mark", "allowed"),
    [
        (guard.public, {"visitor", "viewer", "responder", "admin"}),
        (guard.viewer, {"viewer", "responder", "admin"}),
        (guard.responder, {"responder", "admin"}),
        (guard.admin_only, {"admin"}),
    ],
)
def test_a_mark_lets_its_role_and_those_above_pass(ask, auth_on, mark, allowed):
    view = mark(lambda request: page(request))
    people = {role: make_person(role) for role in ("viewer", "responder", "admin")}
    passed = set()
    for name, user in {"visitor": AnonymousUser(), **people}.items():
        try:
            if ask(view, user) is None:
                passed.add(name)
        except PermissionDenied:
            pass
    assert passed == allowed


def test_who_sees_a_page_cannot_post_to_it(client):
    assert client.get("/").status_code == 200
    assert client.post("/").status_code == 405


def test_without_sign_in_visitors_have_the_default_role(ask):
    assert ask(guard.responder(lambda request: page(request)), AnonymousUser()) is None
    AccessSettings.objects.update_or_create(pk=1, defaults={"default_role": "viewer"})
    assert ask(guard.responder(lambda request: page(request)), AnonymousUser()).status_code == 302
    assert ask(guard.viewer(lambda request: page(request)), AnonymousUser()) is None


def test_without_sign_in_local_superusers_are_admins_and_other_staff_are_not(ask):
    assert ask(page, User.objects.create_superuser("root")) is None
    with pytest.raises(PermissionDenied):
        ask(page, User.objects.create_user("vera", is_staff=True))
    assert ask(page, AnonymousUser()).status_code == 302


class TestRoles:
    """Sign-in is on throughout."""

    @pytest.fixture(autouse=True)
    def use(self, auth_on, rf):
        self.rf = rf

    def role(self, user):
        request = self.rf.get("/")
        request.user, request.session = user, {}
        return find_access(request).role

    def test_with_nothing_set_everybody_admitted_is_a_responder(self):
        assert self.role(User.objects.create_user("ann", "ann@company.com")) is Role.RESPONDER

    def test_the_default_can_be_viewer(self):
        AccessSettings.objects.create(default_role="viewer")
        assert self.role(User.objects.create_user("ann", "ann@company.com")) is Role.VIEWER

    def test_a_group_overrides_the_default_downwards_too(self):
        assert self.role(make_person("viewer")) is Role.VIEWER

    def test_the_highest_of_groups_and_lists_counts(self):
        AccessSettings.objects.create(
            default_role="viewer", responder_list="@company.com", admin_list="Lead@company.com"
        )
        user = make_person("viewer")
        assert self.role(user) is Role.RESPONDER
        user.groups.add(Group.objects.get_or_create(name="admin")[0])
        assert self.role(user) is Role.ADMIN
        assert self.role(User.objects.create_user("lead", "lead@company.com")) is Role.ADMIN

    def test_a_group_of_another_name_gives_nothing(self):
        AccessSettings.objects.create(default_role="viewer")
        assert self.role(make_person("superheroes")) is Role.VIEWER


def test_privacy_needs_viewer_as_the_default_role():
    AccessSettings(viewers_see="pseudonyms", default_role="viewer").full_clean()
    with pytest.raises(ValidationError, match="a responder sees names"):
        AccessSettings(viewers_see="pseudonyms", default_role="responder").full_clean()


def test_a_list_with_a_word_that_is_no_address_is_not_saved():
    with pytest.raises(ValidationError, match="“everyone”"):
        AccessSettings(admin_list="ann@company.com\neveryone").full_clean()


@pytest.mark.parametrize("asked", ["foo", "%2F%2Fevil.example", "overview", "//evil.example", "http:evil"])
def test_whoever_is_signed_in_already_is_led_to_a_path_of_this_site_or_to_the_first_page(
    client, auth_on, asked
):
    client.force_login(make_person("viewer"))
    assert client.get("/accounts/login/", {"next": asked})["Location"] == "/"
    assert client.get("/accounts/login/", {"next": "/insights"})["Location"] == "/insights"
