"""Requests to servers other than Cloudflare's, in a session of their own that never has the token."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.errors import OpsError, UsageError
from ops.http.exchange import Call, Reply
from ops.http.origin import is_loopback
from ops.http.session import Session
from ops.version import VERSION

if TYPE_CHECKING:
    from ops.config.settings import Settings

SECONDS = 10.0
LIMIT = 64 * 1024


class Outside:
    """Posts text to one URL and paths below it, or gets what is there; only the host is shown.

    The rest of the URL may be a secret.

    https, or http to this machine, to others only if *plain*; redirects are not followed. Raises UsageError
    for any other URL. A call lasts at most *seconds*, and ends after *stalled* seconds without a byte.
    """

    def __init__(
        self,
        url: str,
        settings: Settings,
        what: str = "the URL",
        *,
        plain: bool = False,
        seconds: float = SECONDS,
        stalled: float = 0.0,
    ) -> None:
        try:
            parts = urlsplit(url)
            usable = url.isascii() and url.isprintable() and " " not in url and bool(parts.hostname)
            usable = usable and parts.port != 0 and "@" not in parts.netloc and "#" not in url
        except ValueError:
            usable = False
        if not usable:
            # Not shown: such a URL is a password.
            raise UsageError(
                f"{what} is not a plain URL", hint="write https://HOST/PATH, without a user name"
            )
        self.host = parts.hostname or ""
        here = is_loopback(self.host)
        if parts.scheme != "https" and not ((here or plain) and parts.scheme == "http"):
            raise UsageError(f"{what} must begin with https://", hint="http is allowed on this machine only")
        self._path, self._query = parts.path or "/", parts.query
        self._session = Session(
            f"{parts.scheme}://{parts.netloc}",
            lambda request: request,
            user_agent=f"cfops/{VERSION}",
            read_timeout=stalled or seconds,
            seconds=seconds,
            proxy="" if here else settings.proxy,
            ca_file=settings.ca_file,
        )

    def __repr__(self) -> str:
        return f"<Outside {self.host}>"

    def post(self, below: str, text: str, headers: Mapping[str, str] = {}) -> int:
        """Post *text* to the URL with */below* added ("" for the URL itself) and return the status.

        *below* may end with a query of its own; *headers* override those of plain text.

        Raises NetworkError or SystemFailure if there is no response; the message holds the whole URL.
        """
        body = text.encode("utf-8", "backslashreplace")
        return self.send(body, {"Content-Type": "text/plain; charset=utf-8", **headers}, below).status

    def send(self, body: bytes, headers: Mapping[str, str], below: str | None = None) -> Reply:
        """Post *body* with *headers* as `post` does, or to exactly the URL; return the response."""
        path, query = self._path, ""
        if below is not None:
            below, _, query = below.partition("?")
            path = f"{path.rstrip('/')}/{below}".rstrip("/") or "/"
        queries = "&".join(filter(None, (self._query, query)))
        target = f"{path}?{queries}" if queries else path
        return self._session(Call("POST", target, body=body, headers=headers, limit=LIMIT))

    def get(self, limit: int) -> Reply:
        """Return the response to a GET of the URL, of at most *limit* bytes. Raises as `post` does."""
        return self._session(Call("GET", self._target, headers={"Accept": "application/json"}, limit=limit))

    def stream(self, limit: int) -> Reply:
        """Return the response to a GET of the URL before its body is read. Raises as `post` does."""
        return self._session(Call("GET", self._target, stream=True, limit=limit))

    @property
    def _target(self) -> str:
        return f"{self._path}?{self._query}" if self._query else self._path

    def close(self) -> None:
        self._session.close()


def within(work: Mapping[str, Callable[[], str]], seconds: float) -> dict[str, str]:
    """Do all *work* at once; return what went wrong by its name, after at most *seconds*.

    Each function returns what went wrong, "" for nothing. One that hangs, for example in a name lookup, which
    has no timeout, goes on in a thread that does not keep the process alive.
    """
    problems = dict.fromkeys(work, f"no answer within {seconds:g} s")

    def attempt(name: str, function: Callable[[], str]) -> None:
        try:
            problem = function()
        except OpsError as error:
            problem = error.message
        except Exception as bug:  # noqa: BLE001 (it must not end the run; its message may hold anything)
            problem = f"it failed ({type(bug).__name__})"
        problems[name] = problem

    threads = [Thread(target=attempt, args=pair, daemon=True) for pair in work.items()]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return {name: problem for name, problem in problems.items() if problem}
