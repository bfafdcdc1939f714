"""Workers: scripts and their modules, byte for byte and never outside the folder."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from responses.matchers import query_param_matcher

from ops.errors import DiskError, MalformedAnswer, NotFound, PermissionDenied, Refused
from ops.http.client import Client
from ops.kinds.code import Script, read_script
from ops.kinds.resource import Content, Owner
from ops.products.workers import api
from ops.products.workers.download import file_names, write
from ops.products.workers.resources import RESOURCES
from ops.products.workers.source import INDEX
from ops.products.workers.tasks.scripts import binding_lines
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, refusal

ACCOUNT, ZONE = "a" * 32, "1" * 32
SCRIPTS = f"{API}/accounts/{ACCOUNT}/workers/scripts"
BOUNDARY = "----boundary7MA4YWxkTrZu0gW"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"

ESCAPES = [
    "../x", "../../etc/passwd", "/abs", "a\0b", "..\\..\\x", "%2e%2e", "x" * 300, "\ud800", "CON", "nul.js",
    "-rf", ".", "..", "", " ", ".hidden", "a/b/c.js", "C:\\x", "\u202egnp.js", "a\nb", "~", "com1.txt", INDEX,
]  # fmt: skip


def multipart(modules: list[Content], *, end: bytes = b"--\r\n") -> bytes:
    mark = b"--" + BOUNDARY.encode()
    parts = [
        b'%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: %s\r\n\r\n%s\r\n'
        % (mark, one.name.encode(), one.name.encode(), one.media_type.encode(), one.data)
        for one in modules
    ]
    return b"".join(parts) + mark + end


def script(*modules: Content) -> Script:
    return Script(modules[0].name, modules)


def module(name: str, data: bytes = b"export default {}") -> Content:
    return Content(name, "application/javascript+module", data)


@pytest.mark.fault("E2")
@given(data=st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_modules_are_read_byte_for_byte(data: list[bytes]) -> None:
    modules = [module(f"m{n}.wasm", one) for n, one in enumerate(data)]

    read = read_script("shop", TYPE, multipart(modules), entry_point="m0.wasm")

    assert read == Script("m0.wasm", tuple(modules))


@pytest.mark.parametrize(
    "data", [b"\r\n", b"\n", b"\r", b"--", b"\r\n--", b"\r\n----boundary", b"\0\xff\r\n\r\n", b""]
)
def test_line_ends_and_dashes_inside_a_module_are_kept(data: bytes) -> None:
    read = read_script("shop", TYPE, multipart([module("a.js", data)]), entry_point="a.js")

    assert read.modules[0].data == data


def test_a_service_worker_is_one_module(client: Client, http: responses.RequestsMock) -> None:
    body = b"addEventListener('fetch', () => {})"
    length = {"Content-Length": str(len(body))}
    http.get(f"{SCRIPTS}/shop/content/v2", body=body, content_type="application/javascript", headers=length)

    read = api.get_content(client, ACCOUNT, "shop")

    assert read == Script("shop.js", (Content("shop.js", "application/javascript", body),))


def test_the_header_names_the_entry_point(client: Client, http: responses.RequestsMock) -> None:
    modules = [module("lib.js"), module("index.js")]
    headers = {"cf-entrypoint": "index.js"}
    http.get(f"{SCRIPTS}/shop/content/v2", body=multipart(modules), content_type=TYPE, headers=headers)

    assert api.get_content(client, ACCOUNT, "shop").entry_point == "index.js"


def test_a_quoted_boundary_and_an_escaped_name_are_read() -> None:
    header = b'Content-Disposition: form-data; filename="x; name=evil"; name="a\\"b%22.js"'
    body = b"--b c\r\n" + header + b"\r\n\r\n1\r\n--b c--"

    read = read_script("shop", 'Multipart/Form-Data; charset=utf-8; boundary="b c"', body, entry_point="")

    assert read.modules == (Content('a"b".js', "application/octet-stream", b"1"),)


@pytest.mark.parametrize(
    ("body", "entry_point"),
    [
        (multipart([module("a.js")], end=b"\r\n"), "a.js"),
        (multipart([module("a.js")])[:-20], "a.js"),
        (multipart([module("a.js")]), "b.js"),
        (multipart([module("a.js"), module("a.js")]), "a.js"),
        (b"", "a.js"),
        (b"--" + BOUNDARY.encode() + b"\r\nX: y\r\n\r\n1\r\n--" + BOUNDARY.encode() + b"--", ""),
    ],
    ids=["unclosed", "cut", "no entry point", "a name twice", "empty", "nameless"],
)
def test_incomplete_content_is_refused(body: bytes, entry_point: str) -> None:
    with pytest.raises(MalformedAnswer):
        read_script("shop", TYPE, body, entry_point=entry_point)


@pytest.mark.fault("A14")
def test_a_service_worker_that_may_be_cut_is_refused() -> None:
    with pytest.raises(MalformedAnswer, match="may be cut"):
        read_script("shop", "application/javascript", b"addEvent", entry_point="", complete=False)


def test_a_content_type_without_a_boundary_is_refused() -> None:
    with pytest.raises(MalformedAnswer):
        read_script("shop", "multipart/form-data", multipart([module("a.js")]), entry_point="a.js")


@pytest.mark.fault("C12")
@pytest.mark.parametrize("name", ESCAPES)
def test_a_module_name_never_chooses_a_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "down" / "shop"

    write(folder, "shop", script(module(name, b"here")), force=False)

    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.parent for file in files} == {folder}
    assert sorted(file.read_bytes() == b"here" for file in files) == [False, True]


@pytest.mark.fault("P10")
@pytest.mark.fault("C12")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(st.characters(codec=None), max_size=100), unique=True, max_size=6))
def test_file_names_are_safe_and_unique(names: list[str]) -> None:
    files = file_names(names)

    assert len({file.lower() for file in files} | {INDEX}) == len(names) + 1
    assert all(Path(file).name == file and file.isascii() and len(file) <= 80 for file in files)
    assert not any(file.startswith((".", "-")) for file in files)


def test_a_module_named_like_the_slug_of_another_does_not_take_its_file() -> None:
    slug = file_names(["A.js", "a.js"])[1]

    files = file_names(["A.js", slug, "a.js"])

    assert files[:2] == ["A.js", slug]
    assert files[2] not in (slug, "a.js")


def test_names_that_differ_only_in_case_get_files_that_differ_in_more() -> None:
    first, second = file_names(["A.js", "a.js"])

    assert first == "A.js"
    assert second.lower() != "a.js"


def test_an_ordinary_name_is_the_file_name() -> None:
    assert file_names(["index.js", "lib_1.wasm", "README"]) == ["index.js", "lib_1.wasm", "README"]


def test_the_index_maps_files_to_modules(tmp_path: Path) -> None:
    write(tmp_path, "shop", script(module("index.js"), module("lib/x.js", b"x")), force=False)

    index = json.loads((tmp_path / INDEX).read_text())
    files = {one["module"]: one["file"] for one in index["modules"]}
    assert (index["script"], index["entry_point"]) == ("shop", "index.js")
    assert files["index.js"] == "index.js"
    assert (tmp_path / files["lib/x.js"]).read_bytes() == b"x"


@pytest.mark.fault("C9")
def test_only_the_owner_can_read_files_and_folders(tmp_path: Path) -> None:
    written = write(tmp_path / "a" / "b", "shop", script(module("index.js")), force=False)

    assert {stat.S_IMODE(Path(one["file"]).stat().st_mode) for one in written} == {0o600}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "index.js").write_bytes(b"mine")

    with pytest.raises(Refused, match=r"index\.js already exists"):
        write(tmp_path, "shop", script(module("lib.js"), module("index.js")), force=False)

    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == ["index.js"]
    assert (tmp_path / "index.js").read_bytes() == b"mine"


def test_force_keeps_a_copy_of_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "index.js").write_bytes(b"mine")

    kept = write(tmp_path, "shop", script(module("index.js", b"new")), force=True)[0]["kept"]

    assert (tmp_path / "index.js").read_bytes() == b"new"
    assert Path(kept).read_bytes() == b"mine"
    assert Path(kept).parent == tmp_path


def test_force_twice_keeps_both_earlier_files(tmp_path: Path) -> None:
    for data in (b"one", b"two", b"three", b"three"):
        write(tmp_path, "shop", script(module("index.js", data)), force=True)

    old = [file.read_bytes() for file in tmp_path.glob("index.js.*.old")]
    assert sorted(old) == [b"one", b"two"]


@pytest.mark.fault("C7")
def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "index.js").symlink_to(victim)

    with pytest.raises(Refused, match="symbolic link"):
        write(tmp_path / "shop", "shop", script(module("index.js")), force=True)

    assert victim.read_bytes() == b"mine"


@pytest.mark.fault("C6")
def test_a_target_that_is_not_a_folder_is_refused_before_any_request(
    staged: Sandbox, inv: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")

    result = inv("workers.download", "--script", "redirects", "--to", str(tmp_path / "file" / "shop"))

    assert result.code == DiskError.exit_code
    assert "is not a folder" in result.err
    assert staged.requests == []


def test_schedules_are_found_inside_the_result(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{SCRIPTS}/shop/schedules", json=envelope({"schedules": [{"cron": "*/5 * * * *"}]}))

    assert list(api.list_schedules(client, ACCOUNT, "shop")) == [{"cron": "*/5 * * * *"}]


def test_a_script_is_found_by_its_exact_name(client: Client, http: responses.RequestsMock) -> None:
    http.get(SCRIPTS, json=envelope([{"id": "shop-old"}, {"id": "shop"}]))

    assert api.find_script(client, ACCOUNT, "shop") == {"id": "shop"}


def test_a_missing_script_gets_a_hint_to_the_list(client: Client, http: responses.RequestsMock) -> None:
    http.get(SCRIPTS, json=envelope([]))

    with pytest.raises(NotFound) as error:
        api.find_script(client, ACCOUNT, "shop")

    assert "inv workers.list" in error.value.hint


@pytest.mark.fault("G3")
def test_domains_of_other_scripts_are_left_out_even_if_the_api_returns_them(
    client: Client, http: responses.RequestsMock
) -> None:
    domains = [{"hostname": "a.example", "service": "shop"}, {"hostname": "b.example", "service": "shop-old"}]
    matches = [query_param_matcher({"service": "shop"})]
    http.get(f"{API}/accounts/{ACCOUNT}/workers/domains", json=envelope(domains), match=matches)

    assert [one["hostname"] for one in api.list_domains(client, ACCOUNT, service="shop")] == ["a.example"]


def test_a_refusal_names_the_missing_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/zones/{ZONE}/workers/routes", json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(api.list_routes(client, ZONE))

    assert "Workers Routes" in error.value.hint


def test_each_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    owner = Owner(ACCOUNT, "shop", {"id": "shop"})
    answers = {
        "settings": {"bindings": []},
        "schedules": {"schedules": [{"cron": "0 * * * *"}]},
        "secrets": [{"name": "KEY", "type": "secret_text"}],
        "deployments": {"deployments": [{"id": "d"}]},
        "subdomain": {"enabled": True},
    }
    for part, answer in answers.items():
        http.get(f"{SCRIPTS}/shop/{part}", json=envelope(answer))

    found = {one.kind: list(one.list(client, owner)) for one in RESOURCES if one.parent == "workers.script"}

    assert found == {
        "workers.settings": [{"bindings": []}],
        "workers.schedule": [{"cron": "0 * * * *"}],
        "workers.secret": [{"name": "KEY", "type": "secret_text"}],
        "workers.deployment": [{"id": "d"}],
        "workers.script_subdomain": [{"enabled": True}],
    }


def test_scripts_are_listed_with_their_routes_and_domains(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.list", "--output", "json")

    rows = {row["id"]: row for row in json.loads(result.out)}
    assert result.code == 0
    assert rows["api-gateway"]["routes"] == ["api.example.com/*"]
    assert rows["api-gateway"]["domains"] == ["gateway.example.com"]
    assert rows["cron-reports"]["routes"] == []
    assert "reading 12 zones: about 12 requests" in result.err


def test_a_list_without_routes_takes_two_requests(staged: Sandbox, inv: Any) -> None:
    inv("accounts.list")
    before = len(staged.requests)

    result = inv("workers.list", "--routes", "none", "--account-id", staged.account_id, "--output", "json")

    assert result.code == 0
    assert "routes" not in json.loads(result.out)[0]
    assert len(staged.requests) - before == 2


def test_an_unknown_value_of_routes_is_refused(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.list", "--routes", "some")

    assert result.code == 1
    assert "--routes is all or none, not 'some'" in result.err
    assert staged.requests == []


@pytest.mark.fault("A25")
def test_a_zone_whose_routes_are_denied_leaves_the_list_incomplete(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET */workers/routes nth=1 times=1")

    result = inv("workers.list", "--output", "json")

    assert result.code == 4
    assert len(json.loads(result.out)) == 8
    assert "routes of " in result.err


@pytest.mark.fault("A25")
def test_scripts_are_listed_even_if_zones_are_denied(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET /zones* times=-1")

    result = inv("workers.list", "--output", "json")

    assert result.code == 4
    assert len(json.loads(result.out)) == 8
    assert "zones, for their routes: denied" in result.err


def test_info_shows_bindings_by_type_and_the_size(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.info", "--script", "image-resizer", "--output", "json")

    info = json.loads(result.out)
    assert result.code == 0
    assert info["bindings"]["kv_namespace"] == ["ASSETS"]
    assert info["modules"] == ["index.js", "resize.wasm", "palette.bin", "notice.txt"]
    assert info["size"] == 411
    assert info["routes"] == ["img.example.com/*"]


def test_info_names_what_a_script_is_bound_to(staged: Sandbox, inv: Any) -> None:
    line = ("workers.info", "--script", "api-gateway", "--routes", "none", "--output")

    bound = json.loads(inv(*line, "json").out)["bound_to"]
    table = inv(*line, "table").out

    assert bound["SESSIONS"] == "sessions"
    assert bound["HOOKS"] == "webhooks"
    assert bound["SIGNING_KEY"] == ""
    assert "bindings             SESSIONS → sessions (kv_namespace)\n" in table
    assert "                     STAGE = production (plain_text)\n" in table
    assert '                     LIMITS = {"burst":20,"per_minute":[60,600]} (json)\n' in table
    assert "                     SIGNING_KEY (secret_text)\n" in table


def test_the_value_of_a_secret_is_not_shown_even_if_the_api_returns_it() -> None:
    secret = {"name": "KEY", "type": "secret_text", "text": "hidden"}

    assert binding_lines([secret], {"KEY": ""}) == ("KEY (secret_text)",)


def test_a_namespace_that_cannot_be_read_keeps_its_id(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET */storage/kv/namespaces times=-1")

    result = inv("workers.info", "--script", "api-gateway", "--routes", "none", "--output", "json")

    assert result.code == 0
    assert re.fullmatch("[0-9a-f]{32}", json.loads(result.out)["bound_to"]["SESSIONS"])


@pytest.mark.fault("A25")
def test_info_shows_which_parts_are_denied(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET */schedules times=-1")

    result = inv("workers.info", "--script", "cron-reports", "--routes", "none", "--output", "json")

    assert result.code == 4
    assert json.loads(result.out)["schedules"] == "denied"
    assert "schedules: denied" in result.err


@pytest.mark.fault("E2")
def test_a_download_is_byte_exact(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.download", "--script", "image-resizer", "--to", "down/resizer", "--output", "json")

    assert result.code == 0
    assert Path("down/resizer/palette.bin").read_bytes() == bytes(range(256))
    assert Path("down/resizer/notice.txt").read_bytes() == "größer, kleiner\r\n".encode()
    assert {row["module"]: row["entry_point"] for row in json.loads(result.out)}["index.js"] is True


def test_a_download_does_not_replace_another(staged: Sandbox, inv: Any) -> None:
    inv("workers.download", "--script", "legacy-site")

    result = inv("workers.download", "--script", "legacy-site")

    assert result.code == 1
    assert "already exists" in result.err
    assert inv("workers.download", "--script", "legacy-site", "--force").code == 0


def test_a_download_does_not_read_or_replace_a_pipe(staged: Sandbox, inv: Any) -> None:
    Path("down").mkdir()
    os.mkfifo("down/legacy-site.js")

    result = inv("workers.download", "--script", "legacy-site", "--to", "down", "--force")

    assert result.code == 1
    assert "down/legacy-site.js is a pipe or a device" in result.err


def test_routes_of_one_zone(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.routes", "--zone", "example.net", "--output", "json")

    assert [(row["pattern"], row["script"]) for row in json.loads(result.out)] == [
        ("example.net/*", "legacy-site")
    ]


def test_schedules_and_the_names_of_secrets(staged: Sandbox, inv: Any) -> None:
    schedules = inv("workers.schedules", "--script", "cron-reports", "--output", "json")
    secrets = inv("workers.secrets", "--script", "api-gateway", "--output", "json")

    assert "0 6 * * *" in {row["cron"] for row in json.loads(schedules.out)}
    assert json.loads(secrets.out) == [{"name": "SIGNING_KEY", "type": "secret_text"}]
