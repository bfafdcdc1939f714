from __future__ import annotations

import pytest

from ops.errors import UsageError
from ops.http.paths import path


@pytest.mark.fault("E3")
@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_address_something_else_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UsageError) as refusal:
        path("/accounts/{}/values/{}", "a", name)

    assert refusal.value.message == f"{name!r} cannot be part of an API path"
    assert refusal.value.hint == (
        "empty names, `.` and `..` are refused because they would address something else"
    )


@pytest.mark.fault("E3")
def test_a_name_that_is_no_text_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError) as refusal:
        path("/values/{}", "a\udcff")

    assert refusal.value.message == "'a\\udcff' is not valid text"
    assert refusal.value.hint == "give the name in UTF-8"


@pytest.mark.fault("E3")
def test_what_is_not_plain_in_a_name_is_encoded_the_slash_above_all() -> None:
    assert path("/a/{}/b/{}", "x/X", "-._~ é") == "/a/x%2FX/b/-._~%20%C3%A9"
