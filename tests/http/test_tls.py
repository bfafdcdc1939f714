from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError

from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.errors import NotSent
from ops.http.exchange import Call
from ops.http.failures import unsent_or_unanswered
from ops.http.paths import path
from ops.http.session import Session
from ops.http.stack import open_client
from tests.http.conftest import CANARY
from tests.wire import Wire, answer, ok

READ_X = Call("GET", "/x")
NOW = dt.datetime.now(dt.UTC)


class Authority(NamedTuple):
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    file: Path


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder(named("a company's CA"), named("a company's CA"), key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=400))
        .not_valid_after(NOW + dt.timedelta(days=400))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return Authority(key, made, file)


@contextmanager
def tls_server(
    authority: Authority, folder: Path, *, address: str = "127.0.0.1", days: int = 30
) -> Iterator[tuple[str, list[bytes]]]:
    """Serve one answer a connection; the list holds the bytes of the application that came in."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder(authority.certificate.subject, named("leaf"), key.public_key())
        .serial_number(2)
        .not_valid_before(NOW + dt.timedelta(days=min(days, 0) - 10))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    file = folder / "leaf.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(leaf.public_bytes(pem) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    listener = socket.create_server(("127.0.0.1", 0))
    came: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    came.append(secure.recv(4096))
                    secure.sendall(ok({"id": "1"}))
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/client/v4", came
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_company_ca_is_trusted_when_it_is_named(
    session: Callable[..., Session], authority: Authority, tmp_path: Path
) -> None:
    with tls_server(authority, tmp_path) as (url, came):
        send = session(url, ca_file=str(authority.file))

        assert send(READ_X).status == 200
        assert send(READ_X).status == 200
    assert len(came) == 2


@pytest.mark.fault("P7")
@pytest.mark.fault("A22")
@pytest.mark.parametrize(
    ("address", "days", "trusted", "words", "hint"),
    [
        ("127.0.0.1", 30, False, "unable to get local issuer certificate", "ca_file"),
        ("127.0.0.9", 30, True, "IP address mismatch", "ca_file"),
        ("127.0.0.1", -1, True, "certificate has expired", "clock"),
    ],
)
def test_a_certificate_that_is_not_accepted_is_sent_nothing(
    session: Callable[..., Session],
    authority: Authority,
    tmp_path: Path,
    address: str,
    days: int,
    trusted: bool,
    words: str,
    hint: str,
) -> None:
    with tls_server(authority, tmp_path, address=address, days=days) as (url, came):
        send = session(url, ca_file=str(authority.file) if trusted else "")
        with pytest.raises(NotSent, match=words) as failure:
            send(READ_X)

    assert came == []
    assert hint in failure.value.hint


@pytest.mark.fault("A22")
def test_the_environment_cannot_add_an_authority(
    session: Callable[..., Session], authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.file))

    with tls_server(authority, tmp_path) as (url, came), pytest.raises(NotSent, match="not accepted"):
        session(url)(READ_X)

    assert came == []


@pytest.mark.fault("A22")
def test_a_name_that_cannot_be_looked_up_is_not_sent_and_says_so(
    session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(NotSent, match=r"the name api\.example\.invalid cannot be looked up"):
        session("https://api.example.invalid/client/v4")(READ_X)


@pytest.mark.fault("A22")
def test_a_connection_that_takes_too_long_is_not_sent_and_says_so() -> None:
    pool: Any = None
    error = requests.ConnectTimeout(MaxRetryError(pool, "/x", ConnectTimeoutError(pool, "timed out")))

    failure = unsent_or_unanswered(READ_X, error, sent=False, host="https://api.cloudflare.com/client/v4")

    assert isinstance(failure, NotSent)
    assert failure.message == "GET /x: api.cloudflare.com could not be reached in time"


@pytest.mark.fault("F10")
def test_a_proxy_is_asked_for_a_tunnel_and_sees_no_token(settings: Callable[..., Settings]) -> None:
    with Wire(answer(502, "no")) as proxy:
        live = Credentials(token="cfut_" + "A" * 48)
        made = settings(
            credentials=live,
            base_url="https://api.cloudflare.com/client/v4",
            proxy=f"http://127.0.0.1:{proxy.port}",
        )
        client = open_client(made, say=print)
        with pytest.raises(NotSent, match="the proxy did not open a tunnel"):
            client.get(path("/zones"))

    assert [(seen.method, seen.target) for seen in proxy.requests] == [("CONNECT", "api.cloudflare.com:443")]
    assert "A" * 48 not in str(proxy.requests)


@pytest.mark.fault("F10")
def test_a_proxy_is_not_used_for_this_machine(opened: Callable[..., object]) -> None:
    with Wire(ok({})) as proxy, Wire(ok({})) as wire:
        client = opened(wire.url, proxy=f"http://127.0.0.1:{proxy.port}")
        client.get(path("/zones"))  # type: ignore[attr-defined]

        assert proxy.connections == 0
    assert wire.requests[0].headers["authorization"] == f"Bearer {CANARY}"
