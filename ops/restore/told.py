"""What a restore leaves as it is, in groups: thousands of keys that have expired are one line."""

from __future__ import annotations

from collections.abc import Iterator

_NAMED = 5


class Group:
    """How many items one thing is said of, and the first of their names."""

    def __init__(self) -> None:
        self.count = 0
        self.names: list[str] = []

    def add(self, name: str) -> None:
        self.count += 1
        if name and len(self.names) < _NAMED:
            self.names.append(name)

    def __str__(self) -> str:
        more = f" and {self.count - len(self.names):,} more" if self.count > len(self.names) else ""
        return f"{', '.join(self.names)}{more}" if self.names else ""


class Told:
    """What was said of the items of each group; see ops.restore.steps.Ear."""

    def __init__(self) -> None:
        self._never: dict[tuple[str, str], Group] = {}
        self._lacks: dict[tuple[str, str], Group] = {}
        self._came: dict[str, Group] = {}
        self.doubtful: dict[str, None] = {}

    def never(self, group: str, name: str, why: str) -> None:
        self._never.setdefault((group, why), Group()).add(name)

    def lacks(self, group: str, name: str, lack: str) -> None:
        self._lacks.setdefault((group, lack), Group()).add(name)

    def unknown(self, group: str) -> None:
        self.doubtful[group] = None

    def came(self, group: str, name: str) -> None:
        self._came.setdefault(group, Group()).add(name)

    def impossible(self, known: Told | None = None) -> Iterator[str]:
        """Yield a sentence for what cannot be put back, without what *known* has told already."""
        for (group, why), said in self._never.items():
            before = known._never.get((group, why)) if known else None
            if before is None or before.count < said.count:
                yield f"{' '.join(filter(None, (group, str(said))))}: {why}"

    def incomplete(self) -> Iterator[str]:
        """Yield a sentence for what comes back without a part of it."""
        for (group, lack), said in self._lacks.items():
            yield f"{' '.join(filter(None, (group, str(said))))} comes back without {lack}"

    def left_standing(self) -> Iterator[str]:
        """Yield what has come since the snapshot."""
        for group, said in self._came.items():
            yield f"{group} {said}"
