"""Host names: the one form in which they are asked for, and which names of a certificate cover them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from ops.errors import UsageError

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ALONE = "give one name or address alone, e.g. www.example.com, and the port with --port"


def canonical(host: str) -> str:
    """Give *host* as it goes on the wire: A-labels in lower case without a final dot, or an address.

    Raises UsageError for what names no host: a URL, a wildcard, `name:port`, an empty text.
    """
    text = host.strip().lower()
    address = as_address(text.removeprefix("[").removesuffix("]"))
    return address or _a_labels(text, host)


def as_address(text: str) -> str:
    """Give the shortest form of an IP address, without its interface; "" for anything else."""
    try:
        return str(ipaddress.ip_address(text)).partition("%")[0]
    except ValueError:
        return ""


def unicode_form(host: str) -> str:
    """Give *host* as people read it: U-labels, or *host* itself where nothing is encoded."""
    if "xn--" not in host:
        return host
    import idna

    try:
        return idna.decode(host)
    except UnicodeError:
        return host


def plain(text: str) -> str:
    """Give *text* of a foreign certificate without anything that drives a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def covers(host: str, names: Iterable[str]) -> bool:
    """Tell whether one of a certificate's *names* stands for *host*: itself, or a wildcard one level up.

    As browsers and OpenSSL have it: a wildcard is a whole label, and two labels follow it.
    """
    if as_address(host):
        return any(as_address(name) == host for name in names)
    return any(_same(name) in (host, _wildcard_for(host)) for name in names)


def wildcard_gap(host: str, names: Iterable[str]) -> str:
    """Give the wildcard among *names* that looks as if it covered *host* and does not; "" for none.

    The two usual ones: `*.example.com` covers neither example.com nor a.b.example.com.
    """
    wildcards = [_same(name) for name in names if name.startswith("*.")]
    return next((w for w in wildcards if f".{host}".endswith(w[1:])), "")


def _a_labels(text: str, asked: str) -> str:
    if not text.isascii():
        text = _encoded(text, asked)
    name = text.removesuffix(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise UsageError(f"{plain(asked)!r} is not a host name", hint=_ALONE)
    return name


def _encoded(text: str, asked: str) -> str:
    # Only names with other letters go through IDNA, which refuses underscores that DNS has.
    import idna

    try:
        return idna.encode(text, uts46=True).decode()
    except UnicodeError as error:
        raise UsageError(f"{plain(asked)!r} is not a host name: {plain(str(error))}", hint=_ALONE) from None


def _same(name: str) -> str:
    return name.lower().removesuffix(".")


def _wildcard_for(host: str) -> str:
    parent = host.partition(".")[2]
    return f"*.{parent}" if "." in parent else ""
