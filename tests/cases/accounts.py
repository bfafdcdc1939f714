"""The tasks of accounts."""

from __future__ import annotations

from tests.cases import Read

READS = {"accounts.list": Read(sends=r"GET /accounts\?")}
