"""A model's colour stays, whatever is collected later and whoever asks."""

from datetime import UTC, date, datetime

import pytest

from collector.models import Member, MemberModelDay
from tracker.models import ModelColour
from tracker.widgets import palette

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def use(model, day):
    ann, _ = Member.objects.get_or_create(
        email="ann@acme.example", defaults={"name": "Ann", "first_seen_at": NOW, "last_seen_at": NOW}
    )
    MemberModelDay.objects.create(
        member=ann, model=model, day=date(2026, 11, day), requests=1, updated_at=NOW
    )


def slots():
    return {
        key: palette.load().model(key).slot for key in ModelColour.objects.values_list("model", flat=True)
    }


def test_the_first_places_go_by_the_first_day():
    use("sonnet", 12)
    use("opus", 10)
    palette.load()
    assert slots() == {"opus": "1", "sonnet": "2"}


def test_a_backfill_recolours_nothing():
    use("sonnet", 12)
    palette.load()
    use("older", 2)
    assert palette.load().model("older").slot == "2"
    assert slots() == {"sonnet": "1", "older": "2"}


def test_the_first_day_is_known_at_once():
    use("sonnet", 12)
    assert palette.load().first_day == date(2026, 11, 12)
    use("sonnet", 2)
    assert palette.load().first_day == date(2026, 11, 2)


def test_three_dozen_models_differ_and_the_next_is_grey():
    for number in range(37):
        use(f"model-{number:02}", 10)
    found = palette.load()
    given = [found.model(f"model-{number:02}").slot for number in range(37)]
    assert len(set(given[:36])) == 36
    assert (given[0], given[12], given[24], given[36]) == ("1", "1 striped", "1 dotted", "other")


def test_a_model_that_nobody_used_is_grey_and_gets_no_place():
    use("sonnet", 12)
    assert palette.load().model("made-up").slot == palette.OTHER
    assert not ModelColour.objects.filter(model="made-up").exists()


def test_a_known_palette_takes_one_query(django_assert_num_queries):
    use("sonnet", 12)
    palette.load()
    with django_assert_num_queries(1):
        palette.load().model("sonnet")


def test_nothing_collected_is_an_empty_palette():
    assert (palette.load().models, palette.load().first_day) == ((), None)


def test_auto_is_listed_by_its_name():
    assert sorted(["default", "claude", "aa", "b"], key=palette.by_name) == ["aa", "default", "b", "claude"]
