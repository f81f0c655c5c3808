"""A mail server that is slow, talks without end, or refuses some of the recipients."""

import smtplib
from typing import Any, BinaryIO

from django.core.mail.backends.smtp import EmailBackend

from collector.base.deadline import BodyTooLarge

LONGEST_ANSWERS = 1024 * 1024  # all that a server says in one session


class _BoundedLines:
    """Lines of the server, as long as they are not too many."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.bytes_left = file, LONGEST_ANSWERS

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self.file.readline(size)
        self.bytes_left -= len(line)
        if self.bytes_left < 0:
            raise BodyTooLarge("the mail server's answer never ended")
        return line

    def close(self) -> None:
        self.file.close()


class _Conversation(smtplib.SMTP):
    """Before smtplib's classes: bounded answers, and a memory for the recipients that were refused."""

    sock: Any
    file: object
    refused: dict[str, tuple[int, bytes]]

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = _BoundedLines(self.sock.makefile("rb"))
        return super().getreply()

    def sendmail(self, *args: Any, **kwargs: Any) -> dict[str, tuple[int, bytes]]:
        self.refused = super().sendmail(*args, **kwargs)
        return self.refused

    def quit(self) -> tuple[int, bytes]:
        """Say goodbye without waiting: a mail that was taken must not be sent again for want of an answer."""
        self.putcmd("quit")
        self.close()
        return 221, b""


class BoundedSmtp(_Conversation):
    pass


class BoundedSmtpSsl(_Conversation, smtplib.SMTP_SSL):
    pass


class SmtpBackend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return BoundedSmtpSsl if self.use_ssl else BoundedSmtp

    @property
    def refused(self) -> dict[str, int]:
        """The recipients of the last message that the server refused while it took others, and its codes."""
        answers = getattr(self.connection, "refused", {})
        return {address: code for address, (code, _) in sorted(answers.items())}
