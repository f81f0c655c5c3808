"""Pseudonyms: the same for the same text in every recording of one installation, and no way back.

What a string is replaced by depends on the rule that the contract has for its field. A string without a
rule is free text, and is replaced.
"""

import hashlib
import hmac
import re

KEPT, ID, EMAIL, TEXT = "kept", "id", "e-mail", "text"
RULES = {KEPT, ID, EMAIL, TEXT}

ADDRESS = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+")
# What the vendor's ids begin with, which says what kind of thing they name.
PREFIX = re.compile(r"(?:user|group|team_group|sa|auto|key|bc|org|team)[_-]")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.,]+(?:Z|[+-]\d{2}:?\d{2})?)?")
# Words that stand for nothing, and are part of a shape.
NOTHING = {"", "null", "none", "undefined", "-"}
# Names are made of parts, which are the same wherever they stand.
PARTS = re.compile(r"(\s*[>/]\s*)")


class Masks:
    """Makes pseudonyms with a secret that never leaves the installation."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def masked(self, value: object, rule: str) -> object:
        """A value by its rule; numbers, flags and nulls stay, except numbers that are ids."""
        if isinstance(value, str):
            return value if value.strip().lower() in NOTHING else self._string(value, rule)
        if isinstance(value, int) and not isinstance(value, bool) and rule == ID:
            return self._number(value)
        return value

    def _string(self, text: str, rule: str) -> str:
        if rule == KEPT and not ADDRESS.search(text):
            return text
        if ADDRESS.fullmatch(text):
            return self.address(text)
        if rule == ID:
            return self.identifier(text)
        return "".join(
            part if PARTS.fullmatch(part) else self._words(part) for part in PARTS.split(text) if part
        )

    def address(self, text: str) -> str:
        """An address that cannot exist; one of its capital letters stays, since any case joins rows."""
        local, _, domain = text.lower().rpartition("@")
        person, host = self._digest("person", f"{local}@{domain}"), self._digest("domain", domain, 6)
        masked = f"person-{person}@{host}.invalid"
        return masked if text == text.lower() else masked.capitalize()

    def identifier(self, text: str) -> str:
        if text.isdecimal():
            return str(self._number(int(text)))
        prefix = match[0] if (match := PREFIX.match(text)) else ""
        return prefix + self._digest("id", text, 20)

    def _words(self, text: str) -> str:
        return f"text-{self._digest('text', text.strip().lower())}"

    def _number(self, number: int) -> int:
        """A number of as many digits."""
        digits = len(str(abs(number)))
        low = 10 ** (digits - 1)
        return low + int(self._digest("number", str(number), 16), 16) % (9 * low)

    def _digest(self, kind: str, text: str, length: int = 12) -> str:
        return hmac.new(self._secret, f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()[:length]


def is_moment(text: str) -> bool:
    """Whether a string is a day or an instant, which any recording keeps."""
    return MOMENT.fullmatch(text) is not None
