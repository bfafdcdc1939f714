from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ops
from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.errors import CredentialsError, UsageError
from ops.http.origin import check_origin, check_pair, check_proxy
from ops.http.stack import open_client
from tests.http.conftest import CANARY

LIVE = "cfut_" + "A" * 48
OFFICIAL = "https://api.cloudflare.com/client/v4"


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    ("url", "here"),
    [
        (OFFICIAL, False),
        (OFFICIAL + "/", False),
        ("https://api.cloudflare.com:443/client/v4", False),
        ("http://127.0.0.1:8787/client/v4", True),
        ("http://127.0.0.2/client/v4", True),
        ("http://[::1]:8787/client/v4", True),
        ("http://localhost:8787/client/v4", True),
        ("https://127.0.0.1:8787/client/v4", True),
    ],
)
def test_requests_may_go_to_cloudflare_and_to_this_machine(url: str, here: bool) -> None:
    assert check_origin(url) is here


@pytest.mark.fault("P7")
@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.cloudflare.com/client/v4",
        "http://api.cloudflare.com/client/v4",
        "http://127.0.0.1.evil/client/v4",
        "http://127.0.0.1.evil.example/client/v4",
        "http://localhost.evil.example/client/v4",
        "http://2130706433/client/v4",
        "http://0x7f000001/client/v4",
        "http://0x7f.1/client/v4",
        "http://127.1/client/v4",
        "http://0/client/v4",
        "http://0.0.0.0/client/v4",
        "http://[::]/client/v4",
        "http://[::ffff:192.0.2.1]/client/v4",
        "http://[fe80::1%25eth0]/client/v4",
        "https://api.cloudflare.com.evil.example/client/v4",
        "https://api.cloudflare.com./client/v4",
        "https://api.cloudflare.com:8443/client/v4",
        "https://api.cloudflare.com@evil.example/client/v4",
        "https://me:pw@api.cloudflare.com/client/v4",
        "https://api.cloudflare.com#@evil.example/client/v4",
        "https://api.cloudflare.com/client/v4#x",
        "https://api.cloudflare.com/client/v4?x=1",
        "https://api.cloudflare.com\\@evil.example/client/v4",
        "https:\\\\api.cloudflare.com/client/v4",
        "https:///client/v4",
        "https://api.cloudflare.com:0/client/v4",
        "https://api.cloudflare.com:/client/v4",
        "https://api.cloudflare.com:99999/client/v4",
        "http://127.0.0.1:/client/v4",
        "https://api.cloudflare.com:x/client/v4",
        "https://api.cloudflare.com/client/../v4",
        "https://api.cloudflare.com//evil.example/v4",
        "https://api.cloudflare.com/client/v4/%2e%2e",
        " https://api.cloudflare.com/client/v4",
        "https://api.cloudflare.com/client/v4\n",
        "https://аpi.cloudflare.com/client/v4",  # noqa: RUF001  the first letter is Cyrillic on purpose
        "ftp://api.cloudflare.com/client/v4",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://other.example/client/v4",
    ],
)
def test_requests_go_nowhere_else(url: str) -> None:
    with pytest.raises(UsageError, match="refused"):
        check_origin(url)


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    "allowed", ["other.example", "https://other.example/client/v4", "https://other.example/client/v4/"]
)
def test_another_host_may_be_allowed_by_its_name(allowed: str) -> None:
    assert check_origin("https://other.example/client/v4", allowed=allowed) is False


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    "allowed", ["example", "ther.example", "https://other.example", "*", "api.cloudflare.com"]
)
def test_another_host_is_not_allowed_by_another_name(allowed: str) -> None:
    with pytest.raises(UsageError, match=r"not Cloudflare's API") as failure:
        check_origin("https://other.example/client/v4", allowed=allowed)

    assert "allow_base_url=other.example" in failure.value.hint


@pytest.mark.fault("F11")
def test_a_refusal_does_not_show_the_user_of_a_url() -> None:
    with pytest.raises(UsageError) as failure:
        check_origin("https://me:hunter2@api.cloudflare.com/client/v4")

    assert "hunter2" not in failure.value.message


@pytest.mark.fault("F11")
def test_allowing_does_not_allow_plain_http() -> None:
    with pytest.raises(UsageError, match="only https"):
        check_origin("http://other.example/client/v4", allowed="other.example")


