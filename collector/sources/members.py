"""The team's list: who holds a seat, and who no longer does."""

from datetime import datetime, timedelta

from collector.base.notes import DoubtKind, Notes
from collector.base.upsert import FactTable, Key, Upserted, Values, writing
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import wrong_shape
from collector.cursor.lists import read_list
from collector.cursor.records import MembersAnswer, TeamMember
from collector.cursor.rows import read_rows
from collector.facts.doubts import store_notes
from collector.facts.roster import Conflict, Roster, identify
from collector.models import Doubt, Member, Source

from .base import Progress, SyncResult, silent

PATH = "/teams/members"
TABLE = FactTable(
    Member,
    key=("email",),
    values=("kind", "name", "role", "cursor_id", "is_removed", "gone_at"),
    stamp=("last_seen_at",),
    first_stamp=("first_seen_at",),
)
# From this many members on, a list that lacks half or more has probably been cut.
SMALL_TEAM = 4
# One that stays so for a day is true after all.
BELIEVED_AFTER = timedelta(days=1)


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the list and bring the members to it; whoever it lacks is marked gone, nobody is deleted."""
    notes = Notes(PATH, window.read_at)
    _, raws = read_list(client, PATH, MembersAnswer, notes)
    listed = [member for member, _ in read_rows(TeamMember, raws, notes)]
    if not listed:
        # A team has an administrator at least: an empty list would send everybody away.
        raise wrong_shape(PATH, "the list of members is empty, or none of it can be read")
    with writing():
        roster = Roster.load()
        # Of an id that is listed twice the seat in use counts.
        addresses = {seat.id: seat.email for seat in sorted(listed, key=lambda seat: not seat.is_removed)}
        conflicts = _follow_addresses(roster, addresses, window.read_at)
        roster.release_addresses(addresses)
        rows = _rows(listed, roster)
        written = _store(rows, window.read_at)
        _keep_other_ids(listed, roster, window.read_at)
        gone = _mark_gone({key[0] for key in rows}, notes, window.read_at)
        for conflict in conflicts:
            _doubt_conflict(conflict, notes)
        store_notes(Source.MEMBERS, notes)
    return SyncResult(len(raws), len(written.new), len(written.changed) + gone, noted=notes.size)


def _follow_addresses(roster: Roster, addresses: dict[str, str], at: datetime) -> list[Conflict]:
    """Give members the address of their id; usage that came under a new address before joins them."""
    conflicts = roster.follow_addresses(addresses, at)
    joined = [roster.join_if_one(conflict, at) for conflict in conflicts]
    return roster.follow_addresses(addresses, at) if any(joined) else conflicts


def _rows(listed: list[TeamMember], roster: Roster) -> dict[Key, Values]:
    """By key; somebody who left and came back is listed twice, and the seat in use counts.

    What a row does not state keeps its stored value.
    """
    seats: dict[str, TeamMember] = {}
    keys: dict[str, str] = {}  # by id, which may have several addresses
    for seat in listed:
        identity = identify(seat.email, cursor_id=seat.id)
        member_id = roster.known_id(identity)
        key = identity.key if member_id is None else roster.addresses[member_id]
        key = keys.setdefault(seat.id or key, key)
        if key not in seats or seats[key].is_removed:
            seats[key] = seat
    stored = {
        email: (name, role, cursor_id)
        for email, name, role, cursor_id in Member.objects.values_list("email", "name", "role", "cursor_id")
    }
    rows: dict[Key, Values] = {}
    for key, seat in seats.items():
        name, role, cursor_id = stored.get(key, ("", "", ""))
        rows[key,] = (
            Member.Kind.PERSON.value,
            seat.name or name,
            seat.role or role,
            seat.id or cursor_id,
            seat.is_removed,
            None,
        )
    return rows


def _store(rows: dict[Key, Values], at: datetime) -> Upserted:
    written = TABLE.upsert(rows, Member.objects.all(), at)
    Member.objects.filter(email__in=[key[0] for key in rows]).update(last_seen_at=at)
    return written


def _keep_other_ids(listed: list[TeamMember], roster: Roster, at: datetime) -> None:
    """Remember further ids of members: some hold two seats, or came back under another id."""
    ids = dict(roster.by_cursor_id)
    roster.reload()
    ids |= {seat.id: roster.by_key[seat.email] for seat in listed if seat.id and seat.email in roster.by_key}
    for cursor_id, pk in ids.items():
        place = identify(cursor_id=cursor_id).key
        if cursor_id not in roster.by_cursor_id and place not in roster.by_key:
            roster.add_address(pk, place, at)


def _mark_gone(listed: set[str], notes: Notes, at: datetime) -> int:
    """Mark whom the list lacks, unless it is doubtful: it may be cut, or hold a row nobody can read.

    A list that is shorter than announced is believed after a day: the vendor may count in another way.
    """
    here = (
        Member.objects.people().filter(gone_at__isnull=True).exclude(role="", cursor_id="", is_removed=False)
    )
    team = Member.objects.people().filter(gone_at__isnull=True)
    gone = [pk for pk, email in team.values_list("pk", "email") if email not in listed]
    if not gone or notes.rejections or notes.has(DoubtKind.PAGES):
        return 0
    seats, lost = here.count(), here.filter(pk__in=gone).count()
    is_cut = notes.has(DoubtKind.TOTAL) or (seats >= SMALL_TEAM and lost * 2 >= seats)
    if is_cut and not _is_believed(at):
        text = f"{lost} of {seats} members are missing: nobody is marked as gone unless it stays so for a day"
        notes.doubt(DoubtKind.ABSENCE, text, announced=seats, counted=seats - lost)
        return 0
    return Member.objects.filter(pk__in=gone).update(gone_at=at)


def _is_believed(at: datetime) -> bool:
    """Whether the list has lacked most of the team for a day."""
    absences = Doubt.objects.still_open().filter(source=Source.MEMBERS, scope=PATH, kind=DoubtKind.ABSENCE)
    return absences.filter(first_seen_at__lte=at - BELIEVED_AFTER).exists()


def _doubt_conflict(conflict: Conflict, notes: Notes) -> None:
    text = (
        f"{conflict.cursor_id} now has the address {conflict.address}, which belongs to another member: "
        "if the two are one, merge them in the admin"
    )
    notes.doubt(DoubtKind.IDENTITY, text, subject=conflict.cursor_id)
