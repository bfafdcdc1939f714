"""The tasks about the machine that they run on, and those at the top level."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "completion": Read(("--shell", "bash"), prints="complete -o default"),
    "config": Read(prints="credentials"),
    "docs": Read(("--page", "undo"), prints="# Changing things, and undo"),
    "doctor": Read(sends=r"GET /accounts\?"),  # which path proves a token depends on its kind
    # Off a terminal it says what it would ask.
    "init": Read(prints="there is no terminal to ask on", code=1),
    "permissions": Read(("--task", "kv.load"), prints="Account > Workers KV Storage > Edit"),
    "profile": Read(prints="in_force"),
    "schedule": Read(("--for", "cron"), prints="scan.export"),
    "version": Read(prints="cfops"),
}
