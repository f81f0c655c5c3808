"""What went wrong on the way to Cursor, in words."""

import requests


def is_refused(error: requests.RequestException) -> bool:
    """Whether no connection came about (unknown host, refused), as against one that broke."""
    return "Max retries exceeded" in str(error) and not isinstance(error, requests.exceptions.SSLError)


def reason_of(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    text = str(error)
    reasons = {
        "Name or service not known": "unknown host",
        "NameResolutionError": "unknown host",
        "Connection refused": "connection refused",
        "IncompleteRead": "the answer was cut off",
        "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted",
    }
    return next((reason for part, reason in reasons.items() if part in text), "the connection broke")
