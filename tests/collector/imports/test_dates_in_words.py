"""Dates with months, noon and hours by words or letters, in the languages that programs write them in."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.imports.instants import Instants

MORNING = datetime(2026, 7, 30, 10, 19, tzinfo=UTC)
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def read(text: str, first: str = "") -> datetime:
    return Instants(NOW, first=lambda: first).read(text)


@pytest.mark.parametrize(
    "text",
    [
        "30 juil. 2026 10:19",
        "jeu. 30 juillet 2026 à 10:19",
        "30 juillet 2026 à 10 h 19",
        "30/07/2026 10h19",
        "30. Juli 2026 10:19",
        "Do., 30. Juli 2026, 10:19 Uhr",
        "30.07.2026 um 10:19 Uhr",
        "30 de julio de 2026, 10:19",
        "jueves, 30 de julio de 2026 a las 10:19",
        "30 de jul. de 2026 10:19",
        "30/7/2026 10:19 a. m.",
        "gio 30 lug 2026, 10:19",
        "30 jul 2026 om 10:19",
        "30 июля 2026 г., 10:19",
        "30 июля 2026 г. в 10:19:00",
        "чт, 30 июл. 2026 10:19",
        "четверг, 30 июля 2026 г. 10:19",
        "2026年7月30日 10:19",
        "2026年7月30日(木) 10時19分",
        "2026/7/30 午前10:19",
        "2026. 7. 30. 오전 10:19",
        "2026년 7월 30일 10시 19분",
        "Thursday, July 30, 2026 at 10:19:00 AM",
        "July 30th, 2026 10:19 AM",
    ],
)
def test_a_date_in_words_is_read(text):
    assert read(text, first="day") == MORNING


@pytest.mark.parametrize(
    ("months", "number"),
    [
        ("janv. Jänner ene gen январь января янв.", 1),
        ("févr. fev февраль февраля февр. фев", 2),
        ("März Mrz mars maart marzo март марта мар.", 3),
        ("avr. abril aprile апрель апреля апр.", 4),
        ("May Mai maggio mei май мая", 5),
        ("juin Juni giu июнь июня июн.", 6),
        ("juil. Juli lug июль июля июл.", 7),
        ("août ago. agosto август августа авг.", 8),
        ("Sept set settembre сентябрь сентября сент. сен", 9),
        ("Okt. ott outubro октябрь октября окт.", 10),
        ("nov. novembre ноябрь ноября нояб.", 11),
        ("déc. Dez dic декабрь декабря дек.", 12),
    ],
)
def test_each_month_is_known_by_how_it_begins(months, number):
    for month in months.split():
        assert read(f"mar. 3 {month} 2025 10:19") == datetime(2025, number, 3, 10, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("EST", 5), ("EDT", 4), ("CST", 6), ("CDT", 5), ("MST", 7), ("MDT", 6), ("PST", 8), ("PDT", 7)],
)
@pytest.mark.parametrize(
    "text",
    ["2026-07-30 10:19:00 ", "7/30/2026, 10:19 AM ", "Jul 30, 2026 10:19 a.m. ", "2026-07-30T10:19:00.000"],
)
def test_a_zone_of_the_united_states_is_known_by_its_name(text, zone, hours):
    instants = Instants(NOW, first=lambda: "month")
    assert instants.read(f"{text}{zone}") == MORNING + timedelta(hours=hours)
    assert not instants.without_zone


@pytest.mark.parametrize(
    "text", ["2026/7/30 午後10:19", "2026. 7. 30. 오후 10:19", "2026年7月30日 下午10時19分"]
)
def test_after_noon_may_stand_before_the_time(text):
    assert read(text) == MORNING + timedelta(hours=12)


@pytest.mark.parametrize("text", ["30.07.2026 20:19 a.m.", "30 Jul 2026 13:19 AM", "2026/7/30 午前20:19"])
def test_an_hour_that_contradicts_before_noon_is_refused(text):
    with pytest.raises(ValueError, match="not a date and time"):
        read(text)


@pytest.mark.parametrize(("text", "hour"), [("30.07.2026 20:19 p.m.", 20), ("30.07.2026 0:19 AM", 0)])
def test_an_hour_of_24_that_agrees_with_its_noon_is_read(text, hour):
    assert read(text) == MORNING.replace(hour=hour)


@pytest.mark.parametrize(
    "text", ["2026-07-30", "30.07.2026", "46233", "30 juillet 2026", "2026年7月30日", "Jul 30, 2026"]
)
def test_a_day_alone_is_refused_as_such(text):
    with pytest.raises(ValueError, match="but a day alone"):
        read(text)


@pytest.mark.parametrize(
    "text", ["yesterday", "30 lipca 2026 10:19", "PDT 2026-07-30 10:19", "before 30.07.2026 10:19"]
)
def test_words_that_are_not_known_are_refused(text):
    with pytest.raises(ValueError, match="not a date and time such as"):
        read(text)


@pytest.mark.parametrize("text", ["2026-07-30 PDT", "30 Jul 2026 10:19 MEST", "2026-07-30 10:19+02:00 PDT"])
def test_an_abbreviation_makes_no_time_of_a_day_and_stands_behind_no_other_zone(text):
    with pytest.raises(ValueError, match="not a date and time"):
        read(text)
