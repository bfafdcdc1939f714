"""The chain as a server sent it, on Python versions that show it and on those that do not."""

from __future__ import annotations

import ssl
from typing import Any, cast

from ops.products.ssl.handshake import sent_chain


class Sent:
    """A certificate as the private call returns it."""

    def __init__(self, der: bytes) -> None:
        self._der = der

    def public_bytes(self, encoding: int) -> bytes:
        assert encoding == 2
        return self._der


class Private:
    """What a connection of Python 3.11 hides."""

    def __init__(self, chain: list[Sent] | None) -> None:
        self._chain = chain

    def get_unverified_chain(self) -> list[Sent] | None:
        return self._chain


class Connection:
    """A finished handshake, with as much of the chain as a version of Python shows."""

    def __init__(self, leaf: bytes | None, **known: Any) -> None:
        self._leaf = leaf
        vars(self).update(known)

    def getpeercert(self, binary_form: bool) -> bytes | None:
        assert binary_form
        return self._leaf


def chain_of(connection: Connection) -> tuple[bytes, ...]:
    return sent_chain(cast("ssl.SSLObject", connection))


def test_the_public_call_is_used_if_it_exists() -> None:
    connection = Connection(b"leaf", get_unverified_chain=lambda: [b"leaf", b"issuer"], _sslobj=None)

    assert chain_of(connection) == (b"leaf", b"issuer")


def test_the_private_call_is_used_before_python_3_13() -> None:
    connection = Connection(b"leaf", _sslobj=Private([Sent(b"leaf"), Sent(b"issuer")]))

    assert chain_of(connection) == (b"leaf", b"issuer")


def test_without_both_calls_the_chain_is_the_server_certificate() -> None:
    assert chain_of(Connection(b"leaf")) == (b"leaf",)
    assert chain_of(Connection(b"leaf", _sslobj=Private(None))) == (b"leaf",)


def test_a_server_without_a_certificate_has_no_chain() -> None:
    assert chain_of(Connection(None, _sslobj=Private(None))) == ()
