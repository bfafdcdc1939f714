"""The hooks of a run, called: their answers are used, their faults are warnings."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ops.config import private
from ops.errors import OpsError, RefusedByHook
from ops.files.disk import atomic, private_folder
from ops.files.formats import check_format
from ops.plugins import child
from ops.plugins.door import DOOR
from ops.plugins.hooks import ANSWERED, Faulty, Hook, answer_of
from ops.version import VERSION

FORMAT = 2
FAILURES = 3
"""After this number of failures in a row, the hooks of a plugin are off."""


def fire(point: str, **facts: Any) -> list[Any] | None:
    """Call the hooks of *point*; return the list that replaces that of *facts*, None if none does.

    Raises RefusedByHook with the sentence of a hook that refuses. A fault of a hook is a warning.
    """
    replaced: list[Any] | None = None
    for hook in DOOR.hooks(point):
        document = {"hook": point, "cfops": VERSION, **DOOR.about, **facts}
        if replaced is not None:
            document[ANSWERED[point]] = replaced
        answer, refusal = _call(hook, document)
        if refusal:
            raise RefusedByHook(
                f"{hook.name} refuses: {refusal}", hint="`inv plugins` shows whose hook that is"
            )
        replaced = answer if answer is not None else replaced
    return replaced


def _call(hook: Hook, document: dict[str, Any]) -> tuple[list[Any] | None, str]:
    failures = failed()
    if failures.get(hook.name, 0) >= FAILURES:
        DOOR.warn(
            f"the hooks of {hook.name} are off after {FAILURES} failures; "
            f"`inv plugins.enable {hook.name}` turns them on"
        )
        return None, ""
    try:
        environ = private.environment() | {"TRACEPARENT": DOOR.traceparent}
        answer = child.call(hook, visible(document), environ)
        used = answer_of(hook.point, document, answer)
    except Faulty as fault:
        DOOR.warn(f"the hook {hook.point} of {hook.name} failed, and its answer is not used: {fault}")
        _store({**failures, hook.name: failures.get(hook.name, 0) + 1})
        return None, ""
    forget(hook.name)
    return used


def failed() -> dict[str, int]:
    """Return how often the hooks of each plugin have failed, one time after the other."""
    try:
        found = json.loads((DOOR.state / "hooks.json").read_bytes())
        # In format 1 the file is the counts alone.
        counts = found["failures"] if "format" in found else found
        return {str(name): int(count) for name, count in counts.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def forget(name: str) -> None:
    """Forget the failures of *name*."""
    failures = failed()
    if failures.pop(name, 0):
        _store(failures)


def _store(failures: dict[str, int]) -> None:
    try:
        file = private_folder(DOOR.state) / "hooks.json"
        with suppress(OSError, ValueError):
            check_format(json.loads(file.read_bytes()), FORMAT, file)
        with atomic(file) as target:
            target.write(json.dumps({"format": FORMAT, "failures": failures}).encode())
    except OpsError as error:
        DOOR.warn(f"the failures of hooks cannot be counted: {error.message}")


def visible(value: Any) -> Any:
    """Return a copy of *value* as a hook gets it: as JSON has it, without secrets; bytes are described."""
    return _redacted(json.loads(json.dumps(value, default=_described)), DOOR.redact)


def _described(value: object) -> str:
    return f"({len(value):,} bytes)" if isinstance(value, bytes) else str(value)


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(inside, redact) for key, inside in value.items()}
    if isinstance(value, list):
        return [_redacted(inside, redact) for inside in value]
    return value
