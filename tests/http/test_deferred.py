"""A package that requests imports and we do not use is loaded when other code uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ops.http import defer

SAID = "import sys, ops.http.stack, requests; print('charset_normalizer.api' in sys.modules)"
GUESSED = """
import ops.http.stack, requests
answer = requests.Response()
answer._content = "Grüße aus Köln, schöne Größe".encode()
print(answer.apparent_encoding)
import charset_normalizer, charset_normalizer.api
print(charset_normalizer.from_bytes is charset_normalizer.api.from_bytes, charset_normalizer.__version__[0])
"""


def printed(code: str) -> list[str]:
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_opening_the_wire_does_not_load_what_guesses_encodings() -> None:
    assert printed(SAID) == ["False"]


def test_requests_still_guesses_an_encoding_where_it_is_asked_to() -> None:
    assert printed(GUESSED)[0] == "utf-8"


def test_importing_the_package_afterwards_gives_the_real_one() -> None:
    assert printed(GUESSED)[1:] == ["True", "3"]


def test_a_package_that_is_not_installed_stays_missing() -> None:
    code = "import sys, ops.http as h; h.defer('no_such_package'); print('no_such_package' in sys.modules)"

    assert printed(code) == ["False"]


@pytest.mark.parametrize("name", ["__no_such__", "no_such"])
def test_the_package_has_no_more_in_it_than_the_real_one(name: str) -> None:
    code = f"import ops.http, charset_normalizer as c; print(hasattr(c, {name!r}))"

    assert printed(code) == ["False"]


def test_a_reference_to_the_placeholder_reaches_the_real_package_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "tomllib", raising=False)
    defer("tomllib")
    kept = sys.modules["tomllib"]

    first, second = kept.loads, kept.load

    real = sys.modules["tomllib"]
    assert real is not kept
    assert (first, second) == (real.loads, real.load)
