"""What the whole team does at once, such as moving to a dearer model, is nobody's incident."""

from detection.frame.baseline import learn
from detection.models import DetectionSettings
from detection.rules import OF_THE_DAY, drift, expensive_model
from detection.vocabulary import Severity

from .frames import make_frame, steady

SETTINGS = DetectionSettings()


def alarmed(rule, frame):
    """Ids of the members about whom `rule` raises more than information."""
    usual = [learn(frame, SETTINGS)] if rule in OF_THE_DAY else []
    findings = rule.findings_in(frame, SETTINGS, *usual)
    return [finding.member_id for finding in findings if finding.severity != Severity.INFO]


def test_requests_that_became_dearer_for_all_alarm_only_about_who_pays_far_more_than_the_others():
    # all had paid $1 per request and pay $4 today, the last one $12; the first had a busy day as well
    hours, requests = [[100], *[[40]] * 10, [120]], [[25], *[[10]] * 11]
    frame = make_frame([steady(10)] * 12, hours, hour_requests=requests)
    assert alarmed(expensive_model, frame) == [12]


def test_a_week_that_became_dearer_for_all_is_drift_only_where_it_did_far_more_than_for_the_others():
    # all had spent $10 a day and spend $40 now, the first $60 and the last $400, more each day
    weeks = [[dollars * (0.7 + 0.1 * day) for day in range(7)] for dollars in (60, *[40] * 10, 400)]
    frame = make_frame([[10] * 30 + week for week in weeks])
    assert alarmed(drift, frame) == [12]
