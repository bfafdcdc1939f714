"""What `inv` prints without a task: first commands, stage, newest snapshot; and how a line is typed (--help).

It sends no request.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.help import wrapped
from ops.errors import OpsError
from ops.typed import INV, program
from ops.ui.human import shown
from ops.ui.shapes import TIME

if TYPE_CHECKING:
    from invoke.collection import Collection

FIRST = (
    ("sandbox scan.export", "try it: export an account that exists only on this machine"),
    ("init", "give it a token and choose an account"),
    ("zones.list", "the zones of the account"),
    ("dns.list example.com", "the DNS records of a zone"),
    ("scan.export", "a snapshot of the whole account"),
    ("undo.last", "take the last change back"),
)
OPTIONS = (
    ("-h, --help TASK", "show the help of a task; `shared`: options that many tasks share, and exit codes"),
    ("-l, --list", "list all tasks; `--list=dns`: those of a collection"),
    ("-R, --dry", "rehearse the whole line: show what would change, and send no write"),
    ("-d, --debug", "log every request on stderr, without secrets"),
    ("-f, --config FILE", "read settings from this file too, under `ops:`"),
    ("-V, --version", "show the version"),
)

_INVOKES = "The others are Invoke's, for tasks that run programs: docs.pyinvoke.org"


def program_help(collection: Collection) -> str:
    """Return how a line is typed: the options before its first task, and the names of all tasks."""
    options = [wrapped(does, f"  {names:19}") for names, does in OPTIONS]
    names = sorted(collection.task_names)
    single = " ".join(name for name in names if "." not in name)
    collections = " ".join(dict.fromkeys(name.partition(".")[0] for name in names if "." in name))
    return "\n".join(
        (
            wrapped(f"Usage: {program()} [options] task [its options] [next task …]", "", ""),
            "",
            "Options before the first task:",
            *options,
            *([wrapped(_INVOKES, "  ")] if program() == INV else []),
            "",
            wrapped(collections, "Collections:      "),
            wrapped(single, "Other tasks:      "),
            f"One of them:      {program()} --list=dns",
            f"One task:         {program()} help dns.list",
            f"Documentation:    {program()} docs",
        )
    )


def welcome(collection: Collection, invoke: Mapping[str, object]) -> str:
    """Return the text; *invoke* is the `ops:` part of Invoke's configuration."""
    width = max(len(task) for task, _does in FIRST)
    lines = [wrapped(does, f"  {program()} {task:{width}}  ") for task, does in FIRST]
    return "\n".join(
        (
            wrapped("Operations for Cloudflare, from a terminal and in jobs.", "", ""),
            "",
            *lines,
            "",
            *_state(Path(collection.loaded_from or Path.cwd()), invoke),
            f"All tasks:        {program()} --list",
            f"All options:      {program()} --help",
            f"One task:         {program()} help dns.list",
        )
    )


def _state(project: Path, invoke: Mapping[str, object]) -> list[str]:
    from ops.config.private import environment
    from ops.config.settings import API, load
    from ops.snapshots.library import Library, accounts, newest

    try:
        settings = load({}, invoke=invoke, environ=environment(), cwd=project)
        server = "" if settings.base_url == API else f" at {settings.base_url}"
        profile = f", profile {settings.profile}" if settings.profile else ""
        account = settings.account_id or "the token's account"
        kind = settings.credentials.kind
        stage = f"{account}{server}{profile}" if kind != "none" else "no token is set: `init` asks for one"
        names = (
            [settings.account_id] if settings.account_id else accounts(settings.exports, lambda _error: None)
        )
        found = [entry for name in names if (entry := newest(Library(settings.exports, name).all()))]
        last = max(found, key=lambda entry: entry.started, default=None)
    except OpsError as error:
        return [wrapped(f"unknown: {error.message}", "Account:          ")]
    age = f"{last.name}, {shown(last.started, TIME, time.time())}" if last else "none yet"
    return [wrapped(stage, "Account:          "), wrapped(age, "Newest snapshot:  ")]
