"""The servers of the checks, and the expected verdict on each."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from tests.products.ssl.minting import FOR_CLIENTS, Identity, authority, leaf, pem, short_key
from tests.products.ssl.servers import Behaviour, Listener, answering, only, server_context, silent, tls

HERE = Path(__file__).parent
WWW = "www.example.com"
BEST = ssl.TLSVersion.MAXIMUM_SUPPORTED


class Bench:
    """What the servers of a module share: a trusted authority, its intermediate, an unknown authority."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = authority("Test Root")
        self.intermediate = authority("Test Intermediate", self.root)
        self.stranger = authority("Unknown Root")
        self.ca_file = folder / "roots.pem"
        self.ca_file.write_bytes(pem(self.root.certificate) + (HERE / "sha1_root.pem").read_bytes())
        self._running = ExitStack()

    def close(self) -> None:
        self._running.close()

    def start(self, behaviour: Behaviour, address: str = "127.0.0.1") -> Listener:
        return self._running.enter_context(Listener(behaviour, address))

    def show(self, identity: Identity, address: str = "127.0.0.1") -> Listener:
        """Start a TLS server that shows *identity*."""
        return self.start(tls(server_context(identity, self.folder)), address)

    def good(self, *names: str | x509.GeneralName, **options: object) -> Identity:
        """Issue a certificate with its intermediate, as an ordinary server has it."""
        return leaf(self.intermediate, *names, **options).sending(self.intermediate)  # type: ignore[arg-type]  # the options of leaf


class Target(NamedTuple):
    """Which server is checked, and by which name."""

    listener: Listener
    name: str = WWW
    host: str = "127.0.0.1"


class Case(NamedTuple):
    """One server, and what must be found."""

    title: str
    start: Callable[[Bench], Target]
    verdict: str
    problems: list[str]
    code: int | None


CASES: list[Case] = []
Start = Callable[[Bench], Target]


def case(title: str, verdict: str, *problems: str, code: int | None = None) -> Callable[[Start], Start]:
    def register(start: Start) -> Start:
        CASES.append(Case(title, start, verdict, list(problems), code))
        return start

    return register


@case("a good certificate", "ok", code=0)
def good(bench: Bench) -> Target:
    return Target(bench.show(bench.good(WWW)))


@case("a chain out of order", "ok", code=0)
def unordered(bench: Bench) -> Target:
    lower = authority("Lower Intermediate", bench.intermediate)
    return Target(bench.show(leaf(lower, WWW).sending(bench.intermediate, lower)))


@case("a thousand names", "ok", code=0)
def thousand_names(bench: Bench) -> Target:
    return Target(bench.show(bench.good(*(f"n{number}.example.com" for number in range(999)), WWW)))


@case("three days left", "error", "expires-now", code=0)
def three_days(bench: Bench) -> Target:
    return Target(bench.show(bench.good(WWW, begins=-87, ends=3)))


@case("a lifetime of 400 days", "ok", code=0)
def long_lived(bench: Bench) -> Target:
    return Target(bench.show(bench.good(WWW, ends=399)))


@case("no subjectAltName", "error", "no-names", code=0)
def no_names(bench: Bench) -> Target:
    return Target(bench.show(bench.good(common_name=WWW)))


@case("expired", "error", "expired", code=10)
def expired(bench: Bench) -> Target:
    return Target(bench.show(bench.good(WWW, begins=-91, ends=-1)))


@case("not yet valid", "error", "not-yet-valid", code=9)
def not_yet_valid(bench: Bench) -> Target:
    return Target(bench.show(bench.good(WWW, begins=1, ends=90)))


@case("another name", "error", "wrong-name", code=62)
def wrong_name(bench: Bench) -> Target:
    return Target(bench.show(bench.good("www.example.org")))


@case("two levels under a wildcard", "error", "wrong-name", code=62)
def two_levels(bench: Bench) -> Target:
    return Target(bench.show(bench.good("*.example.com")), "a.b.example.com")


@case("the domain itself under a wildcard", "error", "wrong-name", code=62)
def apex(bench: Bench) -> Target:
    return Target(bench.show(bench.good("*.example.com")), "example.com")


@case("self-signed", "error", "self-signed", code=18)
def self_signed(bench: Bench) -> Target:
    return Target(bench.show(leaf(None, WWW)))


@case("an unknown root", "error", "unknown-root", code=19)
def unknown_root(bench: Bench) -> Target:
    return Target(bench.show(leaf(bench.stranger, WWW).sending(bench.stranger)))


@case("a missing intermediate", "error", "missing-intermediate", code=20)
def missing_intermediate(bench: Bench) -> Target:
    return Target(bench.show(leaf(bench.intermediate, WWW)))


@case("a missing upper intermediate", "error", "missing-intermediate", code=20)
def missing_upper_intermediate(bench: Bench) -> Target:
    upper = authority("Upper Authority 1", bench.root)
    lower = authority("Lower Authority 2", upper)
    return Target(bench.show(leaf(lower, WWW).sending(lower)))


@case("an intermediate with another key", "error", "wrong-intermediate", code=20)
def other_key(bench: Bench) -> Target:
    renewed = authority("Test Intermediate", bench.root)
    return Target(bench.show(leaf(bench.intermediate, WWW).sending(renewed)))


