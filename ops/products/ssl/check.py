"""The live check of one TLS server: two handshakes, and the verdict in sentences with hints."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import NetworkError, OpsError, UsageError, UserError
from ops.products.ssl import handshake
from ops.products.ssl.handshake import Connect, Handshake, Server, inspect, verified
from ops.products.ssl.leaf import NOT_SENT, OTHER_KEY, Leaf, chain_end, describe, read
from ops.products.ssl.names import as_address, canonical, covers, printable, unicode_form, wildcard_gap

if TYPE_CHECKING:
    from ops.items import Json

DAY = 86400.0
_OLD_PROTOCOLS = {"SSLv3": "SSL 3.0", "TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1"}
_FEWEST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}
_BROKEN_HASHES = ("md5", "sha1")

UNREACHED = {
    handshake.UNKNOWN_HOST: "no address is known for {host}",
    handshake.NO_RESOLVER: "the name lookup of {host} was not answered",
    handshake.REFUSED: "nothing listens on port {port} of {host} (connection refused)",
    handshake.UNREACHABLE: "{host} cannot be reached: {detail}",
    handshake.NO_CONNECTION: "no connection to port {port} of {host} within {timeout:g} s",
    handshake.SILENT: "port {port} accepted the connection and then sent nothing for {timeout:g} s",
    handshake.STALLED: "the TLS handshake began and did not end within {timeout:g} s",
    handshake.CLOSED: "port {port} accepted the connection and closed it without sending anything",
}

# OpenSSL's verify codes (x509_vfy.h). For these, the issuer is missing or did not sign.
_CHAIN_CODES = (2, 7, 20, 21)
UNTRUSTED_ROOT = ("unknown-root", "the chain ends at a root that this machine does not trust")
CODES = {
    9: ("not-yet-valid", "a certificate above the server's own is not valid yet"),
    10: ("expired", "a certificate above the server's own has expired"),
    18: ("self-signed", "the certificate is signed by itself, not by an authority"),
    19: UNTRUSTED_ROOT,
    26: ("wrong-purpose", "the certificate or its issuer is not made for servers"),
    62: ("wrong-name", "the certificate does not cover {name}"),
    64: ("wrong-name", "the certificate does not cover the address {name}"),
    66: ("weak-key", "the key of the certificate is too short"),
    67: ("weak-key", "the key of a certificate above the server's own is too short"),
    68: ("weak-signature", "a certificate of the chain is signed with a broken hash"),
}

_CLOCK = "if `date -u` is wrong on this machine, set its clock; otherwise "
_PACKS = "`inv ssl.packs --zone ZONE` lists Cloudflare's certificates of the zone"
_RENEW = f"renew the certificate; {_PACKS}"
_NAMES = f"order a certificate that lists the name; {_PACKS}"
_OWN = "to trust an authority of your own, name its root with --ca-file"
_SERVER = "change the server's TLS settings: TLS 1.2 or newer, with a certificate and ordinary ciphers"
_FIREWALL = "look for a firewall, a wrong address or a wrong --port; --timeout waits longer"
_CHAIN = "configure the server to send its whole chain (often `fullchain.pem`)"

HINTS = {
    "unknown-host": "check the spelling; `inv dns.list --zone ZONE` lists the records of a zone",
    "no-resolver": "this machine's resolver does not answer: check /etc/resolv.conf, then try again",
    "refused": "start the server, or name the port it listens on with --port",
    "unreachable": "check this machine's network and routes, for IPv6 too",
    "no-connection": _FIREWALL,
    "silent": _FIREWALL,
    "stalled": _FIREWALL,
    "closed": "the server or something in front of it refuses this client: see its log, or check --port",
    "not-tls": "name the port that speaks TLS with --port (443 for HTTPS)",
    "expired": _CLOCK + _RENEW,
    "not-yet-valid": _CLOCK + "install a certificate that is valid today",
    "expires-now": _RENEW,
    "expires-soon": _RENEW,
    "no-names": _NAMES,
    "wrong-name": _NAMES,
    "unknown-name": _NAMES,
    "weak-key": "create a new key (EC P-256, or RSA with 2048 bits or more) and a certificate for it",
    "weak-signature": "have the certificate issued again with SHA-256",
    "wrong-purpose": "order a certificate for servers (extended key usage serverAuth)",
    "unreadable": "install the certificate again from the authority's delivery",
    "untrusted": "install the certificate again from the authority's delivery",
    "self-signed": f"order a certificate from an authority; {_OWN}",
    "unknown-root": f"order a certificate from a public authority; {_OWN}",
    "missing-intermediate": f"{_CHAIN}; {_OWN}",
    "wrong-intermediate": f"{_CHAIN}, as the authority delivered it with this certificate",
    "old-protocol": _SERVER,
    "anonymous": _SERVER,
    "no-encryption": _SERVER,
    "disagreed": f"the name may have no certificate there, or the server wants the client's; {_PACKS}",
}


class Evidence(NamedTuple):
    """What was seen. *seen* is the handshake that *leaf* was read from: *strict* itself if that succeeded."""

    server: Server
    strict: Handshake
    seen: Handshake
    leaf: Leaf | None


class Problem(NamedTuple):
    """A finding: a *kind* whose name does not change, a sentence, and whether it is an error."""

    kind: str
    sentence: str
    is_error: bool = True


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
    does is a result, which `failure` turns into an error.
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
    refused = strict.state in (handshake.UNTRUSTED, handshake.DISAGREED)
    seen = inspect(server._replace(host=strict.address)) if refused else strict
    try:
        leaf = read(seen.chain[0]) if seen.chain else None
    except ValueError:
        leaf = None
    return _result(Evidence(server, strict, seen, leaf), now)


def _result(evidence: Evidence, now: float) -> Json:
    server, strict, seen, leaf = evidence
    problems = judge(evidence, now)
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


def failure(result: Json) -> OpsError | None:
    """Return the error for a result of `check`, or None if its verdict is ok or warning.

    NetworkError (exit code 3) if the server sent nothing that can be judged, else UserError (1).
    """
    if result["verdict"] != "error":
        return None
    first = result["problems"][0]
    kind = NetworkError if first in handshake.UNJUDGED else UserError
    host = f"[{result['host']}]" if ":" in result["host"] else result["host"]
    return kind(f"{host}:{result['port']}: {'; '.join(result['reasons'])}", hint=HINTS[first])


def judge(evidence: Evidence, now: float) -> list[Problem]:
    """Return the problems, errors first, each kind once in its most exact words; none for a good server."""
    server, strict, seen, leaf = evidence
    problems: list[Problem] = []
    if strict.state in UNREACHED:
        facts = {"host": unicode_form(server.host), "port": server.port, "timeout": server.timeout}
        words = UNREACHED[strict.state].format(**facts, detail=strict.detail)
        problems.append(Problem(strict.state, words))
    if strict.state == handshake.NOT_TLS:
        language = strict.detail or "something"
        more = "; STARTTLS is not tried" if strict.detail.startswith("SMTP") else ""
        words = f"port {server.port} speaks {language} without TLS{more}"
        problems.append(Problem(handshake.NOT_TLS, words))
    if leaf:
        problems += [*_of_time(leaf, now), *_of_names(leaf, server.name), *_of_strength(leaf)]
    elif seen.chain:
        problems.append(Problem("unreadable", "the certificate cannot be read completely"))
    if strict.state == handshake.UNTRUSTED:
        problems.append(_of_trust(evidence))
    first: dict[str, Problem] = {}
    for problem in (*problems, *_of_protocol(evidence)):
        first.setdefault(problem.kind, problem)
    return sorted(first.values(), key=lambda problem: not problem.is_error)


def _of_time(leaf: Leaf, now: float) -> Iterator[Problem]:
    """Compare with *now* and the certificate's own lifetime, because lifetimes shrink year by year.

    200 days at most since 2026-03, 100 from 2027-03, 47 from 2029-03 (CA/Browser Forum, ballot SC-081).
    """
    left = leaf.not_after - now
    ends = f"{_date(leaf.not_after)}, in {_span(left)}, after a lifetime of {_span(leaf.lifetime)}"
    clock = f"(this machine's clock says {_date(now)})"
    if left < 0:
        words = f"the certificate expired on {_date(leaf.not_after)}, {_span(-left)} ago"
        yield Problem("expired", f"{words} {clock}")
    elif now < leaf.not_before:
        words = f"the certificate is not valid before {_date(leaf.not_before)}"
        yield Problem("not-yet-valid", f"{words} {clock}")
    elif left <= max(leaf.lifetime / 6, 3 * DAY):
        yield Problem("expires-now", f"the certificate expires on {ends}")
    elif left <= leaf.lifetime / 3:
        yield Problem("expires-soon", f"the certificate expires on {ends}", is_error=False)


def _of_names(leaf: Leaf, name: str) -> Iterator[Problem]:
    names = (*leaf.names, *leaf.addresses)
    if not names:
        words = "the certificate names no host where clients look (subjectAltName)"
        yield Problem("no-names", f"{words}, only {printable(leaf.subject)}")
        return
    # Clients look for an address only among the addresses.
    if name in leaf.addresses if as_address(name) else covers(name, leaf.names):
        return
    gap = wildcard_gap(name, leaf.names)
    dotted = next((one for one in leaf.names if one.lower() == f"{name}."), "")
    why = f"it is for {', '.join(map(printable, names[:3]))}"
    why += f" and {len(names) - 3} more" if len(names) > 3 else ""
    if gap:
        why = f"{printable(gap)} covers exactly one level"
    elif dotted:
        why = f"{printable(dotted)} ends with a dot, which clients refuse"
    elif name in leaf.names:
        why = "it lists it as a DNS name, not as an address"
    yield Problem("wrong-name", f"the certificate does not cover {unicode_form(name)}: {why}")


def _of_strength(leaf: Leaf) -> Iterator[Problem]:
    if leaf.key_bits < _FEWEST_BITS.get(leaf.key_type, 0):
        yield Problem("weak-key", f"the {leaf.key_type} key of the certificate has only {leaf.key_bits} bits")
    if leaf.hash in _BROKEN_HASHES:
        words = f"the certificate is signed with {leaf.hash.upper()}, which can be forged"
        yield Problem("weak-signature", words)
    if not leaf.for_servers:
        yield Problem("wrong-purpose", "the certificate is not made for servers (extended key usage)")


def _of_trust(evidence: Evidence) -> Problem:
    strict = evidence.strict
    if strict.code in CODES:
        kind, words = CODES[strict.code]
        return Problem(kind, words.format(name=unicode_form(evidence.server.name)))
    if strict.code not in _CHAIN_CODES:
        words = f"the certificate is refused: {printable(strict.detail)} (OpenSSL code {strict.code})"
        return Problem("untrusted", words)
    why, issuer = chain_end(evidence.seen.chain)
    name = printable(issuer) or "its issuer"
    if why == OTHER_KEY:
        words = "that the server sent did not sign the certificate below it (same name, another key)"
        return Problem("wrong-intermediate", f"the intermediate {name} {words}")
    # Servers do not send roots. Nothing but its name says whether the missing issuer is one.
    if why == NOT_SENT and not (len(evidence.seen.chain) > 1 and "root" in name.lower()):
        words = f"the server did not send the certificate of {name}, which this machine does not know"
        return Problem("missing-intermediate", words)
    return Problem(*UNTRUSTED_ROOT)


def _of_protocol(evidence: Evidence) -> Iterator[Problem]:
    strict, seen = evidence.strict, evidence.seen
    weak = []
    if newest := _OLD_PROTOCOLS.get(seen.protocol):
        words = f"the server offers nothing newer than {newest}, which clients refuse"
        weak.append(Problem("old-protocol", words))
    if seen.state == handshake.DONE and not seen.chain:
        weak.append(Problem("anonymous", f"the server shows no certificate at all (cipher {seen.cipher})"))
    if "NULL" in seen.cipher:
        weak.append(Problem("no-encryption", f"nothing would be encrypted (cipher {seen.cipher})"))
    yield from weak
    if strict.state != handshake.DISAGREED or weak:
        return
    if "UNRECOGNIZED_NAME" in strict.detail:
        words = f"the server has no certificate for {unicode_form(evidence.server.name)}"
        yield Problem("unknown-name", words)
        return
    # OpenSSL's name of an alert, as words: TLSV1_ALERT_INTERNAL_ERROR is an internal error.
    alert = strict.detail.rpartition("_ALERT_")[2] or "the connection was closed during the handshake"
    words = f"server and client cannot agree: {alert.replace('_', ' ').lower()}"
    yield Problem(handshake.DISAGREED, words)


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _span(seconds: float) -> str:
    count, unit = (int(seconds // DAY), "day") if seconds >= DAY else (int(seconds // 3600), "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
