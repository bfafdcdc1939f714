"""Where the value to be written comes from: the command line, a file, or stdin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from ops.errors import UsageError
from ops.products.kv import valid
from ops.products.kv.api import VALUE_LIMIT


def value_from(text: str, file: str) -> bytes:
    """Give the bytes of *text*, or of *file*, where `-` is stdin; no more than 25 MiB of it are read.

    Raises UsageError where not exactly one of them is given or the file cannot be read, and ValidationError
    for more than 25 MiB.
    """
    if bool(text) == bool(file):
        hint = "--value TEXT, --file FILE, or --file - for stdin; --file /dev/null writes an empty value"
        raise UsageError("the value is given once: by --value or by --file", hint=hint)
    if text:
        # What the shell gave that is no UTF-8 goes on as the bytes it was.
        return valid.value(text.encode("utf-8", "surrogateescape"))
    if file == "-":
        return _read(sys.stdin.buffer)
    try:
        with Path(file).open("rb") as opened:
            return _read(opened)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint=f"`ls -l {file}`") from None


def _read(file: BinaryIO) -> bytes:
    return valid.value(file.read(VALUE_LIMIT + 1))
