"""E-mail, to a real SMTP server on this machine."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography.x509 import IPAddress

from ops.alerts.channels.base import Channel
from ops.alerts.channels.mail import Mail
from tests.alerts.conftest import NOTICE, TOKEN
from tests.products.ssl import minting
from tests.wire import Exchange, Wire

Open = Callable[..., Channel]
HOST = "127.0.0.1"
LINE = {"host": HOST, "from": "cfops@example.com", "to": ["ops@example.com", "boss@example.com"]}


class Box:
    """Keeps what arrives; refuses an address at `refused.example`."""

    def __init__(self) -> None:
        self.came: list[Envelope] = []

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address.endswith("@refused.example"):
            return "550 secret-uuid is unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        self.came.append(envelope)
        return "250 OK"


class Tls:
    """A server's TLS, and the file of the authority that a client needs to trust it."""

    def __init__(self, folder: Path) -> None:
        authority = minting.authority("tests")
        leaf = minting.leaf(authority, IPAddress(ip_address(HOST)))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(leaf.write(folder / "leaf.pem"))
        self.file = folder / "ca.pem"
        self.file.write_bytes(minting.pem(authority.certificate))


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Box, int]]]:
    """Return a function that starts a server and returns its box and its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def start(*, implicit: ssl.SSLContext | None = None, **options: Any) -> tuple[Box, int]:
        box = Box()
        server = loop.create_server(lambda: SMTP(box, loop=loop, **options), HOST, 0, ssl=implicit)
        started = asyncio.run_coroutine_threadsafe(server, loop).result(20)
        return box, started.sockets[0].getsockname()[1]

    yield start
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ops", b"pass-uuid")
    return AuthResult(success=right, handled=right)


def test_a_message_goes_out_over_starttls_with_a_login(channel: Open, serve: Any, tls: Tls) -> None:
    box, port = serve(tls_context=tls.context, require_starttls=True, auth_required=True, authenticator=login)
    opened = channel(
        "mail", {"PW": "pass-uuid"}, **LINE, port=port, user="ops", password_env="PW", ca_file=str(tls.file)
    )

    assert opened.send(NOTICE) == ""

    (envelope,) = box.came
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert envelope.rcpt_tos == ["ops@example.com", "boss@example.com"]
    assert message["Subject"] == "cfops critical: run-failed on acc0"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "critical: run-failed: failed: scan.export <b> & é" in message.get_content()
    assert TOKEN.encode() not in envelope.content


def test_a_wrong_password_is_a_problem_that_does_not_show_it(channel: Open, serve: Any, tls: Tls) -> None:
    _, port = serve(tls_context=tls.context, auth_required=True, authenticator=login)
    opened = channel(
        "mail", {"PW": "wrong-uuid"}, **LINE, port=port, user="ops", password_env="PW", ca_file=str(tls.file)
    )

    assert opened.send(NOTICE) == "127.0.0.1 answered 535"


def test_tls_from_the_start(channel: Open, serve: Any, tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    box, port = serve(implicit=tls.context)
    monkeypatch.setattr("ops.alerts.channels.mail.IMPLICIT", port)

    assert channel("mail", **LINE, port=port, ca_file=str(tls.file)).send(NOTICE) == ""
    assert len(box.came) == 1


def test_a_certificate_that_is_not_trusted_is_a_problem(channel: Open, serve: Any, tls: Tls) -> None:
    box, port = serve(tls_context=tls.context)

    assert (
        channel("mail", **LINE, port=port).send(NOTICE)
        == "127.0.0.1 cannot be used (SSLCertVerificationError)"
    )
    assert box.came == []


def test_without_tls_no_password_is_sent(channel: Open, serve: Any) -> None:
    box, port = serve()
    opened = channel("mail", {"PW": "pass-uuid"}, **LINE, port=port, user="ops", password_env="PW")

    assert opened.send(NOTICE) == "127.0.0.1 cannot be used (SMTPNotSupportedError)"
    assert box.came == []


def test_the_mailer_of_this_machine_needs_neither_tls_nor_a_password(channel: Open, serve: Any) -> None:
    box, port = serve()

    assert channel("mail", **LINE, port=port).send(NOTICE) == ""
    assert len(box.came) == 1


def test_a_refused_address_is_a_problem_and_the_others_get_it(channel: Open, serve: Any) -> None:
    box, port = serve()
    line = {**LINE, "to": ["ops@example.com", "x@refused.example"]}

    assert channel("mail", **line, port=port).send(NOTICE) == "127.0.0.1 refused 1 of 2 addresses"
    assert box.came[0].rcpt_tos == ["ops@example.com"]


@pytest.mark.parametrize(
    ("wire", "problem"),
    [
        (Wire(greeting=b"554 secret-uuid\r\n"), "127.0.0.1 answered 554"),
        (Wire(Exchange.close, greeting=b"nonsense\r\n"), "127.0.0.1 "),
        (Wire(), "127.0.0.1 cannot be used (SMTPServerDisconnected)"),
    ],
    ids=["refused", "nonsense", "silent"],
)
def test_a_server_that_does_not_speak_smtp_is_a_problem(
    channel: Open, wire: Wire, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.alerts.channels.mail.SECONDS", 0.3)
    with wire:
        found = channel("mail", **LINE, port=wire.port).send(NOTICE)

    assert found.startswith(problem)
    assert "uuid" not in found


def test_it_never_writes_a_line_into_the_headers(channel: Open, serve: Any) -> None:
    box, port = serve()
    opened = channel("mail", **LINE, port=port)
    assert isinstance(opened, Mail)

    problem = opened.send(NOTICE._replace(account="acc0\nBcc: x@evil.example"))

    assert box.came == [] or b"\nBcc:" not in box.came[0].content
    assert problem in ("", "127.0.0.1 cannot be used (ValueError)")
