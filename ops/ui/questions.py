"""Questions before what cannot be taken back: asked on a terminal, refused elsewhere, never self-answered."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from ops.errors import Refused
from ops.ui.escape import printable


def confirm(
    question: str,
    *,
    assume_yes: bool,
    terminal: bool,
    ask: Callable[[], str] = input,
    err: TextIO | None = None,
) -> None:
    """Return where the answer is yes, or *assume_yes* says so; raise Refused otherwise.

    *terminal* says whether somebody is there to answer. The question goes to *err* (stderr): stdout is for
    data. No answer, or the end of the input, is a no.
    """
    if assume_yes:
        return
    if not terminal:
        raise Refused(f"not confirmed: {question}", hint="there is no terminal to ask on; --yes confirms it")
    if _answer(f"{question} [y/N] ", ask, err).lower() not in ("y", "yes"):
        raise Refused("not confirmed: nothing was changed", hint="answer `y`, or give --yes")


def typed_name(
    name: str,
    *,
    given: str,
    terminal: bool,
    ask: Callable[[], str] = input,
    err: TextIO | None = None,
) -> None:
    """Return where *name* was typed, in the option --confirm (*given*) or as the answer; else raise Refused.

    For what is severe --yes is not enough: the name shows that the right thing is meant. Several names are
    given with commas between them.
    """
    if not given and not terminal:
        raise Refused(f"not confirmed: {name}", hint=f"there is no terminal to ask on; --confirm {name}")
    answer = given or _answer(f"type the name to confirm, {name}: ", ask, err)
    if name not in (answer, *(given.split(",") if given else ())):
        raise Refused(f"{answer!r} is not {name!r}: nothing was changed", hint=f"type {name} exactly")


def _answer(question: str, ask: Callable[[], str], err: TextIO | None) -> str:
    stream = err or sys.stderr
    stream.write(printable(question))
    stream.flush()
    try:
        return ask().strip()
    except EOFError:
        stream.write("\n")
        return ""
    except KeyboardInterrupt:
        stream.write("\n")
        raise
