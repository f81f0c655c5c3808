"""Detection's form: questions, defaults, and a try on the past as a task of the worker."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django_q.models import OrmQ

from detection.models import DetectionSettings, SettingsTrial
from detection.questions import QUESTIONS
from detection.replay.backtest import SimulatedIncident
from detection.replay.trials import ask_trial, compare, run_trial

pytestmark = pytest.mark.django_db
FORM = "/admin/detection/detectionsettings/"
NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
FIRST_FIELD = "#id_floor_dollars"


def values(**changed: object) -> dict[str, object]:
    row = DetectionSettings()
    fields = {name: getattr(row, name) for _, names in QUESTIONS for name in names}
    return {name: value for name, value in {**fields, **changed}.items() if value is not False}


def would_be(member_id: int, detected_at: datetime, ended_at: datetime | None = None) -> SimulatedIncident:
    return SimulatedIncident(
        member_id=member_id,
        email="ann@x.io",
        rules=("spike",),
        metric="spend",
        onset_at=detected_at,
        detected_at=detected_at,
        ended_at=ended_at,
        severity="warning",
        observed_cents=1,
        expected_cents=1,
        extra_cents=1,
        message="Ann spent $90.",
    )


def test_every_setting_is_asked_about_once_with_a_label_in_words():
    asked = [name for _, names in QUESTIONS for name in names]
    editable = [f for f in DetectionSettings._meta.concrete_fields if not f.primary_key and f.editable]
    assert sorted(asked) == sorted(f.name for f in editable)
    assert [f.name for f in editable if f.verbose_name == f.name.replace("_", " ")] == []
    assert all(question.endswith("?") for question, _ in QUESTIONS)


def test_the_form_shows_questions_units_and_defaults(admin_client):
    page = admin_client.get(FORM).content.decode()
    assert "When is a member&#x27;s day unusual?" in page or "When is a member's day unusual?" in page
    assert "Spend floor ($ in 24 h)" in page
    assert "Default: $50." in page
    assert "Changes take effect at the next hourly run." in page


def test_a_try_is_queued_and_its_state_is_shown_until_it_is_done(admin_client):
    answer = admin_client.post(f"{FORM}preview/", values(floor_dollars=80), headers={"HX-Request": "true"})
    assert "Waiting for the worker" in answer.content.decode()
    trial = SettingsTrial.objects.get()
    assert (trial.values["floor_dollars"], trial.asked_by) == ("80", "admin@example.com")
    assert DetectionSettings.get_solo().floor_dollars == 50
    assert run_trial(trial.pk) == "done"
    assert run_trial(trial.pk) == "ran already"
    page = admin_client.get(f"{FORM}trial/{trial.pk}/").content.decode()
    assert "0 new alerts, 0 no longer raised, 0 unchanged." in page
    assert "Save these" in page


def test_a_try_that_no_worker_takes_up_says_what_to_start(admin_client):
    trial = ask_trial(DetectionSettings(), by="ada", now=datetime.now(UTC) - timedelta(minutes=1))
    assert "python manage.py worker" in admin_client.get(f"{FORM}trial/{trial.pk}/").content.decode()
    OrmQ.objects.all().delete()


def test_a_try_whose_worker_was_stopped_says_so_and_is_run_when_the_queue_repeats_it(admin_client):
    trial = ask_trial(DetectionSettings(), by="ada", now=datetime.now(UTC) - timedelta(minutes=4))
    SettingsTrial.objects.update(status="running")
    address = f"{FORM}trial/{trial.pk}/"
    assert "Its worker may have been stopped. Test again." in admin_client.get(address).content.decode()
    assert run_trial(trial.pk) == "done"
    assert "0 new alerts" in admin_client.get(address).content.decode()
    OrmQ.objects.all().delete()


def test_settings_with_a_mistake_are_not_tried(admin_client):
    answer = admin_client.post(f"{FORM}preview/", values(floor_dollars=-1), headers={"HX-Request": "true"})
    assert "Correct these settings" in answer.content.decode()
    assert not SettingsTrial.objects.exists()


def test_an_alert_is_the_same_when_member_metric_and_time_agree():
    day = timedelta(days=1)
    today = [would_be(1, NOW, NOW + day), would_be(2, NOW)]
    tried = [would_be(1, NOW + day / 2), would_be(1, NOW + 3 * day), would_be(3, NOW)]
    result = compare(tried, today, NOW + 5 * day)
    assert (len(result["come"]), len(result["go"]), result["stay"]) == (2, 1, 1)
    assert result["come"][0]["checks"] == ["spend spike"]


def finished_trial(**changed: object) -> SettingsTrial:
    """A finished test of the defaults with `changed`."""
    trial = ask_trial(DetectionSettings(**changed), by="ada", now=datetime.now(UTC))
    assert run_trial(trial.pk) == "done"
    return trial


def test_what_was_tested_is_saved_as_it_was_tested(admin_client):
    trial = finished_trial(floor_dollars=80)
    answer = admin_client.post(FORM, values(floor_dollars="80.00", _save_tested=trial.pk), follow=True)
    assert "your changes are saved." in answer.content.decode()
    assert DetectionSettings.get_solo().floor_dollars == 80


def test_what_was_edited_after_its_test_is_not_saved_as_tested_nor_lost(admin_client):
    trial = finished_trial(floor_dollars=80)
    edited = values(floor_dollars=90, plan_exhausted="on")
    page = admin_client.post(FORM, {**edited, "_save_tested": trial.pk}).content.decode()
    assert "Not saved, because the form has changed since the test" in page
    assert "Spend floor ($ in 24 h): 90 (tested: 80)" in page
    assert "Report members whose included usage is exhausted: on (tested: off)" in page
    assert 'value="90"' in page
    assert DetectionSettings.get_solo().floor_dollars == 50
    assert admin_client.post(FORM, {**edited, "_save": ""}).status_code == 302
    assert DetectionSettings.get_solo().floor_dollars == 90


@pytest.mark.parametrize("pk", ["0", "x", ""])
def test_settings_are_not_saved_as_tested_without_their_test(admin_client, pk):
    page = admin_client.post(FORM, values(floor_dollars=80, _save_tested=pk)).content.decode()
    assert "this test is no longer stored" in page
    assert DetectionSettings.get_solo().floor_dollars == 50


@pytest.mark.parametrize("pk", ["0", "x", "9" * 30])
def test_an_address_with_a_test_that_is_gone_shows_the_saved_settings(admin_client, pk):
    page = admin_client.get(FORM, {"trial": pk})
    assert page.status_code == 200
    assert 'value="50.00"' in page.content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_form_edited_after_its_test_says_so_and_leads_back_to_what_was_tested(visit_admin):
    page, complaints = visit_admin(FORM)
    page.locator(FIRST_FIELD).fill("80")
    page.get_by_role("button", name="Test on the past 30 days").click()
    page.get_by_text(re.compile("Waiting for the worker")).wait_for()
    trial = SettingsTrial.objects.get()
    page.locator(FIRST_FIELD).fill("90")
    run_trial(trial.pk)
    page.get_by_text("Spend floor ($ in 24 h): 90 (tested: 80)").wait_for()
    assert page.get_by_role("button", name="Save these").count() == 0
    page.locator(FIRST_FIELD).fill("80")
    page.get_by_role("button", name="Save these").wait_for()
    page.get_by_label("Report models whose price rose for everybody").uncheck()
    page.get_by_text("Report models whose price rose for everybody: off (tested: on)").wait_for()
    page.get_by_role("link", name="Return to the tested settings").click()
    page.get_by_role("button", name="Save these").wait_for()
    page.reload()
    assert page.locator(FIRST_FIELD).input_value() == "80"
    assert page.get_by_label("Report models whose price rose for everybody").is_checked()
    page.get_by_role("button", name="Save these").click()
    page.get_by_text("your changes are saved.").wait_for()
    assert DetectionSettings.get_solo().floor_dollars == 80
    assert complaints == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_enter_in_a_field_saves_as_in_every_other_form(visit_admin):
    page, complaints = visit_admin(FORM)
    page.get_by_label("Budget of the team per cycle ($)").fill("8000")
    page.keyboard.press("Enter")
    page.get_by_text("your changes are saved.").wait_for()
    assert DetectionSettings.get_solo().team_budget_dollars == 8000
    assert not SettingsTrial.objects.exists()
    assert complaints == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_keyboard_reaches_the_try_and_the_result_comes_by_itself(visit_admin):
    page, complaints = visit_admin(FORM)
    page.locator(FIRST_FIELD).focus()
    for _ in range(15):
        page.keyboard.press("Tab")
        if "Test on" in page.evaluate("document.activeElement.textContent"):
            break
    assert "Test on" in page.evaluate("document.activeElement.textContent")
    page.locator("#id_floor_dollars").fill("80")
    page.get_by_role("button", name="Test on the past 30 days").press("Enter")
    page.get_by_text(re.compile("Waiting for the worker")).wait_for()
    run_trial(SettingsTrial.objects.get().pk)
    page.get_by_role("button", name="Save these").click()
    page.wait_for_load_state("networkidle")
    assert DetectionSettings.get_solo().floor_dollars == 80
    assert complaints == []
