"""The live check of one TLS server: what `inv ssl.check` shows."""

from __future__ import annotations

import math
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.products.ssl.handshake import DISAGREED, UNTRUSTED, Connect, Server, inspect, verified
from ops.products.ssl.leaf import describe, read
from ops.products.ssl.names import as_address, canonical, unicode_form
from ops.products.ssl.verdict import DAY, Evidence, judge

if TYPE_CHECKING:
    from ops.items import Json


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
    points there; an address asks for no name (no SNI). *timeout* (seconds) applies to connecting and
    again to each handshake. *ca_file* (PEM) replaces the machine's trusted roots.

    The result always has the same fields; those that are not known are None or empty:
    host, host_unicode, port, server_name, address; verdict (ok, warning, error), reasons (sentences),
    problems (a fixed word for each reason), verify_code (OpenSSL's, 0 is good); protocol, cipher;
    subject, names, covers_host, issuer, serial (hex), not_before, not_after (UTC), lifetime_days,
    days_left, key_type, key_bits, signature; chain (subject, issuer, not_after of each certificate
    sent); revocation ("not checked").

    Raises UsageError for a host, port, timeout or file that cannot be used. What the server or the network
    does is a result, which `verdict.failure` turns into an error.
    """
    if not 0 < port < 65536:
        raise UsageError(f"port {port} does not exist", hint="a port is between 1 and 65535")
    if not 0 < timeout < math.inf:
        raise UsageError(f"a timeout of {timeout:g} seconds is not possible", hint="--timeout 3")
    known = canonical(host)
    name = canonical(server_name or host).partition("%")[0]
    server = Server(known, port, name, timeout, connect)
    strict = verified(server, ca_file)
    # What was refused is described by a second handshake, with the same address.
    refused = strict.state in (UNTRUSTED, DISAGREED)
    seen = inspect(server._replace(host=strict.address)) if refused else strict
    try:
        leaf = read(seen.chain[0]) if seen.chain else None
    except ValueError:
        leaf = None
    problems = judge(Evidence(server, strict, seen, leaf), now)
    errors = [problem.is_error for problem in problems]
    kinds = [problem.kind for problem in problems]

    def stamp(seconds: float) -> str:
        return f"{datetime.fromtimestamp(seconds, UTC):%FT%TZ}"

    return {
        "host": server.host,
        "host_unicode": unicode_form(server.host),
        "port": server.port,
        "server_name": "" if as_address(server.name) else server.name,
        "address": strict.address,
        "verdict": "error" if any(errors) else "warning" if errors else "ok",
        "reasons": [problem.sentence for problem in problems],
        "problems": kinds,
        "verify_code": strict.code,
        "protocol": seen.protocol,
        "cipher": seen.cipher,
        "subject": leaf.subject if leaf else "",
        "names": [*leaf.names, *leaf.addresses] if leaf else [],
        "covers_host": "wrong-name" not in kinds and "no-names" not in kinds if leaf else None,
        "issuer": leaf.issuer if leaf else "",
        "serial": leaf.serial if leaf else "",
        "not_before": stamp(leaf.not_before) if leaf else None,
        "not_after": stamp(leaf.not_after) if leaf else None,
        "lifetime_days": round(leaf.lifetime / DAY) if leaf else None,
        "days_left": math.floor((leaf.not_after - now) / DAY) if leaf else None,
        "key_type": leaf.key_type if leaf else "",
        "key_bits": leaf.key_bits if leaf else None,
        "signature": leaf.signature if leaf else "",
        "chain": describe(seen.chain),
        "revocation": "not checked",
    }
