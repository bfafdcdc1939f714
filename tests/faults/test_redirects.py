"""No credential is sent to another host, whatever the answer, the method and the kind of secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.errors import OpsError
from ops.http.client import Client
from ops.http.exchange import WRITE, Call
from ops.http.paths import path
from ops.http.stack import open_client
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.faults.canary import SANDBOX_TOKEN
from tests.http.conftest import opened, session, settings  # noqa: F401  (fixtures)
from tests.wire import Wire, answer, ok

TOKEN, KEY = Credentials(token=SANDBOX_TOKEN), Credentials(email="a@example.com", key="sandbox_" + "k" * 37)
SECRETS: dict[str, tuple[Credentials, dict[str, str], bytes]] = {
    "token": (TOKEN, {}, b""),
    "global key": (KEY, {}, b""),
    "header of the call": (TOKEN, {"X-Secret": "hunter2hunter2"}, b""),
    "body": (TOKEN, {}, b"hunter2hunter2"),
}
CODES, METHODS = (301, 302, 303, 307, 308), ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.fault("P8", "A21")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("code", CODES)
def test_another_host_is_never_connected_to(
    session: Callable[..., Callable[[Call], object]],  # noqa: F811
    code: int,
    method: str,
    secret: str,
) -> None:
    credentials, headers, body = SECRETS[secret]
    with Wire(ok(), host="127.0.0.2") as other, Wire(answer(code, "", location=other.url)) as wire:
        session(wire.url, credentials=credentials)(
            Call(method, "/x", kind=WRITE, headers=headers, body=body or None)
        )

        assert other.connections == 0
    assert len(wire.requests) == 1


@pytest.mark.fault("P8", "A20")
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("code", CODES)
def test_a_redirect_is_a_failure_and_never_followed_with_another_method(
    settings: Callable[..., Settings],  # noqa: F811
    code: int,
    method: str,
) -> None:
    """A client that follows redirects would turn these writes into a read that looks like success."""
    with Wire(answer(code, "", location="/client/v4/y"), ok({"id": "1"})) as wire:
        client: Client = open_client(settings(base_url=wire.url, attempts=4), say=print)
        with pytest.raises(OpsError, match="redirected to the same host") as failure:
            getattr(client, method)(path("/x"), **({} if method in ("get", "delete") else {"json": {}}))

    assert failure.value.exit_code == 2
    assert len(wire.requests) == 1


@pytest.mark.fault("A20")
def test_a_deletion_that_is_redirected_ends_with_exit_code_two_and_names_the_host(
    sandbox: Sandbox, inv: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Wire(answer(302, "", location="https://evil.example/x")) as wire:
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", SANDBOX_TOKEN)
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", wire.url)
        result = inv("dns.delete", "--zone", "example.com", "--name", "a", "--type", "A", "--yes")

    assert result.code == 2
    assert "evil.example" in result.err
