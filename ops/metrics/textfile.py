"""A textfile for Prometheus' node_exporter: families of samples, written atomically.

What was not read whole has no sample: to an alert, 0 would be a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ops.files import disk

_READABLE = 0o644  # the exporter that reads it is another user
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Family(NamedTuple):
    """A gauge with its *samples*: labels and value each. One whose samples are all unknown is left out."""

    name: str
    help: str
    samples: list[tuple[Mapping[str, str], float | None]]

    @property
    def known(self) -> list[tuple[Mapping[str, str], float]]:
        return [(labels, value) for labels, value in self.samples if value is not None]


def merged(families: Iterable[Family]) -> list[Family]:
    """Return *families* with one of each name, as the format demands, without those that have no sample."""
    found: dict[str, Family] = {}
    for family in families:
        found.setdefault(family.name, family._replace(samples=[])).samples.extend(family.known)
    return [family for family in found.values() if family.samples]


def write(file: Path, families: Iterable[Family]) -> None:
    """Replace *file*, completely or not at all. Raises DiskError and Refused."""
    with disk.atomic(file, _READABLE) as target:
        target.write("".join(lines(families)).encode("utf-8", "backslashreplace"))


def lines(families: Iterable[Family]) -> Iterator[str]:
    """Yield the text of *families*."""
    for family in families:
        if family.known:
            yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n"
        for labels, value in family.known:
            shown = ",".join(f'{key}="{text.translate(_ESCAPED)}"' for key, text in labels.items())
            yield f"{family.name}{f'{{{shown}}}' if shown else ''} {value}\n"
