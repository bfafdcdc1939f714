"""Reading zone files in BIND's form, with dnspython: every record on its own, with its line and comment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.grange
import dns.name
import dns.tokenizer
from dns.rdataclass import IN
from dns.zonefile import Reader, RRSetsReaderManager, RRsetsReaderTransaction

from ops.errors import OpsError, ValidationError
from ops.products.dns import checks
from ops.products.dns.entries import FileRecord, RecordFile, unsupported
from ops.products.dns.names import canonical_name, full_name, host
from ops.products.dns.rdata import EXAMPLES, PROXIABLE, TYPES, fields_of_rdata

if TYPE_CHECKING:
    from dns.rdata import Rdata

    from ops.items import Json

# $GENERATE makes many records of one line; more than any zone has are a mistake, or worse.
MOST = 1_000_000
TAGS = "cf_tags="
RESERVED = "cf-"
# A quoted string, a comment, a parenthesis or a line break: what decides where a line ends.
_PART = re.compile(r'"(?:[^"\\\n]|\\.)*"|;[^\n]*|\\.|[()\n]', re.DOTALL)
# Windows DNS writes the age of a dynamic record behind its name.
_AGE = re.compile(r"^(\S*[ \t]+)\[AGE:\d+\](?=\s)", re.IGNORECASE)
_GENERATE = re.compile(r"\$GENERATE[ \t]+(\S+)[ \t]+(.*)", re.IGNORECASE | re.DOTALL)
_COUNTER = re.compile(r"\\.|\$\$|\$(?:\{([+-]?\d+)(?:,(\d{1,3})(?:,([doxXnN]))?)?\})?", re.DOTALL)
_UNKNOWN_TYPE = re.compile(r"unknown rdatatype '(.*)'")
_LIKE_TAGS = re.compile(r"cf[_-]?tags?\s*[=:]|cf-(?:proxied|flatten)", re.IGNORECASE)
_NOISE = re.compile(r"^<string>:\d+: |caught exception <class '[^']*'>: ")
# A tag with its value, or else what is not one, up to the next comma.
_TAG = re.compile(r'(?:\s*([^\s,:"=]+)\s*(?::\s*("(?:[^"\\]|\\.)*"|[^,]*))?\s*|([^,]*))(?:,|$)')


class _Idna(dns.name.IDNACodec):
    """Encodes names as those of the command line are."""

    def encode(self, label: str) -> bytes:
        return canonical_name(label, wildcard=True).encode() if label else b""


_IDNA = _Idna()  # type: ignore[no-untyped-call]  # dnspython's


class _ZoneFile(RRsetsReaderTransaction):
    """One reading of a zone file: its records, and all errors, notes and warnings with their lines.

    It takes the records as they come; dnspython's own merges them to sets, without lines and comments.
    """

    def __init__(self, zone: str, proxied: bool | None) -> None:
        manager = RRSetsReaderManager(dns.name.from_text(zone), False, IN)
        super().__init__(manager, True, False)  # type: ignore[no-untyped-call]  # dnspython's
        self.zone, self.proxied = zone, proxied
        self.found: list[tuple[dns.name.Name, int, Rdata]] = []
        self.reader = Reader(dns.tokenizer.Tokenizer(""), IN, self)
        # Names outside the zone would be skipped without a word; full_name refuses them.
        self.reader.zone_origin = dns.name.root
        # A record without a TTL is automatic, unless the file has set one before.
        self.reader.last_ttl, self.reader.last_ttl_known = checks.AUTOMATIC, True
        self.records: list[FileRecord] = []
        self.errors: list[ValidationError] = []
        self.skipped: list[ValidationError] = []
        self.warnings: list[str] = []
        self.left_out = 0
        self.ages: list[str] = []

    def add(self, *args: Any) -> None:
        self.found.append(args)

    def line(self, number: int, text: str) -> None:
        """Read one line, all parts of it that parentheses hold together."""
        line = FileRecord(f"line {number}", {}, absolute=True)
        text, ages = _AGE.subn(r"\1", text)
        self.ages += [line.place] * ages
        try:
            for one in _generated(text):
                self._read(line, one)
        except (dns.exception.DNSException, UnicodeError, ValueError) as error:
            type = _UNKNOWN_TYPE.search(str(error))
            reason = _NOISE.sub("", str(error))
            if not reason or reason.startswith("Text input"):
                # dnspython's own words do not say what is expected.
                found = next((word for word in text.upper().split() if word in TYPES), "")
                example = f"it does not parse as {found}, e.g. {found} {EXAMPLES.get(found)}"
                reason = example if found else "it cannot be read"
            refused = ValidationError(reason, hint="a line is: name TTL type data")
            self.errors.append(line.refused(checks.unknown_type(type[1].upper()) if type else refused))
        except OpsError as error:
            self.errors.append(line.refused(error))

    def _read(self, line: FileRecord, text: str) -> None:
        self.found.clear()
        self.reader.tok = dns.tokenizer.Tokenizer(text, idna_codec=_IDNA)
        self.reader.read()
        for name, ttl, rdata in self.found:
            if len(self.records) >= MOST:
                raise ValueError(f"more than {MOST:,} records")
            type = rdata.rdtype.name
            if type == "SOA" or (type == "NS" and name.to_text(omit_final_dot=True).lower() == self.zone):
                self.left_out += 1
                continue
            if type not in TYPES:
                self.skipped.append(line.refused(unsupported(type)))
                continue
            record = {"name": full_name(name.to_text(), self.zone), "type": type}
            record |= {**fields_of_rdata(rdata), "ttl": ttl}
            targets = _targets(record)
            for target in targets:
                # A target that is an address without a final dot became a name.
                relative = target.removesuffix(f".{self.zone}")
                if relative != target and relative in text.split():
                    host(relative)
            doubled = [one for one in (record["name"], *targets) if one.endswith(f".{self.zone}.{self.zone}")]
            found, unread = remarks(rdata.rdcomment or "")
            if doubled:
                final_dot = "a complete name in a zone file ends with a dot"
                unread.insert(0, f"{doubled[0]} has the zone twice; {final_dot}")
            self.warnings += [f"{line.place}: {one}" for one in unread]
            record |= found
            if type not in PROXIABLE:
                record.pop("proxied", None)
            elif self.proxied is not None:
                record.setdefault("proxied", self.proxied)
            if record.get("proxied"):
                record["ttl"] = checks.AUTOMATIC
            self.records.append(line._replace(record=record))


def _targets(record: Json) -> list[str]:
    data = record.get("data")
    if data:
        return [str(data[field]) for field in ("target", "replacement") if field in data]
    return [record["content"]] if record["type"] in ("CNAME", "MX", "NS", "PTR") else []


def read(text: str, zone: str, proxied: bool | None = None) -> RecordFile:
    """Return the records of a zone file, without SOA and the NS of the zone itself, which Cloudflare sets.

    *proxied* applies where a record has no `cf-proxied`; None leaves it open. The lines that cannot be read
    are its errors; $INCLUDE is one of them, because the file itself must contain everything.
    """
    reading = _ZoneFile(zone, proxied)
    for number, line in _lines(text):
        reading.line(number, line)
    own = f"left out: {reading.left_out} SOA or NS of {zone} itself, which Cloudflare sets"
    if reading.ages:
        what = f"{reading.ages[0]}: [AGE:…] of Windows DNS, {len(reading.ages)} times"
        reading.skipped.append(ValidationError(what, hint="remove them"))
    notes = (own,) if reading.left_out else ()
    return RecordFile(
        reading.records, "", notes, tuple(reading.skipped), tuple(reading.warnings), tuple(reading.errors)
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, as one those that parentheses hold together."""
    start, depth, number, first = 0, 0, 1, 1
    for match in _PART.finditer(text):
        part = match[0]
        if part == "(":
            depth += 1
        elif part == ")":
            depth = max(0, depth - 1)
        elif part == "\n" and depth == 0:
            yield first, text[start : match.start()]
            start, first = match.end(), number + 1
        number += part.count("\n")
    if text[start:]:
        yield first, text[start:]


