"""Report: differences as rows, unified text, a summary in Markdown; and who made them, as far as known."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import unified_diff
from functools import cached_property
from itertools import islice
from typing import Any

from ops.errors import ApiError, NotFound, PermissionDenied, ValidationError
from ops.items import Json
from ops.kinds.resource import AuditEvent, Resource
from ops.snapshots.compare.side import CHANGED, CONTENTS, CREATED, DELETED, UNKNOWN, Difference
from ops.ui.cells import counted as count_of
from ops.ui.shapes import CHANGE, KEY, MAIN, TIME, Column

COLUMNS = ("kind", "in", Column("change", meaning=CHANGE), "name", "field", "old", "new")
WHO = (Column("time", MAIN, TIME), "user")
FOR_PEOPLE = (
    Column("change", KEY, CHANGE), Column("kind", MAIN, joins="name"), Column("in", MAIN, joins="name"),
    Column("name", KEY, wraps=True), Column("what", KEY, wraps=True),
)  # fmt: skip
"""The columns of a table: the field with its old and new value, or what went with an item, in one."""
MOST = 200
"""Rows of a summary's table: a longer comment is cut or refused."""
_ORDER = (CREATED, DELETED, CHANGED, UNKNOWN)
_LONGEST = 120
_CONTEXT = 20
"""The characters of a long value that are shown before the first one that differs."""
_NOTHING = "/dev/null"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-*@")


def rows(
    differences: Iterable[Difference], blame: Callable[[Difference], AuditEvent | None] | None = None
) -> Iterator[Json]:
    """Yield a row for each created or deleted item, for each changed field, and for each unknown part.

    `item` is the created or deleted item; the row of an unknown part has the status of each side as old and
    new. *blame* finds who made a difference.
    """
    for difference in differences:
        event = blame(difference) if blame else None
        who = {"time": event.when if event else "", "user": event.actor if event else ""} if blame else {}
        kind, scope, change, name = difference[:4]
        row: Json = {"kind": kind, "in": scope, "change": change, "name": name}
        rest = {"id": difference.ids[0] if difference.ids else "", "note": difference.reason}
        fields, item = difference.fields, None
        if change in (CREATED, DELETED):
            item = difference.before if difference.after is None else difference.after
            fields = fields or (("", None, None),)
        for field, old, new in fields:
            yield {**row, "field": field, "old": old, "new": new, **rest, "item": item, **who}


def for_people(row: Json, *, whole: bool = False) -> Json:
    """Return *row* with `what`: the changed field with both values, or what came or went with the item.

    Of long values, it has the part that differs, unless *whole*. The parent is left out if the name says it.
    """
    from ops.ui.cells import table_cell

    old, new, parent = row["old"], row["new"], row["in"]
    # The only item of its parent, such as a Worker's settings, has no name of its own.
    name = row["name"] or f"{row['kind'].partition('.')[2]} of {parent}"
    row = {**row, "name": name}
    if parent and re.search(rf"(?:^|[ .]){re.escape(parent)}(?: |$)", name):
        row["in"] = ""
    if row["change"] in (CREATED, DELETED):
        return {**row, "what": old or new or ""}
    if row["change"] == UNKNOWN:
        return {**row, "what": f"{old} / {new}{': ' if row['note'] else ''}{row['note']}"}
    was, now = ("none" if value is None else table_cell(value) for value in (old, new))
    if not whole:
        was, now = _differing(was, now)
    return {**row, "what": f"{row['field']}: {was} → {now}"}


def _differing(old: str, new: str) -> tuple[str, str]:
    """Return both texts, the long ones around the first character that differs."""
    pairs = zip(old, new, strict=False)
    first = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))
    start = max(0, first - _CONTEXT) if max(len(old), len(new)) > _LONGEST else 0
    before = "…" if start else ""
    old, new = before + old[start:], before + new[start:]
    return _within(old), _within(new)


