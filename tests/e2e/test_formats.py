"""What a task prints is the same data in every format that has whole items."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml

from ops.sandbox.server import Sandbox
from tests.cases import reads
from tests.conftest import Result

Inv = Callable[..., Result]

# They print text, write files, or need another server.
TEXT = {task for task, read in reads().items() if read.code or read.ids or "{" in " ".join(read.options)}


@pytest.mark.parametrize("task", sorted(reads().keys() - TEXT))
def test_yaml_is_the_same_data_as_json(task: str, inv: Inv, staged: Sandbox) -> None:
    read = reads()[task]

    # What a run deletes or undoes has to be there again for the second one.
    as_json = inv(*read.line(task, inv), "--output", "json")
    as_yaml = inv(*read.line(task, inv), "--output", "yaml")

    assert "Traceback" not in as_yaml.err
    assert as_yaml.code == as_json.code
    if as_json.out[:1] in ("[", "{"):
        shown, same = json.loads(as_json.out), yaml.safe_load(as_yaml.out)
        rows = zip(*((data if isinstance(data, list) else [data]) for data in (shown, same)), strict=False)
        assert all(one.keys() == other.keys() for one, other in rows)
        assert isinstance(shown, list) == isinstance(same, list)
