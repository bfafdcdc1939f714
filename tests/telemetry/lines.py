"""The lines of a log, each checked against the JSON Schema of the log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "log_schema.json").read_text())
_VALIDATOR = Draft202012Validator(SCHEMA)


def log_lines(text: str) -> list[dict[str, Any]]:
    """Return the lines of *text*. Fails the test if one is not JSON, or does not fit the schema."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            raise AssertionError(f"not JSON: {line!r}") from None
        problems = [
            f"{problem.json_path}: {problem.message}" for problem in _VALIDATOR.iter_errors(found[-1])
        ]
        assert not problems, f"{problems} in {line}"
    return found
