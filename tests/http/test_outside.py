"""A word to a server that is not Cloudflare's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.errors import OpsError, UsageError
from ops.http.outside import Outside, within
from tests.wire import Exchange, Wire, answer

TOKEN = "cfut_" + "Zq7" * 13 + "Z" + "a1b2c3d4"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    credentials = Credentials(token=TOKEN, origin="test")
    return Settings(credentials=credentials, exports=tmp_path, state_dir=tmp_path, cache_dir=tmp_path)


def opened(wire: Wire, settings: Settings, path: str = "/ping/uuid") -> Outside:
    return Outside(f"http://127.0.0.1:{wire.port}{path}", settings)


@pytest.mark.fault("F17")
def test_it_carries_neither_token_nor_cookie(settings: Settings) -> None:
    with Wire(answer(200, set_cookie="a=b")) as wire:
        outside = opened(wire, settings)
        statuses = [outside.post("start", "ü"), outside.post("", "done")]

    assert statuses == [200, 200]
    assert [seen.target for seen in wire.requests] == ["/ping/uuid/start", "/ping/uuid"]
    assert wire.requests[0].body == "ü".encode()
    assert not {"authorization", "cookie", "x-auth-key"} & wire.requests[1].headers.keys()
    assert TOKEN not in str(wire.requests)


@pytest.mark.parametrize(
    ("path", "below", "target"),
    [
        ("", "log?rid=1", "/log?rid=1"),
        ("/a?k=v", "log?rid=1", "/a/log?k=v&rid=1"),
        ("/a?k=v", "?rid=1", "/a?k=v&rid=1"),
        ("", "", "/"),
        ("/", "start", "/start"),
        ("/a/?k=v", "4", "/a/4?k=v"),
        ("/a?k=v", "", "/a?k=v"),
    ],
)
def test_what_is_added_goes_below_the_path(settings: Settings, path: str, below: str, target: str) -> None:
    with Wire(answer(200)) as wire:
        opened(wire, settings, path).post(below, "")

    assert wire.requests[0].target == target


def test_what_is_sent_goes_to_exactly_the_url_with_its_headers(settings: Settings) -> None:
    with Wire(answer(200)) as wire:
        opened(wire, settings, "/v1/traces/?k=v").send(b"{}", {"Content-Type": "application/json"})

    assert wire.requests[0].target == "/v1/traces/?k=v"
    assert wire.requests[0].headers["content-type"] == "application/json"


@pytest.mark.fault("A21")
def test_a_redirect_is_not_followed(settings: Settings) -> None:
    other = Wire(answer(200), host="127.0.0.2")
    with other, Wire(answer(307, location=f"http://127.0.0.2:{other.port}/")) as wire:
        status = opened(wire, settings).post("", "text")

    assert status == 307
    assert other.connections == 0


@pytest.mark.parametrize("fails", [Exchange.close, Exchange.reset, answer(200, "x" * 100_000)])
def test_no_proper_answer_is_a_failure(settings: Settings, fails: bytes | Callable[[Exchange], None]) -> None:
    with Wire(fails) as wire, pytest.raises(OpsError):
        opened(wire, settings).post("", "")


@pytest.mark.fault("F17")
@pytest.mark.parametrize(
    "url",
    [
        "http://monitor.example/uuid", "http://169.254.169.254/uuid", "ftp://127.0.0.1/uuid", "uuid",
        "https://user:uuid@monitor.example/", "https://monitor.example/uuid#x", "https://monitor.example/\nuuid",
        "https://monitor.example:0/uuid", "https://[uuid", "http://127.1/uuid", "https:///uuid",
    ],
)  # fmt: skip
def test_only_https_or_this_machine_is_taken_and_the_rest_is_not_shown(settings: Settings, url: str) -> None:
    with pytest.raises(UsageError) as error:
        Outside(url, settings)

    assert "uuid" not in f"{error.value.message}{error.value.hint}"


def test_it_shows_its_host_alone(settings: Settings) -> None:
    assert repr(Outside("https://monitor.example/uuid", settings)) == "<Outside monitor.example>"


def test_work_that_hangs_is_left_behind_and_a_failure_is_named() -> None:
    hangs = Event()

    def refuse() -> str:
        raise UsageError("the URL is not plain")

    def bug() -> str:
        raise KeyError("secret")

    work = {"well": lambda: "", "ill": lambda: "it answered 500", "refused": refuse, "bug": bug}
    found = within({**work, "hangs": lambda: f"{hangs.wait()}"}, 0.2)
    hangs.set()

    assert found == {
        "ill": "it answered 500",
        "refused": "the URL is not plain",
        "bug": "it failed (KeyError)",
        "hangs": "no answer within 0.2 s",
    }
