"""The page: its form and policy, that everything in an account is text, and what it never shows."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ops.report.page import asset, write_folder
from ops.report.sources import Look
from tests.report.building import ZONE, ZONE_ID, Page, account, page_of, record, sources_of

SCRIPT = "<script>alert('canary')</script>"
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "</script></table></body><iframe src=//evil.example>",
    "javascript:alert(1)",
    "</style><style>@import url(//evil.example)</style>",
    "&lt;script&gt;",
    "a\u202eb\u200bc\x1b[2J\u2028",
)
OLD, NEW = "2026-11-22T06:00:00Z", "2026-11-23T06:00:00Z"


def policy_of(page: Page) -> str:
    return next(value for _, value in page.attributes if value.startswith("default-src"))


@pytest.mark.fault("E13")
@pytest.mark.parametrize("hostile", HOSTILE)
def test_everything_in_an_item_is_shown_as_text(tmp_path: Path, hostile: str) -> None:
    plain = page_of(account(tmp_path / "plain", [record("a.example.com", "192.0.2.7", comment="x")]))

    made = page_of(account(tmp_path / "made", [record("a.example.com", "192.0.2.7", comment=hostile)]))

    assert made.tags == plain.tags
    assert [name for name, _ in made.attributes] == [name for name, _ in plain.attributes]
    assert made.rows("dns.record")[0]["comment"] == hostile


@pytest.mark.fault("E13")
def test_hostile_names_are_text_where_changes_and_findings_name_them(tmp_path: Path) -> None:
    names = [f"{hostile}.example.com" for hostile in HOSTILE]
    before = account(tmp_path / "a", [])
    after = account(tmp_path / "b", [record(name, "10.0.0.1") for name in names])

    page = page_of(after, before)

    assert page.text.count("<script") == page.tags.count("script")
    assert not {"iframe", "img", "object", "form", "base"} & set(page.tags)
    assert any(SCRIPT in text for text in page.texts)
    assert not set(page.text) & set("\u202e\u200b\x1b\u2028")


@pytest.mark.fault("E13")
def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else(tmp_path: Path) -> None:
    page = page_of(account(tmp_path / "made", [record("a.example.com", "192.0.2.7")]))

    policy = policy_of(page)
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>\s*</body>", page.text, re.DOTALL)
    assert len(re.findall(r"'sha256-", policy)) == 2
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; ")
    for part in (found[1] for found in (style, script) if found):
        assert f"'sha256-{base64.b64encode(sha256(part.encode()).digest()).decode()}'" in policy
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"style", "src", "action"}
    assert "://" not in page.text.replace(asset("report.js"), "")


def test_the_script_is_less_than_12_kb_and_makes_no_markup_of_text() -> None:
    script = asset("report.js")

    assert len(script.encode()) < 12_000
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|fetch\(", script
    )


def test_a_folder_has_style_and_script_beside_the_page(tmp_path: Path) -> None:
    files = write_folder(sources_of(account(tmp_path / "made", [])), Look())

    page = Page(files["index.html"].decode())
    assert set(files) == {"index.html", "style.css", "report.js"}
    assert "style-src 'self'; script-src 'self'" in policy_of(page)
    assert ("src", "report.js") in page.attributes
    assert ("href", "style.css") in page.attributes
    assert "style" not in page.tags


def test_keys_and_objects_are_counted_and_never_named(tmp_path: Path) -> None:
    more: dict[tuple[str, str], Any] = {
        ("kv.namespace", ""): [{"id": "n1", "title": "sessions"}],
        ("kv.key", "n1"): [{"name": "canary-key"}, {"name": "other-key"}],
    }

    page = page_of(account(tmp_path / "made", [], more))

    assert page.rows("kv.namespace")[0]["keys"] == 2
    assert "kv.key" not in page.index["kinds"]
    assert "key 2, counted only" in page.section("everything")
    assert "canary-key" not in page.text


def test_the_number_of_keys_that_were_not_read_is_unknown(tmp_path: Path) -> None:
    more: dict[tuple[str, str], Any] = {("kv.namespace", ""): [{"id": "n1", "title": "sessions"}]}

    page = page_of(account(tmp_path / "made", [], more, statuses={("kv.key", "n1"): "denied"}))

    assert page.rows("kv.namespace")[0]["keys"] is None


def test_a_plain_variable_that_looks_like_a_secret_is_hidden(tmp_path: Path) -> None:
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"
    bindings = [
        {"name": "KEY", "type": "plain_text", "text": secret},
        {"name": "STAGE", "type": "plain_text", "text": "x1"},
    ]
    more: dict[tuple[str, str], Any] = {
        ("workers.script", ""): [{"id": "api"}],
        ("workers.settings", "api"): [{"bindings": bindings}],
    }

    page = page_of(account(tmp_path / "made", [], more))

    row = page.rows("workers.settings")[0]["bindings"]
    assert [one["text"] for one in row] == ["[hidden: it looks like a secret]", "x1"]
    assert secret not in page.text


def test_every_field_of_an_item_is_in_its_row_or_its_details(tmp_path: Path) -> None:
    item = record("a.example.com", "192.0.2.7", meta={"deep": [1, None]}, tags=["a", "b"])

    page = page_of(account(tmp_path / "made", [item]))

    [[rest, _past, _users]] = page.block("t:dns.record:0")
    row = page.rows("dns.record")[0]
    assert row["zone"] == "example.com"
    assert {**row, **rest} == {**item, "zone": "example.com"}


def test_a_table_has_the_ends_of_certificates_and_the_values_of_settings(tmp_path: Path) -> None:
    pack = {
        "id": "p1", "type": "universal", "status": "active", "hosts": ["example.com"], "validity_days": 90,
        "certificates": [{"expires_on": "2027-01-27T00:00:00Z", "uploaded_on": "2026-10-29T00:00:00Z"}],
    }  # fmt: skip
    more = {("ssl.pack", ZONE_ID): [pack], ("zones.setting", ZONE_ID): [{"id": "ssl", "value": "strict"}]}

    page = page_of(account(tmp_path / "made", [], more))

    assert page.rows("ssl.pack")[0]["ends"] == "2027-01-27T00:00:00Z"
    assert page.rows("zones.setting")[0]["value"] == "strict"


def test_a_page_for_outsiders_has_no_address_content_or_mail_address(tmp_path: Path) -> None:
    old = [record("a.example.com", "192.0.2.7", id="r"), record("t.example.com", "canary", "TXT", id="t")]
    new = [record("a.example.com", "10.0.0.77", id="r"), record("t.example.com", "canary2", "TXT", id="t")]
    more: dict[tuple[str, str], Any] = {
        ("accounts.member", ""): [{"id": "m", "user": {"email": "anna@example.org"}, "status": "accepted"}],
        ("access_rules.account", ""): [
            {"id": "r", "mode": "block", "configuration": {"target": "ip6", "value": "2001:db8::77"}}
        ],
    }  # fmt: skip
    look = Look(redact=True)

    page = page_of(account(tmp_path / "b", new, more), account(tmp_path / "a", old, more), look=look)

    held = page.text + "".join(str(page.block(f"t:{kind}")) for kind in page.index["kinds"])
    held += "".join(str(page.block(f"t:{kind}:0")) for kind in page.index["kinds"])
    for hidden in ("192.0.2.7", "10.0.0.77", "canary", "anna@", "2001:db8"):
        assert hidden not in held, hidden
    assert page.rows("dns.record")[0]["name"] == "a.example.com"


def test_only_the_wanted_kinds_are_on_the_page(tmp_path: Path) -> None:
    snapshot = account(tmp_path / "made", [record("a.example.com", "192.0.2.7")])

    page = page_of(snapshot, look=Look(lambda kind: kind.startswith("dns.")))

    assert [kind for kind in page.index["kinds"] if not kind.startswith("all.")] == ["dns.record"]


def test_what_was_not_read_is_said_with_its_reason(tmp_path: Path) -> None:
    page = page_of(account(tmp_path / "made", [], statuses={("zones.dnssec", ZONE_ID): "denied"}))

    assert "zones.dnssec denied" in page.section("unread")
    assert "kinds could not be read completely" in " ".join(page.texts)


def test_changes_are_shown_field_by_field_and_unread_kinds_as_unknown(tmp_path: Path) -> None:
    same = {**ZONE, "status": "active"}
    before = account(tmp_path / "a", [record("a.example.com", "192.0.2.7", ttl=60, id="r1")])
    after = account(
        tmp_path / "b",
        [record("a.example.com", "192.0.2.7", ttl=300, id="r1"), record("b.example.com", "192.0.2.8")],
        {("zones.zone", ""): [same]},
        statuses={("zones.dnssec", ZONE_ID): "failed"},
    )

    page = page_of(after, before)

    shown = page.section("changes")
    assert "ttl 60 → 300" in shown
    assert "b.example.com" in shown
    assert {row["change"] for row in page.rows("all.changes")} >= {"changed", "created"}


def test_an_item_view_has_the_past_of_the_item_and_what_uses_it(tmp_path: Path) -> None:
    more: dict[tuple[str, str], Any] = {
        ("workers.script", ""): [{"id": "api"}],
        ("workers.route", ZONE_ID): [{"id": "r", "pattern": "a.example.com/*", "script": "api"}],
    }
    before = account(tmp_path / "a", [record("a.example.com", "192.0.2.7", ttl=60, id="r1")], more)
    after = account(tmp_path / "b", [record("a.example.com", "192.0.2.7", ttl=300, id="r1")], more)

    page = page_of(after, before)

    [[_rest, past, _users]] = page.block("t:dns.record:0")
    [[_other, _past, users]] = page.block("t:workers.script:0")
    assert [event[1:] for event in past] == [["changed", [["ttl", "60", "300"]]]]
    assert users[0] == ["workers.route", "a.example.com/*", "#workers.route?item=example.com%2Fr"]
    assert "unknown: " in users[1][1]
    assert "queues.queue" in users[1][1]
