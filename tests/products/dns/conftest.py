"""The sandbox's records, read without our client."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id

Json = dict[str, Any]
STAMPS = ("id", "created_on", "modified_on", "comment_modified_on", "tags_modified_on")


class Zone:
    """One zone of a running sandbox."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox, self.name, self.id = sandbox, name, zone_id(name)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.sandbox.url}/zones/{self.id}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.sandbox.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())["result"]

    def records(self, **filters: str) -> list[Json]:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return list(self.ask("GET", f"/dns_records?per_page=50000&{query}"))

    def one(self, **filters: str) -> Json:
        (record,) = self.records(**filters)
        return record

    def state(self) -> list[Json]:
        """Return the records without ids and stamps, in an order of their own."""
        plain = [{k: v for k, v in record.items() if k not in STAMPS} for record in self.records()]
        return sorted(plain, key=lambda record: json.dumps(record, sort_keys=True))

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Return the requests so far that were meant to write."""
        return [request for request in self.sandbox.requests if request[0] != "GET"]


@pytest.fixture
def zone(staged: Sandbox) -> Zone:
    """example.com, on the Business plan, with a record of nearly every type."""
    return Zone(staged, "example.com")


@pytest.fixture
def other(staged: Sandbox) -> Callable[[str], Zone]:
    return lambda name: Zone(staged, name)
