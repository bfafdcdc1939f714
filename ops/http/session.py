"""The lowest Send: it uses requests sessions, each in one thread at a time.

The timeouts of requests hold for one read of the socket, so a server that sends a byte now and then would
keep a call alive forever, in the headers as well as in the body. Here the clock is checked before each read.
The connections also know whether anything was sent, which decides what may be retried.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from http.client import HTTPResponse
from pathlib import Path
from ssl import CERT_REQUIRED, PROTOCOL_TLS_CLIENT, SSLContext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection

from ops.errors import ApiError, OpsError, UsageError
from ops.files.disk import open_regular
from ops.http.exchange import Call, Reply
from ops.http.failures import broken_off, not_decoded, unsent_or_unanswered

if TYPE_CHECKING:
    Authorize = Callable[[requests.PreparedRequest], object]

CHUNK = 64 * 1024
# A body of 25 MiB on a line of 1 Mbit/s takes this long.
SECONDS_FOR_CONTENT = 300.0


class Attempt:
    """One attempt at a call: until when it may last, and whether the server may have received it."""

    __slots__ = ("clock", "read_timeout", "sent", "until")

    def __init__(self, until: float, read_timeout: float, clock: Callable[[], float]) -> None:
        self.until = until
        self.read_timeout = read_timeout
        self.clock = clock
        self.sent = False

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError if there are none."""
        left = self.until - self.clock()
        if left <= 0:
            raise TimeoutError("the deadline of the whole call has passed")
        return left


