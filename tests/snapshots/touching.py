"""Changes to the sandbox's account by another client."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

from ops.sandbox.server import Sandbox


class Account:
    """The account of a running sandbox, changed without our own client."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.id = sandbox.account_id

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request; return the result."""
        data = None if body is None else json.dumps(body).encode()
        head = {"Authorization": f"Bearer {self.sandbox.token}", "Content-Type": "application/json"}
        with urlopen(Request(self.sandbox.url + path, data, head, method=method)) as answer:
            return json.load(answer)["result"]

    @property
    def zone_id(self) -> str:
        return str(self.call("GET", "/zones?name=example.com")[0]["id"])

    def touch_records(self) -> tuple[str, str, str]:
        """Edit a record, delete one, create one; return their ids."""
        records = f"/zones/{self.zone_id}/dns_records"
        first, second = (self.call("GET", f"{records}?type={type}")[0] for type in ("TXT", "A"))
        self.call("PATCH", f"{records}/{first['id']}", {"ttl": 1800})
        self.call("DELETE", f"{records}/{second['id']}")
        wanted = {"type": "TXT", "name": "new.example.com", "content": '"hello"', "ttl": 300}
        return first["id"], second["id"], self.call("POST", records, wanted)["id"]


def empty_audit_log(sandbox: Sandbox) -> None:
    """Remove all entries of the account's audit log, as if they had not arrived yet."""
    sandbox.store.run("DELETE FROM document WHERE kind = 'audit.v2'")
