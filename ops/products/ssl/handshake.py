"""The two TLS handshakes of a check: *verified* as an ordinary client, *inspect* to describe what it refused.

A handshake runs in memory, so that one deadline covers all of it (also with a server that sends single
bytes), and the first bytes of a server that does not speak TLS can be recognized. No application data is
sent: the connection ends with the handshake.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ops.errors import UsageError
from ops.files.disk import open_source

# How a handshake ended. In the first eight cases the server sent nothing that can be judged.
UNKNOWN_HOST = "unknown-host"
NO_RESOLVER = "no-resolver"
REFUSED = "refused"
UNREACHABLE = "unreachable"
NO_CONNECTION = "no-connection"
SILENT = "silent"
STALLED = "stalled"
CLOSED = "closed"
UNJUDGED = (UNKNOWN_HOST, NO_RESOLVER, REFUSED, UNREACHABLE, NO_CONNECTION, SILENT, STALLED, CLOSED)
NOT_TLS = "not-tls"
DISAGREED = "disagreed"
UNTRUSTED = "untrusted"
DONE = "done"

# A TLS server first sends an alert or a handshake message (RFC 8446, section 5.1).
_TLS_RECORDS = (21, 22)
_GREETINGS = ((b"HTTP/", "HTTP"), (b"<", "HTTP"), (b"220", "SMTP or FTP"), (b"SSH-", "SSH"))
_DER = 2  # the value of _ssl.ENCODING_DER
_LEGACY_SERVER = getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)  # has a name since Python 3.12

Connect = Callable[[tuple[str, int], float], socket.socket]


class Server(NamedTuple):
    """Where to connect, the *name* to ask for, the *timeout* (seconds) of connecting and of the handshake."""

    host: str
    port: int
    name: str
    timeout: float
    connect: Connect


class Handshake(NamedTuple):
    """How one handshake ended.

    *code* is OpenSSL's verdict on the certificate (0 is good), None if it gave none. *chain* holds the
    certificates as sent, in DER, the server's own first; empty if it sent none.
    """

    state: str
    address: str = ""
    code: int | None = None
    detail: str = ""
    protocol: str = ""
    cipher: str = ""
    chain: tuple[bytes, ...] = ()


class _Failed(Exception):
    """How a handshake failed; never leaves this module."""

    def __init__(self, state: str, detail: str = "", code: int | None = None) -> None:
        super().__init__(state)
        self.handshake = Handshake(state, detail=detail, code=code)


def verified(server: Server, ca_file: str = "") -> Handshake:
    """Perform a handshake as an ordinary client does. Raises UsageError for an unreadable *ca_file*."""
    hint = "name a PEM file of root certificates with --ca-file"
    try:
        # OpenSSL would wait for a pipe that nobody writes to.
        with open_source(ca_file, hint) if ca_file else nullcontext():
            context = ssl.create_default_context(cafile=ca_file or _fallback_roots())
    except (ssl.SSLError, OSError) as error:
        # An SSLError is an OSError too.
        unreadable = not isinstance(error, ssl.SSLError)
        problem = f"cannot be read: {error.strerror}" if unreadable else "holds no certificate in PEM form"
        raise UsageError(f"the file of trusted roots {ca_file} {problem}", hint=hint) from None
    # As curl and browsers do, on every Python: 3.13 changed both defaults. A certificate of the file is
    # trusted even if it is an intermediate, and a missing key identifier is not an error.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    ended = _handshake(server, context)
    return ended._replace(code=0) if ended.state == DONE else ended


def inspect(server: Server) -> Handshake:
    """Perform a handshake with whatever a server offers, only to describe it.

    This is the only function that does not verify certificates: it keeps no session and sends nothing, and
    the verdict stays that of `verified`. Old protocols and ciphers are accepted so that they can be named.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:COMPLEMENTOFALL:!PSK:!SRP:+aNULL:+eNULL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER
    return _handshake(server, context)


def _fallback_roots() -> str | None:
    """Return the roots that come with requests if the machine has none, as in slim containers."""
    paths = ssl.get_default_verify_paths()
    with suppress(OSError):
        if paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
            return None
    import certifi

    return certifi.where()


def _handshake(server: Server, context: ssl.SSLContext) -> Handshake:
    """Connect, perform a handshake with *context*, close; never raise for what the server or network does."""
    try:
        sock = server.connect((server.host, server.port), server.timeout)
    except socket.gaierror as error:
        return Handshake(NO_RESOLVER if error.errno == socket.EAI_AGAIN else UNKNOWN_HOST)
    except TimeoutError:
        return Handshake(NO_CONNECTION)
    except ConnectionRefusedError:
        return Handshake(REFUSED)
    except OSError as error:
        return Handshake(UNREACHABLE, detail=error.strerror or "")
    with sock:
        address = ""
        try:
            address = str(sock.getpeername()[0])
            ended = _negotiated(sock, context, server)
        except _Failed as failed:
            ended = failed.handshake
        except OSError:
            ended = Handshake(CLOSED)
        return ended._replace(address=address)


def _negotiated(sock: socket.socket, context: ssl.SSLContext, server: Server) -> Handshake:
    """Complete a handshake on *sock*. Raises _Failed."""
    deadline, received = time.monotonic() + server.timeout, b""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=server.name)
    try:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                chunk = _receive(sock, deadline, received)
                received += chunk
                incoming.write(chunk)
    except ssl.SSLCertVerificationError as error:
        raise _Failed(UNTRUSTED, error.verify_message, error.verify_code) from None
    except ssl.SSLError as error:
        raise _Failed(DISAGREED, error.reason or "") from None
    finally:
        # The last message of the handshake, or the alert that tells the server why it failed.
        with suppress(OSError):
            sock.sendall(outgoing.read())
    cipher = tls.cipher()
    return Handshake(
        DONE, protocol=tls.version() or "", cipher=cipher[0] if cipher else "", chain=sent_chain(tls)
    )


def _receive(sock: socket.socket, deadline: float, received: bytes) -> bytes:
    """Return what the server sends after *received*. Raises _Failed if it is not TLS, or nothing."""
    left = deadline - time.monotonic()
    try:
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
        chunk = sock.recv(65536)
    except TimeoutError:
        raise _Failed(STALLED if received else SILENT) from None
    except OSError:
        chunk = b""
    start = received + chunk
    if start and start[0] not in _TLS_RECORDS:
        greeting = (name for prefix, name in _GREETINGS if start.startswith(prefix))
        raise _Failed(NOT_TLS, next(greeting, ""))
    if not chunk:
        raise _Failed(DISAGREED if start else CLOSED)
    return chunk


def sent_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates as the server sent them; only its own if this Python hides the others."""
    leaf = tls.getpeercert(binary_form=True)
    if leaf is None:
        return ()
    read: Callable[[], list[bytes]] | None = getattr(tls, "get_unverified_chain", None)
    if read:
        return tuple(read()) or (leaf,)
    # Before Python 3.13 a private object has the same method.
    private: Callable[[], Any] | None = getattr(getattr(tls, "_sslobj", None), "get_unverified_chain", None)
    sent = (private() if private else None) or ()
    return tuple(certificate.public_bytes(_DER) for certificate in sent) or (leaf,)
