"""Moving: many files to a bucket or from one, several at once, with the progress shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ops.cli.app import App

T = TypeVar("T")
R = TypeVar("R")


def moved(app: App, what: str, move: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """Call *move* for each item and yield the results in their order; *what* names the work to people.

    Raises what *move* raises, and Interrupted once the run shall stop.
    """
    from ops.ui.progress import Progress

    progress = Progress(sys.stderr, sys.stderr.isatty(), quiet=app.settings.quiet or app.talk.log)
    progress.start(what, len(items))
    try:
        with app.talk.above(progress.note):
            for result in app.parallel(move, items, at_once=app.settings.workers):
                progress.done()
                yield result
    finally:
        progress.finish()
