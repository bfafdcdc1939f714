"""Reading zone files in BIND's form: every record with its line, its comment and all its errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dns.exception
import dns.rdatatype

from ops.errors import OpsError, ValidationError
from ops.products.dns import checks
from ops.products.dns.entries import FOREIGN, FileRecord, Problem, RecordFile, unsupported
from ops.products.dns.names import APEX, canonical_name, full_name, host, is_absolute
from ops.products.dns.rdata import PROXIABLE, TYPES, fields_of, parsed, with_target
from ops.products.dns.reasons import WORD
from ops.products.dns.strings import quoted, strings_of

if TYPE_CHECKING:
    from ops.items import Json

# $GENERATE makes many records of one line; more than any zone has are a mistake, or worse.
MOST = 1_000_000
TAGS = "cf_tags="
RESERVED = "cf-"
# A quoted string, a comment, a parenthesis or a line break: what decides where a line ends.
_PART = re.compile(r'"(?:[^"\\\n]|\\.)*"|;[^\n]*|\\.|[()\n]', re.DOTALL)
# Windows DNS writes the age of a dynamic record behind its name.
_AGE = re.compile(r"^(\S*[ \t]+)\[AGE:\d+\](?=\s)", re.IGNORECASE)
_GENERATE = re.compile(
    r"\$GENERATE[ \t]+(\d{1,10})-(\d{1,10})(?:/(\d{1,10}))?[ \t]+(.*)", re.IGNORECASE | re.DOTALL
)
_COUNTER = re.compile(r"\\.|\$\$|\$(?:\{([+-]?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?\})?", re.DOTALL)
_TTL = re.compile(r"\d{1,10}[smhdw]?(?:\d{1,10}[smhdw])*", re.IGNORECASE)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|(?:\\.|[^\s"])+', re.DOTALL)
_CLASS = re.compile(r"IN|CH|CHAOS|CS|HS|HESIOD|NONE|ANY|CLASS\d+", re.IGNORECASE)
_LINE = "a line is: name TTL type data"
# A word, a comment, a parenthesis, or a quote or a backslash that does not fit.
_TOKEN = re.compile(rf'({WORD.pattern})|;([^\n]*)|([()"\\])|\s+', re.DOTALL)
_LIKE_TAGS = re.compile(r"cf[_-]?tags?\s*[=:]|cf-(?:proxied|flatten)", re.IGNORECASE)
# A tag with its value, or else what is not one, up to the next comma.
_TAG = re.compile(r'(?:\s*([^\s,:"=]+)\s*(?::\s*("(?:[^"\\]|\\.)*"|[^,]*))?\s*|([^,]*))(?:,|$)')


class _ZoneFile:
    """One reading of a zone file: its records, and all errors, notes and warnings with their lines."""

    def __init__(self, zone: str, proxied: bool | None) -> None:
        self.zone, self.proxied, self.origin = zone, proxied, zone
        # The name of the record before, and what is wrong with it.
        self.name, self.name_errors = zone, list[Problem]()
        # A record without a TTL is automatic, unless the file has set one before.
        self.ttl, self.default_ttl = checks.AUTOMATIC, -1
        self.line = FileRecord("", {}, absolute=True)
        self.records: list[FileRecord] = []
        self.errors: list[Problem] = []
        self.skipped: list[OpsError] = []
        self.warnings: list[str] = []
        self.ages: list[str] = []
        self.left_out = 0

    def read(self, number: int, text: str) -> None:
        """Read one line, all parts of it that parentheses hold together."""
        self.line = self.line._replace(place=f"line {number}")
        text, ages = _AGE.subn(r"\1", text)
        self.ages += [self.line.place] * ages
        with self.line.collected(self.errors):
            for one in _generated(text):
                words, comment = _words(one)
                if words and one[0] == "$":
                    self._directive(words[0].upper(), " ".join(words[1:]))
                elif words:
                    if one[0] not in " \t":
                        self.name, self.name_errors = words.pop(0), []
                        with self.line.collected(self.name_errors, "name"):
                            self.name = full_name(self._complete(self.name), self.zone)
                        self.errors += self.name_errors
                    self._record(words, comment, one)

    def _warn(self, message: str) -> None:
        self.warnings.append(f"{self.line.place}: {message}")

    def _directive(self, directive: str, value: str) -> None:
        if directive == "$ORIGIN" and value:
            self.origin = "" if value == "." else canonical_name(self._complete(value))
        elif directive == "$TTL" and _TTL.fullmatch(value):
            self.default_ttl = _seconds(value)
        else:
            raise ValidationError(
                f"{directive} {value!r} cannot be read",
                hint="there are `$ORIGIN NAME`, `$TTL SECONDS` and `$GENERATE 1-9 NAME TYPE DATA`; "
                "what $INCLUDE names must be in the file itself",
            )

    def _complete(self, name: str) -> str:
        """Return *name* with the origin, where it is relative to that, and with a final dot."""
        if name == APEX:
            return f"{self.origin}."
        name = re.sub(r"(?<!\\)@", r"\\064", name)
        if not is_absolute(name):
            name = f"{name}.{self.origin}".removesuffix(".") + "."
            if name.lower().endswith(f".{self.zone}.{self.zone}."):
                twice = f"{name.lower()[:-1]} has the zone twice"
                self._warn(f"{twice}; a complete name in a zone file ends with a dot")
        return name

    def _target(self, name: str) -> str:
        # Without a final dot an address would become a name.
        target = host(name) if name != APEX else ""
        return target if is_absolute(name) else host(self._complete(name))

    def _record(self, words: list[str], comment: str, text: str) -> None:
        if len(self.records) >= MOST:
            raise ValidationError(f"more than {MOST:,} records", hint="a zone's records need far less")
        errors = [*self.name_errors]
        ttl, type = self._ttl_and_type(words, errors)
        if type == "SOA" or (type == "NS" and self.name == self.zone):
            self.left_out += 1
            if type == "SOA" and self.default_ttl < 0 and words and _TTL.fullmatch(words[-1]):
                # Without $TTL, its last number is the default (before RFC 2308).
                self.default_ttl = _seconds(words[-1])
        elif type and type not in TYPES:
            self.skipped.append(self.line.refused(unsupported(type)))
        elif type:
            record: Json = {"name": self.name, "type": type, "ttl": ttl}
            with self.line.collected(errors, "content"):
                record |= fields_of(type, self._data(type, words, comment, text))
            found, unread = remarks(comment)
            for warning in unread:
                self._warn(warning)
            record |= found
            if type not in PROXIABLE:
                record.pop("proxied", None)
            elif self.proxied is not None:
                record.setdefault("proxied", self.proxied)
            if record.get("proxied"):
                record["ttl"] = checks.AUTOMATIC
            self.records.append(self.line._replace(record=record, errors=tuple(errors)))
        self.errors += errors[len(self.name_errors) :]

    def _data(self, type: str, words: list[str], comment: str, text: str) -> str:
        """Return the data of a record as Cloudflare takes it."""
        data = " ".join(words)
        if data.startswith("\\#"):
            return parsed(type, data).to_text()
        if type != "TXT":
            return with_target(type, data, self._target)
        if comment and words and words[-1][-1] != '"' and f"{words[-1]};{comment}" in text:
            self._warn("what follows `;` is a comment: put text that has one in quotes")
        strings = (one if one[0] == '"' else f'"{one}"' for one in _STRING.findall(data))
        return quoted(strings_of(" ".join(strings)))

    def _ttl_and_type(self, words: list[str], errors: list[Problem]) -> tuple[int, str]:
        """Take what is before the data out of *words*; the type is "" where it is missing or unknown."""
        ttl = -1
        while words:
            word = words.pop(0)
            if ttl < 0 and _TTL.fullmatch(word):
                ttl = self.ttl = _seconds(word)
                continue
            with self.line.collected(errors, "type"):
                if _CLASS.fullmatch(word):
                    if word.upper() in ("IN", "CLASS1"):
                        continue
                    raise ValidationError(f"its class is {word}, and not IN", hint="remove the class")
                try:
                    type = word.upper() if word.upper() in FOREIGN else dns.rdatatype.from_text(word).name
                except (dns.exception.DNSException, ValueError):
                    if {one.upper() for one in words[:3]}.isdisjoint(TYPES):
                        words.clear()
                        raise checks.unknown_type(word.upper()) from None
                    what = f"{word!r} is neither a TTL nor a class nor a type"
                    raise ValidationError(what, hint=_LINE) from None
                default = self.default_ttl if self.default_ttl >= 0 else self.ttl
                return (default if ttl < 0 else ttl), type
        if len(errors) == len(self.name_errors):
            missing = ValidationError("it has no type and no data", hint=_LINE)
            errors.append(("type", self.line.refused(missing)))
        return ttl, ""


def _words(text: str) -> tuple[list[str], str]:
    """Return the words of a line, and its comment. Raises ValidationError where it does not end."""
    words, comment, depth, wrong = [], "", 0, ""
    for match in _TOKEN.finditer(text):
        word, remark, mark = match.groups()
        depth += {"(": 1, ")": -1}.get(mark, 0)
        wrong = "a quote or a backslash has no counterpart" if mark and mark not in "()" else ""
        if wrong or depth < 0:
            break
        words += [word] if word else []
        comment = remark if remark and not depth else comment
    if wrong or depth:
        wrong = wrong or "a parenthesis has no counterpart"
        raise ValidationError(wrong, hint=f"{_LINE}; text with spaces is in quotes")
    return words, comment


def _seconds(text: str) -> int:
    """Return a TTL such as 300 or 1h30m in seconds."""
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([a-z]?)", text.lower()))


def read(text: str, zone: str, proxied: bool | None = None) -> RecordFile:
    """Return the records of a zone file, without SOA and the NS of the zone itself, which Cloudflare sets.

    *proxied* applies where a record has no `cf-proxied`; None leaves it open.
    """
    reading = _ZoneFile(zone, proxied)
    for number, line in _lines(text):
        reading.read(number, line)
    own = f"left out: {reading.left_out} SOA or NS of {zone} itself, which Cloudflare sets"
    if reading.ages:
        what = f"{reading.ages[0]}: [AGE:…] of Windows DNS, {len(reading.ages)} times"
        reading.skipped.append(ValidationError(what, hint="remove them"))
    return RecordFile(
        reading.records,
        notes=(own,) if reading.left_out else (),
        skipped=tuple(reading.skipped),
        warnings=tuple(reading.warnings),
        errors=tuple(error for _, error in reading.errors),
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, as one those that parentheses hold together."""
    opened: list[int] = []
    for match in _PART.finditer(text) if "(" in text else ():
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            opened.pop()
    # One that is never closed must not swallow the rest of the file.
    never_closed = set(opened)
    start, depth, number, first = 0, 0, 1, 1
    for match in _PART.finditer(text):
        part = match[0]
        if part == "(":
            depth += match.start() not in never_closed
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
    start, stop, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if start > stop or not step:
        raise ValidationError(f"{start}-{stop}/{step} is not a range", hint="e.g. 1-10 or 1-10/2")
    if (stop - start) // step >= MOST:
        raise ValidationError(f"more than {MOST:,} records", hint="a zone's records need far less")
    for counter in range(start, stop + 1, step):
        yield _COUNTER.sub(lambda match, counter=counter: _counted(match, counter), found[4])


def _counted(match: re.Match[str], counter: int) -> str:
    """Return what a `$` of $GENERATE stands for: `${offset,width,base}`, as BIND has it."""
    if match[0][0] == "\\" or match[0] == "$$":
        return match[0].replace("$$", "$")
    value, width, base = counter + int(match[1] or 0), int(match[2] or 0), match[3] or "d"
    if base not in "nN":
        return format(value, base).zfill(width)
    if value < 0:
        raise ValidationError("a nibble of $GENERATE is negative", hint="use a larger offset")
    digits = format(value, "x" if base == "n" else "X").zfill((width + 1) // 2)
    return ".".join(reversed(digits))


def remarks(comment: str) -> tuple[Json, list[str]]:
    """Return what a comment means as the API writes it, and warnings for what is not understood."""
    # Free text comes first, then `cf_tags=` with the tags; a comment that contains this marker itself has
    # another one at its end. A value with `"`, `=`, `,` or a backslash is a JSON string.
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
