"""Whom the rows of a file name, and whose those are that name nobody."""

import re
from dataclasses import dataclass, field

from collector.base.cells import MYSELF, is_address, is_empty_value, tidy, unquoted_address
from collector.base.csv_files import FileError
from collector.base.plausibility import is_number
from collector.facts.roster import Identity, identify

CURSOR_ID = re.compile(r"user_\w{4,70}", re.ASCII)
# Names that a message lists.
MOST_NAMES = 5
# Names kept, for a file that has something else in that column.
MOST_KEPT = 1_000


@dataclass
class Users:
    """The column *User*: an address, one of Cursor's ids, which is all that is left of somebody who has left,
    or nobody: `member` if given."""

    member: str = ""
    without_user: int = 0  # rows that name nobody
    names: dict[str, None] = field(default_factory=dict)  # what stands there and is not an address
    _identities: dict[str, Identity] = field(default_factory=dict)

    def check_column(self, is_there: bool) -> None:
        """FileError where the file is one member's own and nobody says whose; begins the count again."""
        self.without_user = 0
        if not is_there and not self.member:
            raise FileError(
                "Line 1: there is no column User, so the file is one member's own. "
                "Use --member EMAIL to name the member."
            )

    def check(self, rows: int) -> None:
        """FileError where no row names anybody, or `member` would have to be several people."""
        if self.without_user == rows and not self.member:
            raise FileError(
                "Line 2: no row has an e-mail address under User, so the file is one member's own. "
                "Use --member EMAIL to name the member."
            )
        if len(self.names) > 1:
            some = ", ".join(f"“{name}”" for name in list(self.names)[:MOST_NAMES])
            raise FileError(
                f"Line 2: User holds {len(self.names)} names that are not e-mail addresses ({some}), and "
                "--member can stand for only one of them. Replace the names with addresses."
            )

    @property
    def named(self) -> set[Identity]:
        """Everybody whom the rows so far name."""
        return {identity for identity in self._identities.values() if identity.has_address}

    def identity(self, cell: str) -> Identity:
        """Whom the cell names; ValueError where it is somebody, and does not say who."""
        user = unquoted_address(cell)
        identity = self._identities.get(user)
        if identity is None:
            identity = self._identities[user] = self._identify(user, cell)
        return identity

    def count_row(self, cell: str) -> None:
        """Note a row that is taken."""
        self.without_user += not _names_somebody(unquoted_address(cell))

    def _identify(self, user: str, cell: str) -> Identity:
        if _names_somebody(user):
            return identify(user) if is_address(user) else identify(number=tidy(cell))
        if is_empty_value(user):
            return identify(self.member)
        if not self.member:
            raise ValueError(
                f"The User column holds “{cell[:80]}”, which is not an e-mail address and does not identify "
                "a member. Use --member EMAIL to name the member."
            )
        if user not in MYSELF and len(self.names) < MOST_KEPT:
            self.names[cell[:80]] = None
        return identify(self.member)


def _names_somebody(user: str) -> bool:
    return is_address(user) or is_number(user, most_digits=40) or CURSOR_ID.fullmatch(user) is not None
