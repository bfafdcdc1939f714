"""Programs that a line starts continue its trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Shell
from tests.e2e.test_terminal import on_terminal

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TASKS = """
from invoke import task
from ops.program import collection

@task
def child(c):
    c.run("printenv TRACEPARENT")

ns = collection()
ns.add_task(child)
"""


def check(carried: str, trace_id: str) -> None:
    version, trace, span, flags = carried.strip().split("-")
    assert (version, trace, flags) == ("00", trace_id, "01")
    assert len(span) == 16
    assert span not in PARENT


@pytest.mark.parametrize("parent", [PARENT, ""])
def test_a_command_of_ones_own_task_is_a_child_of_the_line(bare: Shell, parent: str) -> None:
    Path(bare.folder, "tasks.py").write_text(TASKS)
    if parent:
        bare.environ["TRACEPARENT"] = parent

    carried = bare("child").out

    check(carried, parent.split("-")[1] if parent else carried.split("-")[1])


def test_the_pager_is_a_child_of_its_task(shell: Shell) -> None:
    file = shell.folder / "carried"
    pager = f"sh -c 'printenv TRACEPARENT >{file}; cat'"
    shell.environ |= {"TRACEPARENT": PARENT, "CFOPS_PAGER": pager}

    on_terminal(shell, "docs", "architecture")

    check(file.read_text(), PARENT.split("-")[1])
