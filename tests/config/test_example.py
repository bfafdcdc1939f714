""".env.example: complete, harmless, and fit to be copied."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from ops.config.credentials import EMAIL, KEY, KEY_ID, SECRET, SESSION, TOKEN, TOKEN_FILE
from ops.config.layers import VARIABLES
from ops.config.values import FIELDS

from .conftest import Place

EXAMPLE = Path(__file__).parents[2] / ".env.example"
NAMED = dict(re.findall(r"^(?:# )?([A-Z0-9_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def test_every_variable_is_named_and_none_has_a_value() -> None:
    keys = {TOKEN, TOKEN_FILE, KEY, EMAIL, KEY_ID, SECRET, SESSION}
    assert set(NAMED) == {*VARIABLES, *keys, "NO_COLOR", "FORCE_COLOR"}
    assert set(NAMED.values()) == {""}


def test_every_variable_has_a_comment_of_one_line() -> None:
    lines = EXAMPLE.read_text().splitlines()
    uncommented = {
        line.partition("=")[0]
        for before, line in pairwise(lines)
        if "=" in line and not before.startswith("#")
    }

    # These share the comment of the line before them.
    assert uncommented == {
        *(
            "CLOUDFLARE_API_KEY",
            "CLOUDFLARE_BASE_URL",
            "AWS_DEFAULT_REGION",
            "DEBUG",
            "NO_COLOR",
            "FORCE_COLOR",
        )
    }


def test_a_copy_changes_nothing(place: Place) -> None:
    before = place.load()

    place.write("project/.env", EXAMPLE.read_text())

    assert place.load() == before


@pytest.mark.parametrize("field", [field.name for field in FIELDS if field.guarded])
def test_what_is_not_read_from_it_is_commented_out(field: str) -> None:
    assert f"\n# CFOPS_{field.upper()}=" in EXAMPLE.read_text()
