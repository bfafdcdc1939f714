"""The way to the base URL: name lookup, connection, TLS and clock, asked without the token."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from ops.doctor.findings import Finding
from ops.errors import NetworkError

if TYPE_CHECKING:
    from ops.config.settings import Settings

# Beyond this a new certificate or token may not be valid yet, by this machine's clock.
TOLERATED = 60.0


def reach(settings: Settings, clock: Callable[[], float]) -> Iterator[Finding]:
    """Yield a finding for each step of the way, up to the first that fails. *clock* gives wall time."""
    if settings.proxy:
        yield Finding("connection", "unknown", "goes through the proxy; the checks of the token tell more")
        return
    url = urlsplit(settings.base_url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as problem:
        why = getattr(problem, "strerror", None) or problem
        yield _lost("name lookup", f"{host} has no address here: {why}", f"`getent hosts {host}`")
        return
    yield Finding("name lookup", "ok", f"{host} is found at {', '.join(sorted(addresses)[:2])}")
    yield from _converse(url, host, port, settings, clock)


def _converse(
    url: SplitResult, host: str, port: int, settings: Settings, clock: Callable[[], float]
) -> Iterator[Finding]:
    try:
        connection = _connection(url, host, port, settings)
    except OSError as problem:
        yield Finding("TLS", "fail", f"{settings.ca_file}: {problem}", "correct CFOPS_CA_FILE")
        return
    try:
        connection.connect()
        encryption = _encryption(connection)
        connection.request("HEAD", f"{url.path}/")
        answer = connection.getresponse()
        yield Finding("connection", "ok", f"{host} port {port} answers")
        yield encryption
        yield clock_offset(answer.getheader("Date", ""), clock())
    except ssl.SSLError as problem:
        yield _lost("TLS", _reason(problem), "a proxy of the company? CFOPS_CA_FILE names its certificates")
    except (OSError, http.client.HTTPException) as problem:
        told = f"{host} port {port}: {problem or type(problem).__name__}"
        yield _lost("connection", told, "check the network and the firewall; www.cloudflarestatus.com")
    finally:
        connection.close()


def _connection(url: SplitResult, host: str, port: int, settings: Settings) -> http.client.HTTPConnection:
    if url.scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=settings.connect_timeout)
    import certifi

    # The same authorities as the client's, which may differ from the system's.
    trusted = ssl.create_default_context(cafile=settings.ca_file or certifi.where())
    return http.client.HTTPSConnection(host, port, timeout=settings.connect_timeout, context=trusted)


def _encryption(connection: http.client.HTTPConnection) -> Finding:
    if isinstance(connection.sock, ssl.SSLSocket):
        return Finding("TLS", "ok", f"{connection.sock.version()}, the certificate is valid")
    return Finding("TLS", "ok", "none: this is the sandbox, or another server on this machine")


def clock_offset(date: str, now: float) -> Finding:
    """Compare the server's *date* with *now*, in seconds since the epoch."""
    try:
        offset = now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Finding("clock", "unknown", "the server tells no date")
    if abs(offset) <= TOLERATED:
        return Finding("clock", "ok", "agrees with the server's")
    told = f"{abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} the server's"
    return Finding("clock", "warn", told, "`timedatectl` shows whether the time is synchronised")


def _reason(problem: ssl.SSLError) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"the certificate is refused: {problem.verify_message}"
    return f"no TLS connection: {problem.reason or problem}"


def _lost(check: str, meaning: str, hint: str) -> Finding:
    return Finding(check, "fail", meaning, hint, NetworkError)
