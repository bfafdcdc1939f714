"""The way to the base URL, against servers that stand in it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ops.config.settings import Settings
from ops.doctor.findings import Finding
from ops.doctor.reach import clock_offset, reach
from ops.errors import NetworkError, UserError

NOW = 1_800_000_000.0
Make = Callable[..., Settings]


class Answering(BaseHTTPRequestHandler):
    """Answers whatever it is asked; keeps the headers that came."""

    seen: list[dict[str, str]]

    def do_HEAD(self) -> None:
        self.seen.append(dict(self.headers))
        self.send_response_only(404)
        self.send_header("Date", formatdate(NOW, usegmt=True))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Answer nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Answering.seen = []
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    yield listening
    listening.shutdown()
    listening.server_close()


def serve(server: ThreadingHTTPServer) -> str:
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return f"127.0.0.1:{server.server_port}"


def own_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 that nobody but itself vouches for; gives the file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, text = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / "own.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, text, serialization.NoEncryption()))
    return file


def encrypted(server: ThreadingHTTPServer, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)


def by_check(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def test_a_server_that_answers_is_reached_without_the_token(
    server: ThreadingHTTPServer, settings: Make
) -> None:
    chosen = settings(CLOUDFLARE_BASE_URL=f"http://{serve(server)}/v4", CLOUDFLARE_API_TOKEN="sandbox_canary")

    found = by_check(reach(chosen, lambda: NOW + 5))

    assert {check: finding.status for check, finding in found.items()} == {
        "name lookup": "ok", "connection": "ok", "TLS": "ok", "clock": "ok",
    }  # fmt: skip
    assert "canary" not in str(Answering.seen)


def test_a_port_where_nobody_listens_is_a_failure_of_the_network(settings: Make) -> None:
    found = by_check(reach(settings(CLOUDFLARE_BASE_URL="http://127.0.0.1:1/v4"), lambda: NOW))

    assert found["connection"].status == "fail"
    assert found["connection"].ending is NetworkError
    assert "127.0.0.1 port 1: " in found["connection"].meaning
    assert "clock" not in found


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example", "..", ""])
def test_a_name_without_address_is_a_failure_of_the_network(
    settings: Make, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    found = list(reach(settings(CLOUDFLARE_BASE_URL=f"https://{host}/v4"), lambda: NOW))

    assert [(finding.check, finding.status) for finding in found] == [("name lookup", "fail")]
    assert found[0].ending is NetworkError


def test_a_certificate_of_unknown_origin_is_refused(
    server: ThreadingHTTPServer, settings: Make, tmp_path: Path
) -> None:
    encrypted(server, own_certificate(tmp_path))

    found = by_check(reach(settings(CLOUDFLARE_BASE_URL=f"https://{serve(server)}/v4"), lambda: NOW))

    assert found["TLS"].status == "fail"
    assert found["TLS"].meaning.startswith("the certificate is not accepted: self")
    assert "CFOPS_CA_FILE" in found["TLS"].hint
    assert Answering.seen == []


def test_a_certificate_of_the_named_authorities_is_accepted(
    server: ThreadingHTTPServer, settings: Make, tmp_path: Path
) -> None:
    certificate = own_certificate(tmp_path)
    encrypted(server, certificate)
    chosen = settings(CLOUDFLARE_BASE_URL=f"https://{serve(server)}/v4", CFOPS_CA_FILE=str(certificate))

    found = by_check(reach(chosen, lambda: NOW))

    assert found["TLS"] == Finding("TLS", "ok", "TLSv1.3, the certificate is valid")


@pytest.mark.fault("A23")
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_authorities_that_is_not_one_is_the_users_failure(
    settings: Make, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "company.pem"
    if content:
        file.write_text(content)
    chosen = settings(CLOUDFLARE_BASE_URL="https://127.0.0.1:1/v4", CFOPS_CA_FILE=str(file))

    found = by_check(reach(chosen, lambda: NOW))

    assert (found["TLS"].status, found["TLS"].ending) == ("fail", UserError)
    assert str(file) in found["TLS"].meaning


def test_plain_words_where_encryption_is_expected_are_reported(
    server: ThreadingHTTPServer, settings: Make
) -> None:
    found = by_check(reach(settings(CLOUDFLARE_BASE_URL=f"https://{serve(server)}/v4"), lambda: NOW))

    assert found["TLS"].status == "fail"
    assert found["TLS"].meaning.startswith("TLS failed: ")


def test_a_proxy_is_not_gone_around(settings: Make) -> None:
    chosen = settings(CLOUDFLARE_BASE_URL="http://127.0.0.1:1/v4", CFOPS_PROXY="http://127.0.0.1:2")

    assert [finding.status for finding in reach(chosen, lambda: NOW)] == ["unknown"]


@pytest.mark.fault("D8")
@pytest.mark.parametrize(
    ("offset", "status", "meaning"),
    [
        (0, "ok", "agrees with the server's"),
        (60, "ok", "agrees with the server's"),
        (-60, "ok", "agrees with the server's"),
        (61, "warn", "61 s ahead of the server's"),
        (-86_400, "warn", "86400 s behind the server's"),
    ],
)
def test_the_clock_is_compared_with_the_servers(offset: float, status: str, meaning: str) -> None:
    finding = clock_offset(formatdate(NOW, usegmt=True), NOW + offset)

    assert (finding.status, finding.meaning) == (status, meaning)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_server_without_a_date_is_not_a_failure(date: str) -> None:
    assert clock_offset(date, NOW).status == "unknown"
