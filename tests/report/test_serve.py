"""`report.serve`: the page and the runs under way, for browsers of this machine only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from queue import SimpleQueue
from re import findall

import pytest

from ops.errors import Damaged, SystemFailure
from ops.items import Json
from ops.report.serve import AT_ONCE, Served, Source, Wait
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
PAGE = b"<!doctype html><title>page</title>"


class Told:
    """A source whose states a test decides; None ends them."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[Json | None] = SimpleQueue()
        self.name, self.page, self.made = "one", PAGE, 0

    def report(self) -> bytes:
        self.made += 1
        if not self.page:
            raise Damaged("the snapshot <b> is damaged", hint="use another one")
        return self.page

    def states(self, _wait: Wait) -> Iterator[Json]:
        yield from iter(self.queue.get, None)

    @property
    def source(self) -> Source:
        return Source(self.report, lambda: self.name, self.states)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def served(told: Told) -> Iterator[Served]:
    with Served(told.source) as server:
        yield server


def asked(served: Served, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
    """Return the answer to a request that is sent as it is given."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": f"127.0.0.1:{served.port}", **headers}.items():
        if value:
            connection.putheader(name, value)
    connection.endheaders()
    return connection.getresponse()


def test_the_page_is_served_at_a_random_address(served: Served, told: Told) -> None:
    answer = asked(served, f"/{served.word}/report")

    assert (answer.status, answer.read()) == (200, PAGE)
    assert served.url == f"http://127.0.0.1:{served.port}/{served.word}/"
    assert len(served.word) >= 32
    assert Served(told.source).word != served.word


@pytest.mark.parametrize("path", ["/", "/report", "/{}", "/{}/other", "/{}/report?x", "/x/report"])
def test_any_other_address_is_not_found(served: Served, path: str) -> None:
    answer = asked(served, path.format(served.word))

    assert (answer.status, answer.read()) == (404, b"Not Found\n")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{}", "127.0.0.1", "", "127.0.0.1:1", "0.0.0.0:{}"]
)
def test_a_request_that_does_not_name_this_machine_is_refused(served: Served, host: str) -> None:
    answer = asked(served, f"/{served.word}/report", Host=host.format(served.port))

    assert (answer.status, PAGE in answer.read()) == (421, False)


def test_two_hosts_are_refused(served: Served) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.putrequest("GET", f"/{served.word}/report")
    connection.putheader("Host", "evil.example")
    connection.endheaders()

    assert connection.getresponse().status == 421


def test_localhost_names_this_machine_too(served: Served) -> None:
    assert asked(served, f"/{served.word}/report", Host=f"localhost:{served.port}").status == 200


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_only_get_is_answered(served: Served, method: str) -> None:
    answer = asked(served, f"/{served.word}/report", method)

    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_the_headers_are_strict_and_name_no_version(served: Served) -> None:
    for path in (f"/{served.word}/", f"/{served.word}/report", "/other"):
        headers = asked(served, path).headers
        assert headers["Server"].strip() == "cfops"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "form-action 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors" in headers["Content-Security-Policy"]


def test_the_shell_allows_its_own_script_and_style_only(served: Served) -> None:
    answer = asked(served, f"/{served.word}/")
    policy, page = answer.headers["Content-Security-Policy"], answer.read().decode()

    (script,), (style,) = (
        findall(r"(?s)<script>(.*?)</script>", page),
        findall(r"(?s)<style>(.*?)</style>", page),
    )
    for text in (script, style):
        assert b64encode(sha256(text.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert len(script) < 4000


def test_the_states_are_events_as_they_come(served: Served, told: Told) -> None:
    answer = asked(served, f"/{served.word}/events")
    assert answer.headers["Content-Type"] == "text/event-stream"

    for number in (1, 2):
        told.queue.put({"runs": [{"task": "scan.export\n\nevent: x", "sections": number}], "ended": []})
        event = answer.readline(), answer.readline()
        assert event[1] == b"\n"
        state = json.loads(event[0].removeprefix(b"data: "))
        assert (state["runs"][0]["sections"], state["newest"]) == (number, "one")
    told.queue.put(None)
    assert answer.read() == b""


def test_a_page_is_made_once_for_each_snapshot(served: Served, told: Told) -> None:
    def page() -> bytes:
        return asked(served, f"/{served.word}/report").read()

    first, again = page(), page()
    told.name, told.page = "two", b"<!doctype html>new"

    assert (first, again, page(), told.made) == (PAGE, PAGE, told.page, 2)


def test_a_page_that_cannot_be_made_says_why_as_text(served: Served, told: Told) -> None:
    told.page = b""

    answer = asked(served, f"/{served.word}/report")

    assert (answer.status, answer.headers["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert answer.read() == b"the snapshot <b> is damaged\nuse another one\n"


def test_more_connections_than_allowed_are_closed_and_later_ones_are_served(
    served: Served, told: Told
) -> None:
    held = [asked(served, f"/{served.word}/events") for _ in range(AT_ONCE)]

    with pytest.raises((ConnectionError, OSError)):
        asked(served, f"/{served.word}/report")
    for _ in held:
        told.queue.put(None)
    for answer in held:
        assert answer.read() == b""


def test_a_port_that_is_taken_is_an_error_with_the_next_step(served: Served, told: Told) -> None:
    with pytest.raises(SystemFailure, match="cannot listen on port") as raised:
        Served(told.source, served.port)

    assert "--port 0" in raised.value.hint


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_ctrl_c_ends_the_server(staged: Sandbox, inv: Inv, number: int, code: int, home: Path) -> None:
    assert inv("scan.export", "--quiet").code == 0
    staged.requests.clear()
    line = [sys.executable, "-c", "from ops.program import main; main()", "report.serve"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        port, word = url.removeprefix("http://127.0.0.1:").rstrip("/").split("/")
        connection = HTTPConnection("127.0.0.1", int(port), timeout=60)
        connection.request("GET", f"/{word}/report")
        page = connection.getresponse().read()
        connection.request("GET", f"/{word}/events")
        events = connection.getresponse()
        first = json.loads(events.readline().removeprefix(b"data: "))

        os.kill(process.pid, number)
        _, told = process.communicate(timeout=30)

    assert process.returncode == code, told
    assert "Traceback" not in told
    assert b"example.net" in page
    assert first["runs"] == []
    assert (home / "exports" / staged.account_id / first["newest"] / "manifest.json").exists()
    assert staged.requests == []


def test_without_a_snapshot_nothing_is_served(staged: Sandbox, inv: Inv) -> None:
    result = inv("report.serve")

    assert result.code == 1
    assert "`inv scan.export` creates" in result.err


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_scan_moves_in_a_browser_and_its_snapshot_replaces_the_page(
    staged: Sandbox, inv: Inv, tmp_path: Path
) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    from tests.report.browser import chromium

    assert inv("scan.export", "--quiet").code == 0
    program = [sys.executable, "-c", "from ops.program import main; main()"]
    serving = subprocess.Popen([*program, "report.serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert serving.stdout is not None
        url = serving.stdout.readline().strip()
        with chromium() as window:
            browser = window.driver
            within = WebDriverWait(browser, 120, poll_frequency=0.1)
            browser.get(url)

            def text(id: str) -> str:
                return str(
                    browser.execute_script("return document.getElementById(arguments[0]).innerText", id)
                )

            def sections() -> float:
                script = "return document.querySelector('progress')?.value ?? -1"
                return float(browser.execute_script(script))

            def page() -> str:
                script = "return document.getElementById('report').contentDocument.body.innerText"
                return str(browser.execute_script(script))

            within.until(lambda _: "No run is under way" in text("state") and "Search" in page())
            before = page()
            staged.faults.add(Fault("delay", times=-1, seconds=0.5))
            with subprocess.Popen([*program, "scan.export", "--quiet"]) as scan:
                first = within.until(lambda _: sections() if sections() > 0 else False)
                within.until(lambda _: sections() > first)
                assert scan.wait(120) == 0
            within.until(lambda _: "scan.export complete" in text("runs"))
            within.until(lambda _: page() not in ("", before))
            browser.execute_script("document.getElementById('report').contentWindow.location.hash = 'x=1'")
            within.until(lambda _: browser.current_url.endswith("#x=1"))

            assert browser.get_log("browser") == []
    finally:
        serving.send_signal(signal.SIGINT)
        assert serving.wait(30) == 0
        if serving.stdout is not None:
            serving.stdout.close()
