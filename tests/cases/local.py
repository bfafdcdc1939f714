"""The tasks about the machine that they run on, and those at the top level."""

from __future__ import annotations

import shutil

from tests.cases import Read

READS = {
    "completion": Read(("--shell", "bash"), prints="complete -o default"),
    "config": Read(prints="credentials"),
    "docs": Read(("--page", "undo"), prints="# Changing things, and undo"),
    "doctor": Read(sends=r"GET /accounts\?"),  # which path proves a token depends on its kind
    # Off a terminal it says what it would ask.
    "each-account": Read(("zones.list",), sends=r"GET /accounts\?"),
    "init": Read(prints="there is no terminal to ask on", code=1),
    "plugins.list": Read(prints="status"),
    "plugins.disable": Read(("cfops-mail",), prints="does not enable it", code=1),
    "plugins.enable": Read(("cfops-mail",), prints="no plugin 'cfops-mail' is installed", code=1),
    "plugins.new": Read(
        ("mail",),
        prints="cfops-mail has the plugin mail",
        arrange=lambda _inv: shutil.rmtree("cfops-mail", ignore_errors=True),
    ),
    "permissions": Read(("--task", "kv.load"), prints="Account > Workers KV Storage > Edit"),
    "profile": Read(prints="in_force"),
    "schedule": Read(("--for", "cron"), prints="scan.export"),
    "version": Read(prints="cfops"),
}
