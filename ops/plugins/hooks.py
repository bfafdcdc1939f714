"""The hooks, a line each; and how the answers of their programs are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

HOOKS = {
    "before_task": "before a task starts: its options and the account",
    "after_task": "after a task: its exit code",
    "on_error": "after a task that failed: the message, the hint and the exit code",
    "on_items": "the rows of a task that reads, before they are shown: may change or refuse them",
    "on_snapshot": "after a snapshot was written: its path, status and counts",
    "on_change": "changes before they are shown and sent: may change what is wanted, or refuse",
}
ANSWERED = {"on_items": "items", "on_change": "changes"}
"""The hooks that may answer, and the list of their document that an answer may replace."""


class Hook(NamedTuple):
    """A program that is called at *point*: *target* ("module:function") in Python, or else *run*."""

    name: str
    point: str
    target: str = ""
    run: tuple[str, ...] = ()
    seconds: float = 5.0


class Faulty(Exception):
    """The program of a hook did not do its part; the message says what happened."""


def answer_of(point: str, document: Mapping[str, Any], answer: Any) -> tuple[list[Any] | None, str]:
    """Return the list that replaces that of *document* (or None), and why it refuses (or "").

    Raises Faulty for an answer that is neither. Where a hook cannot answer, an answer is ignored.
    """
    if answer is None or point not in ANSWERED:
        return None, ""
    field = ANSWERED[point]
    if not isinstance(answer, dict) or answer.keys() - {field, "refuse"}:
        raise Faulty(f"its answer is not an object with {field} or refuse")
    refusal = answer.get("refuse", "")
    if not isinstance(refusal, str):
        raise Faulty("its refusal is not a sentence")
    if refusal.strip():
        return None, " ".join(refusal.split())
    if field not in answer:
        return None, ""
    replaced = answer[field]
    if not isinstance(replaced, list) or not all(isinstance(one, dict) for one in replaced):
        raise Faulty(f"its {field} are not a list of objects")
    if point == "on_change" and len(replaced) != len(document[field]):
        raise Faulty(f"it answered {len(replaced)} changes to {len(document[field])}")
    return replaced, ""
