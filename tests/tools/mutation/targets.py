"""What is mutated, and the tests that must notice."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """Modules that belong together: *mutate* are their files, *tests* the tests that are run.

    *without* leaves out tests by a `-k` expression: slow ones, and those whose processes run unmutated code.
    """

    mutate: tuple[str, ...]
    tests: tuple[str, ...]
    without: str = ""


def _in(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names)


TARGETS = {
    "retry": Target(_in("ops/http", "retry", "pause"), _in("tests/http", "test_retry")),
    "pages": Target(
        _in("ops/http", "pages", "page_form", "cursor_form"),
        _in("tests/http", "test_pages", "test_cursor"),
        "no_drifting_list or comes_to_rest or ten_thousand_pages or memory_does_not_grow",
    ),
    "budget": Target(_in("ops/http", "budget", "slots"), _in("tests/http", "test_budget"), "killed_process"),
    "paths": Target(_in("ops/http", "paths"), _in("tests/http", "test_paths")),
    "redaction": Target(_in("ops/telemetry", "redact"), _in("tests/telemetry", "test_redact")),
    "chain": Target(("ops/files/chain.py",), ("tests/files/test_chain.py",)),
    "journal": Target(
        ("ops/writes/journal.py", "ops/commands/undo.py"),
        _in("tests/writes", "test_journal", "test_listing", "test_packing", "test_recovery"),
        "cut_anywhere",
    ),
    "undo": Target(
        _in("ops/writes", "undo", "reversal", "make"),
        _in("tests/writes", "test_undo", "test_reversal", "test_finding", "test_dry_run", "test_recovery"),
        "cut_anywhere",
    ),
    "writing": Target(
        _in("ops/writes", "make", "writing", "sending", "describe"),
        (
            *_in("tests/writes", "test_make", "test_thresholds", "test_interrupts"),
            *_in(
                "tests/writes",
                "test_sending",
                "test_describe",
                "test_compare",
                "test_batches",
                "test_consent",
            ),
        ),
        "no_write_begins_after_the_signal",
    ),
    "locks": Target(
        _in("ops/writes", "writing"),
        _in("tests/writes", "test_lock", "test_interrupts"),
    ),
    "diff": Target(
        _in("ops/snapshots/compare", "comparison", "pairing", "merge", "report"),
        _in("tests/snapshots", "test_compare", "test_report"),
    ),
}
