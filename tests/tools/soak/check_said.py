"""Check the output of a line: its exit code, a sentence if it failed, and data that can be parsed."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from tests.tools.soak.drawing import Held, Task
from tests.tools.soak.plan import Plan
from tests.tools.soak.round import Round
from tests.tools.soak.truth import view

CODES = {0, 1, 2, 3, 4, 5, 6}
STOPPED = {2: 130, 15: 143}
# Not expected without a fault: failures of the server and the network, partial reads, locks.
TROUBLE = {2, 3, 4, 6}
# Faults whose answers are wrong in a way that a reader cannot notice.
UNTRUE = {"lag", "gone", "drift", "unknown-fields", "empty-page"}


def check(round: Round) -> Iterator[str]:
    """Yield what is wrong with the output."""
    yield from _code(round)
    if round.killed:
        return
    yield from _sentence(round)
    if round.ended.code in (0, 5):
        yield from _output(round)
    yield from secrets(
        round.token, round.ended.out + round.ended.err.encode("utf-8", "surrogateescape"), "output"
    )


def _code(round: Round) -> Iterator[str]:
    code, strike = round.ended.code, round.plan.strike
    allowed = set(CODES)
    if strike:
        allowed |= {STOPPED.get(strike.signal, -strike.signal)}
    if code is None:
        yield "the line did not end"
    elif code not in allowed:
        yield f"exit code {code} is not expected"
    elif round.plan.calm and code in TROUBLE and not (code == 4 and _compares(round.plan)):
        yield f"exit code {code} though nothing went wrong"
    elif code == 0 and _wrong(round.plan):
        yield "a wrong line was accepted"


def _compares(plan: Plan) -> bool:
    """True if a line may end with 4 because two snapshots did not read the same sections."""
    return any("--exit-code" in task.words for task in plan.tasks)


def _wrong(plan: Plan) -> bool:
    """True if a line must be refused; a dry run does not learn what only the API knows."""
    return bool(plan.mistyped) or (not plan.dry and any(task.wrong for task in plan.tasks))


def _sentence(round: Round) -> Iterator[str]:
    code, err = round.ended.code, round.ended.err
    if "Traceback" in err:
        yield "a traceback"
    if code not in (0, 5) and not err.strip():
        yield f"exit code {code} without a message"
    if round.plan.format == "json" and not round.plan.mistyped and code not in (0, 5):
        errors = [fault for fault in map(_fault, err.splitlines()) if fault]
        if errors and errors[-1].get("exit_code") != code:
            yield f"exit code {code}, but the error says {errors[-1]}"


def _fault(line: str) -> dict[str, Any] | None:
    try:
        error = json.loads(line)
    except ValueError:
        return None
    if isinstance(error, dict) and error.get("event") in ("error", "bug"):
        # As a line of the log.
        error = error["error"]
    return error if isinstance(error, dict) and "exit_code" in error else None


def _output(round: Round) -> Iterator[str]:
    plan, out = round.plan, round.ended.out
    alone = plan.tasks[0] if len(plan.tasks) == 1 else None
    if any(task.raw for task in plan.tasks):
        if alone and alone.reads and "malformed" not in round.fired:
            yield from _value(round, alone)
        return
    # Several lists in a row are not a valid document of these formats.
    if not alone and plan.format in ("yaml", "csv"):
        return
    try:
        documents = _READERS.get(plan.format, _plain)(out.decode())
    except (ValueError, yaml.YAMLError, csv.Error) as error:
        yield f"the output is not valid {plan.format}: {error}"
        return
    if alone and alone.reads and plan.format == "json" and not plan.struck & UNTRUE:
        yield from _list(round, alone, documents)


def _value(round: Round, task: Task) -> Iterator[str]:
    """Yield an error if a value that was printed with exit code 0 is not the stored one, byte for byte."""
    out = round.ended.out
    if out.decode("utf-8", "surrogateescape") not in _held(round, task):
        yield f"{task.name} printed {out[:80]!r}, which is not the stored value"


def _list(round: Round, task: Task, documents: list[Any]) -> Iterator[str]:
    """Yield an error if a list that ended with 0 is not complete."""
    given = {str(item.get("id", item.get("name"))) for item in documents[0]}
    held = _held(round, task)
    if given != held:
        yield f"{task.name}: missing {held - given}, nonexistent {given - held}"


def _held(round: Round, task: Task) -> Held:
    return view(round.after).get(task.reads, frozenset())


def _json(text: str) -> list[Any]:
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def _csv(text: str) -> list[Any]:
    rows = list(csv.reader(io.StringIO(text), strict=True))
    return [cell for row in rows for cell in row]


def _plain(text: str) -> list[Any]:
    return text.splitlines()


_READERS: dict[str, Callable[[str], list[Any]]] = {
    "json": _json,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    "csv": _csv,
    "yaml": lambda text: [yaml.safe_load(text)],
}


def secrets(token: str, content: bytes, where: str) -> Iterator[str]:
    """Yield an error if *content* holds *token* in any spelling, at any offset in base64."""
    plain = token.encode()
    forms = [plain, plain.hex().encode()]
    # The ends of base64 depend on the bytes next to the token.
    forms += [b64encode(b"\0" * shift + plain)[4:-4] for shift in range(3)]
    if any(form in content for form in forms):
        yield f"the token is in {where}"