def test_a_named_host_may_be_reached_by_http_with_the_token_of_the_sandbox_only() -> None:
    url = "http://sandbox.internal:8484/client/v4"

    assert check_origin(url, allowed="sandbox.internal:8484", of_sandbox=True) is False
    for more in (
        {"allowed": "sandbox.internal:8484"},
        {"of_sandbox": True},
        {"allowed": "x", "of_sandbox": True},
    ):
        with pytest.raises(UsageError, match="only https"):
            check_origin(url, **more)


@pytest.mark.parametrize("token", [CANARY, LIVE])
@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/client/v4", "https://proxy.internal/client/v4"])
def test_a_host_that_is_allowed_by_name_gets_any_token(token: str, url: str) -> None:
    netloc = url.split("/")[2]

    check_pair(Credentials(token=token), here="127" in url, base_url=url, allowed=netloc)


def test_the_refusal_on_this_machine_names_the_setting_that_allows_it() -> None:
    with pytest.raises(UsageError) as failure:
        check_pair(Credentials(token=LIVE), here=True, base_url="http://127.0.0.1:8080/client/v4")

    assert "allow_base_url=127.0.0.1:8080" in failure.value.hint
    assert "CFOPS_PROXY and CFOPS_CA_FILE" in failure.value.hint


@pytest.mark.fault("F24")
@pytest.mark.parametrize(
    ("credentials", "here", "fits"),
    [
        (Credentials(token=CANARY), True, True),
        (Credentials(token=CANARY), False, False),
        (Credentials(token=LIVE), False, True),
        (Credentials(token=LIVE), True, False),
        (Credentials(token="x" * 40), False, True),
        (Credentials(token="x" * 40), True, False),
        (Credentials(email="a@example.com", key="k" * 37), False, True),
        (Credentials(email="a@example.com", key="k" * 37), True, False),
        (Credentials(email="a@example.com", key="sandbox_" + "k" * 37), True, False),
    ],
)
def test_a_token_of_the_sandbox_stays_here_and_no_other_does(
    credentials: Credentials, here: bool, fits: bool
) -> None:
    if fits:
        check_pair(credentials, here=here, base_url=OFFICIAL)
    else:
        with pytest.raises(UsageError):
            check_pair(credentials, here=here, base_url=OFFICIAL)


@pytest.mark.fault("F24")
@pytest.mark.parametrize(("token", "url"), [(LIVE, "http://127.0.0.1:9/client/v4"), (CANARY, OFFICIAL)])
def test_a_client_of_the_wrong_pair_is_not_opened(
    settings: Callable[..., Settings], token: str, url: str
) -> None:
    with pytest.raises(UsageError) as failure:
        open_client(settings(credentials=Credentials(token=token), base_url=url), say=print)

    assert token not in failure.value.message + failure.value.hint


def test_a_client_without_credentials_is_not_opened(settings: Callable[..., Settings]) -> None:
    with pytest.raises(CredentialsError):
        open_client(settings(credentials=Credentials()), say=print)


@pytest.mark.fault("F10")
@pytest.mark.parametrize(
    "proxy", ["proxy.example:3128", "socks5://proxy.example", "http://", "http://me:hunter2@:x"]
)
def test_a_proxy_that_is_not_a_url_is_refused_without_showing_it(proxy: str) -> None:
    with pytest.raises(UsageError) as failure:
        check_proxy(proxy)

    assert "hunter2" not in failure.value.message


def modules() -> list[tuple[Path, ast.AST]]:
    folder = Path(ops.__file__).parent
    return [
        (file, ast.parse(file.read_text()))
        for part in ("http", "telemetry")
        for file in (folder / part).glob("*.py")
    ]


@pytest.mark.fault("F12")
@pytest.mark.fault("F2")
def test_nothing_on_the_wire_turns_verification_off_or_debugging_on() -> None:
    forbidden = {
        "CERT_NONE",
        "CERT_OPTIONAL",
        "_create_unverified_context",
        "disable_warnings",
        "debuglevel",
        "set_debuglevel",
    }
    found: list[Any] = []
    for file, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute):
                name = node.id if isinstance(node, ast.Name) else node.attr
                found += [(file.name, name)] if name in forbidden else []
            if isinstance(node, ast.keyword) and node.arg in ("verify", "check_hostname"):
                right = isinstance(node.value, ast.Constant) and node.value.value is True
                found += [] if right else [(file.name, node.arg)]

    assert found == []