def _within(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def collapsed(differences: Iterable[Difference], kinds: Mapping[str, Resource]) -> Iterator[Difference]:
    """Yield the differences without what was created or deleted with its parent.

    The parents follow as the last ones: their `fields` say what went with them ("with 60,000 keys").
    """
    parents = {resource.parent for resource in kinds.values()}
    held: list[tuple[Difference, Counter[str]]] = []
    roots: dict[tuple[str, str, str], Counter[str]] = {}
    for difference in differences:
        kind, change = difference.kind, difference.change
        whole = change in (CREATED, DELETED)
        of_files = kind.endswith(CONTENTS)
        parent = kind.removesuffix(CONTENTS) if of_files else kinds[kind].parent if kind in kinds else ""
        names = difference.ids if of_files else difference.owners
        root = next((roots[at] for name in names if (at := (change, parent, name)) in roots), None)
        is_parent = whole and (kind in parents or (kind in kinds and kinds[kind].contents is not None))
        if root is not None:
            root["" if of_files else kind] += 1
        elif is_parent:
            held.append((difference, root := Counter()))
        else:
            yield difference
        if is_parent and root is not None:
            roots |= {(change, kind, id): root for id in difference.ids}
    for difference, went in held:
        text = (
            f"with {', '.join(_counted(kind, count, kinds) for kind, count in went.items())}"
            if went
            else None
        )
        old, new = (text, None) if difference.change == DELETED else (None, text)
        yield difference._replace(fields=(("", old, new),))


def _counted(kind: str, count: int, kinds: Mapping[str, Resource]) -> str:
    """Return how many items of *kind*, "" for files, as words; the only one of its parent needs no number."""
    noun = kind.partition(".")[2].replace("_", " ")
    if kind in kinds and not kinds[kind].identity:
        return noun if count == 1 else f"{count:,} {noun}"
    return count_of(count, noun or "file")


def counted(counts: Counter[str]) -> str:
    """Return the number of items by change: "3 created, 1 changed"; "nothing differs" for none."""
    words = [f"{counts[change]:,} {change}" for change in _ORDER if counts[change]]
    if not differing(counts):
        words.insert(0, "nothing differs")
    return ", ".join(words)


def differing(counts: Counter[str]) -> int:
    """Return the number of items that are known to differ."""
    return counts[CREATED] + counts[DELETED] + counts[CHANGED]


def selection(only: Sequence[str], skip: Sequence[str]) -> Callable[[str], bool]:
    """Return the test whether --only and --skip select a kind: by its name, product, or `<kind>/contents`."""

    def selected(kind: str) -> bool:
        names = {kind, kind.partition("/")[0], kind.partition(".")[0]}
        return not (names & set(skip)) and (not only or bool(names & set(only)))

    return selected


def unified(differences: Iterable[Difference]) -> Iterator[bytes]:
    """Yield a piece of text for each item, one file an item: `a/<kind>/<parent>/<name>.json`.

    An unknown part is a line that begins with `#`, which every reader of unified text skips. Everything is
    printable, so that nothing in it controls a terminal.
    """
    from ops.ui.escape import json_text, printable

    def shown(item: Json | None) -> list[str]:
        ordered = dict(sorted(item.items())) if item is not None else {}
        return json_text(ordered, indent=2).splitlines() if item is not None else []

    for difference in differences:
        if difference.change == UNKNOWN:
            (_, old, new), *_ = difference.fields
            line = f"# unknown: {difference.kind} {difference.scope} ({old} / {new}) {difference.reason}"
            yield (printable(line.strip()) + "\n").encode()
        else:
            yield "".join(line + "\n" for line in _patch(difference, shown)).encode()


def _patch(difference: Difference, shown: Callable[[Json | None], list[str]]) -> Iterator[str]:
    before, after = difference.before, difference.after
    if difference.change == CHANGED and not before and not after:
        before = {field: value for field, value, _ in difference.fields}
        after = {field: value for field, _, value in difference.fields}
    path = "/".join(_part(part) for part in (difference.kind, difference.scope, difference.name) if part)
    old, new = f"a/{path}.json", f"b/{path}.json"
    yield f"diff --git {old} {new}"
    if difference.change == CREATED:
        yield "new file mode 100644"
    elif difference.change == DELETED:
        yield "deleted file mode 100644"
    names = (old if before is not None else _NOTHING, new if after is not None else _NOTHING)
    yield from unified_diff(shown(before), shown(after), *names, lineterm="")


def _part(name: str) -> str:
    """Return *name* as one part of a path that every reader takes as such: other characters as %XX."""
    part = "".join(
        c if c in _PLAIN else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogatepass"))
        for c in name
    )
    return "%2E" * len(part) if set(part) == {"."} else part


def summary(title: str, counts: str, columns: Sequence[str], table: Iterable[Json], more: int) -> str:
    """Return a summary in Markdown; *more* is the number of rows that the *table* leaves out."""
    lines = [f"## {title}", "", counts[:1].upper() + counts[1:] + ".", ""]
    body = ["| " + " | ".join(code(row.get(column)) for column in columns) + " |" for row in table]
    if body:
        lines += ["| " + " | ".join(columns) + " |", "| --- " * len(columns) + "|", *body, ""]
    if more:
        lines += [f"{more:,} more rows are not shown here; `--output json` shows all.", ""]
    return "\n".join(lines)


def code(value: Any) -> str:
    r"""Return *value* as a code span for a table cell, in which it cannot become markup, a mention or a link.

    A bar is `\|`, which a cell needs; after a backslash, where readers differ, it is `\x7c`. A value that is
    cut ends in an ellipsis.
    """
    from ops.ui.cells import cell
    from ops.ui.escape import printable

    text = printable(cell(value)).strip()
    if not text:
        return ""
    text = _within(text).replace("\\|", "\\\\x7c").replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    apart = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{apart}{text}{apart}{fence}"


MOST_EVENTS = 20_000
"""Events that are read: an account with more of them keeps its log elsewhere."""
_UNIQUE = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Blame:
    """Finds the newest event behind a difference. *read* returns the audit log; *warn* gets its failure."""

    def __init__(self, read: Callable[[], Iterable[AuditEvent]], warn: Callable[[str], None]) -> None:
        self._read, self._warn = read, warn

    def of(self, difference: Difference) -> AuditEvent | None:
        """Return the newest event on the item of *difference*; None if the log has none."""
        if difference.change == UNKNOWN:
            return None
        found = [
            event
            for id in difference.ids
            for event in self._events.get(id, ())
            if _matches(difference, id, event)
        ]
        if not found and not difference.name:
            # The single item of a parent has no name; its address ends in the kind.
            word = difference.kind.removesuffix(CONTENTS).rpartition(".")[2]
            found = [event for event in self._events.get(word, ()) if event.within & set(difference.owners)]
        return max(found, key=lambda event: event.when, default=None)

    @cached_property
    def _events(self) -> dict[str, list[AuditEvent]]:
        by_name: dict[str, list[AuditEvent]] = defaultdict(list)
        try:
            events = list(islice(self._read(), MOST_EVENTS + 1))
        except (PermissionDenied, NotFound, ValidationError, ApiError) as error:
            self._warn(f"who made the changes is not known: {error.message}")
            return {}
        if len(events) > MOST_EVENTS:
            self._warn(
                f"only the newest {MOST_EVENTS:,} entries of the audit log are searched for who made changes"
            )
        for event in events:
            for name in event.thing:
                by_name[name].append(event)
        return by_name


def _matches(difference: Difference, id: str, event: AuditEvent) -> bool:
    """True if *event* is about the same item: other names need the same parent too."""
    owners = set(difference.owners)
    return bool(_UNIQUE.fullmatch(id) or not owners or event.within & owners)
