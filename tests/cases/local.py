"""The tasks about the machine that they run on, and those at the top level."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "config": Read(prints="credentials"),
    "docs": Read(("--page", "undo"), prints="# Changing things, and undo"),
    "doctor": Read(sends="GET /user/tokens/verify|GET /user"),
    "profile": Read(prints="in_force"),
    "schedule": Read(("--for", "cron"), prints="scan.export"),
    "version": Read(prints="cfops"),
}
