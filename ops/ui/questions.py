"""Confirmation of what cannot be undone: asked on a terminal, refused elsewhere, never assumed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from ops.errors import Refused
from ops.ui.escape import printable
from ops.ui.spinner import hidden


def confirm(
    question: str,
    *,
    assume_yes: bool,
    terminal: bool,
    ask: Callable[[], str] = input,
    err: TextIO | None = None,
    option: str = "--yes",
) -> None:
    """Return if the answer is yes, or *assume_yes* is set; raise Refused otherwise.

    *terminal*: somebody can answer; *option* is the one that sets *assume_yes*. The question goes to *err*
    (stderr), since stdout is for data. No answer means no.
    """
    if assume_yes:
        return
    if not terminal:
        hint = f"there is no terminal to ask on; add {option} to confirm"
        raise Refused(f"not confirmed: {question}", hint=hint)
    if answer(f"{question} [y/N] ", ask, err).lower() not in ("y", "yes"):
        raise Refused("not confirmed: nothing was changed", hint=f"answer `y`, or add {option}")


def typed_name(
    name: str, *, given: str, terminal: bool, ask: Callable[[], str] = input, err: TextIO | None = None
) -> None:
    """Return if *name* was typed, in the option --confirm (*given*) or as the answer; else raise Refused.

    For some deletions --yes is not enough: the name shows that the right item is meant. *given* may hold
    several names separated by commas.
    """
    if not given and not terminal:
        raise Refused(f"not confirmed: {name}", hint=f"there is no terminal to ask on; add --confirm {name}")
    typed = given or answer(f"type the name to confirm, {name}: ", ask, err)
    if name not in (typed, *(given.split(",") if given else ())):
        raise Refused(f"{typed!r} is not {name!r}: nothing was changed", hint=f"type {name} exactly")


def answer(question: str, ask: Callable[[], str] = input, err: TextIO | None = None) -> str:
    """Return what the person types after *question*, without surrounding blanks.

    Raises Refused at the end of the input.
    """
    stream = err or sys.stderr
    with hidden():
        stream.write(printable(question))
        stream.flush()
        try:
            return ask().strip()
        except EOFError:
            stream.write("\n")
            raise Refused("no answer: nothing was changed") from None
        except KeyboardInterrupt:
            stream.write("\n")
            raise
