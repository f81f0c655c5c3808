"""How the API writes what the company holds in one form: money, ids, e-mails."""

from sandbox.company.members import Employee, MemberKind
from sandbox.company.prices import MICRO


def cents(micro: int) -> int | float:
    """Return millionths of a cent as the vendor's number: up to six decimals, none when it is whole."""
    micro = int(micro)
    return micro // MICRO if micro % MICRO == 0 else micro / MICRO


def title_email(member: Employee) -> str:
    """The spelling of members, spend and analytics: some people's have capitals."""
    if not member.has_capitals:
        return member.email
    name, _, domain = member.email.partition("@")
    return f"{name.title()}@{domain.capitalize()}"


def event_email(member: Employee) -> str | None:
    """The spelling of events; automations have none."""
    return None if member.kind is MemberKind.AUTOMATION else member.email


def daily_email(member: Employee) -> str:
    """The spelling of daily usage, another one again."""
    return member.email.capitalize() if member.has_capitals else member.email


def uuid(number: int) -> str:
    """Return a conversation's number in the form of a UUID."""
    mixed = number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128)
    digits = f"{mixed:032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
