"""One TLS handshake with a server, and how it ended.

The handshake runs over memory: so one deadline holds for all of it (a server that drips is no
exception), and the first bytes of a server that does not speak TLS can be recognised. Not one byte
of an application is sent: the connection ends where the handshake does.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

# How a handshake ended. In the first eight the server said nothing that could be judged.
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

# What a TLS server answers first: an alert or a handshake message (RFC 8446, section 5.1).
_TLS_RECORDS = (21, 22)
_GREETINGS = ((b"HTTP/", "HTTP"), (b"<", "HTTP"), (b"220", "SMTP or FTP"), (b"SSH-", "SSH"))
_DER = 2  # what _ssl.ENCODING_DER has always been

Connect = Callable[[tuple[str, int], float], socket.socket]


class Server(NamedTuple):
    """Where to connect, and the *name* that is asked for. *timeout* (seconds) is for connecting, and again
    for the handshake."""

    host: str
    port: int
    name: str
    timeout: float
    connect: Connect


class Handshake(NamedTuple):
    """How one handshake ended.

    *code* is OpenSSL's verdict on the certificate (0 is good), None where there was none.
    *chain* holds the certificates as sent, DER, the server's own first; empty when it has none.
    """

    state: str
    address: str = ""
    code: int | None = None
    detail: str = ""
    protocol: str = ""
    cipher: str = ""
    chain: tuple[bytes, ...] = ()


class _Ended(Exception):
    """Says how a handshake ended; never leaves this module."""

    def __init__(self, state: str, detail: str = "", code: int | None = None) -> None:
        super().__init__(state)
        self.handshake = Handshake(state, detail=detail, code=code)


def shake_hands(server: Server, context: ssl.SSLContext) -> Handshake:
    """Connect, shake hands as *context* says, close; never raises for what the server or network does."""
    try:
        sock = _connected(server)
    except _Ended as end:
        return end.handshake
    with sock:
        address = ""
        try:
            address = str(sock.getpeername()[0])
            ended = _Negotiation(sock, context, server).outcome()
        except _Ended as end:
            ended = end.handshake
        except OSError:
            ended = Handshake(CLOSED)
        return ended._replace(address=address)


def _connected(server: Server) -> socket.socket:
    try:
        return server.connect((server.host, server.port), server.timeout)
    except socket.gaierror as error:
        raise _Ended(NO_RESOLVER if error.errno == socket.EAI_AGAIN else UNKNOWN_HOST) from None
    except TimeoutError:
        raise _Ended(NO_CONNECTION) from None
    except ConnectionRefusedError:
        raise _Ended(REFUSED) from None
    except OSError as error:
        raise _Ended(UNREACHABLE, error.strerror or "") from None


class _Negotiation:
    """A handshake under way: what came in, what goes out, and the moment at which it must be over."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server: Server) -> None:
        self._sock = sock
        self._deadline = time.monotonic() + server.timeout
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server.name)
        self._said = b""

    def outcome(self) -> Handshake:
        """Bring the handshake to its end. Raises _Ended when that is not a good one."""
        try:
            while not self._advanced():
                self._sock.sendall(self._outgoing.read())
                self._listen()
        finally:
            self._flush()
        cipher = self._tls.cipher()
        return Handshake(
            DONE,
            protocol=self._tls.version() or "",
            cipher=cipher[0] if cipher else "",
            chain=sent_chain(self._tls),
        )

    def _advanced(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise _Ended(UNTRUSTED, error.verify_message, error.verify_code) from None
        except ssl.SSLError as error:
            raise _Ended(DISAGREED, error.reason or "") from None
        return True

    def _listen(self) -> None:
        """Take what the server says next, if it is TLS."""
        chunk = self._received()
        self._said += chunk
        if self._said and self._said[0] not in _TLS_RECORDS:
            raise _Ended(NOT_TLS, _language(self._said))
        if not chunk:
            raise _Ended(DISAGREED if self._said else CLOSED)
        self._incoming.write(chunk)

    def _received(self) -> bytes:
        left = self._deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
            return self._sock.recv(65536)
        except TimeoutError:
            raise _Ended(STALLED if self._said else SILENT) from None
        except OSError:
            return b""

    def _flush(self) -> None:
        """Send the last message of a handshake, or the alert that tells the server why it failed."""
        with suppress(OSError):
            self._sock.sendall(self._outgoing.read())


def _language(said: bytes) -> str:
    return next((name for start, name in _GREETINGS if said.startswith(start)), "")


def sent_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Give the certificates as the server sent them; only its own where this Python hides the others."""
    leaf = tls.getpeercert(binary_form=True)
    if leaf is None:
        return ()
    return _public_chain(tls) or _private_chain(tls) or (leaf,)


def _public_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    give: Callable[[], list[bytes]] | None = getattr(tls, "get_unverified_chain", None)
    return tuple(give()) if give else ()


def _private_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    # Public since Python 3.13; before, the same call lies on a private object and may go away.
    give: Callable[[], Any] | None = getattr(getattr(tls, "_sslobj", None), "get_unverified_chain", None)
    return tuple(certificate.public_bytes(_DER) for certificate in give() or ()) if give else ()
