"""`sandbox.serve`: the address, the port and the variables for other clients."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from ops.commands.sandbox import PORT


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[dict[str, str], str]]]:
    """Return a function that serves a sandbox and returns the printed variables and comments."""
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[dict[str, str], str]:
        line = [sys.executable, "-c", "from ops.program import main; main()", "sandbox.serve", *options]
        environment = {**os.environ, "CFOPS_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path)
        running.append(process)
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        text = ""
        while "CLOUDFLARE_API_KEY" not in text:
            text += next(lines)
        return dict(re.findall(r"^export (\w+)=(\S+)", text, re.MULTILINE)), text

    yield start
    for process in running:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def test_the_printed_token_and_key_pair_are_accepted_at_the_printed_url(
    serve: Callable[..., tuple[dict[str, str], str]],
) -> None:
    values, text = serve("--host", "127.0.0.2", "--port", "0")

    pair = re.search(r"# export CLOUDFLARE_EMAIL=(\S+) CLOUDFLARE_API_KEY=(\S+)", text)
    assert pair is not None
    url = values["CLOUDFLARE_BASE_URL"]
    assert url == values["CLOUDFLARE_API_BASE_URL"]
    assert re.fullmatch(r"http://127\.0\.0\.2:\d+/client/v4", url)
    for headers in (
        {"Authorization": f"Bearer {values['CLOUDFLARE_API_TOKEN']}"},
        {"X-Auth-Email": pair[1], "X-Auth-Key": pair[2]},
    ):
        assert requests.get(f"{url}/user", headers=headers, timeout=5).ok


def test_on_an_address_of_the_network_the_host_is_allowed_by_name(
    serve: Callable[..., tuple[dict[str, str], str]],
) -> None:
    values, _ = serve("--host", "0.0.0.0", "--port", "0")

    assert values["CLOUDFLARE_BASE_URL"] == f"http://{values['CFOPS_ALLOW_BASE_URL']}/client/v4"


def test_the_default_port_is_not_one_of_wrangler() -> None:
    assert PORT not in (8787, 8788, 9229)
