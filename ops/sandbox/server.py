"""The sandbox itself: an HTTP server on 127.0.0.1 in a thread of this process.

with Sandbox(":temp:") as sandbox:
    requests.get(sandbox.url + "/zones", headers={"Authorization": f"Bearer {sandbox.token}"})
"""

from __future__ import annotations

import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from ops.sandbox import routes
from ops.sandbox.connection import PREFIX, Listener
from ops.sandbox.edge import DEFAULT_QUOTA, Edge, Limiter, Quota
from ops.sandbox.faults import Faults
from ops.sandbox.seed import seed_all
from ops.sandbox.store import ACCOUNT_ID, EMAIL, Store

TEMPORARY = ":temp:"


class Sandbox:
    """An offline Cloudflare. A new database is filled by *seed* (None: it stays empty).

    *host*: the address to listen on; on loopback only the Host names of loopback are accepted.
    *quota*: requests and seconds of the rate limit, None disables it. *clock*: seconds since the epoch; used
    for dates, expiry and the rate limit.
    """

    def __init__(
        self,
        path: str | Path = TEMPORARY,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        faults: Faults | None = None,
        quota: Quota | None = DEFAULT_QUOTA,
        seed: Callable[[Store], None] | None = seed_all,
    ) -> None:
        self._folder = tempfile.mkdtemp(prefix="sandbox-") if str(path) == TEMPORARY else ""
        self._host, self._port = host, port
        self._thread: threading.Thread | None = None
        self.store = Store(Path(self._folder, "sandbox.sqlite") if self._folder else path, clock)
        self.faults = faults or Faults()
        self.store.limited = quota is not None
        self.limiter = Limiter(quota, self.store.now)
        self.edge = Edge(self.store, self.limiter, self.faults)
        # Tracebacks of handlers that failed; each is a bug of the sandbox.
        self.crashes, self.requests = self.edge.crashes, self.edge.requests
        routes.load()
        prepare(self.store, seed)
        self.token = self.store.meta("token")
        self.email, self.key = self.store.meta("email"), self.store.meta("key")
        self.account_id = ACCOUNT_ID

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base URL, as ``CLOUDFLARE_BASE_URL`` expects it."""
        return f"http://{self.netloc}{PREFIX}"

    @property
    def netloc(self) -> str:
        """Host and port of the URL; the name of this machine if the sandbox listens on every address."""
        host = socket.gethostname() if self._host in ("0.0.0.0", "::") else self._host  # noqa: S104 (compared)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def port(self) -> int:
        return int(self._listener.server_address[1])

    @property
    def busy(self) -> bool:
        """True if a client is connected or its last response is still being sent."""
        return bool(self._listener.open_connections)

    def start(self) -> None:
        """Listen; the URL is known after this call."""
        self._listener = Listener(self._host, self._port, self.edge)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close all connections and the database, and remove a temporary one. May be called twice."""
        if self._thread is not None:
            self.edge.stopped.set()
            self._listener.shutdown()
            self._listener.server_close()
            for connection in list(self._listener.open_connections):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            until = time.monotonic() + 2
            while self._listener.open_connections and time.monotonic() < until:
                time.sleep(0.002)
            self._thread.join()
            self._thread = None
        self.store.release()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def prepare(store: Store, seed: Callable[[Store], None] | None = seed_all) -> None:
    """Write credentials and seed into a new database; leave one that has them unchanged."""
    if store.meta("token"):
        return
    with store.transaction():
        # Another process may have been first.
        if store.meta("token"):
            return
        store.set_meta("token", "sandbox_" + secrets.token_hex(20))
        store.set_meta("email", EMAIL)
        store.set_meta("key", "sandbox_" + secrets.token_hex(20)[:37])
        store.add_token(store.meta("token"))
        if seed is not None:
            seed(store)
