from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from . import slack_stand_in
from .service_stand_in import FakeService, running_service


@pytest.fixture
def slack(settings) -> Iterator[slack_stand_in.FakeSlack]:
    """A Slack on loopback that the product is set up for."""
    with slack_stand_in.running() as fake:
        settings.SLACK_BOT_TOKEN = "xoxb-made-up"
        settings.SLACK_API_URL = fake.url
        yield fake


def free_port() -> int:
    """aiosmtpd calls itself once it is up, so it has to know its port beforehand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mailbox(Message):
    """Keeps every mail that comes in; refuses with `refusal` while it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list = []
        self.refusal = ""
        self.refused: dict[str, str] = {}  # recipients, and what is answered about them

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refusal:
            return self.refusal
        return await super().handle_DATA(server, session, envelope)

    def handle_message(self, message) -> None:
        """Kept as a mail program would show it: headers unfolded and decoded."""
        self.mails.append(message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """A real SMTP server on loopback that the product is set up for."""
    handler = Mailbox()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_CONFIGURED = True
    settings.DASHBOARD_URL = "https://costs.example.com"
    yield handler
    controller.stop()


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A web service on loopback that takes what it is sent."""
    with running_service() as fake:
        yield fake
