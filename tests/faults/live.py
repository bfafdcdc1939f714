"""The sandbox behind Cloudflare's own address, so that requests carry secrets that look real."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest
import requests
import responses

from ops.sandbox.server import Sandbox
from tests.faults.canary import KEY, LIVE
from tests.wire import failed

EMAIL = "admin@example.com"
EVERY_URL = re.compile(r"https://api\.cloudflare\.com/client/v4/.*")
HOPS = {"connection", "transfer-encoding"}
Answered = tuple[int, dict[str, str], bytes]
KINDS = (*LIVE, "key")


def credentials(kind: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a secret of *kind* into the environment, and register it with *sandbox*."""
    if kind == "key":
        sandbox.store.set_meta("key", KEY)
        monkeypatch.setenv("CLOUDFLARE_EMAIL", EMAIL)
        monkeypatch.setenv("CLOUDFLARE_API_KEY", KEY)
    else:
        sandbox.store.add_token(LIVE[kind])
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", LIVE[kind])


@contextmanager
def cloudflare(sandbox: Sandbox, *, echoing: bool = False) -> Iterator[responses.RequestsMock]:
    """Let *sandbox* answer for Cloudflare; if *echoing*, every answer is a refusal with the secret in it."""

    def forward(request: requests.PreparedRequest) -> Answered:
        return _echo(request) if echoing else _forwarded(sandbox, request)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as stubs:
        stubs.add_passthru("http://127.0.0.1")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            stubs.add_callback(method, EVERY_URL, callback=forward)
        yield stubs


def _forwarded(sandbox: Sandbox, request: requests.PreparedRequest) -> Answered:
    parts = urlsplit(str(request.url))
    link = HTTPConnection("127.0.0.1", sandbox.port, timeout=20)
    body = b"".join(request.body) if hasattr(request.body, "__next__") else request.body
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOPS}
    link.request(str(request.method), f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
    answer = link.getresponse()
    content = answer.read()
    link.close()
    return answer.status, {n: v for n, v in answer.getheaders() if n.lower() not in HOPS}, content


def _echo(request: requests.PreparedRequest) -> Answered:
    secret = request.headers.get("X-Auth-Key") or request.headers["Authorization"].split()[1]
    forms = (secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex(), quote(secret))
    _, _, body = failed(400, 1003, f"no: {' '.join(forms)}").partition(b"\r\n\r\n")
    return 400, {"content-type": "application/json", "cf-ray": secret}, body
