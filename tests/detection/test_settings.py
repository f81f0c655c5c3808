"""The policy in the admin: what it refuses, what it remembers, and what it would have raised."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django_q.models import OrmQ

from detection.engine import detect
from detection.models import Anomaly, DetectionSettings, SettingsTrial
from detection.replay.preview import preview
from detection.replay.trials import run_trial

from .facts import FRESH, NOW, make_events, make_member, runaway, ten_dollar_days

pytestmark = pytest.mark.django_db
FORM = "/admin/detection/detectionsettings/"


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("ines"))
    return client


def form(**changes):
    return model_to_dict(DetectionSettings(), exclude=["id"]) | changes


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("floor_dollars", -1, "An amount in dollars cannot be negative."),
        ("floor_dollars", "NaN", "Enter an ordinary number, such as 50."),
        ("spike_multiplier", "Infinity", "Enter an ordinary number, such as 50."),
        ("spike_multiplier", -2, "A multiplier cannot be negative. Enter 0 to switch this check off."),
        (
            "spike_multiplier",
            "0.5",
            "A multiplier below 1 would flag usual spend. Enter 0 (off) or at least 1.",
        ),
        ("spike_lookback_days", 0, "Enter 1 to 90 days."),
        ("spike_lookback_days", 400, "Enter 1 to 90 days."),
        ("own_baseline_days", 400, "Enter 14 to 90 days."),
        ("daily_requests_limit", -5, "A limit cannot be negative. Enter 0 to switch this check off."),
        ("continuation_hours", -1, "Enter 0 to 720 hours."),
    ],
)
def test_nonsense_is_refused_with_a_sentence(field, value, sentence):
    settings = DetectionSettings(**{field: value})
    with pytest.raises(ValidationError) as refusal:
        settings.full_clean()
    assert refusal.value.message_dict == {field: [sentence]}


def test_the_form_refuses_not_a_number_and_keeps_what_was(admin):
    answer = admin.post(FORM, form(floor_dollars="nan"))
    assert answer.status_code == 200
    assert "floor_dollars" in answer.context["adminform"].form.errors
    assert DetectionSettings.get_solo().floor_dollars == Decimal(50)


def test_a_change_counts_from_the_next_run_and_says_who_made_it(admin):
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    admin.post(FORM, form(floor_dollars=500))

    assert detect(NOW, data_ages=FRESH).opened == ()
    newest = DetectionSettings.history.first()
    assert (newest.history_user.username, newest.floor_dollars) == ("ines", Decimal(500))
    assert "ines" in admin.get(FORM + "history/").content.decode()


def test_the_form_offers_to_try_the_settings_on_the_past(admin):
    page = admin.get(FORM).content.decode()
    assert f'formaction="{FORM}preview/"' in page
    assert "US dollars a member may spend in a billing cycle, for example 400." in page


def test_a_test_without_scripts_lists_what_would_change_on_the_page_itself_and_saves_nothing(
    admin, time_machine
):
    time_machine.move_to(NOW)
    ana = make_member()
    ten_dollar_days_as_events(ana)
    runaway(ana)

    page = admin.post(FORM + "preview/", form(own_baseline_sensitivity=0, spike_multiplier=9), follow=True)
    assert "Waiting for the worker for 0 s." in page.content.decode()
    [(address, _)] = page.redirect_chain
    run_trial(SettingsTrial.objects.get().pk)

    assert "1 new alert, 1 no longer raised, 0 unchanged." in admin.get(address).content.decode()
    assert Anomaly.objects.count() == 0
    assert DetectionSettings.get_solo().spike_multiplier == Decimal(5)
    OrmQ.objects.all().delete()


def test_a_test_compares_would_be_incidents_by_their_checks(time_machine):
    time_machine.move_to(NOW)
    ana = make_member()
    ten_dollar_days_as_events(ana)
    runaway(ana)
    tried, today = preview(DetectionSettings(own_baseline_sensitivity=0, spike_multiplier=9), NOW)
    assert [set(incident.rules) for incident in tried] == [{"expensive_model"}]
    assert [set(incident.rules) for incident in today] == [{"spike", "expensive_model", "own_baseline"}]


def test_the_preview_refuses_what_the_form_refuses(admin):
    answer = admin.post(FORM + "preview/", form(spike_lookback_days=0))
    assert answer.status_code == 400
    assert "Enter 1 to 90 days." in answer.content.decode()


def test_the_preview_is_for_those_who_may_change_the_settings(client):
    client.force_login(User.objects.create_user("vera", is_staff=True))
    assert client.post(FORM + "preview/", form()).status_code == 403


def ten_dollar_days_as_events(member):
    for back in range(2, 32):
        make_events(member, [NOW - timedelta(days=back, hours=hour) for hour in range(10)], 1)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["spike_lookback_days", "team_window_days"])
def test_a_look_back_beyond_the_history_that_is_loaded_is_refused(name):
    settings = DetectionSettings(own_baseline_days=14, **{name: 15})
    with pytest.raises(ValidationError, match="At most 14, the days of own history"):
        settings.full_clean()
    setattr(settings, name, 14)
    settings.full_clean()
