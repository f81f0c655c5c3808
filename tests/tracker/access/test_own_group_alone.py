"""What a viewer who may see only the own group finds of everybody else: nothing."""

import pytest

from tests.tracker.api import conftest as api_fixtures
from tracker.models import AccessSettings

people = api_fixtures.people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("people")]


@pytest.fixture
def ann(sign_in):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    return sign_in("viewer", "ann@company.com")


def test_the_settings_page_hands_out_no_groups(ann):
    assert "Eng &gt; Web" not in ann.get("/settings").content.decode()
    assert ann.get("/settings?csv=groups").status_code == 400


def test_whoever_sees_everybody_gets_the_groups(client):
    assert "Eng > Web" in client.get("/settings?csv=groups").content.decode()
