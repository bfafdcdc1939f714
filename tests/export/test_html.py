"""A snapshot as an HTML page: its content, and that everything in an item is shown as text."""

from __future__ import annotations

import base64
import io
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ops.export.renderings import html_report
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Owner, Resource
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import Writer

SCRIPT = "<script>alert('canary')</script>"
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "</pre></table></body><iframe src=//evil.example>",
    "javascript:alert(1)",
    "</style><style>@import url(//evil.example)</style>",
    "{{ 7 * 7 }} {% raw %}",
    "&lt;script&gt;",
)
ZONE = Resource("flat.zone", ACCOUNT, ("name",))
RECORD = Resource("flat.record", "flat.zone", ("name", "type"))
RESOURCES = (ZONE, RECORD)


class Page(HTMLParser):
    """The page as a browser parses it: elements, attributes, and the text of each cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(
    folder: Path, items: list[Json], *sections: Section, account: str = "Example"
) -> tuple[str, list[str]]:
    folder.mkdir()
    writer = Writer(folder, {})
    writer.section(ZONE, Owner("acc", "acc", {})).add({"id": "z1", "name": "example.com"})
    section = writer.section(RECORD, Owner("acc", "z1", {}))
    for item in items:
        section.add(item)
    complete = (
        Section("flat.zone", "acc", "complete", 1),
        Section("flat.record", "z1", "complete", len(items)),
    )
    manifest = Manifest(
        "cfops", "acc", account, "2026-11-25T06:00:00Z", "t1", 2, "partial" if sections else "complete",
        sections=(*complete, *sections), files=writer.assemble(),
    )  # fmt: skip
    out = io.BytesIO()
    message = html_report.write(folder, manifest, out, RESOURCES)
    return out.getvalue().decode(), message


@pytest.mark.fault("E13")
@pytest.mark.parametrize("text", HOSTILE)
def test_everything_in_an_item_is_shown_as_text(tmp_path: Path, text: str) -> None:
    plain = Page(page_of(tmp_path / "plain", [{"name": "a", "type": "A", "key": 1}], account="x")[0])

    hostile = Page(page_of(tmp_path / "made", [{"name": text, "type": "A", text: 1}], account=text)[0])

    assert hostile.tags == plain.tags
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]
    assert text in hostile.texts


@pytest.mark.fault("E13")
def test_a_forged_reason_and_kind_are_shown_as_text(tmp_path: Path) -> None:
    text, _ = page_of(tmp_path / "made", [], Section(SCRIPT, SCRIPT, "failed", 0, SCRIPT))

    assert "<script" not in text
    assert Page(text).texts.count(SCRIPT) == 4


@pytest.mark.fault("E13")
def test_the_page_runs_no_script_and_loads_nothing(tmp_path: Path) -> None:
    text, _ = page_of(tmp_path / "made", [{"name": "a", "type": "A"}])
    page = Page(text)

    attributes = dict(page.attributes)
    policy = next(value for _, value in page.attributes if value.startswith("default-src"))
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert style
    assert base64.b64encode(sha256(style[1].encode()).digest()).decode() in policy
    assert not {"script", "iframe", "img", "link", "object", "form", "base"} & set(page.tags)
    assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "action")]
    assert [value for name, value in page.attributes if name == "href" and not value.startswith("#")] == []
    assert "://" not in text


@pytest.mark.fault("E7", "E13")
def test_invisible_and_direction_characters_are_shown_as_escapes(tmp_path: Path) -> None:
    text, _ = page_of(tmp_path / "made", [{"name": "a\u202eb\u200bc\x1b[2J\ud800", "type": "A"}])

    assert "a\\u202eb\\u200bc\\x1b[2J\\ud800" in Page(text).texts
    assert not set(text) & set("\u202e\u200b\x1b")


def test_every_item_is_on_the_page_with_all_its_fields(tmp_path: Path) -> None:
    items: list[Json] = [
        {"name": f"n{number}", "type": "A", "meta": {"deep": [number, None]}} for number in range(300)
    ]

    text, message = page_of(tmp_path / "made", items)

    shown = [json.loads(found) for found in Page(text).texts if found.startswith("{")]
    assert [item for item in shown if "meta" in item] == sorted(items, key=lambda item: str(item["name"]))
    assert Page(text).texts.count("example.com") == 1 + 300
    assert message == []


def test_a_page_with_omitted_items_names_a_complete_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_report, "SHOWN", 2)

    text, message = page_of(tmp_path / "made", [{"name": f"n{number}", "type": "A"} for number in range(3)])

    assert message == ["flat.record: the first 2 of 3 are shown; --to FILE.sqlite contains all"]
    assert message[0] in Page(text).texts
    assert [found in text for found in ("&#34;n0&#34;", "&#34;n1&#34;", "&#34;n2&#34;")] == [
        True,
        True,
        False,
    ]


def test_missing_sections_come_first_on_the_page(tmp_path: Path) -> None:
    text, _ = page_of(
        tmp_path / "made",
        [{"name": "a", "type": "A"}],
        Section("flat.skipped", "", "skipped", 0, "nobody asked"),
        Section("flat.denied", "z1", "denied", 0, "no permission"),
    )

    places = [text.index(found) for found in ("no permission", "nobody asked", 'id="flat.record"')]
    assert places == sorted(places)
