"""The requests of our own client, and their responses, conform to the official document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.server import Sandbox

from .contract import Contract

LINES = (
    ("accounts.list",),
    ("audit", "--since", "2026-03-01", "--before", "2026-03-05"),
    ("cache.settings", "--zone", "example.com"),
    ("dns.list", "--zone", "example.com"),
    ("dns.export", "--zone", "example.com"),
    ("do.list",),
    ("do.objects", "--namespace", "chat-room_Room"),
    ("kv.list",),
    ("kv.keys", "--namespace", "sessions"),
    ("kv.get", "--namespace", "config", "--key", "50%25 off"),
    ("ssl.packs", "--zone", "example.com"),
    ("workers.list",),
    ("workers.info", "--script", "api-gateway"),
    ("workers.routes",),
    ("workers.schedules", "--script", "cron-reports"),
    ("workers.secrets", "--script", "api-gateway"),
    ("zones.list",),
    ("zones.settings", "--zone", "example.com"),
    ("scan",),
)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_command_conforms_to_the_document(
    line: tuple[str, ...], contract: Contract, staged: Sandbox, inv: Callable[..., Any]
) -> None:
    with contract.watch(staged):
        result = inv(*line)

    assert result.code in (0, 4), result.err
    assert staged.requests
    assert staged.crashes == []
