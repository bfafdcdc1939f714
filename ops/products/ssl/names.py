"""Host names: the one form that is sent, and which names of a certificate cover them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from ops.errors import UsageError

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_SCOPE = re.compile(r"[\w.:@/-]+", re.ASCII)
_ALONE = "name one host or address alone, e.g. www.example.com, and the port with --port"


def canonical(host: str) -> str:
    """Return *host* as it is sent: A-labels in lower case without a final dot, or an address.

    An IPv6 address keeps its scope (`%eth0`). Raises UsageError for a URL, a wildcard, `name:port`, or "".
    """
    text = host.strip()
    address, percent, scope = text.removeprefix("[").removesuffix("]").partition("%")
    if plain_address := as_address(address):
        # A URL writes the percent sign of a scope as %25 (RFC 6874).
        scope = scope.removeprefix("25") or scope
        if not percent:
            return plain_address
        if ":" in plain_address and _SCOPE.fullmatch(scope):
            return f"{plain_address}%{scope}"
    name = text.lower()
    if not name.isascii():
        # Only internationalized names are IDNA-encoded, because IDNA refuses the underscores of DNS.
        import idna

        try:
            name = idna.encode(name, uts46=True).decode()
        except UnicodeError as error:
            problem = f"{printable(host)!r} is not a host name: {printable(str(error))}"
            raise UsageError(problem, hint=_ALONE) from None
    name = name.removesuffix(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise UsageError(f"{printable(host)!r} is not a host name", hint=_ALONE)
    return name


def as_address(text: str) -> str:
    """Return the shortest form of an IP address, without its scope; "" for anything else."""
    try:
        return str(ipaddress.ip_address(text)).partition("%")[0]
    except ValueError:
        return ""


def unicode_form(host: str) -> str:
    """Return *host* in U-labels, or unchanged if nothing is encoded."""
    if "xn--" not in host:
        return host
    import idna

    try:
        return idna.decode(host)
    except UnicodeError:
        return host


def printable(text: str) -> str:
    """Return *text* from a certificate without control characters, which could drive a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def covers(host: str, names: Iterable[str]) -> bool:
    """True if one of a certificate's DNS *names* covers *host*: by itself, or as a wildcard one level up.

    As in browsers and OpenSSL: a wildcard is a whole label, two labels follow it, a name has no final dot.
    """
    parent = host.partition(".")[2]
    return any(name.lower() in (host, f"*.{parent}" if "." in parent else host) for name in names)


def wildcard_gap(host: str, names: Iterable[str]) -> str:
    """Return the wildcard among *names* that seems to cover *host* but does not, or "".

    Typically `*.example.com`, which covers neither example.com nor a.b.example.com.
    """
    wildcards = [name.lower() for name in names if name.startswith("*.")]
    return next((w for w in wildcards if f".{host}".endswith(w[1:])), "")
