"""Keys by several prefixes, read side by side: what a cursor allows only one page after the other.

A listing by cursor cannot be begun in its middle: the API knows no key to start behind, and a cursor is told
only by the page before it. A prefix begins another listing, so prefixes that share nothing can be read at the
same time. They have to be given by whoever knows the keys. For a namespace as a whole there is no sound set
of them: key names are any UTF-8 of up to 512 bytes, so whichever prefixes are listed, a key may lie outside,
and nothing proves that none does. There is no total (the count of the analytics is up to a day old), no
listing from the end, no prefix of half a character, and more first characters than requests in an hour. Only
the listing without a prefix is complete, and it takes all its pages anyway. Beyond about 1,000 pages the
budget rules, and nothing is gained either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from ops.files.disk import private_folder
from ops.http.pages import Listing, Tally
from ops.products.kv import api, valid

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json

# So much of a range is held in memory before it goes to a file.
HELD = 1 << 20


class Range(NamedTuple):
    """The keys of one prefix, as JSON lines, and why they may not be all."""

    file: SpooledTemporaryFile[bytes]
    problem: str
    duplicates: int

    def keys(self) -> Iterator[Json]:
        with self.file as lines:
            lines.seek(0)
            yield from map(json.loads, lines)


def disjoint(prefixes: Iterable[str]) -> list[str]:
    """Give *prefixes* in the order of their keys, without those whose keys another one has as well.

    No key begins with two of them, and all keys of one come before all keys of the next. Raises UsageError
    for what no key can begin with.
    """
    apart: list[str] = []
    # The order of code points is that of UTF-8's bytes, and a prefix stands before all that it begins.
    for prefix in sorted(map(valid.prefix, prefixes)):
        if not (apart and prefix.startswith(apart[-1])):
            apart.append(prefix)
    return apart


def list_ranges(app: App, namespace_id: str, prefixes: Iterable[str]) -> Listing:
    """List the keys that begin with any of *prefixes*, each once, in the order of their UTF-8 bytes.

    Several prefixes are read at once, each to its end before its first key is given; memory stays flat.
    """
    apart, tally = disjoint(prefixes), Tally()
    folder = private_folder(app.settings.state_dir)

    def read(prefix: str) -> Range:
        listing = api.list_keys(app.client, app.account_id, namespace_id, prefix=prefix)
        file = SpooledTemporaryFile(HELD, dir=str(folder))  # noqa: SIM115 (closed by who reads it)
        for key in listing:
            file.write(json.dumps(key, separators=(",", ":")).encode() + b"\n")
        return Range(file, listing.problem, listing.duplicates)

    def keys() -> Iterator[Json]:
        tally.passes = 1
        for prefix, found in zip(apart, app.parallel(read, apart), strict=True):
            yield from found.keys()
            tally.duplicates += found.duplicates
            if found.problem and not tally.problem:
                tally.problem = f"the keys that begin with {prefix!r}: {found.problem}"

    return Listing(keys(), tally)