def _generated(line: str) -> Iterator[str]:
    """Yield *line*, or the lines that it stands for if it is a $GENERATE; the whole of it is a template."""
    found = _GENERATE.match(line)
    if not found:
        yield line
        return
    try:
        start, stop, step = dns.grange.from_text(found[1])
    except (dns.exception.DNSException, AssertionError, ValueError):
        raise ValueError(f"{found[1]!r} is not a range, e.g. 1-10 or 1-10/2") from None
    if (stop - start) // step >= MOST:
        raise ValueError(f"more than {MOST:,} records")
    for counter in range(start, stop + 1, step):
        yield _COUNTER.sub(lambda match, counter=counter: _counted(match, counter), found[2])


def _counted(match: re.Match[str], counter: int) -> str:
    """Return what a `$` of $GENERATE stands for: `${offset,width,base}`, as BIND has it."""
    if match[0][0] == "\\":
        return match[0]
    if match[0] == "$$":
        return "$"
    value, width, base = counter + int(match[1] or 0), int(match[2] or 0), match[3] or "d"
    if base not in "nN":
        return format(value, base).zfill(width)
    if value < 0:
        raise ValueError("a nibble of $GENERATE is negative")
    digits = format(value, "x" if base == "n" else "X").zfill((width + 1) // 2)
    return ".".join(reversed(digits))


def remarks(comment: str) -> tuple[Json, list[str]]:
    """Return what a comment means as the API writes it, and warnings for what is not understood.

    Free text comes first, then `cf_tags=` with the tags; a comment that contains this marker itself has
    another one at its end. A value with `"`, `=`, `,` or a backslash is a JSON string.
    """
    text, mark, listed = comment.rpartition(TAGS)
    if not mark:
        text, listed = comment, ""
    found: Json = {"comment": text.strip()} if text.strip() else {}
    unread = []
    if not mark and _LIKE_TAGS.search(comment):
        unread.append(f"the comment {comment.strip()!r} is not read as tags, which begin with `cf_tags=`")
    tags = list(_tags(listed, unread))
    if mark:
        found["tags"] = [tag for tag in tags if not tag.lower().startswith(RESERVED)]
    for tag in tags:
        if tag in ("cf-proxied:true", "cf-proxied:false"):
            found["proxied"] = tag.endswith("true")
        elif tag in ("cf-flatten-cname", "cf-flatten-cname:true"):
            found["settings"] = {"flatten_cname": True}
        elif tag.lower().startswith(RESERVED):
            unread.append(
                f"the reserved tag {tag!r} is not understood, and ignored; "
                "there are cf-proxied:true, cf-proxied:false and cf-flatten-cname"
            )
    return found, unread


def _tags(listed: str, unread: list[str]) -> Iterator[str]:
    for name, text, piece in _TAG.findall(listed.rstrip()):
        if name:
            try:
                value = json.loads(text) if text.startswith('"') else text.strip()
            except ValueError:
                value = text.strip()
            yield f"{name}:{value}" if value else name
        elif piece.strip().startswith(RESERVED):
            yield piece.strip()
        elif piece.strip():
            unread.append(f"{piece.strip()!r} is not a tag, and ignored")
