"""Where something was written: what was done in the sandbox is not taken back at Cloudflare."""

from __future__ import annotations

from urllib.parse import urlsplit

SANDBOX = "sandbox"
_HERE = ("127.0.0.1", "localhost", "::1")


def place(base_url: str) -> str:
    """Give the host behind *base_url*, "sandbox" for this machine, whose port is another each time."""
    host = urlsplit(base_url).hostname or ""
    return SANDBOX if host in _HERE else host
