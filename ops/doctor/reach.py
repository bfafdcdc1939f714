"""The connection to the base URL: name lookup, TCP, TLS and clock, checked without the token."""

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

# With a larger offset, a new certificate or token may not be valid yet by this machine's clock.
TOLERATED = 60.0


def reach(settings: Settings, clock: Callable[[], float]) -> Iterator[Finding]:
    """Yield a finding for each step, up to the first that fails. *clock* returns wall time."""
    if settings.proxy:
        text = "not checked: it goes through the proxy; see the checks of the token"
        yield Finding("connection", "unknown", text)
        return
    url = urlsplit(settings.base_url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as problem:
        why = getattr(problem, "strerror", None) or problem
        yield _lost("name lookup", f"{host} does not resolve: {why}", f"`getent hosts {host}`")
        return
    yield Finding("name lookup", "ok", f"{host} resolves to {', '.join(sorted(addresses)[:2])}")
    yield from _converse(url, host, port, settings, clock)


def _converse(
    url: SplitResult, host: str, port: int, settings: Settings, clock: Callable[[], float]
) -> Iterator[Finding]:
    connection: http.client.HTTPConnection
    timeout = settings.connect_timeout
    try:
        if url.scheme == "https":
            import certifi

            # The client's CA certificates, which may differ from the system's.
            trusted = ssl.create_default_context(cafile=settings.ca_file or certifi.where())
            connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=trusted)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
    except OSError as problem:
        yield Finding("TLS", "fail", f"{settings.ca_file}: {problem}", "set CFOPS_CA_FILE to a PEM file")
        return
    try:
        connection.connect()
        encryption = "not used: this is the sandbox, or another server on this machine"
        if isinstance(connection.sock, ssl.SSLSocket):
            encryption = f"{connection.sock.version()}, the certificate is valid"
        connection.request("HEAD", f"{url.path}/")
        answer = connection.getresponse()
        yield Finding("connection", "ok", f"{host} port {port} answers")
        yield Finding("TLS", "ok", encryption)
        yield clock_offset(answer.getheader("Date", ""), clock())
    except ssl.SSLError as problem:
        why = f"TLS failed: {problem.reason or problem}"
        if isinstance(problem, ssl.SSLCertVerificationError):
            why = f"the certificate is not accepted: {problem.verify_message}"
        yield _lost("TLS", why, "behind a company proxy, set CFOPS_CA_FILE to its CA certificates")
    except (OSError, http.client.HTTPException) as problem:
        text = f"{host} port {port}: {problem or type(problem).__name__}"
        yield _lost("connection", text, "check the network and the firewall; www.cloudflarestatus.com")
    finally:
        connection.close()


def clock_offset(date: str, now: float) -> Finding:
    """Return the finding for the server's *date* and *now*, in seconds since 1970."""
    try:
        offset = now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Finding("clock", "unknown", "the server sent no date")
    if abs(offset) <= TOLERATED:
        return Finding("clock", "ok", "agrees with the server's")
    text = f"{abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} the server's"
    return Finding("clock", "warn", text, "`timedatectl` shows whether the time is synchronised")


def _lost(check: str, meaning: str, hint: str) -> Finding:
    return Finding(check, "fail", meaning, hint, NetworkError)
