"""Accepted findings: `.cfops-ignore.toml` in the repository, each with a reason and an end."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from fnmatch import translate
from pathlib import Path
from typing import Any, NamedTuple

from ops.checks.model import ACCOUNT, Check, Subject
from ops.checks.run import Result, path_of
from ops.errors import ValidationError
from ops.files import disk
from ops.typed import in_message

FILE = ".cfops-ignore.toml"
KIND = "accepted"
LONGEST = timedelta(days=366)
_READABLE = 0o644
_HEAD = "# Findings of `inv checks` that are accepted; `inv checks.accept` adds one.\n"
_FIELDS = {"check", "subject", "why", "until", "by", "account"}

CHECK = Check(
    id="accepted",
    severity="low",
    title="An accepted finding has expired, or was never found",
    why="What was accepted for a time must be looked at again; what matches nothing hides later findings.",
    needs=(),
    judge=lambda _view: (),
    fix=f"remove the entry from {FILE}, or accept it again",
    judges=ACCOUNT,
)


class Accepted(NamedTuple):
    """One entry: findings of *check* whose path matches *subject*, a pattern with `*`; *line* in the file."""

    check: str
    subject: str
    why: str
    until: date
    by: str = ""
    account: str = ""
    line: int = 0


def load(file: Path, today: date) -> list[Accepted]:
    """Return the entries in *file*, none if it does not exist. Raises ValidationError."""
    try:
        with disk.open_regular(file) as source:
            text = source.read().decode()
        entries = tomllib.loads(text).get("accepted", [])
        if not isinstance(entries, list):
            raise ValueError("an entry begins with [[accepted]]")
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise ValidationError(f"{file} cannot be read: {problem.strerror}") from None
    except ValueError as problem:
        raise ValidationError(f"{file} is not valid TOML: {problem}") from None
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "[[accepted]]"]
    numbers = lines if len(lines) == len(entries) else [1] * len(entries)
    return [_entry(file, number, entry, today) for number, entry in zip(numbers, entries, strict=True)]


def _entry(file: Path, line: int, entry: Any, today: date) -> Accepted:
    def wrong(what: str) -> ValidationError:
        return ValidationError(f"{file}, line {line}: {what}", hint="`inv docs checks` shows the form")

    if not isinstance(entry, dict) or set(entry) - _FIELDS:
        raise wrong(f"an entry has {', '.join(sorted(_FIELDS))}")
    for name in ("check", "subject", "why"):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise wrong(f"it needs {name}, a text")
    until = entry.get("until")
    if isinstance(until, datetime) or not isinstance(until, date):
        raise wrong("it needs until, a date such as 2027-03-01")
    if until > today + LONGEST:
        raise wrong("until is more than a year ahead")
    return Accepted(**{name: value for name, value in entry.items() if name in _FIELDS}, line=line)


def written(entry: Accepted) -> str:
    """Return *entry* as it is written in the file."""
    facts = {"check": entry.check, "subject": entry.subject, "why": entry.why}
    facts |= {name: value for name, value in (("by", entry.by), ("account", entry.account)) if value}
    lines = [f"{name} = {_quoted(value)}" for name, value in facts.items()]
    return "\n".join(["[[accepted]]", *lines, f"until = {entry.until.isoformat()}", ""])


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in plain) + '"'


def add(file: Path, entry: Accepted) -> None:
    """Append *entry* to *file*. Raises DiskError."""
    try:
        with disk.open_regular(file) as source:
            before = source.read()
    except FileNotFoundError:
        before = in_message(_HEAD).encode()
    except OSError as problem:
        raise disk.failure(problem, file, "read") from None
    with disk.atomic(file, _READABLE) as target:
        target.write(before.rstrip(b"\n") + b"\n\n" + written(entry).encode())


def applied(
    results: Iterable[Result], entries: Sequence[Accepted], account: str, today: date
) -> Iterator[Result]:
    """Yield *results* with what *entries* accept set apart, and last what is wrong with the entries."""
    mine = [entry for entry in entries if entry.account in ("", account)]
    patterns = {entry: re.compile(translate(entry.subject)) for entry in mine}
    hits: set[Accepted] = set()
    ran: set[str] = set()
    unsure: set[str] = set()
    for result in results:
        ran.add(result.check.id)
        if result.gaps:
            unsure.add(result.check.id)
        new: list[Subject] = []
        kept: list[Subject] = []
        for subject in result.subjects:
            matching = [
                e for e in mine if e.check == result.check.id and patterns[e].match(path_of(result, subject))
            ]
            hits |= set(matching)
            (kept if any(entry.until >= today for entry in matching) else new).append(subject)
        yield result._replace(subjects=tuple(new), accepted=tuple(kept))
    found = tuple(_problems(mine, hits, ran, unsure, today))
    yield Result(CHECK, "", "", found)


def _problems(
    entries: Iterable[Accepted], hits: set[Accepted], ran: set[str], unsure: set[str], today: date
) -> Iterator[Subject]:
    for entry in entries:
        item = {"line": entry.line}
        name = f"{entry.check} {entry.subject}"
        if entry.until < today:
            yield Subject(KIND, name, f"expired on {entry.until.isoformat()}: {entry.why}", item, "medium")
        # What was not read may match: only a check that knows everything proves that nothing does.
        elif entry in hits or entry.check in unsure:
            continue
        elif entry.check in ran:
            yield Subject(KIND, name, "matches no finding", item)
