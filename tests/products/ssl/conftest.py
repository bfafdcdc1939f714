"""An authority, and servers that end with the module."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.products.ssl.check import check
from tests.products.ssl.cases import Bench, Target

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("tls"))
    yield made
    made.close()


@pytest.fixture
def ask(bench: Bench) -> Ask:
    """Check a server of the bench, trusting the bench's authority."""

    def ask(target: Target, **options: Any) -> dict[str, Any]:
        options = {"ca_file": str(bench.ca_file), "now": time.time(), "timeout": 10.0, **options}
        return check(target.host, target.listener.port, server_name=target.name, **options)

    return ask
