"""The channel of e-mail: SMTP with TLS."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, ClassVar

from ops.alerts.channels.base import SECONDS, Options
from ops.errors import UsageError
from ops.http.origin import is_loopback
from ops.http.session import trust

if TYPE_CHECKING:
    from ops.alerts.notice import Notice

SUBMISSION, IMPLICIT = 587, 465


class Mail:
    """A message by SMTP. Port 465 is TLS from the start, every other one must offer STARTTLS.

    Without TLS nothing is sent, except without a password to a server on this machine.
    """

    resends: ClassVar[bool] = False
    always: ClassVar[bool] = False

    def __init__(self, options: Options) -> None:
        self._host, self._port = options.text("host"), options.number("port", SUBMISSION)
        self._from, self._to = options.text("from"), options.texts("to")
        self._user, self._password = options.text("user", ""), options.secret("password", "")
        self._tls = trust(options.settings.ca_file)
        for address in (self._from, *self._to):
            if "@" not in address or not address.isprintable() or " " in address:
                raise UsageError(
                    f"channels.{options.name}: {address!r} is not an address", hint="name@example.com"
                )

    def send(self, notice: Notice) -> str:
        try:
            message = self._message(notice)
            with self._opened() as server:
                if self._user:
                    server.login(self._user, self._password)
                refused = server.send_message(message)
        except smtplib.SMTPResponseException as problem:
            # What the server says may quote what it was sent.
            return f"{self._host} answered {problem.smtp_code}"
        except (smtplib.SMTPException, OSError, ValueError) as problem:
            return f"{self._host} cannot be used ({type(problem).__name__})"
        return f"{self._host} refused {len(refused)} of {len(self._to)} addresses" if refused else ""

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._from, ", ".join(self._to), notice.title
        message["Date"] = format_datetime(datetime.fromtimestamp(notice.at, UTC))
        message["Message-ID"] = make_msgid(notice.id, "cfops.invalid")
        # Robots must not answer.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text)
        return message

    def _opened(self) -> smtplib.SMTP:
        if self._port == IMPLICIT:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=self._tls)
        server = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls") or self._password or not is_loopback(self._host):
            server.starttls(context=self._tls)
        return server
