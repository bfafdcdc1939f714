"""Where requests may go, and which credentials may go there."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.config.credentials import Credentials

OFFICIAL = "api.cloudflare.com"
SANDBOX_PREFIX = "sandbox_"

BASE_URL = "the base URL"


def check_origin(base_url: str, *, allowed: str = "") -> bool:
    """Check that requests may go to *base_url*; gives whether that is this machine.

    A host other than Cloudflare's or this machine has to be named by *allowed*, as host or as the same URL.
    Raises UsageError, for what is ambiguous to a parser too, as check_plain does.
    """
    here = check_plain(base_url)
    parts = urlsplit(base_url)
    known = (OFFICIAL, f"{OFFICIAL}:443")
    if (
        not here
        and parts.netloc not in known
        and allowed.rstrip("/") not in (parts.netloc, base_url.rstrip("/"))
    ):
        hint = f"if the token shall go there, allow it by its name: allow_base_url={parts.netloc}"
        raise _refused(base_url, BASE_URL, "that is not Cloudflare's API", hint)
    return here


def check_plain(url: str, what: str = BASE_URL) -> bool:
    """Check that *url*, called *what*, is plainly written: https, or http on loopback.

    Gives whether its host is this machine. Raises UsageError.
    """
    parts = _parsed(url, what)
    here = is_loopback(parts.hostname or "")
    if parts.scheme == "http" and not here:
        raise _refused(url, what, "only https is used, but for this machine")
    return here


def check_pair(credentials: Credentials, *, here: bool, base_url: str) -> None:
    """Check that a token of the sandbox stays on this machine, and that no other one is sent to it."""
    of_sandbox = credentials.kind == "token" and credentials.token.startswith(SANDBOX_PREFIX)
    if of_sandbox and not here:
        raise UsageError(
            f"a token of the sandbox is of no use at {urlsplit(base_url).hostname}",
            hint="unset CLOUDFLARE_API_TOKEN, or set the base URL that `inv sandbox.serve` prints",
        )
    if here and not of_sandbox:
        raise UsageError(
            "these credentials are for Cloudflare and are not sent to a server on this machine",
            hint="use the token that `inv sandbox.serve` prints, or take the base URL away: "
            "`inv config` shows the base URL and where it came from",
        )


def check_proxy(proxy: str) -> None:
    """Check that *proxy* is an http or https URL; what it says is not shown, for it may hold a password."""
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
    """True if *host* is this machine, by name or as a plainly written address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parsed(url: str, what: str) -> SplitResult:
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}%'):
        raise _refused(url, what, "it holds a character that does not belong there")
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
        raise _refused(url, what, "its host or port is not plainly written")
    if any(segment in ("", ".", "..") for segment in parts.path.rstrip("/").split("/")[1:]):
        raise _refused(url, what, "its path is not plainly written")
    return parts


def _disguised(host: str) -> bool:
    """True if *host* is an address in a spelling that only some programs know: 2130706433, 0x7f.1."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return not last or last.isdigit() or last.startswith("0x") or ":" in host
    return "%" in host


def _refused(url: str, what: str, why: str, hint: str = "") -> UsageError:
    show = f"`inv config` shows {what} and where it came from"
    return UsageError(f"{what} {url!r} is refused: {why}", hint=hint or show)
