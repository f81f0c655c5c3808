"""Hours that come again as they are stored are not read again; whatever differs is."""

import random
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from collector.collecting.known_hours import KnownHours
from collector.collecting.windows import Window
from collector.models import (
    Doubt,
    Member,
    MemberModelDay,
    MemberModelHour,
    RejectedRow,
    StoredETag,
    UsageEvent,
    Watermark,
)
from collector.sources import events
from tests.collector.fake_api import event, ms

from .test_events import NOON, WINDOW, stored, sync, totals

pytestmark = pytest.mark.django_db
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
DAY = [event(NOON + number * HOUR / 4, conversationId=f"c{number}") for number in range(12)]


@pytest.fixture
def read(monkeypatch):
    """The events that were read, by conversation, since it was asked last."""
    names: list[str] = []
    draft = events.draft

    def noting(record, notes):
        names.append(record.conversation_id)
        return draft(record, notes)

    monkeypatch.setattr(events, "draft", noting)

    def ask() -> list[str]:
        asked = sorted(names)
        names.clear()
        return asked

    return ask


def names(*numbers: int) -> list[str]:
    return sorted(f"c{number}" for number in numbers)


def test_hours_that_come_as_they_are_stored_are_counted_and_not_read(told, client, read):
    first = sync(told, client, *DAY)
    assert (first.seen, first.new, read()) == (12, 12, names(*range(12)))
    kept = stored(), totals()
    again = sync(told, client, *reversed(DAY))
    assert (again.seen, again.new, again.changed, read()) == (12, 0, 0, [])
    assert (stored(), totals()) == kept


def test_a_late_restatement_is_taken_and_its_hour_alone_is_read(told, client, read):
    sync(told, client, *DAY)
    read()
    later = [*DAY[:5], DAY[5] | {"chargedCents": 99}, *DAY[6:]]
    assert sync(told, client, *later).changed == 1
    assert read() == names(4, 5, 6, 7)
    assert [row[4] for row in stored()].count(99) == 1
    assert sync(told, client, *later).changed == 0
    assert read() == []


def test_a_late_event_is_taken(told, client, read):
    sync(told, client, *DAY)
    read()
    result = sync(told, client, *DAY, event(NOON + 5 * MINUTE))
    assert (result.seen, result.new, len(stored()), len(read())) == (13, 1, 13, 5)


def test_all_is_read_once_somebody_new_is_met(told, client, read):
    sync(told, client, *DAY)
    read()
    rows = [*DAY, event(NOON + 5 * MINUTE, "bo@example.com")]
    assert (sync(told, client, *rows).seen, len(read())) == (13, 13)
    assert (sync(told, client, *rows).seen, len(read())) == (13, 0)


def test_an_hour_that_is_cut_by_the_window_is_read(told, client, read):
    sync(told, client, *DAY)
    read()
    half = Window(NOON + HOUR / 2, WINDOW.end_at, WINDOW.end_at)
    assert sync(told, client, *DAY[2:], window=half).changed == 0
    assert read() == names(2, 3)


def test_a_week_is_read_in_full(told, client, read):
    sync(told, client, *DAY)
    read()
    week = Window(WINDOW.end_at - timedelta(days=7), WINDOW.end_at, WINDOW.end_at)
    assert sync(told, client, *DAY, window=week).changed == 0
    assert read() == names(*range(12))


@pytest.mark.parametrize("way", ["delete", "restate", "hand over"])
def test_an_hour_whose_stored_events_have_changed_is_read(told, client, read, way):
    bo = Member.objects.create(email="bo@example.com", first_seen_at=NOON, last_seen_at=NOON)
    sync(told, client, *DAY)
    read()
    before, row = stored(), UsageEvent.objects.filter(conversation_id="c1")
    if way == "delete":
        row.delete()
    elif way == "restate":
        row.update(charged_cents=1, changed_at=WINDOW.end_at + HOUR)
    else:
        row.update(member=bo)
    sync(told, client, *DAY)
    assert read() == names(0, 1, 2, 3)
    assert stored() == before


def test_events_follow_their_owner_once_an_id_is_known(told, client):
    nameless = [row | {"userEmail": "", "userId": "77"} for row in DAY]
    sync(told, client, *nameless)
    Member.objects.create(
        email="ana@example.com", numeric_id="77", first_seen_at=NOON, last_seen_at=NOON, cursor_id="user_a"
    )
    sync(told, client, *nameless)
    assert {row[1] for row in stored()} == {"ana@example.com"}


def test_a_doubt_stays_open_as_long_as_its_row_comes(told, client, read):
    odd = DAY[5] | {"kind": "Something new"}
    for _ in range(3):
        read()
        sync(told, client, *DAY[:5], odd, *DAY[6:])
        assert Doubt.objects.still_open().count() == 1
    assert read() == names(4, 5, 6, 7)
    sync(told, client, *DAY)
    assert not Doubt.objects.still_open().exists()


def test_an_hour_with_an_instant_in_another_form_is_read(told, client, read):
    rows = [*DAY[:5], DAY[5] | {"timestamp": (NOON + 5 * HOUR / 4).isoformat()}, *DAY[6:]]
    for _ in range(2):
        read()
        sync(told, client, *rows)
    assert read() == names(4, 5, 6, 7)
    sync(told, client, *DAY)
    sync(told, client, *rows)
    assert len(stored()) == 12


