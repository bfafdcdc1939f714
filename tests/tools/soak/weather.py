"""What may go wrong in a round: faults of the sandbox, and signals at the time of a request."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import NamedTuple

from tests.tools.soak.drawing import Draw, Task

PATHS = (
    "",
    "",
    "",
    "",
    "/zones*",
    "/zones/*/dns_records*",
    "/accounts/*/storage/kv/*",
    "/accounts/*/workers/*",
)
LISTS = ("/zones/*/dns_records*", "/accounts/*/storage/kv/namespaces/*/keys*", "/zones?*")
KEYS = "/accounts/*/storage/kv/namespaces/*/keys*"

# The kind with its arguments, the methods and the paths that it is drawn for.
WRITE = "the method that writes"
_ANY = ("", "", "GET", WRITE, WRITE)
_WRITES = (WRITE,)
# The methods of tasks with these names; others send a POST.
METHODS = {
    "put": "PUT",
    "rename": "PUT",
    "deploy": "PUT",
    "load": "PUT",
    "schedules": "PUT",
    "update": "PATCH",
    "set": "PATCH",
    "pause": "PATCH",
    "delete": "DELETE",
    "remove": "DELETE",
    "route-delete": "DELETE",
}
FAULTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("429 after=0", _ANY, PATHS),
    ("429 after=1", _ANY, PATHS),
    ("429 after=300", _ANY, PATHS),
    ("500", _ANY, PATHS),
    ("502", _ANY, PATHS),
    ("503 retry_after=0", _ANY, PATHS),
    ("524", _ANY, PATHS),
    ("403-html", _ANY, PATHS),
    ("delay seconds=0.03", _ANY, PATHS),
    ("reset", _ANY, PATHS),
    ("close", _ANY, PATHS),
    ("cut", _ANY, PATHS),
    ("cut reset=true", _ANY, PATHS),
    ("cut-chunked", _ANY, PATHS),
    ("no-length", ("GET",), PATHS),
    ("hang seconds=2.5", _ANY, PATHS),
    *[("hang seconds=2.5 execute=true", _WRITES, ("",))] * 2,
    ("drip bytes=2000 seconds=0.005", _ANY, PATHS),
    # The most harmful faults are drawn most often: the write was applied, but the answer is lost.
    *[("drop-after", _WRITES, ("",))] * 3,
    *[("drop-after reset=true", _WRITES, ("",))] * 3,
    *[("error-after", _WRITES, ("",))] * 3,
    *[("error-after status=502", _WRITES, ("",))] * 3,
    ("denied scope=dns:edit", ("",), ("",)),
    ("denied scope=workers_kv_storage:read", ("",), ("",)),
    ("denied", _ANY, PATHS),
    ("revoked", ("",), PATHS),
    ("drift", ("GET",), LISTS[:2]),
    ("malformed", _ANY, PATHS),
    ("malformed body=null", _ANY, PATHS),
    ("total-lies", ("GET",), LISTS),
    ("total-lies total=3", ("GET",), LISTS),
    ("lower-per-page", ("GET",), LISTS),
    ("same-page-forever", ("GET",), LISTS),
    ("cursor-expired", ("GET",), (KEYS,)),
    ("empty-page", ("GET",), (KEYS,)),
    ("partial-bulk", (WRITE,), ("",)),
    ("lag seconds=30", ("GET",), (KEYS,)),
    ("gone", ("GET",), PATHS),
    ("unknown-fields", ("GET",), PATHS),
)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


class Strike(NamedTuple):
    """A signal, sent *after* seconds after the *nth* request was applied.

    The answer has not been sent by then. *writes*: only requests that write are counted. *twice*: the signal
    is sent a second time, as by an impatient user.
    """

    signal: int
    nth: int
    writes: bool
    after: float
    twice: bool = False


def faults(draw: Draw, tasks: Sequence[Task]) -> tuple[str, ...]:
    """Return the fault plan of a line of *tasks*; a third of the plans are empty."""
    return tuple(_fault(draw, tasks) for _ in range(draw.one((0, 0, 1, 1, 1, 2))))


def _fault(draw: Draw, tasks: Sequence[Task]) -> str:
    kind, methods, paths = draw.one(FAULTS)
    name, _, more = kind.partition(" ")
    counts = f"nth={draw.one((1, 1, 1, 2, 3))} times={draw.one((1, 1, 1, 2, 4, -1))}"
    method = draw.one(methods)
    if method == WRITE:
        method = METHODS.get(draw.one(tasks).name.rpartition(".")[2], "POST")
    return " ".join(filter(None, (name, method, draw.one(paths), counts, more)))


def strike(draw: Draw) -> Strike | None:
    """Return the signal of a round; one round in five has one."""
    if not draw.sometimes(0.2):
        return None
    writes = draw.sometimes(0.5)
    most = 2 if writes else 8
    return Strike(
        draw.one(SIGNALS),
        draw.chance.randint(1, most),
        writes,
        draw.one((0.0, 0.0, draw.chance.random() / 50)),
    )
