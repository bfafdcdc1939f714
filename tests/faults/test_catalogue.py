"""Every row of the catalogue has a test, and every test names rows that exist."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.faults.__main__ import main
from tests.faults.catalogue import CATALOGUE, FAULTS, PROMISES
from tests.faults.marks import Proof, proofs


@cache
def all_proofs() -> tuple[Proof, ...]:
    return tuple(proofs())


def test_the_catalogue_has_114_faults_and_17_promises() -> None:
    rows = Counter(id[0] for id in FAULTS)

    assert rows == {"A": 27, "B": 11, "C": 15, "D": 12, "E": 15, "F": 24, "G": 10}
    assert list(PROMISES) == [f"P{number}" for number in range(1, 18)]


def test_every_row_has_a_test() -> None:
    carried = {proof.id for proof in all_proofs()}

    assert [f"{id}: {CATALOGUE[id]}" for id in CATALOGUE if id not in carried] == []


def test_every_fault_has_a_test_in_the_plain_suite() -> None:
    carried = {proof.id for proof in all_proofs() if not proof.long}

    assert [f"{id}: {FAULTS[id]}" for id in FAULTS if id not in carried] == []


def test_no_test_names_a_row_that_does_not_exist() -> None:
    assert [proof for proof in all_proofs() if proof.id not in CATALOGUE] == []


def test_each_id_of_a_mark_is_found_and_long_tests_are_marked(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_x.py").write_text(
        "import pytest\n\n@pytest.mark.long\n@pytest.mark.fault('A1', 'Z9')\n@pytest.mark.fault('B2')\n"
        "def test_one() -> None: ...\n\n@pytest.mark.fault('A3')\ndef helper() -> None: ...\n"
    )

    assert list(proofs(folder)) == [
        Proof(id, "tests/test_x.py", "test_one", True) for id in ("A1", "Z9", "B2")
    ]


def test_the_table_names_each_row_and_its_tests(capsys: pytest.CaptureFixture[str]) -> None:
    main()

    printed = capsys.readouterr().out
    assert [id for id, sentence in CATALOGUE.items() if f"{id}  {sentence}\n" not in printed] == []
    assert "tests/faults/test_catalogue.py" not in printed
    assert "tests/http/test_retry.py::test_an_outage_does_not_become_a_storm\n" in printed