class _TimedReader(io.RawIOBase):
    """The bytes of a socket, none of them after the attempt's deadline."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        self._sock = sock
        self._attempt = attempt
        self._bytes = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._attempt.left(), self._attempt.read_timeout))
        return self._bytes.readinto(buffer)

    def close(self) -> None:
        self._bytes.close()
        super().close()


class TimedHTTP(HTTPConnection):
    """A connection without TLS, to this machine; *current* returns the attempt of its thread."""

    def __init__(self, *args: Any, current: Callable[[], Attempt | None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current = current
        self.attempt: Attempt | None = None
        # http.client calls this with the socket to make the response.
        self.response_class = self._response  # type: ignore[assignment]  # a function serves as well

    def request(self, *args: Any, **kwargs: Any) -> None:
        self.attempt = self.current()
        super().request(*args, **kwargs)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if self.attempt:
            # http.client would apply the connect timeout to a whole upload.
            self.sock.settimeout(self.attempt.left())
            self.attempt.sent = True
        super().send(data)

    def _response(self, sock: Any, **kwargs: Any) -> HTTPResponse:
        # A proxy's response to CONNECT comes before the attempt is set.
        if self.attempt:
            reader = io.BufferedReader(_TimedReader(sock, self.attempt), CHUNK)
            # All that http.client uses of the socket to read a response.
            sock = SimpleNamespace(makefile=lambda _mode: reader)
        return HTTPResponse(sock, **kwargs)


class TimedHTTPS(TimedHTTP, HTTPSConnection):
    """A connection with TLS."""


class Session:
    """Sends calls to *base_url*; *authorize* adds the credentials to a request.

    Times are in seconds; no call lasts beyond the moment *until* of *clock*. Environment variables, `.netrc`,
    redirects and cookies are ignored, and TLS is always verified, against *ca_file* if given. Raises NotSent,
    Unanswered, MalformedAnswer or ApiError; a response of any status is returned.
    """

    def __init__(
        self,
        base_url: str,
        authorize: Authorize,
        *,
        user_agent: str,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        seconds: float = 60.0,
        until: float = math.inf,
        proxy: str = "",
        ca_file: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._authorize = authorize
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._seconds = seconds
        self._until = until
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._tls = trust(ca_file) if self._base.startswith("https:") else None
        self._clock = clock
        self._headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._idle: deque[_Quiet] = deque()

    def __repr__(self) -> str:
        return f"<Session {urlsplit(self._base).hostname}>"

    def __call__(self, call: Call) -> Reply:
        try:
            session = self._idle.pop()
        except IndexError:
            # Connections outlive the threads that used them, so there is a new session only if all are busy.
            session = _Quiet(self._tls)
        large = call.stream or len(call.body or b"") > CHUNK
        seconds = max(self._seconds, SECONDS_FOR_CONTENT) if large else self._seconds
        attempt = Attempt(min(self._clock() + seconds, self._until), self._read_timeout, self._clock)
        session.attempt = attempt
        failure: OpsError
        try:
            response = session.send(
                self._prepare(call),
                stream=True,
                allow_redirects=False,
                timeout=(min(self._connect_timeout, attempt.left()), self._read_timeout),
                verify=True,
                proxies=self._proxies,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            failure = unsent_or_unanswered(call, error, sent=attempt.sent, host=self._base)
            self._idle.append(session)
        else:
            complete = bool(response.raw.chunked) or "content-length" in response.headers
            status, chunks = response.status_code, self._chunks(call, response, session)
            if call.stream and status < 300:
                return Reply(status, response.headers, chunks=chunks, complete=complete)
            return Reply(status, response.headers, b"".join(chunks), complete=complete)
        # Raised here so that it does not carry the exception of requests, which holds the token.
        raise failure

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _prepare(self, call: Call) -> requests.PreparedRequest:
        """Build the request directly: the path is encoded already, and the headers are always the same."""
        prepared = requests.PreparedRequest()
        prepared.method = call.method
        query = urlencode(call.params, quote_via=quote)
        prepared.url = f"{self._base}{call.path}?{query}" if query else self._base + call.path
        prepared.headers = headers = CaseInsensitiveDict(self._headers)
        if call.stream:
            # Uncompressed, so that the length can be compared with Content-Length.
            headers["Accept"] = "*/*"
            headers["Accept-Encoding"] = "identity"
        headers.update(call.headers)
        prepared.body = call.body
        if call.body is not None or call.method not in ("GET", "HEAD"):
            headers["Content-Length"] = str(len(call.body or b""))
        self._authorize(prepared)
        return prepared

    def _chunks(self, call: Call, response: requests.Response, session: _Quiet) -> Iterator[bytes]:
        """Yield the body. Raises Unanswered if it breaks off, ApiError if it exceeds the limit."""
        taken = 0
        failure: OpsError
        try:
            for chunk in response.raw.stream(CHUNK, decode_content=True):
                taken += len(chunk)
                if taken > call.limit:
                    text = f"{call}: the answer is larger than {call.limit:,} bytes"
                    ray = response.headers.get("cf-ray", "")
                    raise ApiError(text, response.status_code, ray=ray)
                yield chunk
        except urllib3.exceptions.DecodeError:
            failure = not_decoded(call, response.status_code)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            failure = broken_off(call, error, taken)
        else:
            response.raw.release_conn()
            return
        finally:
            # A connection whose body was not read to its end cannot be used again.
            with suppress(OSError):
                response.close()
            self._idle.append(session)
        raise failure


@cache
def trust(ca_file: str) -> SSLContext:
    """Return the TLS context of all connections: loading the CA certificates takes 20 ms of CPU time.

    Raises UsageError for a *ca_file* that cannot be read; without one the public CAs are trusted.
    """
    # Not create_default_context, because that reads from the environment where to log session keys.
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    try:
        if ca_file:
            open_regular(Path(ca_file)).close()  # OpenSSL would wait for a pipe that nobody writes to
        context.load_verify_locations(ca_file or certifi.where())
    except OSError as error:
        raise UsageError(
            f"the CA file {ca_file} cannot be read: {error.strerror or 'it is not PEM'}",
            hint="the setting ca_file names a PEM file; `inv config` shows its origin",
        ) from None
    return context


class _Quiet(requests.Session):
    """A session that ignores the environment; requests built directly carry no cookies."""

    def __init__(self, tls: SSLContext | None) -> None:
        super().__init__()
        self.attempt: Attempt | None = None
        self.trust_env = False
        self.adapters.clear()
        self.mount("https://" if tls else "http://", _Adapter(lambda: self.attempt, tls))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: requests would read the whole body of a redirect to prepare for following it."""


class _Adapter(HTTPAdapter):
    """An adapter that never retries; its connections keep deadlines, and share one TLS context."""

    def __init__(self, current: Callable[[], Attempt | None], tls: SSLContext | None) -> None:
        self._http = partial(TimedHTTP, current=current)
        self._https = partial(TimedHTTPS, current=current)
        self._tls: dict[str, Any] = {"ssl_context": tls} if tls else {}
        super().__init__(pool_connections=1, pool_maxsize=2, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self._https if pool.scheme == "https" else self._http
        return pool

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **(self._tls | kwargs))

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, **(self._tls | kwargs))

    def cert_verify(self, conn: Any, *_args: Any, **_kwargs: Any) -> None:
        """Require a certificate; requests would load the CA certificates for each connection."""
        conn.cert_reqs = CERT_REQUIRED
