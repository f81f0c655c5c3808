"""Who may sign in at all, by the environment's lists."""

from django.conf import settings

from tracker.address_lists import AddressList, clean_address


def allow_list() -> AddressList:
    return AddressList(
        emails=frozenset(settings.AUTH_ALLOWED_EMAILS),
        domains=frozenset(filter(None, [settings.AUTH_ALLOWED_DOMAIN])),
    )


def is_admitted(email: str) -> bool:
    """Either list admits; with both empty any plain address does."""
    allowed = allow_list()
    return email in allowed if allowed else clean_address(email) is not None
