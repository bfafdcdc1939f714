"""Records of a file: where each is, what is wrong with it, and how all errors are reported together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import Conflict, OpsError, ValidationError
from ops.products.dns import rdata
from ops.products.dns.record import DEFAULTS, READ_ONLY

if TYPE_CHECKING:
    from ops.items import Json

# The most errors of one file, and the most notes, that are printed.
MOST, SHOWN = 1000, 20
SETTABLE = ("name", "type", *rdata.RDATA, *DEFAULTS)
KNOWN = (*SETTABLE, *READ_ONLY)
# Types of zone files of other programs that the DNS itself does not know.
FOREIGN = frozenset({"ALIAS", "ANAME", "WINS", "WINS-R", "WINSR"})
_PLACE = re.compile(r"(?:line|record) (\d+)")
# A field, and what is wrong with it.
Problem = tuple[str, OpsError]


class FileRecord(NamedTuple):
    """One record of a file; *record* lacks what the file does not contain, and that is left as it is.

    *absolute*: its targets are complete names, as those of a zone file are. *managed*: Cloudflare managed it
    where it was exported. *errors* are of fields that *record* lacks or cannot use; a record with an id is
    also kept as it is in the file, *raw*, because its errors do not count if the live one is the same.
    *lines* holds the lines of fields that are not at the *place* of the record.
    """

    place: str
    record: Json
    absolute: bool = False
    managed: bool = False
    errors: tuple[Problem, ...] = ()
    raw: Json | None = None
    lines: Mapping[str, int] = MappingProxyType({})

    def refused(self, error: OpsError, field: str = "") -> OpsError:
        """Return *error* of *field* with its place."""
        place = f"line {self.lines[field]}" if field in self.lines else self.place
        return type(error)(f"{place}: {error.message}", hint=error.hint)

    @contextmanager
    def collected(self, errors: list[Problem], field: str = "") -> Iterator[None]:
        """Put an error that is raised within, which is one of *field*, into *errors*."""
        try:
            yield
        except OpsError as error:
            errors.append((field, self.refused(error, field)))


class RecordFile(NamedTuple):
    """What was read from a file: its records, the zone that it names, and messages for the user.

    *skipped* are records that Cloudflare cannot hold, *errors* all that is wrong, except with records that
    have a *raw* form, *warnings* what may not be meant as it is written. *name* is the file's own.
    """

    records: list[FileRecord]
    zone: str = ""
    notes: tuple[str, ...] = ()
    skipped: tuple[OpsError, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[OpsError, ...] = ()
    name: str = ""


def raise_all(errors: Iterable[OpsError], name: str = "") -> None:
    """Raise *errors* of the file *name* as one, in the order of their lines; nothing where there are none."""
    ordered = list({error.message: error for error in errors}.values())
    ordered.sort(key=lambda error: int(m[1]) if (m := _PLACE.match(error.message)) else 0)
    if not ordered:
        return
    prefix = f"{name}: " if name else ""
    kind = Conflict if all(isinstance(error, Conflict) for error in ordered) else ValidationError
    if len(ordered) == 1:
        raise kind(prefix + ordered[0].message, hint=ordered[0].hint)
    hints = dict.fromkeys(error.hint for error in ordered if error.hint)
    hint = "; ".join(("nothing was sent; fix them and run it again", *[*hints][:3]))
    raise kind("\n  ".join((f"{prefix}{len(ordered)} errors", *listed(ordered, MOST))), hint=hint)


def listed(errors: Sequence[OpsError], most: int = SHOWN) -> list[str]:
    """Return the messages of *errors*, the first of very many."""
    more = [f"and {len(errors) - most} more"] if len(errors) > most else []
    return [*(error.message for error in errors[:most]), *more]


def refuse_contradiction(record: Json, live: Json | None = None) -> None:
    """Raise ValidationError where *record* has two rdata: `content` and other `data`, or two priorities."""
    # Cloudflare derives the content of most types in a form of its own; as it is in *live* it means nothing.
    type, data, priority = str(record["type"]), record.get("data"), rdata.priority_of(record)
    data = data if isinstance(data, dict) and type in rdata.FIELDS else {}
    beside = record.get("priority", priority)
    if str(beside) != str(priority):
        hint = "remove one of them, or make them equal"
        raise ValidationError(f"priority is {beside}, and data.priority is {priority}", hint=hint)
    text = rdata.text_of({"type": type, "content": record.get("content")})
    if not text or type not in rdata.TYPES or (live and data and record["content"] == live.get("content")):
        return
    if not data:
        first, own = text.split()[0], type in rdata.NUMBERS and priority is not None
        if own and not rdata.lacks_priority(type, text) and first != str(priority):
            raise ValidationError(
                f"content begins with the priority {first}, and priority is {priority}",
                hint="remove one of them",
            )
        return
    try:
        derived = rdata.parsed(type, rdata.prioritized(type, text, priority))
        same = derived.to_digestable() == rdata.parsed(type, rdata.text_of(record)).to_digestable()
    except OpsError:
        # The content of a new record may be in a form of Cloudflare's that is not known here.
        same = live is None
    if not same:
        raise ValidationError(
            f"content {record['content']!r} contradicts data, which means {rdata.text_of(record)!r}",
            hint="change data and remove content: Cloudflare derives it",
        )


def unsupported(type: str) -> ValidationError:
    """Return the error for a record of a type that Cloudflare does not have."""
    hint = {
        "SPF": "SPF is published as TXT (RFC 7208)",
        "ALIAS": "at the zone's own name, a CNAME does the same: Cloudflare flattens it",
        "ANAME": "at the zone's own name, a CNAME does the same: Cloudflare flattens it",
    }.get(type, "remove it, or leave --strict out")
    return ValidationError(f"Cloudflare has no {type} records", hint=hint)
