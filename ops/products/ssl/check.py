"""The live check of one TLS server: what `inv ssl.check` shows."""

from __future__ import annotations

import math
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.products.ssl import probe
from ops.products.ssl.handshake import DISAGREED, UNTRUSTED, Connect, Handshake, Server
from ops.products.ssl.leaf import Leaf, describe, read
from ops.products.ssl.names import as_address, canonical, covers, unicode_form
from ops.products.ssl.verdict import DAY, Evidence, Problem, judge

if TYPE_CHECKING:
    from ops.kinds.resource import Json


def check(
    host: str,
    port: int = 443,
    *,
    server_name: str = "",
    timeout: float = 3.0,
    ca_file: str = "",
    now: float,
    connect: Connect = socket.create_connection,
) -> Json:
    """Connect to *host* and judge its certificate and protocol at the time *now* (seconds since the epoch).

    *server_name* is asked for and must be covered in place of *host*, to test a server before its DNS
    points there; an address asks for no name (no SNI). *timeout* (seconds) holds for connecting and
    again for each handshake. *ca_file* (PEM) takes the place of the machine's trusted roots.

    The result always has the same fields; those that could not be learned are None or empty:
    host, host_unicode, port, server_name, address; verdict (ok, warning, error), reasons (sentences),
    problems (a fixed word for each reason), verify_code (OpenSSL's, 0 is good); protocol, cipher;
    subject, names, covers_host, issuer, serial (hex), not_before, not_after (UTC), lifetime_days,
    days_left, key_type, key_bits, signature; chain (subject, issuer, not_after of each certificate
    sent); revocation ("not checked").

    Raises UsageError for a host, port, timeout or file that cannot be used; whatever the server or the
    network does is a result, which `failure` turns into an error.
    """
    server = _server(host, port, server_name, timeout, connect)
    strict = probe.strict(server, ca_file)
    seen = _second_look(server, strict)
    leaf = _leaf(seen)
    chain = describe(seen.chain)
    senders = tuple(str(certificate["subject"]) for certificate in chain)
    problems = judge(Evidence(server, strict, seen, leaf, senders), now)
    return {
        **_place(server, strict),
        **_judged(problems, strict),
        "protocol": seen.protocol,
        "cipher": seen.cipher,
        **_described(leaf, server.name, now),
        "chain": chain,
        "revocation": "not checked",
    }


def _server(host: str, port: int, server_name: str, timeout: float, connect: Connect) -> Server:
    if not 0 < port < 65536:
        raise UsageError(f"port {port} does not exist", hint="a port lies between 1 and 65535")
    if not 0 < timeout < math.inf:
        raise UsageError(f"a timeout of {timeout:g} seconds cannot be kept", hint="--timeout 3")
    name = canonical(host)
    return Server(name, port, canonical(server_name) if server_name else name, timeout, connect)


def _second_look(server: Server, strict: Handshake) -> Handshake:
    """Give the handshake that shows the certificate: a second one where it was refused."""
    if strict.state not in (UNTRUSTED, DISAGREED):
        return strict
    return probe.look(server._replace(host=strict.address))


def _leaf(seen: Handshake) -> Leaf | None:
    try:
        return read(seen.chain[0]) if seen.chain else None
    except ValueError:
        return None


def _place(server: Server, strict: Handshake) -> Json:
    return {
        "host": server.host,
        "host_unicode": unicode_form(server.host),
        "port": server.port,
        "server_name": "" if as_address(server.name) else server.name,
        "address": strict.address,
    }


def _judged(problems: list[Problem], strict: Handshake) -> Json:
    grave = [problem.grave for problem in problems]
    return {
        "verdict": "error" if any(grave) else "warning" if grave else "ok",
        "reasons": [problem.sentence for problem in problems],
        "problems": [problem.kind for problem in problems],
        "verify_code": strict.code,
    }


def _described(leaf: Leaf | None, name: str, now: float) -> Json:
    return {
        "subject": leaf.subject if leaf else "",
        "names": list(leaf.names) if leaf else [],
        "covers_host": covers(name, leaf.names) if leaf else None,
        "issuer": leaf.issuer if leaf else "",
        "serial": leaf.serial if leaf else "",
        "not_before": _stamp(leaf.not_before) if leaf else None,
        "not_after": _stamp(leaf.not_after) if leaf else None,
        "lifetime_days": round(leaf.lifetime / DAY) if leaf else None,
        "days_left": math.floor((leaf.not_after - now) / DAY) if leaf else None,
        "key_type": leaf.key_type if leaf else "",
        "key_bits": leaf.key_bits if leaf else None,
        "signature": leaf.signature if leaf else "",
    }


def _stamp(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%FT%TZ}"
