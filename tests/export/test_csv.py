"""A snapshot as CSV tables: it reads back unchanged, and has no formulas."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.export.renderings import plain
from ops.items import Json
from tests.snapshots.making import ACCOUNT_ID, THING, made

TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
TRIGGERED = st.builds("{}{}".format, st.sampled_from((*TRIGGERS, "'", "''", '"', ",")), TEXT)
VALUES = st.recursive(
    TEXT | TRIGGERED | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
FIELDS = (TEXT | TRIGGERED).filter(lambda name: name not in ("id", "name", "scope", ""))
ITEMS = st.lists(
    st.builds(
        lambda more, name: {**more, "id": name, "name": name},
        st.dictionaries(FIELDS, VALUES, max_size=4),
        TEXT,
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda item: str(item["name"]),
)


@pytest.mark.fault("P9")
@pytest.mark.fault("E8")
@settings(max_examples=60, deadline=None)
@given(ITEMS)
def test_a_table_reads_back_as_the_items_without_formulas(items: list[Json]) -> None:
    reads_back(items)


@pytest.mark.long
@pytest.mark.fault("P9")
@pytest.mark.timeout(900)
@settings(max_examples=2_000, deadline=None)
@given(ITEMS)
def test_two_thousand_tables_read_back_as_the_items(items: list[Json]) -> None:
    reads_back(items)


def reads_back(items: list[Json]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = table(Path(folder), items)

    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(TRIGGERS)]
    columns, *lines = [[cell.removeprefix("'") for cell in row] for row in rows]
    read = [dict(zip(columns, line, strict=True)) for line in lines]
    by_name = {str(item["name"]): {"scope": ACCOUNT_ID, **item} for item in items}
    assert sorted(row["name"] for row in read) == sorted(by_name)
    assert {field for item in by_name.values() for field in item} == set(columns)
    assert not [row for row in read if not says(row, by_name[row["name"]])]


def says(row: dict[str, str], item: Json) -> bool:
    """True if *row* has the values of *item*: text unchanged, null as empty, the rest as JSON."""
    values = {field: item.get(field) for field in row}
    message = {
        field: cell if isinstance(values[field], str) else json.loads(cell or "null")
        for field, cell in row.items()
    }
    return message == values


def table(folder: Path, items: list[Json]) -> list[list[str]]:
    snapshot = made(folder / "snapshot", {(THING.kind, ""): items})
    target = folder / "tables"
    target.mkdir()
    plain.write_csv(snapshot.path, snapshot.manifest, target)
    with (target / f"{THING.kind}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))
