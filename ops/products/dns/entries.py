"""Records of a file: where each is, what was skipped, and what such a record must not contain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import OpsError, ValidationError
from ops.products.dns import rdata
from ops.products.dns.record import DEFAULTS, READ_ONLY

if TYPE_CHECKING:
    from ops.items import Json

SHOWN = 20
SETTABLE = ("name", "type", *rdata.RDATA, *DEFAULTS)
KNOWN = (*SETTABLE, *READ_ONLY)


class FileRecord(NamedTuple):
    """One record of a file; *record* lacks what the file does not contain, and that is left as it is.

    *absolute*: its targets are complete names, as those of a zone file are. *managed*: Cloudflare managed it
    where it was exported. A record with an *error* is as the file has it, and counts if a live one is
    the same.
    """

    place: str
    record: Json
    absolute: bool = False
    managed: bool = False
    error: ValidationError | None = None

    def refused(self, error: OpsError) -> ValidationError:
        """Return *error* with the place of the record."""
        return ValidationError(f"{self.place}: {error.message}", hint=error.hint)


class RecordFile(NamedTuple):
    """What was read from a file: its records, the zone that it names, and messages for the user.

    *skipped* are records that Cloudflare cannot hold, *errors* those that cannot be used, *warnings* what may
    not be meant as it is written. *name* is the file's own.
    """

    records: list[FileRecord]
    zone: str = ""
    notes: tuple[str, ...] = ()
    skipped: tuple[ValidationError, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[ValidationError, ...] = ()
    name: str = ""


def raise_all(errors: Iterable[ValidationError], name: str = "") -> None:
    """Raise *errors* of the file *name* as one, in the order of their lines; nothing where there are none."""
    place = re.compile(r"(?:line|record) (\d+)")
    ordered = sorted(errors, key=lambda error: int(m[1]) if (m := place.match(error.message)) else 0)
    prefix = f"{name}: " if name else ""
    if len(ordered) == 1:
        raise ValidationError(prefix + ordered[0].message, hint=ordered[0].hint)
    if ordered:
        hints = dict.fromkeys(error.hint for error in ordered if error.hint)
        raise ValidationError(
            "\n  ".join((f"{prefix}{len(ordered)} errors", *listed(ordered))),
            hint="; ".join(("nothing was sent; fix them and run it again", *[*hints][:3])),
        )


def listed(errors: Sequence[ValidationError]) -> list[str]:
    """Return the messages of *errors*, the first twenty of many."""
    more = [f"and {len(errors) - SHOWN} more"] if len(errors) > SHOWN else []
    return [*(error.message for error in errors[:SHOWN]), *more]


def refuse_contradiction(record: Json, live: Json | None = None) -> None:
    """Raise ValidationError where *record* has two rdata: `content` beside other `data`, or two priorities.

    Cloudflare derives the content of most types in a form of its own; as it is in *live* it means nothing.
    """
    type, data, priority = str(record["type"]), record.get("data"), rdata.priority_of(record)
    data = data if isinstance(data, dict) and type in rdata.FIELDS else {}
    beside = record.get("priority", priority)
    if str(beside) != str(priority):
        raise ValidationError(
            f"priority is {beside}, and data.priority is {priority}",
            hint="remove one of them, or make them equal",
        )
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
    hint = "SPF is published as TXT (RFC 7208)" if type == "SPF" else "remove it, or leave --strict out"
    return ValidationError(f"Cloudflare has no {type} records", hint=hint)
