"""Which e-mail addresses a list admits: an exact comparison, so that look-alikes do not pass."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# One "@" only: a quoted second one would let `user@evil.example@company.com` pass for company.com.
PLAIN_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+")
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def clean_address(text: str) -> str | None:
    """`text` in lower case if it is one plain ASCII address, else None.

    ASCII is asked for before folding: U+212A (the Kelvin sign) lower-cases to the letter k.
    """
    if not text.isascii():
        return None
    address = text.strip().lower()
    return address if PLAIN_ADDRESS.fullmatch(address) else None


@dataclass(frozen=True)
class AddressList:
    """Whole addresses, and domains all of whose addresses count."""

    emails: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.emails or self.domains)

    def __contains__(self, email: object) -> bool:
        address = clean_address(email) if isinstance(email, str) else None
        return address is not None and (address in self.emails or address.rpartition("@")[2] in self.domains)


def split_list(text: str) -> list[str]:
    """The entries of a list as people type it: one a line, or separated by commas or semicolons."""
    return re.split(r"[\n,;]", text)


def parse_list(entries: Iterable[str]) -> AddressList:
    """An `AddressList` of e-mails and @domains; ValueError naming the first entry that is neither."""
    emails, domains = set(), set()
    for entry in filter(None, (entry.strip().lower() for entry in entries)):
        if entry.startswith("@") and DOMAIN.fullmatch(entry[1:]):
            domains.add(entry[1:])
        elif address := clean_address(entry):
            emails.add(address)
        else:
            raise ValueError(f"“{entry}” is not an e-mail address or a domain such as @example.com")
    return AddressList(frozenset(emails), frozenset(domains))
