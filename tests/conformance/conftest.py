"""The contract and the caller that the conformance tests share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from ops.sandbox.server import Sandbox

from .contract import Contract
from .document import load, required
from .exercise import Caller


@pytest.fixture(scope="session")
def contract() -> Contract:
    """Return the official document as a contract; skip if it or its validator is missing."""
    required("jsonschema-rs", find_spec("jsonschema_rs") is not None)
    return Contract(load(), load("openapi-more.json"))


@pytest.fixture
def caller(sandbox: Sandbox) -> Iterator[Caller]:
    """Return a caller that sends documented requests to the sandbox."""
    opened = Caller(sandbox)
    yield opened
    opened.close()
