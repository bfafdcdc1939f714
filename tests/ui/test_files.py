"""--export leaves a whole file or the old one, and says whether the list in it is whole."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.errors import ApiError, DiskError, Incomplete, Refused, UsageError
from ops.ui.files import check_writable, write_export
from ops.ui.shapes import Output, Rows
from tests.ui.paper import rows
from tests.ui.test_output import Doubtful

META = {
    "tool": "cfops",
    "version": "1",
    "task": "dns.list",
    "account": "a1",
    "written_at": "2026-11-23T06:10:02Z",
}


def test_an_export_holds_the_items_and_says_that_they_are_all(tmp_path: Path) -> None:
    file = tmp_path / "list.json"

    count = write_export(rows({"a": 1}, {"a": "é\ud800"}, columns=("b",)), file, META)

    assert count == 2
    assert json.loads(file.read_bytes()) == {
        "items": [{"a": 1}, {"a": "é\ud800"}],
        "meta": {**META, "count": 2, "complete": True, "problem": ""},
    }


def test_an_empty_list_is_a_complete_export(tmp_path: Path) -> None:
    write_export(rows(), tmp_path / "list.json", META)

    read = json.loads((tmp_path / "list.json").read_bytes())
    assert (read["items"], read["meta"]["count"], read["meta"]["complete"]) == ([], 0, True)


def test_a_list_that_may_not_be_whole_is_kept_and_marked(tmp_path: Path) -> None:
    file = tmp_path / "list.json"

    with pytest.raises(Incomplete, match="2 of 3") as error:
        write_export(Rows(Doubtful({"a": 1})), file, META)

    assert str(file) in error.value.hint
    read = json.loads(file.read_bytes())
    assert read["items"] == [{"a": 1}]
    assert (read["meta"]["complete"], read["meta"]["problem"]) == (False, "zones: 2 of 3 could be read")


def test_what_is_selected_is_what_is_written(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    options = Output(fields="a", sort="-a", filters=("a>1",))

    write_export(rows({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 3, "b": 1}), file, META, options)

    assert json.loads(file.read_bytes())["items"] == [{"a": 3}, {"a": 2}]


def test_a_limit_makes_an_export_that_is_not_complete_and_says_so(tmp_path: Path) -> None:
    file, said = tmp_path / "list.json", list[str]()

    write_export(rows({"a": 1}, {"a": 2}), file, META, Output(limit=1), say=said.append)

    assert said == ["showing the first 1; more were not read"]
    meta = json.loads(file.read_bytes())["meta"]
    assert (meta["complete"], meta["problem"]) == (False, "showing the first 1; more were not read")


def test_a_failure_leaves_the_older_export(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("old")

    def failing() -> Iterator[dict[str, Any]]:
        yield {"a": 1}
        raise ApiError("page 2", 500)

    with pytest.raises(ApiError):
        write_export(Rows(failing()), file, META)

    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("list.json", "old")]


def test_a_wrong_field_leaves_the_older_export(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("old")

    with pytest.raises(UsageError):
        write_export(rows({"a": 1}), file, META, Output(fields="b"))

    assert file.read_text() == "old"


def test_an_export_is_its_owners_alone(tmp_path: Path) -> None:
    write_export(rows({"a": 1}), tmp_path / "list.json", META)

    assert stat.S_IMODE((tmp_path / "list.json").stat().st_mode) == 0o600


@pytest.mark.fault("C7")
def test_a_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    target, link = tmp_path / "victim", tmp_path / "list.json"
    target.write_text("mine")
    link.symlink_to(target)

    for attempt in (lambda: check_writable(link), lambda: write_export(rows({"a": 1}), link, META)):
        with pytest.raises(Refused, match="symbolic link"):
            attempt()

    assert link.is_symlink()
    assert target.read_text() == "mine"


@pytest.mark.fault("C6")
def test_a_missing_folder_is_reported_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="does not exist") as error:
        check_writable(tmp_path / "missing" / "list.json")

    assert f"mkdir -p {tmp_path / 'missing'}" in error.value.hint


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is a folder"):
        check_writable(tmp_path)


def test_a_place_that_can_be_written_passes_and_is_left_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path / "list.json")

    assert list(tmp_path.iterdir()) == []
