"""The task of audit."""

from __future__ import annotations

from tests.cases import Read

READS = {"audit": Read(sends=r"GET /accounts/\w+/logs/audit\?")}
