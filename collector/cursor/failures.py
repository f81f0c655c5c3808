"""What went wrong on the way to Cursor, in words."""

import re

import requests

# How the HTTP library words them.
REFUSED_CERTIFICATE = re.compile(r"certificate verify failed: (.+?)(?: for '|\.? \(_ssl)")
REFUSED_BY_PROXY = re.compile(r"Tunnel connection failed: (4\d\d[\w ]*)")


def is_refused(error: requests.RequestException) -> bool:
    """Whether no connection came about (unknown host, refused), as against one that broke."""
    return "Max retries exceeded" in str(error) and not isinstance(error, requests.exceptions.SSLError)


def setup_fault(text: str) -> str:
    """What of the library's `text` asking again cannot help, and what to do; empty for anything else."""
    if certificate := REFUSED_CERTIFICATE.search(text):
        return (
            f"its certificate is not accepted ({certificate[1]}). If a proxy inspects TLS, set "
            "REQUESTS_CA_BUNDLE to a file with its CA; otherwise check CURSOR_API_URL and the clock here"
        )
    if proxy := REFUSED_BY_PROXY.search(text):
        return f"the proxy answered {proxy[1]}. Check HTTPS_PROXY and NO_PROXY"
    if "WRONG_VERSION_NUMBER" in text:
        return "it does not speak TLS there. Check CURSOR_API_URL and HTTPS_PROXY"
    return ""


def reason_of(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    text = str(error)
    reasons = {
        "ProxyError": "the proxy does not answer; check HTTPS_PROXY",
        "Name or service not known": "unknown host",
        "NameResolutionError": "unknown host",
        "Connection refused": "connection refused",
        "IncompleteRead": "the answer was cut off",
    }
    return next((reason for part, reason in reasons.items() if part in text), "the connection broke")
