"""A sign of life to a service that raises an alarm when it stays away, such as Healthchecks."""

import logging

from django.conf import settings

from incidents.channels.base import DeliveryError
from incidents.channels.http import call_service

logger = logging.getLogger(__name__)


def send_heartbeat() -> bool:
    """GET HEARTBEAT_URL; False where none is set or it did not answer, which never fails a run."""
    if not settings.HEARTBEAT_URL:
        return False
    try:
        call_service("The heartbeat's service", "GET", settings.HEARTBEAT_URL)
    except DeliveryError as problem:
        logger.warning("heartbeat: %s", problem)
        return False
    return True