def test_a_stored_event_that_did_not_come_is_still_the_one_that_comes_later(told, client):
    """As of a spreadsheet, whose minute is another hour's, put there before."""
    sync(told, client, *DAY)
    rounded = UsageEvent.objects.filter(conversation_id="c3").get()
    rounded.pk, rounded.occurred_at, rounded.conversation_id = None, NOON + HOUR, ""
    rounded.input_tokens, rounded.ordinal = 7, 1
    rounded.save()
    late = event(
        NOON + HOUR - SECOND / 2, tokenUsage=DAY[0]["tokenUsage"] | {"inputTokens": 7}, conversationId="late"
    )
    sync(told, client, *DAY)
    sync(told, client, *DAY, late)
    assert len(stored()) == 13
    assert UsageEvent.objects.get(conversation_id="late").occurred_at == NOON + HOUR - SECOND / 2


def test_what_is_known_of_hours_is_forgotten_after_a_week(told, client):
    sync(told, client, *DAY)
    assert StoredETag.objects.count() == 3
    later = WINDOW.end_at + timedelta(days=8)
    sync(told, client, window=Window(later - HOUR, later, later))
    assert not StoredETag.objects.exists()


def tables() -> list[list[tuple]]:
    """Everything that reading events writes, without numbers of rows."""
    of_member = ("member__email", "model", "surface", "requests", "total_cents", "runs")
    event_names = [
        "member__email", "occurred_at", "model", "ordinal", "kind", "charged_cents", "cost_basis",
        "model_cents", "input_tokens", "conversation_id", "is_chargeable", "first_seen_at", "changed_at",
    ]  # fmt: skip
    return [
        sorted(map(repr, rows))
        for rows in (
            UsageEvent.objects.values_list(*event_names),
            MemberModelDay.objects.values_list("day", *of_member),
            MemberModelHour.objects.values_list("hour_at", *of_member),
            Doubt.objects.values_list("kind", "reason", "cents", "rows", "times", "resolved_at"),
            RejectedRow.objects.values_list("reason", "raw", "times", "resolved_at"),
            Watermark.objects.values_list("source", "complete_until_at"),
            Member.objects.values_list("email", "kind", "numeric_id"),
        )
    ]


class Vendor:
    """Answers about a growing day, of which rows are restated, lost, garbled and told apart otherwise."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.rows: dict[int, dict] = {}

    def happen(self, start_at: datetime, end_at: datetime) -> None:
        for _ in range(self.chance.randint(3, 12)):
            at = start_at + (end_at - start_at) * self.chance.random()
            at = at.replace(microsecond=self.chance.choice([0, at.microsecond // 1000 * 1000]))
            who = self.chance.choice(["ana@example.com", "bo@example.com", None])
            usage = {"inputTokens": self.chance.randint(0, 3), "totalCents": 5}
            row = event(at, who, tokenUsage=usage, chargedCents=self.chance.randint(1, 50))
            number = len(self.rows)
            self.rows[number] = row | {"userId": self.chance.choice(["1", "2"])}
            if self.chance.random() < 0.1:  # a twin
                self.rows[len(self.rows)] = dict(self.rows[number])

    def restate(self) -> None:
        for number in self.chance.sample(sorted(self.rows), k=min(3, len(self.rows))):
            row = self.rows[number]
            instant = int(str(row["timestamp"]).ljust(13, "0")) if str(row["timestamp"]).isdecimal() else None
            change = self.chance.choice(
                ["cents", "kind", "lost", "garbled", "whose", "cut", "text", "costless"]
            )
            if change == "cents":
                row["chargedCents"] = self.chance.randint(1, 50)
            elif change == "kind":
                row["kind"] = self.chance.choice(["Included in Business", "Errored, Not Charged", "Strange"])
            elif change == "lost":
                del self.rows[number]
            elif change == "garbled":
                row["chargedCents"] = self.chance.choice(["much", -3])
            elif change == "whose":
                row["userEmail"] = self.chance.choice(["cleo@example.com", "", "bo@example.com"])
            elif change == "cut" and instant:
                row["timestamp"] = str(instant // 60_000 * 60_000)
            elif change == "text" and instant:
                row["timestamp"] = datetime.fromtimestamp(instant / 1000, UTC).isoformat()
            elif change == "costless":
                row.pop("chargedCents", None)

    def answer(self, window: Window) -> list[dict]:
        listed = [row for row in self.rows.values() if window.first_ms <= instant_of(row) <= window.last_ms]
        return sorted(listed, key=instant_of, reverse=True)


def instant_of(row: dict) -> int:
    text = str(row["timestamp"])
    return int(text) if text.isdecimal() else ms(datetime.fromisoformat(text))


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def life(seed: int, told, client) -> list[object]:
    """What ten hours of collecting leave, hour by hour, whatever the vendor answers."""
    vendor, left = Vendor(seed), []
    for hour in range(10):
        now = NOON + hour * HOUR + 7 * MINUTE
        vendor.happen(now - HOUR, now)
        vendor.restate()
        if seed % 3 == 0 and hour == 5:
            Member.objects.filter(email="cleo@example.com").update(numeric_id="1")
        if seed % 4 == 0 and hour == 6 and (moved := UsageEvent.objects.order_by("occurred_at").first()):
            moved.pk, moved.occurred_at = None, moved.occurred_at.replace(second=0, microsecond=0)
            moved.ordinal = 7
            moved.save()
        window = Window(now - 24 * HOUR, now, now)
        try:
            result = sync(told, client, *vendor.answer(window), window=window)
        except events.CursorApiError as error:
            left.append(str(error))
        else:
            left.append(result)
        left.append(tables())
    return left


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_answered_the_tables_are_as_if_all_was_read(told, client, monkeypatch, seed):
    with undone():
        known = life(seed, told, client)
    with undone():
        monkeypatch.setattr(KnownHours, "load", classmethod(lambda cls, window: None))
        assert life(seed, told, client) == known
