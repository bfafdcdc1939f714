"""The page in Debian's Chromium: no console entry, no request, readable on a telephone and on paper."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ops.report.page import write_folder, write_page
from ops.report.sources import Look
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.report.browser import Browser, chromium, needs_axe, needs_chromium
from tests.report.building import account, record, sources_of
from tests.report.test_page import HOSTILE

pytestmark = [pytest.mark.long, pytest.mark.timeout(240), needs_chromium]
Inv = Callable[..., Result]


@pytest.fixture
def page(staged: Sandbox, inv: Inv, tmp_path: Path) -> str:
    """The page of the seed's account after a day with changes, as an address."""
    lines = (
        ("scan.export", "--quiet"),
        (
            "dns.put",
            "--zone",
            "example.com",
            "--name",
            "new",
            "--type",
            "A",
            "--content",
            "192.0.2.44",
            "--yes",
        ),
        (
            "dns.put",
            "--zone",
            "shop.example",
            "--name",
            "x",
            "--type",
            "CNAME",
            "--content",
            "no.shop.example",
        ),
        ("scan.export", "--quiet"),
        ("report", "--to", str(tmp_path / "page.html")),
    )
    for line in lines:
        result = inv(*line)
        assert result.code == 0, result.err
        # Two snapshots of one second have no order.
        time.sleep(1.1 if line[0] == "scan.export" else 0)
    return f"file://{tmp_path / 'page.html'}"


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_the_page_says_nothing_on_the_console_and_requests_nothing(page: str, browser: Browser) -> None:
    browser.open(f"{page}#dns.record?q=example")

    assert browser.run("return document.querySelectorAll('#rows .row').length") > 10
    assert browser.run("return document.getElementsByTagName('*').length") < 5_000
    assert browser.console() == []
    assert [one for one in browser.requested() if one.split("#")[0] != page] == []


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nobody_is_kept_from_reading_it(page: str, browser: Browser, scheme: str, width: int) -> None:
    browser.prefer(scheme)
    browser.resize(width, 900)
    browser.open(f"{page}#dns.record")

    assert browser.violations() == []
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    browser.run("document.querySelector('#rows .row').click()")
    browser.wait("!document.getElementById('item').hidden")
    assert browser.violations() == []


def test_it_does_not_scroll_sideways_on_a_telephone(page: str, browser: Browser) -> None:
    browser.resize(390, 844)
    browser.open(f"{page}#dns.record")
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")

    width = "return [document.documentElement.scrollWidth, innerWidth]"
    row = "return document.querySelector('#rows .row').getBoundingClientRect().height"
    assert browser.run(width) == [390, 390]
    assert browser.run(row) == 52


def test_it_takes_at_most_twelve_pages_of_paper(page: str, browser: Browser) -> None:
    browser.open(page)

    assert 1 <= browser.pages() <= 12


def test_without_javascript_everything_but_the_tables_is_there(page: str) -> None:
    with chromium(scripts=False) as browser:
        browser.driver.get(page)

        text = browser.driver.find_element("tag name", "body").text
    for heading in ("Needs you", "Changed", "How it hangs together", "Certificates", "Findings", "The jobs"):
        assert heading in text
    assert "the first 100 are shown" in text
    assert "Light / dark" not in text


def test_the_view_is_in_the_address_and_what_is_filtered_can_be_saved(page: str, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.mkdir()
    with chromium(downloads=saved) as browser:
        browser.open(f"{page}#dns.record?type=MX&sort=-name")
        shown = browser.run("return document.getElementById('count').textContent")
        browser.run("document.getElementById('csv').click(); document.getElementById('json').click()")
        for name in ("dns.record.csv", "dns.record.json"):
            _until(lambda name=name: (saved / name).exists() and (saved / name).stat().st_size > 0)
        browser.run("document.querySelector('#rows a').click()")
        address = browser.wait("!document.getElementById('item').hidden && location.hash")
        fields = browser.run("return document.getElementById('item-body').textContent")
        assert browser.console() == []
    rows = list(csv.DictReader((saved / "dns.record.csv").open(newline="")))
    items = json.loads((saved / "dns.record.json").read_text())
    assert shown == f"{len(rows)} of 214"
    assert {row["type"] for row in rows} == {"MX"}
    assert [row["name"] for row in rows] == sorted((row["name"] for row in rows), reverse=True)
    assert len(items) == len(rows)
    assert {"content", "settings", "created_on", "id"} <= items[0].keys()
    assert "item=" in address
    assert "created_on" in fields


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in 10 s")


def test_hostile_records_are_text(tmp_path: Path, browser: Browser) -> None:
    records = [
        record(f"{hostile}.example.com", "10.0.0.1", id=str(n), comment=hostile)
        for n, hostile in enumerate(HOSTILE)
    ]
    snapshot = account(tmp_path / "b", records)
    file = tmp_path / "page.html"
    file.write_bytes(write_page(sources_of(snapshot, account(tmp_path / "a", [])), Look()))

    browser.open(f"file://{file}#dns.record?item=example.com%2F0")
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")

    text = browser.driver.find_element("tag name", "body").text
    assert "<script>alert('canary')</script>" in text
    assert "a\\u202eb\\u200bc" in text
    assert browser.run("return document.querySelectorAll('img, iframe').length") == 0
    assert browser.console() == []


def test_a_folder_works_on_a_server_with_a_strict_policy(tmp_path: Path, browser: Browser) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    sources = sources_of(account(tmp_path / "a", [record("a.example.com", "192.0.2.1")]))
    for name, content in write_folder(sources, Look()).items():
        (folder / name).write_bytes(content)

    class Strict(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header(
                "Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'"
            )
            super().end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{server.server_port}/index.html#dns.record")
        rows = browser.run("return document.querySelectorAll('#rows .row').length")
        server.shutdown()
    assert rows == 1
    assert [line for line in browser.console() if "favicon" not in line] == []
