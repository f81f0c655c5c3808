"""Sentences about a member, addressed to that member."""


def said_to_member(who: str, text: str) -> str:
    """`you spent $412 in 24 h, 6.1x your usual $67`, for a text that begins with `who`."""
    text = text.rstrip(".")
    if not text.startswith(who):
        return text
    return f"you{text.removeprefix(who)}".replace(" their ", " your ")
