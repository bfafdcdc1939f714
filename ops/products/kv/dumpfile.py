"""The format of a dump: JSON lines, one for each pair, and a last line that describes the lines before it.

    {"key":"a","value":"text","expiration":1801396800,"metadata":{"n":1}}
    {"key":"b","value":"AAH/","base64":true}
    {"dump":"kv/1","account":"…","namespace":{"id":"…","title":"…"},"pairs":2,"gone":[],"unread":[],"sha256":"…"}

A pair has the form of a bulk write: base64 if the value is not UTF-8, the expiration in epoch seconds. Each
key occurs once, in the order of the UTF-8 bytes. `gone` names the listed keys that had expired or were
deleted before their value was read, `unread` those that could not be read. `sha256` is the hash of all lines
before the last one, with their newlines. The file may be compressed as a whole, with gzip. A bulk file of
wrangler is read too: a JSON list of such pairs, in any order.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import stat
import zlib
from base64 import b64decode
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Self

from ops.errors import ApiError, Locked, MalformedAnswer, NotFound, Refused, UsageError, ValidationError
from ops.files.disk import PRIVATE_FILE, atomic, explained, open_source
from ops.http.answers import finite, parse
from ops.products.kv import api, valid
from ops.products.kv.api import VALUE_LIMIT
from ops.products.kv.pairs import pair
from ops.products.kv.values import as_pair, at_once, value_of

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner

FORMAT = "kv/1"
# A byte of a value takes at most six as JSON.
LINE_LIMIT = 6 * VALUE_LIMIT + 64 * 1024
FIREWALL = 403
_GZIP = b"\x1f\x8b"
# Created once: json.loads would create a decoder for every line.
_READ = json.JSONDecoder(parse_constant=finite, parse_float=finite).decode
_AGAIN = "dump the namespace again, or copy the whole file"
_FILES = "--file takes a file that `inv kv.dump` has written, a bulk file of wrangler, or - for stdin"
_BULK_FIELDS = {"key", "value", "metadata", "expiration", "expiration_ttl", "base64"}


def item_line(item: Json) -> bytes:
    """Return the line of an item, as item_of reads it."""
    return to_line(as_pair({**item, "name": item["key"]}, item["value"]))


def to_line(entry: Json) -> bytes:
    """Return *entry* as a line of a dump."""
    # Escapes preserve what is not valid text in metadata, such as half of a surrogate pair.
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


class Dump:
    """The pairs of the dump *path*, which is read from its start each time; *name* is shown in messages."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.path = path
        self.name = name or str(path)

    def check(self) -> Json:
        """Read the whole file and return its last line. Raise UsageError or ValidationError."""
        return deque(self._entries(), maxlen=1).pop()

    def pairs(self) -> Iterator[Json]:
        """Yield the pairs as items, their values as bytes; raise as check does, at the end at the latest."""
        return (entry for entry in self._entries() if "key" in entry)

    def _entries(self) -> Iterator[Json]:
        """Yield each pair as an item, then the last line unchanged, after comparing it with the pairs."""
        digest, count, last = sha256(), 0, ""
        lines = enumerate(self.lines(), 1)
        for number, line in lines:
            try:
                entry = _READ(line.decode())
                is_last = isinstance(entry, dict) and "dump" in entry and "key" not in entry
                entry = entry if is_last else item_of(entry)
            except (ValidationError, UsageError) as error:
                raise self._wrong(number, error.message) from None
            except (ValueError, RecursionError):
                raise self._wrong(number, "not JSON") from None
            if is_last:
                self._compare(entry, count, digest.hexdigest())
                if next(lines, None):
                    raise self._wrong(number + 1, "there is more after the last line of the dump")
                yield entry
                return
            if count and entry["key"] <= last:
                raise self._wrong(number, f"the key {entry['key']!r} is out of order, or a duplicate")
            digest.update(line)
            count, last = count + 1, entry["key"]
            yield entry
        problem = f"{self.name} is truncated: it ends after {count:,} pairs, without its last line"
        raise ValidationError(problem, hint=_AGAIN)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the file, uncompressed. Raise UsageError or ValidationError."""
        try:
            with self.path.open("rb") as file:
                packed = file.read(2) == _GZIP
                file.seek(0)
                source: BinaryIO = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]  # reads the same
                while line := source.readline(LINE_LIMIT):
                    yield line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValidationError(f"{self.name} is truncated or damaged: {error}", hint=_AGAIN) from None
        except OSError as error:
            raise UsageError(f"{self.name} cannot be read: {error.strerror}", hint=_FILES) from None

    def _compare(self, last: Json, count: int, digest: str) -> None:
        if last["dump"] != FORMAT:
            hint = "update cfops"
            raise ValidationError(f"{self.name} has the format {last['dump']!r}, not {FORMAT}", hint=hint)
        if (last.get("pairs"), last.get("sha256")) != (count, digest):
            problem = f"the hash of its {count:,} pairs differs from the one in its last line"
            if last.get("pairs") != count:
                problem = f"it has {count:,} pairs, but its last line counts {last.get('pairs')}"
            raise ValidationError(f"{self.name} was changed or damaged: {problem}", hint=_AGAIN)

    def _wrong(self, number: int, why: str) -> ValidationError:
        return ValidationError(f"{self.name}, line {number}: {why}", hint=_FILES if number == 1 else _AGAIN)


@contextmanager
def open_dump(file: str, folder: Path, *, now: float) -> Iterator[Dump]:
    """Return the dump *file*, or a bulk file of wrangler as a dump; `-` is stdin.

    A dump is read several times, so a pipe is copied into *folder* first. Raise UsageError, ValidationError.
    """
    name, path = ("stdin" if file == "-" else file), Path(file)
    with explained(folder), ExitStack() as stack:
        if file == "-" or not path.is_file():
            spool = stack.enter_context(NamedTemporaryFile(dir=folder))
            with open_source(file, _FILES) as source:
                copyfileobj(source, spool)
            spool.flush()
            path = Path(spool.name)
        dump = Dump(path, name)
        first = next((line for line in dump.lines() if line.strip()), b"")
        if first.removeprefix(BOM_UTF8).lstrip().startswith(b"["):
            converted = stack.enter_context(NamedTemporaryFile(dir=folder))
            converted.writelines(_from_wrangler(dump, now))
            converted.flush()
            dump = Dump(Path(converted.name), name)
        yield dump


def _from_wrangler(dump: Dump, now: float) -> Iterator[bytes]:
    try:
        entries = parse(b"".join(dump.lines()))
    except ValueError as error:
        raise ValidationError(f"{dump.name} is not JSON: {error}", hint=_FILES) from None
    items: dict[str, Json] = {}
    for number, entry in enumerate(entries, 1):
        try:
            item = item_of(_without_ttl(entry, now))
            if item["key"] in items:
                raise ValidationError(f"the key {item['key']!r} is repeated")
        except (ValidationError, UsageError) as error:
            hint = error.hint or "each pair has a key, a value, and metadata, expiration or base64 if needed"
            raise ValidationError(f"{dump.name}, pair {number}: {error.message}", hint=hint) from None
        items[item["key"]] = item
    digest = sha256()
    for key in sorted(items):
        line = item_line(items[key])
        digest.update(line)
        yield line
    yield to_line({"dump": FORMAT, "pairs": len(items), "sha256": digest.hexdigest()})


def _without_ttl(entry: Any, now: float) -> Any:
    """Return a pair of wrangler with `expiration` instead of `expiration_ttl`, its fields checked."""
    if not isinstance(entry, dict):
        return entry
    if unknown := sorted(entry.keys() - _BULK_FIELDS):
        raise ValidationError(f"unknown field {unknown[0]!r}")
    if not isinstance(entry.get("base64", False), bool):
        raise ValidationError(f"`base64` {entry['base64']!r} is not true or false")
    ttl = entry.get("expiration_ttl")
    if ttl is None:
        return entry
    if not isinstance(ttl, int) or isinstance(ttl, bool):
        raise ValidationError(f"the `expiration_ttl` {ttl!r} is not a number of seconds")
    if entry.get("expiration") is not None:
        raise ValidationError("`expiration` and `expiration_ttl` exclude each other")
    return {**entry, "expiration": valid.expiration("", ttl, now=now)}


def item_of(entry: Any) -> Json:
    """Return the item of a line of a dump. Raise ValidationError or UsageError if it is not valid."""
    if not isinstance(entry, dict):
        raise ValidationError("not a JSON object")
    key, text, moment = entry.get("key"), entry.get("value"), entry.get("expiration")
    if not isinstance(key, str) or not isinstance(text, str):
        raise ValidationError("`key` and `value` must be text")
    if moment is not None and (not isinstance(moment, int) or isinstance(moment, bool)):
        raise ValidationError(f"the expiration {moment!r} is not in epoch seconds")
    base64 = entry.get("base64") is True
    try:
        value = b64decode(text, validate=True) if base64 else text.encode()
    except ValueError:
        raise ValidationError(f"the value is not valid {'base64' if base64 else 'text'}") from None
    return valid.pair(pair(key, value, entry.get("metadata"), moment))


class ResumableDump:
    """The lines of an unfinished dump, in `<target>.partial` beside it, locked while it is open.

    *origin* describes what is dumped; a partial file of another origin is refused. *last* is the last
    complete key ("" at the start), *count* the number of keys so far. Raise Refused, Locked and DiskError.
    """

    def __init__(self, target: Path, origin: Json) -> None:
        self.path = target.with_name(target.name + ".partial")
        self.last = ""
        self.count = 0
        self._target = target
        self._origin = origin
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with explained(self.path), ExitStack() as opening:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(self.path, flags, PRIVATE_FILE)
            opening.callback(os.close, self._file)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                hint = "wait until it has ended; its lock ends with it"
                raise Locked(f"another run is writing {self._target}", hint=hint) from None
            found = os.fstat(self._file)
            if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid():
                hint = f"`rm {self.path}` starts again from the first key"
                raise Refused(f"{self.path} may have been changed by another user of this machine", hint=hint)
            head = to_line({"partial": FORMAT, **self._origin})
            whole = 0
            for line, entry in self._lines():
                if not whole and line != head:
                    hint = f"use another file, or `rm {self.path}` to start from the first key"
                    raise Refused(f"{self.path} belongs to another namespace or version", hint=hint)
                whole += len(line)
                if whole > len(head):
                    self.last = str(entry.get("key") or entry.get("gone") or entry.get("unread"))
                    self.count += 1
            os.ftruncate(self._file, whole)
            if not whole:
                os.pwrite(self._file, head, 0)
            os.lseek(self._file, 0, os.SEEK_END)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, lines: bytes, last: str, count: int) -> None:
        """Append whole *lines*, of *count* keys up to the key *last*."""
        with explained(self.path):
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        self.last, self.count = last, self.count + count

    def gone(self) -> Iterator[str]:
        """Yield the keys that had no value."""
        return (str(entry["gone"]) for _, entry in self._lines() if "gone" in entry)

    def finish(self, unread: AbstractSet[str] = frozenset()) -> Json:
        """Write the target, remove the partial file, return the last line; *unread* keys are not "gone"."""
        digest, pairs = sha256(), 0
        missing: dict[str, list[str]] = {"gone": [], "unread": []}
        with atomic(self._target) as file, ExitStack() as stack:
            out: Any = file
            if self._target.suffix == ".gz":
                # Reproducible byte for byte.
                packed = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
                out = stack.enter_context(packed)
            for line, entry in self._lines():
                if "key" in entry:
                    digest.update(line)
                    out.write(line)
                    pairs += 1
                for why in missing.keys() & entry.keys():
                    missing["unread" if entry[why] in unread else why].append(entry[why])
            last = {"dump": FORMAT, **self._origin, "pairs": pairs, **missing, "sha256": digest.hexdigest()}
            out.write(to_line(last))
        with explained(self.path):
            self.path.unlink()
        return last

    def _lines(self) -> Iterator[tuple[bytes, Json]]:
        """Yield the whole lines from the start; the last ones may be damaged after a crash."""
        with open(os.dup(self._file), "rb") as file:  # noqa: PTH123 (the locked descriptor itself)
            file.seek(0)
            for line in file:
                try:
                    entry: Any = json.loads(line)
                except (ValueError, RecursionError):
                    return
                if not (line.endswith(b"\n") and isinstance(entry, dict)):
                    return
                yield line, entry


class Batch(NamedTuple):
    """The lines of up to a hundred keys, and the keys among them that have no value."""

    lines: bytes
    last: str
    keys: int
    unread: list[str]


def read_batch(client: Client, namespace: Owner, keys: list[Json]) -> Batch | None:
    """Read the values of up to a hundred *keys*, as they were listed; None if they are too large."""
    texts = at_once(partial(api.get_text_values, client, namespace), [key["name"] for key in keys])
    if texts is None:
        return None
    lines, unread = [], []
    for key in keys:
        name = key["name"]
        try:
            value = value_of(client, namespace, name, texts.get(name))
        except (ApiError, MalformedAnswer, NotFound) as error:
            # The firewall of the API refuses some names, some values cannot be proven to be whole, and a 404
            # may come from a proxy.
            if isinstance(error, ApiError) and error.status != FIREWALL:
                raise
            if api.NO_NAMESPACE in error.codes:
                raise
            unread.append(f"{name!r} ({error.message})")
            lines.append(to_line({"unread": name}))
            continue
        lines.append(to_line({"gone": name} if value is None else as_pair(key, value)))
    return Batch(b"".join(lines), keys[-1]["name"], len(keys), unread)
