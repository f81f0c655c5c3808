"""Answers are recorded without what names anybody, and replayed to the cent."""

import io
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum

from collector.collecting.runs import collect
from collector.cursor.client import CursorClient
from collector.cursor.recording import RecordingClient
from collector.models import CursorGroup, DailyActivity, Member, MemberModelDay, SpendSnapshot, UsageEvent
from collector.recording.contract import Writer, read_contract
from collector.recording.masks import Masks
from collector.recording.recorder import Recorder
from sandbox import NotARecording, Recording, Sandbox, build_company

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 17, 16, 36, 20, tzinfo=UTC)
LATER = NOW.replace(minute=41)
CONTRACT = settings.BASE_DIR / "docs" / "api-contract.md"


@pytest.fixture(scope="module")
def company():
    return build_company(members=6, days=32, seed=7, now=NOW, events_per_day=12, has_stories=False)


def writer():
    return Writer(read_contract(CONTRACT), Masks("of this test"))


def sums():
    """What a collection leaves, without names."""
    return {
        "events": UsageEvent.objects.count(),
        "total": UsageEvent.objects.aggregate(total=Sum("charged_cents"))["total"],
        "by day": sorted(
            MemberModelDay.objects.values_list(
                "day", "model", "total_cents", "billed_cents", "requests", "input_tokens"
            )
        ),
        "members": Member.objects.count(),
        "spend": sorted(SpendSnapshot.objects.values_list("total_cents", "included_cents", "limit_dollars")),
        "groups": CursorGroup.objects.count(),
        "lines": DailyActivity.objects.aggregate(total=Sum("lines_added"))["total"],
    }


def record(company, directory, **switches):
    """Record the company, and give back what was answered and what the collection left."""
    seen = []
    with Sandbox(company, enforces_limits=False, **switches) as sandbox:
        recorder = Recorder(directory, writer())
        take = recorder.write_answer

        def watch(method, path, asked, status, body):
            seen.append((path, body))
            take(method, path, asked, status, body)

        recorder.write_answer = watch
        recorder.record(CursorClient(sandbox.url, sandbox.key, sandbox.key), NOW, None)
    return recorder, seen


@pytest.fixture(scope="module")
def recorded(company, django_db_setup, django_db_blocker, tmp_path_factory):
    """One recording for all, and what its collection left, which is taken back."""
    directory = tmp_path_factory.mktemp("recording")
    with django_db_blocker.unblock(), transaction.atomic():
        recorder, seen = record(company, directory)
        left = sums()
        transaction.set_rollback(True)
    return recorder, seen, directory, left


def strings_of(value, name=""):
    """Every text of an answer that names something, by the field that it stands in."""
    if isinstance(value, dict):
        for key, item in value.items():
            if "@" in key:
                yield key
            yield from strings_of(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item, name)
    elif isinstance(value, str) and NAMING.search(name):
        yield value


NAMING = re.compile(r"(?i)email|name$|_name|id$|commitHash|message|conversation|picture|^id$")


def test_no_name_address_id_or_free_text_survives(recorded):
    _, seen, directory, _ = recorded
    originals = {
        text for _, body in seen for text in strings_of(json.loads(body)) if len(text) > 3 and text != "null"
    }
    assert len(originals) > 100
    written = "\n".join(file.read_text() for file in directory.iterdir()).lower()
    words = set(re.findall(r"[^\s\"\\,:\[\]{}]+", written))
    survivors = {
        text for text in originals if text.lower() in words or (len(text) > 8 and text.lower() in written)
    }
    assert survivors == {"Unassigned"}  # Cursor's own word, as in its field `unassignedGroup`
    assert "acme" not in written


def test_amounts_times_counts_and_shapes_are_kept(recorded):
    _, seen, directory, _ = recorded
    files = sorted(directory.glob("0*.json"))
    assert len(files) == len(seen)
    for file, (_, body) in zip(files, seen, strict=True):
        assert shape(json.loads(file.read_text())["answer"]) == shape(json.loads(body))


