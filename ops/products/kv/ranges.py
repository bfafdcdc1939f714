"""Keys by several prefixes, read concurrently: a cursor alone allows only one page after the other.

A listing by cursor cannot start in the middle, but a prefix starts another listing. Only a caller who knows
the keys can name the prefixes: for a whole namespace there is no safe set of them, because a key is any UTF-8
of up to 512 bytes and there is no total. Beyond about 1,000 pages the request budget is the limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from ops.http.pages import Listing, Tally
from ops.products.kv import api, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ops.http.client import Client
    from ops.items import Json
    from ops.products.zones.parts import Parallel

# The number of bytes of a range that are in memory before it is written to a file.
MEMORY = 1 << 20


class Range(NamedTuple):
    """The keys of one prefix, as JSON lines, and why they may be incomplete."""

    file: SpooledTemporaryFile[bytes]
    problem: str
    duplicates: int

    def keys(self) -> Iterator[Json]:
        with self.file as lines:
            lines.seek(0)
            yield from map(json.loads, lines)


def disjoint(prefixes: Iterable[str]) -> list[str]:
    """Return *prefixes* in the order of their keys, without those that begin with another one.

    No key begins with two of them, and all keys of one come before all keys of the next. Raise UsageError for
    a prefix that no key can have.
    """
    apart: list[str] = []
    # Code points sort as UTF-8 bytes do, and a prefix sorts before everything that begins with it.
    for prefix in sorted(map(valid.prefix, prefixes)):
        if not (apart and prefix.startswith(apart[-1])):
            apart.append(prefix)
    return apart


def list_ranges(
    client: Client,
    account_id: str,
    namespace_id: str,
    prefixes: Iterable[str],
    *,
    parallel: Parallel,
    folder: Path,
) -> Listing:
    """List the keys that begin with any of *prefixes*, each once, in the order of their UTF-8 bytes.

    Several prefixes are read at once, each to its end before its first key is returned, into files in
    *folder*.
    """
    apart, tally = disjoint(prefixes), Tally()

    def read(prefix: str) -> Range:
        listing = api.list_keys(client, account_id, namespace_id, prefix=prefix)
        file = SpooledTemporaryFile(MEMORY, dir=str(folder))  # noqa: SIM115 (closed by its reader)
        for key in listing:
            file.write(json.dumps(key, separators=(",", ":")).encode() + b"\n")
        return Range(file, listing.problem, listing.duplicates)

    def keys() -> Iterator[Json]:
        tally.passes = 1
        for prefix, found in zip(apart, parallel(read, apart), strict=True):
            yield from found.keys()
            tally.duplicates += found.duplicates
            if found.problem and not tally.problem:
                tally.problem = f"the keys with the prefix {prefix!r}: {found.problem}"

    return Listing(keys(), tally)
