"""The bottom of the stack: a Send over requests sessions, each used by one thread at a time."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from ssl import CERT_REQUIRED, PROTOCOL_TLS_CLIENT, SSLContext
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from ops.errors import ApiError, OpsError, UsageError
from ops.http.exchange import Call, Reply
from ops.http.failures import broken_off, not_decoded, unsent_or_unanswered
from ops.http.timed import Attempt, TimedHTTP, TimedHTTPS, Watch

if TYPE_CHECKING:
    from requests.auth import AuthBase

CHUNK = 64 * 1024
# A body of 25 MiB on a line of 1 Mbit/s takes this long.
SECONDS_FOR_CONTENT = 300.0


class Session:
    """Sends calls to *base_url*. Times are seconds, *until* is a moment of *clock* that no call outlasts.

    No environment variable, `.netrc`, redirect or cookie plays a part, and TLS is always verified, against
    *ca_file* where it is given. Raises NotSent, Unanswered, MalformedAnswer or ApiError; an answer of
    whatever status is returned.
    """

    def __init__(
        self,
        base_url: str,
        auth: AuthBase,
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
        self._auth = auth
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._seconds = seconds
        self._until = until
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._tls = _trust(ca_file) if self._base.startswith("https:") else None
        self._clock = clock
        self._headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._idle: deque[_Quiet] = deque()

    def __repr__(self) -> str:
        return f"<Session {urlsplit(self._base).hostname}>"

    def __call__(self, call: Call) -> Reply:
        session = self._take()
        session.watch.attempt = attempt = self._attempt(call)
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
            return self._reply(call, response, session)
        # Raised out here so that it does not carry the exception of requests, which holds the token.
        raise failure

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> _Quiet:
        """Return a session that no thread is using: threads come and go, their connections stay."""
        try:
            return self._idle.pop()
        except IndexError:
            return _Quiet(self._tls)

    def _attempt(self, call: Call) -> Attempt:
        large = call.stream or len(call.body or b"") > CHUNK
        seconds = max(self._seconds, SECONDS_FOR_CONTENT) if large else self._seconds
        return Attempt(min(self._clock() + seconds, self._until), self._read_timeout, self._clock)

    def _prepare(self, call: Call) -> requests.PreparedRequest:
        """Make the request by hand: the path is encoded already, and the headers are always the same."""
        prepared = requests.PreparedRequest()
        prepared.method = call.method
        query = urlencode(call.params, quote_via=quote)
        prepared.url = f"{self._base}{call.path}?{query}" if query else self._base + call.path
        prepared.headers = headers = CaseInsensitiveDict(self._headers)
        if call.stream:
            # Content is taken byte for byte, so that its length can be compared with what was announced.
            headers["Accept"] = "*/*"
            headers["Accept-Encoding"] = "identity"
        headers.update(call.headers)
        prepared.body = call.body
        if call.body is not None or call.method not in ("GET", "HEAD"):
            headers["Content-Length"] = str(len(call.body or b""))
        self._auth(prepared)
        return prepared

    def _reply(self, call: Call, response: requests.Response, session: _Quiet) -> Reply:
        """Read the answer, or leave it to be read in chunks where a stream was asked for and granted."""
        complete = bool(response.raw.chunked) or "content-length" in response.headers
        chunks = self._chunks(call, response, session)
        if call.stream and response.status_code < 300:
            return Reply(response.status_code, response.headers, chunks=chunks, complete=complete)
        return Reply(response.status_code, response.headers, b"".join(chunks), complete=complete)

    def _chunks(self, call: Call, response: requests.Response, session: _Quiet) -> Iterator[bytes]:
        """Yield the body; raises Unanswered where it breaks off and ApiError where it exceeds the limit."""
        taken = 0
        failure: OpsError
        try:
            for chunk in response.raw.stream(CHUNK, decode_content=True):
                taken += len(chunk)
                if taken > call.limit:
                    raise _too_large(call, response)
                yield chunk
        except urllib3.exceptions.DecodeError:
            failure = not_decoded(call, response.status_code)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            failure = broken_off(call, error, taken)
        else:
            response.raw.release_conn()
            return
        finally:
            # A body that was not read to its end takes its connection with it.
            with suppress(OSError):
                response.close()
            self._idle.append(session)
        raise failure


def _too_large(call: Call, response: requests.Response) -> ApiError:
    return ApiError(
        f"{call}: the answer is larger than {call.limit:,} bytes",
        response.status_code,
        ray=response.headers.get("cf-ray", ""),
    )


@cache
def _trust(ca_file: str) -> SSLContext:
    """Return the context of all connections: reading the authorities takes 20 ms of processor time.

    Raises UsageError for a *ca_file* that cannot be read; without one the public authorities are trusted.
    """
    # Made by hand, for create_default_context asks the environment where to log its keys.
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_file or certifi.where())
    except OSError as error:
        raise UsageError(
            f"the CA file {ca_file} cannot be read: {error.strerror or 'it is not PEM'}",
            hint="the setting ca_file names a PEM file; `inv config` shows where it comes from",
        ) from None
    return context


class _Quiet(requests.Session):
    """A session that asks nothing of its surroundings; requests made by hand carry no cookies."""

    def __init__(self, tls: SSLContext | None) -> None:
        super().__init__()
        self.watch = Watch()
        self.trust_env = False
        self.adapters.clear()
        if tls:
            self.mount("https://", _TlsAdapter(self.watch, tls))
        else:
            self.mount("http://", _Adapter(self.watch))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Find no target: requests would read the whole body of a redirect to prepare for following it."""


class _Adapter(HTTPAdapter):
    """An adapter that never repeats anything by itself, and whose connections keep deadlines."""

    def __init__(self, watch: Watch) -> None:
        self._http = partial(TimedHTTP, watch=watch)
        self._https = partial(TimedHTTPS, watch=watch)
        super().__init__(pool_connections=1, pool_maxsize=2, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self._https if pool.scheme == "https" else self._http
        return pool


class _TlsAdapter(_Adapter):
    """An adapter whose connections all verify by one context."""

    def __init__(self, watch: Watch, context: SSLContext) -> None:
        self._context = context
        super().__init__(watch)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, *_args: Any, **_kwargs: Any) -> None:
        """Demand a certificate; requests would have every connection read the authorities again."""
        conn.cert_reqs = CERT_REQUIRED
