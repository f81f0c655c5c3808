"""AI-code commits by member and repository; no money."""

from datetime import date, timedelta

from django.db.models import QuerySet

from collector.base.days import utc_day
from collector.base.notes import Notes
from collector.base.upsert import FactTable, Key, Upserted, Values, columns_beside, filled, writing
from collector.collecting import watermarks
from collector.collecting.etags import ETags
from collector.collecting.windows import DAY, MINUTE, Window
from collector.cursor.analytics import CommitRecord, CommitsAnswer
from collector.cursor.client import CursorClient
from collector.cursor.page_sizes import full_size
from collector.cursor.pages import Page, read_all
from collector.cursor.rows import parse, read_rows
from collector.facts.doubts import store_notes
from collector.facts.roster import Identity, Roster, identify
from collector.models import AiCodeCommit, Source

from .analytics import dates
from .base import Progress, SyncResult, silent

PATH = "/analytics/ai-code/commits"
PAGE_SIZE = 1000  # the documented maximum
# No longest question is documented; a week at a time keeps the pages of one reading few.
LONGEST_QUESTION = timedelta(days=7)

KEY = ("member_id", "commit_hash")
TABLE = FactTable(AiCodeCommit, KEY, columns_beside(AiCodeCommit, *KEY))
NOTHING: Values = tuple(getattr(AiCodeCommit(), name) for name in TABLE.values)


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the commits of the days that `window` touches; of an amended one the newest figures stay."""
    result = SyncResult()
    for part in window.cut(LONGEST_QUESTION):
        etags, notes = ETags(client), Notes(PATH, part.read_at)
        commits = _read(etags, part, notes)
        with writing():
            written = _store(commits, part)
            stored = SyncResult.of(len(commits), written, noted=notes.size)
            store_notes(Source.COMMITS, notes, covers=part.span)
            if notes.is_clean:
                etags.remember(part.read_at)
            watermarks.extend(Source.COMMITS, part)
        result += stored
        progress(part, stored)
    return result


def _read(etags: ETags, part: Window, notes: Notes) -> list[CommitRecord]:
    # A plain last day could mean its midnight: the day after it is named, or now. Repeats are stored once.
    is_open = utc_day(part.end_at) == utc_day(part.read_at)
    last = "now" if is_open else utc_day(part.end_at + DAY - MINUTE).isoformat()
    question = dates(part) | {"endDate": last, "pageSize": PAGE_SIZE}

    def ask(number: int) -> Page[CommitRecord]:
        def read(payload: object) -> Page[CommitRecord]:
            answer = parse(CommitsAnswer, payload, PATH, notes)
            rows = [row for row, _ in read_rows(CommitRecord, answer.rows, notes)]
            size = full_size(len(answer.rows), PAGE_SIZE)
            return answer.page(rows, answer.is_followed(number, size))

        return etags.ask(PATH, {**question, "page": number}, read)

    return list(read_all(ask, notes).rows())


def _store(commits: list[CommitRecord], part: Window) -> Upserted:
    roster = Roster.load()
    roster.admit({identity_of(commit) for commit in commits}, part.read_at)
    newest: dict[Key, CommitRecord] = {}
    for commit in commits:
        key = (roster.member_id(identity_of(commit)), commit.commit_hash)
        if key not in newest or newest[key].ingested_at <= commit.ingested_at:
            newest[key] = commit
    stored = AiCodeCommit.objects.filter(commit_hash__in={commit.commit_hash for commit in commits})
    _move_to_new_addresses(newest, stored)
    stored_values = TABLE.stored_values(stored)
    place = TABLE.values.index("ingested_at")
    rows = {
        # What cannot be read stays as it was: no failure is a zero.
        key: filled(filled(_values(commit), stored_values.get(key, NOTHING)), NOTHING)
        for key, commit in newest.items()
        if key not in stored_values or stored_values[key][place] <= commit.ingested_at
    }
    _take_over_imported({key: newest[key].day for key in rows if key not in stored_values})
    return TABLE.upsert(rows, stored, part.read_at)


def _values(commit: CommitRecord) -> Values:
    return tuple(getattr(commit, name) for name in TABLE.values)


def identity_of(commit: CommitRecord) -> Identity:
    """Whose commit it is: by Cursor's id, then by address."""
    return identify(commit.user_email, cursor_id=commit.user_id)


def _move_to_new_addresses(newest: dict[Key, CommitRecord], stored: QuerySet[AiCodeCommit]) -> None:
    """Move stored commits to their author's new address: at the old one they would count twice."""
    heirs = {(commit.user_id, commit.commit_hash): key[0] for key, commit in newest.items() if commit.user_id}
    present = {(row.member_id, row.commit_hash): row for row in stored.select_related("member")}
    moved = []
    for (member_id, commit_hash), commit in present.items():
        heir = heirs.get((commit.member.cursor_id, commit_hash), member_id)
        if (member_id, commit_hash) not in newest and (heir, commit_hash) not in present:
            commit.member_id = heir
            moved.append(commit)
    if moved:
        AiCodeCommit.objects.bulk_update(moved, ["member_id"], batch_size=300)


def imported_hash(day: date) -> str:
    """A stand-in for the hash where an import only knows the sum of a member's commits of `day`."""
    return f"tracker-{day}"


def _take_over_imported(new_days: dict[Key, date]) -> None:
    """Turn the row of an imported day into its first commit: kept beside it, its lines would count twice."""
    heirs: dict[Key, str] = {}
    for (member_id, commit_hash), day in new_days.items():
        heirs.setdefault((member_id, imported_hash(day)), commit_hash)
    imported = AiCodeCommit.objects.filter(
        day__in=set(new_days.values()), commit_hash__in={key[1] for key in heirs}
    )
    replaced = [commit for commit in imported if (commit.member_id, commit.commit_hash) in heirs]
    for commit in replaced:
        commit.commit_hash = heirs[commit.member_id, commit.commit_hash]
    AiCodeCommit.objects.bulk_update(replaced, ["commit_hash"], batch_size=300)
