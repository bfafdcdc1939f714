"""The tasks of ssl."""

from __future__ import annotations

from tests.cases import ZONE, Read

READS = {
    "ssl.packs": Read(ZONE, sends=r"GET /zones/\w+/ssl/certificate_packs"),
    "ssl.expiring": Read(sends=r"GET /zones/\w+/ssl/certificate_packs"),
    # The server that it looks at is the sandbox, which does not speak TLS.
    "ssl.check": Read(
        ("--host", "127.0.0.1", "--port", "{port}"), prints="closed it without sending", code=3
    ),
}
