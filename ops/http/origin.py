"""Where requests may go, and which credentials may go there."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.config.credentials import Credentials

OFFICIAL = "api.cloudflare.com"
SANDBOX_PREFIX = "sandbox_"

BASE_URL = "the base URL"


def check_origin(base_url: str, *, allowed: str = "", of_sandbox: bool = False) -> bool:
    """Check that requests may go to *base_url*; return True if that is this machine.

    A host other than Cloudflare's or this machine must be named by *allowed*, as a host or as the same URL;
    with the sandbox's token (*of_sandbox*) it may then be reached by http too.
    Raises UsageError, also for a URL that parsers read differently: see check_plain.
    """
    here = check_plain(base_url, http=of_sandbox and is_allowed(base_url, allowed))
    parts = urlsplit(base_url)
    known = (OFFICIAL, f"{OFFICIAL}:443")
    if not here and parts.netloc not in known and not is_allowed(base_url, allowed):
        hint = f"to send the token there, allow that host by name: allow_base_url={parts.netloc}"
        raise _refused(base_url, BASE_URL, "it is not Cloudflare's API", hint)
    return here


def is_allowed(base_url: str, allowed: str) -> bool:
    """True if the setting allow_base_url (*allowed*) names the host of *base_url*, or the same URL."""
    return bool(allowed) and allowed.rstrip("/") in (urlsplit(base_url).netloc, base_url.rstrip("/"))


def check_plain(url: str, what: str = BASE_URL, *, http: bool = False) -> bool:
    """Check that *url*, called *what*, is unambiguous: https, or http on loopback (anywhere with *http*).

    Return True if its host is this machine. Raises UsageError.
    """
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}%'):
        raise _refused(url, what, "it has a character that is not allowed in a URL")
    if "#" in url or "?" in url:
        raise _refused(url, what, "it has a query or a fragment")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(url, what, "it cannot be parsed") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _refused(url, what, "it is not an https URL")
    if "@" in parts.netloc:
        raise _refused(f"{parts.scheme}://…@{parts.hostname}", what, "it names a user")
    if port == 0 or parts.netloc.endswith(":") or _disguised(parts.hostname):
        raise _refused(url, what, "its host or port is not in the usual form")
    if any(segment in ("", ".", "..") for segment in parts.path.rstrip("/").split("/")[1:]):
        raise _refused(url, what, "its path is not in the usual form")
    here = is_loopback(parts.hostname)
    if parts.scheme == "http" and not here and not http:
        raise _refused(url, what, "only https is allowed, except on this machine")
    return here


def is_of_sandbox(credentials: Credentials) -> bool:
    """True if *credentials* are a sandbox's token."""
    return credentials.kind == "token" and credentials.token.startswith(SANDBOX_PREFIX)


def check_pair(credentials: Credentials, *, here: bool, base_url: str, allowed: str = "") -> None:
    """Check that the sandbox's token stays on this machine, and that no other is sent to the sandbox.

    A host that *allowed* names may have both.
    """
    if is_allowed(base_url, allowed):
        return
    of_sandbox = is_of_sandbox(credentials)
    if of_sandbox and not here:
        raise UsageError(
            f"the sandbox's token does not work at {urlsplit(base_url).hostname}",
            hint="unset CLOUDFLARE_API_TOKEN, or set the base URL that `inv sandbox.serve` prints",
        )
    if here and not of_sandbox:
        raise UsageError(
            "these credentials are for Cloudflare and are not sent to a server on this machine",
            hint="use the token that `inv sandbox.serve` prints, or remove the base URL (see `inv config`), "
            f"or allow this server by name (allow_base_url={urlsplit(base_url).netloc}); to watch requests "
            "to Cloudflare, set CFOPS_PROXY and CFOPS_CA_FILE",
        )


def check_proxy(proxy: str) -> None:
    """Check that *proxy* is an http or https URL; it is never shown, because it may hold a password."""
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            "the setting proxy is not a URL like http://proxy.example:3128", hint="`inv config` shows it"
        )


def is_loopback(host: str) -> bool:
    """True if *host* is this machine, by name or by address in its usual form."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _disguised(host: str) -> bool:
    """True if *host* is an address in a form that only some programs read: 2130706433, 0x7f.1."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return not last or last.isdigit() or last.startswith("0x") or ":" in host
    return "%" in host


def _refused(url: str, what: str, why: str, hint: str = "") -> UsageError:
    show = f"`inv config` shows {what} and where it came from"
    return UsageError(f"{what} {url!r} is refused: {why}", hint=hint or show)
