"""What runs in the child process: a hook of a plugin, or the description of a plugin."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from ops.plugins.choice import Plugin
from ops.plugins.door import attribute


def main(words: Sequence[str]) -> None:
    """Carry out *words* and print the answer; what a plugin prints by itself goes to stderr."""
    dumps, leave, write = json.dumps, os._exit, os.write
    answers = os.dup(1)
    os.dup2(2, 1)
    what, *given = words
    answer = ACTIONS[what](*given)
    data = b"" if answer is None else dumps(answer).encode()
    while data:
        data = data[write(answers, data) :]
    leave(0)  # nothing that it registered for the end may change the result


def _call(target: str) -> Any:
    document = json.loads(sys.stdin.buffer.read())
    module, _, function = target.partition(":")
    return getattr(import_module(module), function)(document)


def _describe(name: str, module: str) -> list[str]:
    """Return what the plugin *name* brings, a line each."""
    plugin, lines = Plugin(name, name, "", module), []
    for what, noun in BRINGS.items():
        found = attribute(plugin, what)
        if what == "TASKS" and found is not None:
            tasks = (value for value in vars(found).values() if hasattr(value, "function"))
            package = module.partition(".")[0]
            own = (task for task in tasks if task.__module__.partition(".")[0] == package)
            found = sorted(f"{name}.{task.name}" for task in own)
        if what == "ROUTES" and found is not None:
            lines.append(noun)
        elif found:
            lines.append(f"{noun}: {', '.join(map(_name, found))}")
    return lines


def _name(value: Any) -> str:
    names = (getattr(value, field, "") for field in ("kind", "id", "name"))
    return str(next(filter(None, names), value))


BRINGS = {
    "TASKS": "tasks",
    "RESOURCES": "kinds",
    "ROUTES": "sandbox routes",
    "CHECKS": "checks",
    "CHANNELS": "channels",
    "FORMATS": "export formats",
}
ACTIONS: dict[str, Callable[..., Any]] = {"call": _call, "describe": _describe}
