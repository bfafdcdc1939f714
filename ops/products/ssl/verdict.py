"""From what two handshakes showed to a verdict: the problems in words, and what to do about each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from ops.products.ssl import handshake
from ops.products.ssl.names import covers, plain, unicode_form, wildcard_gap

if TYPE_CHECKING:
    from ops.products.ssl.handshake import Handshake, Server
    from ops.products.ssl.leaf import Leaf

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
    handshake.SILENT: "port {port} took the connection and then said nothing for {timeout:g} s",
    handshake.STALLED: "the TLS handshake began and was not over after {timeout:g} s",
    handshake.CLOSED: "port {port} took the connection and closed it without a word",
}

# OpenSSL's verify codes (x509_vfy.h) that have a name of their own here.
_MISSING_ISSUER = (2, 20, 21)
CODES = {
    9: ("not-yet-valid", "a certificate above the server's own is not valid yet"),
    10: ("expired", "a certificate above the server's own has expired"),
    18: ("self-signed", "the certificate is signed by itself, no authority vouches for it"),
    19: ("unknown-root", "the chain ends at a root that this machine does not trust"),
    26: ("wrong-purpose", "the certificate or its issuer is not made for servers"),
    62: ("wrong-name", "the certificate does not cover {name}"),
    64: ("wrong-name", "the certificate does not cover the address {name}"),
    66: ("weak-key", "the key of the certificate is too short"),
    67: ("weak-key", "the key of a certificate above the server's own is too short"),
    68: ("weak-signature", "a certificate of the chain is signed with a broken hash"),
}


class Evidence(NamedTuple):
    """What was seen. *seen* is the handshake that *leaf* was read from: *strict* itself when that was good.

    *senders* are the subjects of the certificates that the server sent.
    """

    server: Server
    strict: Handshake
    seen: Handshake
    leaf: Leaf | None
    senders: tuple[str, ...] = ()


class Problem(NamedTuple):
    """Something found: a *kind* whose name stays the same, a sentence, and whether it is an error."""

    kind: str
    sentence: str
    grave: bool = True


def judge(evidence: Evidence, now: float) -> list[Problem]:
    """Give what is wrong, errors first, each kind once in its most exact words; none for a good server."""
    found: dict[str, Problem] = {}
    for problem in _problems(evidence, now):
        found.setdefault(problem.kind, problem)
    return sorted(found.values(), key=lambda problem: not problem.grave)


def _problems(evidence: Evidence, now: float) -> Iterator[Problem]:
    yield from _unjudged(evidence)
    if evidence.leaf:
        yield from _of_time(evidence.leaf, now)
        yield from _of_names(evidence.leaf, evidence.server.name)
        yield from _of_strength(evidence.leaf)
    yield from _of_trust(evidence)
    yield from _of_protocol(evidence)


def _unjudged(evidence: Evidence) -> Iterator[Problem]:
    server, strict = evidence.server, evidence.strict
    if strict.state in UNREACHED:
        facts = {"host": unicode_form(server.host), "port": server.port, "timeout": server.timeout}
        yield Problem(strict.state, UNREACHED[strict.state].format(**facts, detail=strict.detail))
    if strict.state == handshake.NOT_TLS:
        language = strict.detail or "something"
        more = "; STARTTLS is not tried" if strict.detail.startswith("SMTP") else ""
        yield Problem(handshake.NOT_TLS, f"port {server.port} speaks {language} without TLS{more}")


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
        yield Problem(
            "not-yet-valid", f"the certificate is not valid before {_date(leaf.not_before)} {clock}"
        )
    elif left <= max(leaf.lifetime / 6, 3 * DAY):
        yield Problem("expires-now", f"the certificate ends on {ends}")
    elif left <= leaf.lifetime / 3:
        yield Problem("expires-soon", f"the certificate ends on {ends}", grave=False)


def _of_names(leaf: Leaf, name: str) -> Iterator[Problem]:
    if not leaf.names:
        words = "the certificate names no host where clients look (subjectAltName)"
        yield Problem("no-names", f"{words}, only {plain(leaf.subject)}")
    elif not covers(name, leaf.names):
        gap = wildcard_gap(name, leaf.names)
        why = f"{plain(gap)} stands for exactly one level" if gap else f"it is for {_some(leaf.names)}"
        yield Problem("wrong-name", f"the certificate does not cover {unicode_form(name)}: {why}")


def _of_strength(leaf: Leaf) -> Iterator[Problem]:
    if leaf.key_bits < _FEWEST_BITS.get(leaf.key_type, 0):
        yield Problem("weak-key", f"the {leaf.key_type} key of the certificate has only {leaf.key_bits} bits")
    if leaf.hash in _BROKEN_HASHES:
        yield Problem(
            "weak-signature", f"the certificate is signed with {leaf.hash.upper()}, which can be forged"
        )
    if not leaf.for_servers:
        yield Problem("wrong-purpose", "the certificate is not made for servers (extended key usage)")


def _of_trust(evidence: Evidence) -> Iterator[Problem]:
    strict, leaf = evidence.strict, evidence.leaf
    if evidence.seen.chain and not leaf:
        yield Problem("unreadable", "the certificate cannot be read in full")
    if strict.state != handshake.UNTRUSTED:
        return
    if strict.code in _MISSING_ISSUER:
        yield _missing_issuer(evidence)
    elif strict.code in CODES:
        kind, words = CODES[strict.code]
        yield Problem(kind, words.format(name=unicode_form(evidence.server.name)))
    else:
        yield Problem(
            "untrusted", f"the certificate is refused: {plain(strict.detail)} (OpenSSL code {strict.code})"
        )


def _missing_issuer(evidence: Evidence) -> Problem:
    """Tell a forgotten intermediate from a private authority: by whether the issuer was sent at all."""
    leaf = evidence.leaf
    if leaf and leaf.issuer in evidence.senders:
        return Problem("unknown-root", CODES[19][1])
    issuer = plain(leaf.issuer) if leaf else "its issuer"
    words = f"the server did not send the certificate of {issuer}, which this machine does not know"
    return Problem("missing-intermediate", words)


def _of_protocol(evidence: Evidence) -> Iterator[Problem]:
    strict, seen = evidence.strict, evidence.seen
    known = list(_weak_protocol(seen))
    yield from known
    if strict.state != handshake.DISAGREED or known:
        return
    if "UNRECOGNIZED_NAME" in strict.detail:
        yield Problem(
            "unknown-name", f"the server has no certificate for {unicode_form(evidence.server.name)}"
        )
    else:
        yield Problem(handshake.DISAGREED, f"server and client do not come to terms: {_alert(strict.detail)}")


def _weak_protocol(seen: Handshake) -> Iterator[Problem]:
    if seen.protocol in _OLD_PROTOCOLS:
        newest = _OLD_PROTOCOLS[seen.protocol]
        yield Problem("old-protocol", f"the server offers nothing newer than {newest}, which clients refuse")
    if seen.state == handshake.DONE and not seen.chain:
        yield Problem("anonymous", f"the server shows no certificate at all (cipher {seen.cipher})")
    if "NULL" in seen.cipher:
        yield Problem("no-encryption", f"nothing would be encrypted (cipher {seen.cipher})")


def _alert(reason: str) -> str:
    """Give OpenSSL's name of an alert in words: TLSV1_ALERT_INTERNAL_ERROR is an internal error."""
    words = reason.rpartition("_ALERT_")[2] or "the connection was closed during the handshake"
    return words.replace("_", " ").lower()


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(plain(name) for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _span(seconds: float) -> str:
    count, unit = (int(seconds // DAY), "day") if seconds >= DAY else (int(seconds // 3600), "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
