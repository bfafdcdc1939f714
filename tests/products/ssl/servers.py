"""Servers on loopback that record what a client asked for and what it sent."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from tests.products.ssl.minting import Identity

Behaviour = Callable[[socket.socket], "Visit"]


class Visit(NamedTuple):
    """One connection as the server saw it: the name in SNI, and what came after the handshake."""

    sni: str | None = None
    sent: bytes = b""
    shook_hands: bool = False


class Listener:
    """A server of one behaviour on a free port; connections are served one after the other."""

    def __init__(self, behaviour: Behaviour, address: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.create_server((address, 0), family=family)
        self.port = int(self._socket.getsockname()[1])
        self._behaviour = behaviour
        self._visits: queue.Queue[Visit] = queue.Queue()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def visits(self, count: int) -> list[Visit]:
        """Return the next *count* connections, once they have ended, and fail if there was one more."""
        seen = [self._visits.get(timeout=10) for _ in range(count)]
        assert self._visits.empty()
        return seen

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                self._visits.put(self._behaviour(connection))


def tls(context: ssl.SSLContext) -> Behaviour:
    """Shake hands, then read until the client leaves."""
    sni: list[str | None] = []
    choose = context.sni_callback

    def remember(sock: ssl.SSLObject, name: str, first: ssl.SSLContext) -> int | None:
        sni.append(name)
        return choose(sock, name, first) if choose else None

    context.sni_callback = remember

    def behave(connection: socket.socket) -> Visit:
        sent, shook_hands = b"", False
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            shook_hands = True
            while chunk := secured.recv(65536):
                sent += chunk
        return Visit(sni[-1] if sni else None, sent, shook_hands)

    return behave


def answering(text: bytes) -> Behaviour:
    """Send *text*, whatever the client sends first, and close."""

    def behave(connection: socket.socket) -> Visit:
        with suppress(OSError):
            connection.recv(65536)
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)
        return Visit()

    return behave


def silent(connection: socket.socket) -> Visit:
    """Send nothing until the client gives up."""
    with suppress(OSError):
        while connection.recv(65536):
            pass
    return Visit()


def dripping(connection: socket.socket) -> Visit:
    """Send the beginning of a TLS record one byte at a time, and never its end."""
    hello = b"\x16\x03\x03\x10\x00" + bytes(4096)
    connection.settimeout(0.02)
    for index in range(len(hello)):
        try:
            connection.sendall(hello[index : index + 1])
            if not connection.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return Visit()


def server_context(identity: Identity | None, folder: Path) -> ssl.SSLContext:
    """Return a server's context that shows *identity*; without one it offers only anonymous ciphers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if identity:
        context.load_cert_chain(identity.write(folder / f"{identity.certificate.serial_number:x}.pem"))
    return context


def only(version: ssl.TLSVersion, ciphers: str, context: ssl.SSLContext) -> ssl.SSLContext:
    """Restrict *context* to one protocol and *ciphers*, at the security level that permits the oldest."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    return context