def shape(value, name=""):
    if isinstance(value, dict):
        return [("key" if "@" in key else key, shape(item, key)) for key, item in value.items()]
    if isinstance(value, list):
        return [shape(item, name) for item in value]
    is_number = isinstance(value, int | float) and not NAMING.search(name)
    return value if is_number or value is None else type(value).__name__


def test_the_sandbox_answers_as_the_contract_has_it(recorded):
    recorder, _, directory, _ = recorded
    assert recorder.differences == []
    assert "Every field is as docs/api-contract.md has it" in (directory / "report.md").read_text()


@pytest.mark.parametrize("now", [NOW, LATER], ids=["at the same instant", "five minutes later"])
def test_a_replay_gives_the_same_sums_to_the_cent(company, recorded, now):
    _, _, directory, before = recorded
    assert before["events"] > 200 and before["total"] > Decimal(1000)
    with Sandbox(company, recording=Recording.load(directory)) as replay:
        report = collect(now, client=CursorClient(replay.url, replay.key, replay.key))
    assert report.is_ok, report.summary
    assert sums() == before


def test_pseudonyms_are_stable_and_differ_by_installation():
    first, again, other = (Masks(secret).address("ann@x.io") for secret in ("a", "a", "b"))
    assert first == again != other
    assert Masks("a").address("Ann@x.io").lower() == first
    assert Masks("a").identifier("user_ABC").startswith("user_")
    assert len(str(Masks("a").masked(123456, "id"))) == 6


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            {"teamMembers": [{"id": "5", "email": "a@x.io", "name": "A", "role": 5}]},
            "`teamMembers[].role` is number",
        ),
        ({"teamMembers": [{"id": "5", "email": "a@x.io", "role": "r"}]}, "`teamMembers[].name` is missing"),
        ({"teamMembers": [], "secretNote": "Ann Lee"}, "`secretNote` (text) is not in the contract"),
        ({"teamMembers": [], "Ann Lee": 3}, "`?` (number) is not in the contract"),
    ],
)
def test_what_differs_from_the_contract_is_reported_without_its_values(tmp_path, answer, says):
    recorder = Recorder(tmp_path, writer())
    recorder.write_answer("GET", "/teams/members", {}, 200, json.dumps(answer).encode())
    assert any(says in line for line in recorder.differences)
    text = (tmp_path / "00001.json").read_text() + "\n".join(recorder.differences)
    assert "Ann Lee" not in text and "a@x.io" not in text


def test_answers_that_are_no_answer_are_recorded_by_their_size_alone(tmp_path):
    recorder = Recorder(tmp_path, writer())
    recorder.write_answer("GET", "/teams/members", {}, 200, b"<html>Ann Lee</html>")
    recorder.write_answer("GET", "/teams/members", {}, 403, b'{"message": "Ann Lee may not"}')
    text = "".join(file.read_text() for file in sorted(tmp_path.iterdir()))
    assert "Ann" not in text and '"bytes_that_are_not_json": 20' in text and '"status": 403' in text


def test_the_command_records_without_touching_this_installation(company, tmp_path, settings):
    with Sandbox(company, enforces_limits=False) as sandbox:
        settings.CURSOR_API_URL, settings.CURSOR_ADMIN_API_KEY = sandbox.url, sandbox.key
        out = io.StringIO()
        call_command("record", str(tmp_path / "r"), "--sources", "members", stdout=out)
    assert "1 answers in" in out.getvalue()
    assert not Member.objects.exists()
    assert json.loads((tmp_path / "r" / "00001.json").read_text())["path"] == "/teams/members"
    with pytest.raises(CommandError, match="is not empty"):
        call_command("record", str(tmp_path / "r"))


def test_a_directory_that_is_not_a_recording_is_refused(tmp_path):
    with pytest.raises(NotARecording, match="is not a recording"):
        Recording.load(Path(tmp_path))
    with pytest.raises(CommandError, match="is not a recording"):
        call_command("sandbox", "--replay", str(tmp_path))


def test_the_contract_names_every_endpoint_once():
    endpoints = [(each.method, each.pattern) for each in read_contract(CONTRACT)]
    assert len(endpoints) == len(set(endpoints)) == 21
    assert RecordingClient.__mro__[1] is CursorClient
