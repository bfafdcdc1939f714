"""The format numbers of the files that cfops keeps.

A file without a number has format 1. A newer format is refused and left as it is; never is it called damaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.errors import Newer

FORMAT = "format"


def check_format(document: object, known: int, where: object) -> None:
    """Raise Newer if *document*, which *where* holds, has a format above *known*."""
    if isinstance(document, Mapping):
        check_number(document.get(FORMAT, 1), known, where)


def check_number(number: Any, known: int, where: object) -> None:
    """Raise Newer if *number*, the format of *where*, is above *known*."""
    if type(number) is int and number > known:
        reads = f"it has format {str(number)[:20]}, and this version reads up to {known}"
        raise Newer(f"{where} was written by a newer cfops: {reads}", hint="use a newer cfops")
