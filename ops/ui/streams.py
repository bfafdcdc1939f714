"""Standard output: a full disk is an error, a closed pipe a quiet end."""

from __future__ import annotations

import codecs
import errno
import os
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any

from ops.errors import DiskError
from ops.telemetry.log import silence
from ops.ui.escape import printable
from ops.ui.spinner import said

if TYPE_CHECKING:
    from ops.ui.pager import Pager


# An unbuffered stream (PYTHONUNBUFFERED) would need a system call for each row.
PIECE = 32 * 1024


class Sink:
    """Writes data: as UTF-8 to files and pipes, in the terminal's encoding with escapes on a terminal.

    Raises DiskError if the stream cannot be written. BrokenPipeError passes: the reader needs no more.
    """

    def __init__(self, stream: IO[Any]) -> None:
        self.terminal = stream.isatty()
        self.pager: Pager | None = None
        """What is longer than the terminal goes through it."""
        self._stream = stream
        self._encoding = (getattr(stream, "encoding", None) or "utf-8") if self.terminal else "utf-8"
        # A text stream has a binary one below it, or none (io.StringIO); one without an encoding is binary.
        below = None if hasattr(stream, "encoding") else stream
        self._binary: IO[bytes] | None = getattr(stream, "buffer", below)
        self._pending = bytearray()
        self._guarded(stream.flush)

    def text(self, text: str) -> None:
        """Write text that is safe: our own layout, or escaped already."""
        self._put(text.encode(self._encoding, "backslashreplace"))

    def data(self, text: str) -> None:
        """Write text unchanged; on a terminal, with control characters escaped."""
        self.text(printable(text, "\n\t") if self.terminal else text)

    def raw(self, chunks: Iterable[bytes]) -> None:
        """Write bytes unchanged; on a terminal, as text with escapes."""
        if not self.terminal:
            for chunk in chunks:
                self._put(chunk)
            return
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        for chunk in chunks:
            self.data(decoder.decode(chunk))
        self.data(decoder.decode(b"", final=True))

    def flush(self) -> None:
        """Write everything that is pending."""
        self._hand_over()
        self._guarded((self._binary or self._stream).flush)

    def _put(self, data: bytes) -> None:
        self._pending += data
        if len(self._pending) >= PIECE:
            self._hand_over()

    def _hand_over(self) -> None:
        data, self._pending = bytes(self._pending), bytearray()
        if self.pager is not None:
            self.pager.write(data)
        else:
            self.put(data)

    def put(self, data: bytes) -> None:
        """Write *data* at once, past the pager."""
        said()
        if self._binary is None:
            self._guarded(self._stream.write, data.decode(self._encoding))
        else:
            self._guarded(_write_all, self._binary, data)
            # What is said on stderr afterwards must not come first.
            self._guarded(self._binary.flush)

    def _guarded(self, action: Callable[..., Any], *arguments: Any) -> None:
        try:
            action(*arguments)
        except BrokenPipeError:
            raise
        except OSError as problem:
            silence(self._stream)
            raise DiskError(
                f"the output could not be written: {problem.strerror or problem}",
                hint="what was written is cut short; free some space and run it again",
            ) from None


def _write_all(stream: IO[bytes], data: bytes) -> None:
    # An unbuffered stream (PYTHONUNBUFFERED) may silently take a part.
    rest = memoryview(data)
    while rest:
        taken = stream.write(rest)
        if taken is None:  # what a full non-blocking raw stream returns
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        rest = rest[taken:]