@case("an upper intermediate with another key", "error", "wrong-intermediate", code=20)
def other_upper_key(bench: Bench) -> Target:
    upper, renewed = authority("Upper Authority", bench.root), authority("Upper Authority", bench.root)
    lower = authority("Lower Authority", upper)
    return Target(bench.show(leaf(lower, WWW).sending(lower, renewed)))


@case("an intermediate with another key and no key identifiers", "error", "wrong-intermediate", code=7)
def other_key_without_identifiers(bench: Bench) -> Target:
    issuer = authority("Plain Authority", bench.root, identified=False)
    renewed = authority("Plain Authority", bench.root, identified=False)
    return Target(bench.show(leaf(issuer, WWW, identified=False).sending(renewed)))


@case("no authority key identifier", "ok", code=0)
def no_key_identifier(bench: Bench) -> Target:
    return Target(bench.show(leaf(bench.root, WWW, identified=False)))


@case("a name with a final dot", "error", "wrong-name", code=62)
def final_dot(bench: Bench) -> Target:
    return Target(bench.show(bench.good(f"{WWW}.")))


@case("an address as a DNS name", "error", "wrong-name", code=64)
def address_as_name(bench: Bench) -> Target:
    return Target(bench.show(bench.good(x509.DNSName("127.0.0.1"))), name="")


@case("an underscore under a wildcard", "error", "wrong-name", code=62)
def underscore(bench: Bench) -> Target:
    return Target(bench.show(bench.good("*.example.com")), "my_app.example.com")


@case("a certificate for clients", "error", "wrong-purpose", code=26)
def for_clients(bench: Bench) -> Target:
    return Target(bench.show(bench.good(WWW, use=FOR_CLIENTS)))


@case("an RSA key of 1024 bits", "error", "weak-key", code=66)
def short_rsa(bench: Bench) -> Target:
    identity = bench.good(WWW, key=short_key())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(identity.write(bench.folder / "short.pem"))
    return Target(bench.start(tls(context)))


@case("TLS 1.0 only", "error", "old-protocol")
def tls_1_0(bench: Bench) -> Target:
    context = server_context(bench.good(WWW), bench.folder)
    return Target(bench.start(tls(only(ssl.TLSVersion.TLSv1, "ALL", context))))


@case("TLS 1.1 only", "error", "old-protocol")
def tls_1_1(bench: Bench) -> Target:
    context = server_context(bench.good(WWW), bench.folder)
    return Target(bench.start(tls(only(ssl.TLSVersion.TLSv1_1, "ALL", context))))


@case("plain HTTP", "error", "not-tls")
def plain_http(bench: Bench) -> Target:
    return Target(bench.start(answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")))


@case("a silent port", "error", "silent")
def silent_port(bench: Bench) -> Target:
    return Target(bench.start(silent))


@case("an anonymous cipher", "error", "anonymous")
def anonymous(bench: Bench) -> Target:
    context = server_context(None, bench.folder)
    return Target(bench.start(tls(only(ssl.TLSVersion.TLSv1_2, "AECDH-AES256-SHA", context))))


@case("a cipher that does not encrypt", "error", "no-encryption")
def null_cipher(bench: Bench) -> Target:
    context = server_context(bench.good(WWW), bench.folder)
    return Target(bench.start(tls(only(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-NULL-SHA", context))))


@case("a SHA-1 signature", "error", "weak-signature", code=68)
def sha1(bench: Bench) -> Target:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(HERE / "sha1_leaf.pem")
    return Target(bench.start(tls(context)))


@case("a certificate that names a revocation list", "ok", code=0)
def revoked_looking(bench: Bench) -> Target:
    uri = x509.UniformResourceIdentifier("http://crl.example.com/all.crl")
    points = x509.CRLDistributionPoints([x509.DistributionPoint([uri], None, None, None)])
    return Target(bench.show(bench.good(WWW, more=[points])))


@case("an address in subjectAltName", "ok", code=0)
def address_name(bench: Bench) -> Target:
    return Target(bench.show(bench.good("127.0.0.1")), name="")


@case("an internationalised name", "ok", code=0)
def international(bench: Bench) -> Target:
    return Target(bench.show(bench.good("xn--bcher-kva.example")), "Bücher.example.")


@case("no server name", "error", "wrong-name", code=64)
def without_sni(bench: Bench) -> Target:
    return Target(bench.show(bench.good("default.example.com")), name="")


@case("STARTTLS", "error", "not-tls")
def starttls(bench: Bench) -> Target:
    return Target(bench.start(answering(b"220 mail.example.com ESMTP\r\n")))


@case("IPv6", "ok", code=0)
def ipv6(bench: Bench) -> Target:
    return Target(bench.show(bench.good("::1"), "::1"), name="", host="[::1]")


@case("many names on one port", "ok", code=0)
def many_names(bench: Bench) -> Target:
    folder = bench.folder
    contexts = {name: server_context(bench.good(name), folder) for name in twenty_names()}
    default = server_context(bench.good("default.example.com"), folder)

    def choose(secured: ssl.SSLObject, name: str, _: ssl.SSLContext) -> None:
        secured.context = contexts.get(name, default)

    default.sni_callback = choose
    return Target(bench.start(tls(default)), "site7.example.com")


def twenty_names() -> list[str]:
    return [f"site{number}.example.com" for number in range(20)]


def has_ipv6() -> bool:
    """True if this machine has the loopback address of IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
