"""Every field of every answer that a task uses: missing, null, or of another type, one at a time.

A read or dry run ends with 0 only if its output is the same except for that field; a write that was executed
is never noted as failed, and one that was not is never noted as done.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ops.kinds.catalog import resources
from ops.sandbox.server import Sandbox
from tests.cases import Inv, reads, writes
from tests.conftest import Result
from tests.faults.bench import COMPARED, Bench
from tests.faults.fields import Mutation

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

JSON = ("--output", "json")
# The tasks of undo and restore have proofs of their own.
READS = [task for task, case in reads().items() if case.sends and not task.startswith("undo.")]
WRITES = [name for name in writes() if not name.startswith("snapshots.")]
UNDOABLE = [name for name in WRITES if writes()[name].reversible and not writes()[name].confirm]
# They read all kinds, so that each kind is read alone.
SCANS = ("scan.run", "scan.export")
COMPARISONS = ("snapshots.verify", "snapshots.diff", "snapshots.drift")

# They write or compare an item as a whole, so that another field makes its row another one.
ITEMWISE = ("dns.export", "dns.plan", "dns.apply", "snapshots.diff", "snapshots.drift")

# Patterns of "TASK: METHOD TARGET: FIELD CHANGE" whose result is another one, and why that is right.
ALLOWED = {
    r"^(alerts\.check|checks\.run): ": "what was not read is unknown in the result itself",
    r"^(do|kv)\.(list|info): GET [^:]*/workers/scripts": (
        "which scripts are bound is unknown in the result itself"
    ),
    r"^((do|kv|workers|zones)\.(list|info)|doctor): POST /graphql": (
        "what analytics do not answer is unknown in the result itself"
    ),
    r"^cache.settings: .*: errors": "the reason of a refused request is shown as it came",
    r"^do\..*: result\.\*\.name null": "documented: a namespace may have no name",
    r": result\.values\.[^.]+ null": "documented: a key that does not exist",
    r": result\.values\..*\.metadata": "the metadata of a key is any JSON",
    r"^dns\.(update|put).*: .*: result\.\*\.(proxied|data|priority)": (
        "a record is checked with what is live of it"
    ),
    r"^queues\.consumer-remove: .*: result\.\*\.script null": (
        "documented: a consumer that pulls has no script"
    ),
    r"^snapshots\.(diff|drift): .*: result\.\*\.data": "data that is not whole is compared as content",
    r"^ssl\.expiring: .*: result\.\*\.paused": "a zone that may be paused is judged as one",
    r"^zones.set: .*: result.value of another type": "a new value has the type of the live one",
}


def allowed(task: str, mutation: Mutation, done: Result) -> bool:
    """True if ALLOWED says why another result is right; the item compared by an undo was changed."""
    words = f"{task}: {mutation}"
    return (done.code == 1 and COMPARED in done.err) or any(re.search(one, words) for one in ALLOWED)


@pytest.fixture
def bench(staged: Sandbox, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(staged, inv, home, monkeypatch)


@pytest.mark.parametrize("task", READS)
def test_a_read_of_an_answer_with_any_field_changed(bench: Bench, task: str) -> None:
    known: set[str] = set()
    faults = []
    for kind in [one.kind for one in resources()] if task in (*SCANS, *COMPARISONS) else [""]:
        if task in COMPARISONS:
            done = bench.inv("scan.export", "--quiet", "--deep", "--kv", "values", "--only", kind)
            assert done.code == 0, done.err
        if kind:
            only = ("--only", kind) if task in SCANS else ()
            line = (task, *reads()[task].options, *only, *JSON)
        else:
            line = (*reads()[task].line(task, bench.inv), *JSON)
        bench.save()

        faults += bench.faults_of_reading(
            line, known, lambda *found: allowed(task, *found), itemwise=task in ITEMWISE
        )

    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize("name", WRITES)
def test_a_dry_run_on_an_answer_with_any_field_changed(bench: Bench, name: str) -> None:
    if arrange := writes()[name].arrange:
        arrange(bench.sandbox)
    bench.save()
    line = (*writes()[name].line, "--dry-run", *JSON)

    faults = bench.faults_of_reading(
        line, set(), lambda *found: allowed(name, *found), itemwise=name in ITEMWISE
    )

    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_answers_have_any_field_changed(bench: Bench, name: str) -> None:
    case = writes()[name]
    if case.arrange:
        case.arrange(bench.sandbox)
    bench.save()

    faults = bench.faults_of_writing((*case.line, *JSON), case.history, lambda *found: allowed(name, *found))

    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize("name", UNDOABLE)
def test_an_undo_of_which_any_field_of_an_answer_is_changed(bench: Bench, name: str) -> None:
    case = writes()[name]
    if case.arrange:
        case.arrange(bench.sandbox)
    written = bench.inv(*case.line)
    assert written.code == 0, written.err
    bench.save()

    faults = bench.faults_of_reading(
        ("undo.last", "--dry-run", *JSON), set(), lambda *found: allowed(f"undo {name}", *found)
    )
    faults += bench.faults_of_writing(
        ("undo.last", "--yes", *JSON), case.history, lambda *found: allowed(f"undo {name}", *found)
    )

    assert not faults, "\n\n".join(faults)
