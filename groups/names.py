"""Names of groups: a whole path, `Parent > Team`, to any depth."""

from collections.abc import Container, Iterator

from collector.base.cells import tidy

SEPARATOR = " > "
UNASSIGNED_NAME = "Unassigned"
MAX_LENGTH = 240


class BadName(ValueError):
    """The text cannot name a group; the message says why."""


def normalised(text: str) -> str:
    """Return `text` with single blanks and ` > ` between its parts; BadName if it cannot name a group."""
    parts = [tidy(part) for part in text.split(">")]
    if not all(parts):
        raise BadName(f"“{text.strip()}” is not a group name: write it as Team or as Parent > Team.")
    name = SEPARATOR.join(parts)
    if len(name) > MAX_LENGTH:
        raise BadName(f"“{name[:40]}…” is too long: a group name has at most {MAX_LENGTH} characters.")
    if is_reserved(parts[0]):
        raise BadName(f"“{parts[0]}” is reserved for members without a group: choose another name.")
    return name


def nearest(text: str) -> str:
    """Return the usable name closest to `text`, which comes from the vendor and cannot be refused."""
    parts = [part for part in map(tidy, text.split(">")) if part] or ["Group"]
    while len(parts) > 1 and is_reserved(parts[0]):
        del parts[0]
    return SEPARATOR.join(parts)[:MAX_LENGTH].strip(" >")


def is_reserved(name: str) -> bool:
    """Whether it is what members without a group are listed under, where nothing else may be."""
    return key(name) == key(UNASSIGNED_NAME)


def key(name: str) -> str:
    """What two names share that differ only in case."""
    return name.casefold()


def ancestors(name: str) -> Iterator[str]:
    """Yield the paths above `name`, outermost first: `A`, `A > B` for `A > B > C`."""
    parts = name.split(SEPARATOR)
    for depth in range(1, len(parts)):
        yield SEPARATOR.join(parts[:depth])


def free_name(wanted: str, taken: Container[str]) -> str:
    """Return `wanted`, or with ` (2)`, ` (3)` … the first whose key is not in `taken`."""
    name, number = wanted, 1
    while key(name) in taken or is_reserved(name):
        number += 1
        suffix = f" ({number})"
        name = wanted[: MAX_LENGTH - len(suffix)] + suffix
    return name
