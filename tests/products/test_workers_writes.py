"""Scripts that are deployed and deleted, their routes and cron triggers: each write and its undo."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.errors import ValidationError
from ops.items import Json
from ops.kinds.resource import Owner, Writes
from ops.products.workers import api, valid
from ops.products.workers.resources import RESOURCES
from ops.products.workers.script import upload_form
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.products.connection import connected
from tests.products.writing import answer, content, undo_id, unstamped, written

CODE = b"export default { async fetch(request) { return new Response('new') } };\n"
BINARY = b"\x00asm\r\n--boundary\r\n\r\n\xff\xfe--\r\n"
SEEDED = (
    "api-gateway", "auth-edge", "image-resizer", "redirects", "cron-reports", "webhook-relay", "chat-room",
    "legacy-site",
)  # fmt: skip
INDEX_OF_B = b'{"entry_point": "b", "modules": [{"module": "b", "file": "b.js", "type": "text/plain"}]}'
KINDS = {resource.kind: resource for resource in RESOURCES}
NOW = 1_700_000_000.0  # 2023-11-14


def writes(kind: str) -> Writes:
    found = KINDS[kind].writes
    assert found
    return found


def scripts(sandbox: Sandbox) -> str:
    return f"/accounts/{sandbox.account_id}/workers/scripts"


def routes(sandbox: Sandbox) -> Any:
    zone = answer(sandbox, "/zones?name=example.com")[0]["id"]
    return answer(sandbox, f"/zones/{zone}/workers/routes")


def crons(sandbox: Sandbox, script: str = "cron-reports") -> list[str]:
    found = answer(sandbox, f"{scripts(sandbox)}/{script}/schedules")["schedules"]
    return sorted(one["cron"] for one in found)


def state(sandbox: Sandbox, script: str) -> Any:
    """Return all that the sandbox knows of a script, code included, or None."""
    here = scripts(sandbox)
    listed = next((one for one in answer(sandbox, here) if one["id"] == script), None)
    if listed is None:
        return None
    parts = {
        part: answer(sandbox, f"{here}/{script}/{part}") for part in ("settings", "schedules", "subdomain")
    }
    # Only the etag depends on the name that the part of a service worker had.
    del listed["etag"]
    return unstamped({"listed": listed, **parts}) | {"code": content(sandbox, f"{here}/{script}/content/v2")}


def bindings(sandbox: Sandbox, script: str) -> dict[str, Json]:
    found = answer(sandbox, f"{scripts(sandbox)}/{script}/settings")["bindings"]
    return {one["name"]: one for one in found}


def folder(path: Path, **files: bytes) -> Path:
    """Fill a folder: `lib__a_js` is the file lib/a.js."""
    for name, data in files.items():
        place = path / name.replace("__", "/").replace("_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return path


@pytest.fixture
def deploy(staged: Sandbox, inv: Any, tmp_path: Path) -> Callable[..., Any]:
    """Deploy a script of one module, or of the folder *path*."""
    file = tmp_path / "index.js"
    file.write_bytes(CODE)

    def run(script: str, *line: str, path: Path = file) -> Any:
        return inv("workers.deploy", "--script", script, "--path", str(path), *line)

    return run


def test_a_new_script_is_deployed_and_undone(staged: Sandbox, inv: Any, deploy: Callable[..., Any]) -> None:
    done = deploy("fresh")
    there = state(staged, "fresh")
    undone = inv("undo.apply", "--id", undo_id(done.err), "--confirm", "fresh")

    assert (done.code, undone.code) == (0, 0)
    assert there["listed"]["handlers"] == ["fetch"]
    assert state(staged, "fresh") is None


@pytest.mark.parametrize("script", [name for name in SEEDED if name not in ("api-gateway", "chat-room")][:4])
def test_a_deployment_keeps_the_settings_of_the_script_and_is_undone(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], script: str
) -> None:
    before = state(staged, script)

    done = deploy(script)
    between = state(staged, script)
    undone = inv("undo.apply", "--id", undo_id(done.err))

    assert (done.code, undone.code) == (0, 0)
    assert between["code"] != before["code"]
    assert between["settings"] == before["settings"]
    assert state(staged, script) == before


@pytest.mark.parametrize("script", SEEDED)
def test_a_download_is_deployed_as_unchanged(staged: Sandbox, inv: Any, script: str) -> None:
    inv("workers.download", "--script", script, "--to", "down")

    result = inv("workers.deploy", "--script", script, "--path", "down", "--output", "json")

    assert (result.code, json.loads(result.out)[0]["action"]) == (0, "unchanged")
    assert written(staged) == []


def test_a_folder_of_modules_is_deployed_byte_for_byte(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    made = folder(
        tmp_path / "dist",
        index_js=b'import wasm from "./lib/a.wasm";\n' + CODE,
        lib__a_wasm=BINARY,
        data_bin=BINARY,
    )
    (made / "notes.md").write_text("not a module")
    (made / ".secret.txt").write_text("s3cr3t")

    result = deploy("fresh", path=made)
    inv("workers.download", "--script", "fresh", "--to", "down", "--output", "json")

    index = json.loads(Path("down/modules.json").read_text())
    files = {one["module"]: (Path("down") / one["file"]).read_bytes() for one in index["modules"]}
    assert result.code == 0
    assert "left out, not a module: notes.md" in result.err
    assert files == {
        "index.js": (made / "index.js").read_bytes(), "lib/a.wasm": BINARY, "data.bin": BINARY
    }  # fmt: skip
    assert {one["module"]: one["type"] for one in index["modules"]}["lib/a.wasm"] == "application/wasm"


def test_a_new_script_without_imports_and_exports_is_a_service_worker(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "old.js"
    file.write_bytes(b"addEventListener('fetch', event => {});\n")

    first, second = deploy("fresh", path=file), deploy("fresh", "--output", "json", path=file)

    assert first.code == 0
    assert state(staged, "fresh")["listed"]["has_modules"] is False
    assert json.loads(second.out)[0]["action"] == "unchanged"


BUNDLE = (
    b'var r={async fetch(e){return new Response("hello "+new URL(e.url).pathname)}};export{r as default};'
)
INLINE = b"""addEventListener('fetch', event => event.respondWith(new Response(`<script type="module">
export default 1;
import "./x.js";
</script>`)));
/* export default {} */ // export {}
const pattern = /[/]export default {}/, quotient = 4 / 2 / 1;
import("./later.js");
"""


@pytest.mark.parametrize(
    ("name", "code", "line", "media_type", "entry"),
    [
        ("bundle.js", BUNDLE, (), "application/javascript+module", "bundle.js"),
        ("inline.js", INLINE, (), "application/javascript", "fresh.js"),
        ("plain.mjs", b"let x = 1;", (), "application/javascript+module", "plain.mjs"),
        ("plain.js", b"let x = 1;", (), "application/javascript", "fresh.js"),
        ("plain.js", b"let x = 1;", ("--format", "modules"), "application/javascript+module", "plain.js"),
        ("bundle.js", BUNDLE, ("--format", "service-worker"), "application/javascript", "fresh.js"),
        ("broken.js", b"export {", ("--format", "modules"), "application/javascript+module", "broken.js"),
    ],
)
def test_the_format_of_a_new_script_is_what_is_known_else_what_its_code_is(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path,
    name: str, code: bytes, line: tuple[str, ...], media_type: str, entry: str,
) -> None:  # fmt: skip
    (tmp_path / name).write_bytes(code)

    result = deploy("fresh", *line, path=tmp_path / name)

    assert result.code == 0, result.err
    with connected(staged, tmp_path) as client:
        script = api.get_content(client, staged.account_id, "fresh")
    assert script.entry_point == entry
    assert [(one.name, one.media_type) for one in script.modules] == [(entry, media_type)]


@pytest.mark.parametrize(
    ("script", "code", "media_type"),
    [
        ("redirects", b"let x = 1;", "application/javascript+module"),
        ("legacy-site", b"let x = 1;", "application/javascript"),
        ("legacy-site", BUNDLE, "application/javascript+module"),
    ],
)
def test_code_that_neither_imports_nor_exports_has_the_format_of_the_live_script(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path, script: str, code: bytes, media_type: str
) -> None:
    (tmp_path / "new.js").write_bytes(code)

    result = deploy(script, path=tmp_path / "new.js")

    assert result.code == 0, result.err
    with connected(staged, tmp_path) as client:
        live = api.get_content(client, staged.account_id, script)
    assert [one.media_type for one in live.modules] == [media_type]


def test_a_format_that_cannot_be_detected_is_asked_for(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "broken.js").write_bytes(b"const text = `import")

    result = deploy("fresh", path=tmp_path / "broken.js")

    assert result.code == 1
    assert "--format modules or --format service-worker" in result.err
    assert written(staged) == []


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("index.js", ("--format", "esm"), "--format is modules or service-worker, not 'esm'"),
        ("main.py", ("--format", "modules"), "main.py is not JavaScript"),
    ],
)
def test_a_format_that_does_not_fit_is_refused(
    staged: Sandbox,
    deploy: Callable[..., Any],
    tmp_path: Path,
    name: str,
    line: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / name).write_bytes(CODE)

    result = deploy("fresh", *line, path=tmp_path / name)

    assert result.code == 1
    assert message in result.err
    assert written(staged) == []


REFUSED = {
    "latin-1": ("index.js", "// Gr\xfc\xdfe\n".encode("latin-1") + CODE, "index.js is not UTF-8 at byte 5"),
    "utf-16": ("index.mjs", CODE.decode().encode("utf-16"), "index.mjs is not UTF-8 at byte 0"),
    "python": ("main.py", b"# \xff", "main.py is not UTF-8 at byte 2"),
    "empty": ("index.js", b"", "index.js has no code"),
    "a mark": ("index.mjs", b"\xef\xbb\xbf\n", "index.mjs has no code"),
    "a comment": ("worker.cjs", b"// nothing\n/* yet */ ", "worker.cjs has no code"),
    "a module": ("index.cjs", CODE, "index.cjs imports or exports, which only an ES module can"),
    "import": ("index.cjs", b"import x from './x.js'", "index.cjs imports or exports"),
}


@pytest.mark.parametrize("stage", [(), ("--dry-run",)])
@pytest.mark.parametrize(("name", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_code_that_cloudflare_would_refuse_is_refused_before_it_is_sent(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path,
    name: str, code: bytes, message: str, stage: tuple[str, ...],
) -> None:  # fmt: skip
    (tmp_path / name).write_bytes(code)

    result = deploy("fresh", *stage, path=tmp_path / name)

    assert result.code == 1
    assert message in result.err
    assert written(staged) == []


def test_code_in_a_folder_is_checked_in_every_module(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "dist"
    folder.mkdir()
    files = {"index.mjs": CODE, "data.bin": b"\xff", "empty.js": b"", "old.cjs": b"exports.x = 1"}
    for name, code in files.items():
        (folder / name).write_bytes(code)

    accepted = deploy("fresh", path=folder)
    (folder / "old.cjs").write_bytes(b"export let x")
    module = deploy("fresh", path=folder)
    (folder / "old.cjs").write_bytes(b"'\xff'")
    latin = deploy("fresh", path=folder)

    assert (accepted.code, module.code, latin.code) == (0, 1, 1)
    assert "old.cjs imports or exports" in module.err
    assert "old.cjs is not UTF-8 at byte 1" in latin.err


def test_a_format_is_taken_on_its_word(staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "index.cjs").write_bytes(CODE)

    result = deploy("fresh", "--format", "modules", path=tmp_path / "index.cjs")

    assert result.code == 0, result.err


@pytest.mark.parametrize("code", [b"let x = 1;", BUNDLE, b";"])
@pytest.mark.parametrize("format", ["modules", "service-worker"])
@pytest.mark.parametrize("target", ["fresh", "fresh-copy"])
def test_a_download_is_deployed_in_the_format_that_it_had(
    staged: Sandbox,
    inv: Any,
    deploy: Callable[..., Any],
    tmp_path: Path,
    code: bytes,
    format: str,
    target: str,
) -> None:
    (tmp_path / "one.js").write_bytes(code)
    for script in {"fresh", target}:
        deploy(script, "--format", format, path=tmp_path / "one.js")
    inv("workers.download", "--script", "fresh", "--to", "down")

    result = inv("workers.deploy", "--script", target, "--path", "down", "--output", "json")

    assert (result.code, json.loads(result.out)[0]["action"]) == (0, "unchanged"), result.err


def test_node_modules_and_caches_are_left_out(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    made = folder(tmp_path / "dist", index_js=CODE, packages__index_js=CODE, lib__a_js=CODE)
    (made / "packages").rename(made / "lib" / "node_modules")

    result = deploy("fresh", path=made)

    assert result.code == 0, result.err
    assert "left out, not a module: lib/node_modules/" in result.err
    with connected(staged, tmp_path) as client:
        script = api.get_content(client, staged.account_id, "fresh")
    assert [one.name for one in script.modules] == ["index.js", "lib/a.js"]


def test_source_maps_of_modules_are_uploaded_and_others_left_out(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    made = folder(tmp_path / "dist", old_js=b"addEventListener('fetch', () => {});", style_css_map=b"{}")
    (made / "old.js.map").write_bytes(b'{"version": 3}')

    result = deploy("fresh", path=made)

    assert result.code == 0, result.err
    assert "left out, not a module: style.css.map" in result.err
    with connected(staged, tmp_path) as client:
        script = api.get_content(client, staged.account_id, "fresh")
    assert [(one.name, one.media_type) for one in script.modules] == [
        ("fresh.js", "application/javascript"),
        ("fresh.js.map", "application/source-map"),
    ]


def test_a_python_worker_is_uploaded_with_its_requirements_and_packages(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    made = folder(
        tmp_path / "dist",
        main_py=b"async def on_fetch(request): ...",
        requirements_txt=b"# web\n\nfastapi\nnumpy  # arrays\n",
        packages__core_py=b"x = 1",
        packages__core_so=b"\x7fELF",
        helper_txt=b"text",
    )
    (made / "packages").rename(made / "python_modules")

    result = deploy("fresh", path=made)
    inv("workers.download", "--script", "fresh", "--to", "down")
    again = inv("workers.deploy", "--script", "fresh", "--path", "down", "--output", "json")

    assert result.code == 0, result.err
    with connected(staged, tmp_path) as client:
        script = api.get_content(client, staged.account_id, "fresh")
    assert script.entry_point == "main.py"
    assert {one.name: one.media_type for one in script.modules} == {
        "main.py": "text/x-python",
        "fastapi": "text/x-python-requirement",
        "numpy": "text/x-python-requirement",
        "python_modules/core.py": "application/octet-stream",
        "python_modules/core.so": "application/octet-stream",
        "helper.txt": "text/plain",
    }
    assert json.loads(again.out)[0]["action"] == "unchanged"


def test_a_requirement_with_a_version_is_refused_with_its_line(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    made = folder(tmp_path / "dist", main_py=b"x = 1", requirements_txt=b"fastapi\nnumpy==2.0\n")

    result = deploy("fresh", path=made)

    assert result.code == 1
    assert "requirements.txt, line 2: 'numpy==2.0' is not the name of a package" in result.err
    assert staged.requests == []


def test_bindings_of_a_file_replace_the_live_ones_except_the_secrets(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any]
) -> None:
    before = state(staged, "cron-reports")
    Path("b.json").write_text(
        '[{"type": "plain_text", "name": "STAGE", "text": "test"}, {"type": "d1", "name": "DB"}]'
    )
    database = bindings(staged, "cron-reports")["DB"]

    done = deploy("cron-reports", "--bindings", "b.json")
    between = bindings(staged, "cron-reports")
    again = deploy("cron-reports", "--bindings", "b.json", "--output", "json")
    undone = inv("undo.apply", "--id", undo_id(done.err))

    assert (done.code, undone.code) == (0, 0)
    assert set(between) == {"STAGE", "DB", "MAIL_TOKEN"}
    assert between["DB"] == database
    assert json.loads(again.out)[0]["action"] == "unchanged"
    assert state(staged, "cron-reports") == before


def test_metadata_changes_only_the_settings_that_it_names(
    staged: Sandbox, deploy: Callable[..., Any]
) -> None:
    before = answer(staged, f"{scripts(staged)}/image-resizer/settings")
    Path("m.json").write_text('{"compatibility_flags": ["global_navigator"], "tags": ["x"]}')

    done = deploy("image-resizer", "--bindings", "m.json", "--compatibility-date", "2026-02-01")

    after = answer(staged, f"{scripts(staged)}/image-resizer/settings")
    assert done.code == 0
    changed = {
        "compatibility_flags": ["global_navigator"], "tags": ["x"], "compatibility_date": "2026-02-01"
    }  # fmt: skip
    assert unstamped(after) == unstamped(before | changed)


def test_a_migration_runs_once_and_cannot_be_undone(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "object.js"
    file.write_bytes(b"export class Counter {}\n" + CODE)
    Path("m.json").write_text(
        json.dumps(
            {
                "bindings": [{"type": "durable_object_namespace", "name": "C", "class_name": "Counter"}],
                "migrations": {"new_tag": "v1", "new_sqlite_classes": ["Counter"]},
            }
        )
    )

    done = deploy("fresh", "--bindings", "m.json", path=file)
    again = deploy("fresh", "--bindings", "m.json", "--output", "json", path=file)

    file.write_bytes(b"// later\n" + file.read_bytes())
    later = deploy("fresh", "--bindings", "m.json", path=file)

    assert (done.code, later.code) == (0, 0), later.err
    assert "cannot be undone: Durable Object migrations" in done.err
    assert "undo.apply" not in done.err
    assert json.loads(again.out)[0]["action"] == "unchanged"
    assert "undo.apply" in later.err
    assert len(written(staged)) == 2


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("{", "is not JSON"),
        ('[{"name": "A", "type": "json", "json": 1e999}]', "is not JSON: 1e999 is not a finite number"),
        ('{"limits": {"cpu_ms": NaN}}', "is not JSON: NaN is not a finite number"),
        ("1", "neither an object nor a list"),
        ('{"vars": {}}', "names 'vars'"),
        ('{"bindings": {}}', "bindings in m.json is not a list"),
        ('{"compatibility_flags": "nodejs_compat"}', "compatibility_flags in m.json is not a list"),
        ('{"logpush": "yes"}', "logpush in m.json is not true or false"),
        ('{"migrations": []}', "migrations in m.json is not an object"),
        ('{"compatibility_date": null}', "is not a compatibility date"),
        ('{"tags": [], "tags": ["x"]}', "is not JSON: a key is repeated"),
        ('[{"name": "A", "type": "plain_text", "text": "\\ud800"}]', "is not valid UTF-8: surrogates"),
        ('[{"name": "A"}]', "has no name or no type"),
        ("[1]", "has no name or no type"),
        ('[{"name": "A", "type": "json"}, {"name": "A", "type": "json"}]', "two bindings called 'A'"),
        ('[{"name": "A", "type": "secret_text", "text": "s3cr3t"}]', "holds the value of the secret 'A'"),
        ('[{"name": "A", "type": "secret_text"}]', "has no secret 'A' to keep"),
        ('[{"name": "OAUTH_SECRET", "type": "plain_text", "text": "x"}]', "whose value would be lost"),
        ('{"migrations": {"new_classes": ["A"]}}', "have no new_tag"),
        ('{"compatibility_date": "2999-01-01"}', "is in the future"),
    ],
)
def test_invalid_metadata_is_refused_before_any_write(
    staged: Sandbox, deploy: Callable[..., Any], metadata: str, message: str
) -> None:
    Path("m.json").write_text(metadata)

    result = deploy("auth-edge", "--bindings", "m.json")

    assert result.code == 1
    assert message in result.err
    assert "s3cr3t" not in result.err
    assert written(staged) == []


@pytest.mark.parametrize(
    ("files", "line", "message"),
    [
        ({}, (), "holds no module"),
        ({"a_js": CODE, "b_js": CODE}, (), "which module runs first"),
        ({"a_js": CODE, "b_js": CODE}, ("--main", "c.js"), "there is no module 'c.js'"),
        ({"a_js": CODE, "modules_json": b"[]"}, (), "is not the index of a download"),
        (
            {"a_js": CODE, "modules_json": INDEX_OF_B},
            (),
            "but not in the folder",
        ),
        ({"a_txt": b"only text"}, (), "which module runs first"),
    ],
)  # fmt: skip
def test_a_folder_that_is_not_a_script_is_refused_before_any_request(
    staged: Sandbox,
    deploy: Callable[..., Any],
    tmp_path: Path,
    files: Any,
    line: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "dist").mkdir()

    result = deploy("fresh", *line, path=folder(tmp_path / "dist", **files))

    assert result.code == 1
    assert message in result.err
    assert staged.requests == []


@pytest.mark.fault("C7")
def test_a_symbolic_link_in_the_folder_is_refused(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    made = folder(tmp_path / "dist", index_js=CODE)
    (made / "stolen.txt").symlink_to("/etc/hostname")

    result = deploy("fresh", path=made)

    assert result.code == 1
    assert "stolen.txt is a symbolic link" in result.err


def test_a_pipe_in_the_folder_is_refused_and_not_waited_for(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    made = folder(tmp_path / "dist", index_js=CODE)
    os.mkfifo(made / "pipe.js")

    result = deploy("fresh", path=made)

    assert result.code == 1
    assert "pipe.js cannot be read: it is not a regular file" in result.err
    assert staged.requests == []


def test_a_pipe_as_the_file_of_metadata_is_refused_and_not_waited_for(
    staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "bindings.json")

    result = deploy("fresh", "--bindings", str(tmp_path / "bindings.json"))

    assert result.code == 1
    assert "bindings.json cannot be read: it is not a regular file" in result.err
    assert written(staged) == []


def test_a_pipe_is_not_a_script(staged: Sandbox, deploy: Callable[..., Any], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    result = deploy("fresh", path=tmp_path / "pipe")

    assert (result.code, staged.requests) == (1, [])
    assert "pipe is neither a file nor a folder" in result.err


def test_a_missing_path_is_refused_in_a_sentence(staged: Sandbox, deploy: Callable[..., Any]) -> None:
    result = deploy("fresh", path=Path("nowhere.js"))

    assert result.code == 1
    assert "nowhere.js does not exist" in result.err
    assert staged.requests == []


@pytest.mark.parametrize("script", ["Shop", "a b", "-a", "x" * 64, "..", "a/b"])
@pytest.mark.fault("E4")
def test_an_invalid_script_name_is_refused_before_any_write(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], script: str
) -> None:
    lines = (
        ("workers.delete", "--confirm", script),
        ("workers.schedules", "--set", "* * * * *"),
    )

    results = [inv(name, f"--script={script}", *line) for name, *line in lines]

    assert [result.code for result in results] == [1, 1]
    assert all("is not a script name" in result.err for result in results)
    assert written(staged) == []


@pytest.mark.parametrize("script", ["auth-edge", "image-resizer", "legacy-site"])
def test_undo_of_a_deletion_restores_code_cron_triggers_and_workers_dev(
    staged: Sandbox, inv: Any, script: str
) -> None:
    inv("workers.schedules", "--script", script, "--set", "0 5 * * *")
    before = state(staged, script)

    done = inv("workers.delete", "--script", script, "--confirm", script, "--with-references")
    gone = state(staged, script)
    undone = inv("undo.apply", "--id", undo_id(done.err))

    after = state(staged, script)
    secrets = {name for name, one in bindings(staged, script).items() if one["type"] == "secret_text"}
    assert (done.code, undone.code) == (0, 0), undone.err
    assert gone is None
    assert "this permanently deletes its secrets" in done.err
    assert secrets == set()
    assert (after["code"], after["schedules"], after["subdomain"]) == (
        before["code"], before["schedules"], before["subdomain"]
    )  # fmt: skip
    del before["settings"]["bindings"], after["settings"]["bindings"]
    assert after["settings"] == before["settings"]


@pytest.mark.parametrize("fault", ["denied", "revoked", "malformed", "gone", "5xx"])
@pytest.mark.parametrize(
    ("write", "named"), [("PUT */schedules", "cron triggers"), ("POST */subdomain", "workers.dev setting")]
)
def test_undo_of_a_deletion_is_done_with_a_warning_even_if_a_later_step_fails(
    staged: Sandbox, inv: Any, fault: str, write: str, named: str
) -> None:
    inv("workers.schedules", "--script", "redirects", "--set", "0 5 * * *")
    before = state(staged, "redirects")
    done = inv("workers.delete", "--script", "redirects", "--confirm", "redirects", "--with-references")
    staged.faults.parse(f"{fault} {write} times=-1")

    undone = inv("undo.apply", "--id", undo_id(done.err))
    staged.faults.clear()
    listed = json.loads(inv("undo.list", "--output", "json").out)

    assert undone.code == 0, undone.err
    assert f"warning: the script redirects was uploaded, but its {named} may not be set: " in undone.err
    restored = next(row for row in listed if row["task"] == "undo.apply")
    assert (restored["state"], named in restored["note"]) == ("done", True)
    if fault != "revoked":  # the sandbox does not accept the token any more
        assert state(staged, "redirects")["code"] == before["code"]


def test_undo_of_a_deletion_restores_durable_object_classes_without_their_data(
    staged: Sandbox, inv: Any
) -> None:
    done = inv("workers.delete", "--script", "webhook-relay", "--confirm", "webhook-relay")

    undone = inv("undo.apply", "--id", undo_id(done.err))

    assert (done.code, undone.code) == (0, 0), undone.err
    assert bindings(staged, "webhook-relay")["INBOX"]["class_name"] == "Inbox"


def test_a_script_that_others_bind_to_is_deleted_only_with_references(staged: Sandbox, inv: Any) -> None:
    line = ("workers.delete", "--script", "auth-edge", "--confirm", "auth-edge")

    refused, done = inv(*line), inv(*line, "--with-references")

    assert refused.code == 1
    assert "still referenced" in refused.err
    assert done.code == 0
    assert state(staged, "auth-edge") is None


@pytest.mark.fault("G4")
@pytest.mark.parametrize("line", [(), ("--yes",), ("--confirm", "auth")])
def test_a_script_is_not_deleted_unless_its_name_is_typed(
    staged: Sandbox, inv: Any, line: tuple[str, ...]
) -> None:
    assert inv("workers.delete", "--script", "auth-edge", *line).code == 1
    assert written(staged) == []


def test_a_route_is_created_and_undone(staged: Sandbox, inv: Any) -> None:
    before = routes(staged)
    line = ("--zone", "example.com", "--pattern", "*.Example.com/shop/*", "--script", "auth-edge")

    done = inv("workers.route-create", *line)
    made = [route for route in routes(staged) if route not in before]
    again = inv("workers.route-create", *line, "--output", "json")
    undone = inv("undo.apply", "--id", undo_id(done.err), "--yes")

    assert (done.code, undone.code) == (0, 0)
    assert unstamped(made) == [{"pattern": "*.example.com/shop/*", "script": "auth-edge"}]
    assert json.loads(again.out)[0]["action"] == "unchanged"
    assert routes(staged) == before


def test_a_route_to_another_script_is_a_conflict(staged: Sandbox, inv: Any) -> None:
    line = ("--zone", "example.com", "--pattern", "api.example.com/*", "--script", "auth-edge")

    result = inv("workers.route-create", *line)

    assert result.code == 1
    assert "script api-gateway → auth-edge" in result.err
    assert written(staged) == []


@pytest.mark.parametrize("by", ["id", "pattern"])
def test_a_route_is_deleted_and_restored_with_a_new_id(staged: Sandbox, inv: Any, by: str) -> None:
    before = routes(staged)
    route = next(one for one in before if one["pattern"] == "api.example.com/*")

    done = inv("workers.route-delete", "--zone", "example.com", f"--{by}", route[by], "--yes")
    gone = route["pattern"] not in {one["pattern"] for one in routes(staged)}
    undone = inv("undo.apply", "--id", undo_id(done.err))

    assert (done.code, undone.code, gone) == (0, 0, True)
    assert unstamped(routes(staged)) == unstamped(before)


def test_deleting_a_missing_route_is_a_success(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.route-delete", "--zone", "example.com", "--pattern", "example.com/none")

    assert result.code == 0
    assert "nothing to delete" in result.err
    assert written(staged) == []


@pytest.mark.fault("G4")
def test_a_route_is_not_deleted_without_consent(staged: Sandbox, inv: Any) -> None:
    line = ("workers.route-delete", "--zone", "example.com", "--pattern", "api.example.com/*")

    assert inv(*line).code == 1
    assert written(staged) == []


@pytest.mark.fault("G1")
def test_a_route_whose_creation_was_not_answered_exists_once(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("drop-after POST */workers/routes times=1")
    line = ("--zone", "example.com", "--pattern", "example.com/once", "--script", "auth-edge")

    result = inv("workers.route-create", *line)

    assert result.code == 0
    assert [route["pattern"] for route in routes(staged)].count("example.com/once") == 1
    assert len(written(staged)) == 1


@pytest.mark.parametrize(
    ("line", "before_any_request"),
    [
        ((), True),
        (("--id", "a" * 32, "--pattern", "example.com/*"), True),
        (("--pattern", "other.test/*"), False),
    ],
)
def test_a_route_to_delete_is_named_by_id_or_pattern(
    staged: Sandbox, inv: Any, line: tuple[str, ...], before_any_request: bool
) -> None:
    result = inv("workers.route-delete", "--zone", "example.com", *line)

    assert result.code == 1
    assert written(staged) == []
    assert (staged.requests == []) is before_any_request


def test_cron_triggers_are_replaced_with_one_request_and_undone(staged: Sandbox, inv: Any) -> None:
    before = crons(staged)

    done = inv(
        "workers.schedules", "--script", "cron-reports", "--set", "0 6 * * *", "--set", "5  5 * *  *", "--yes"
    )
    between = crons(staged)
    undone = inv("undo.apply", "--id", undo_id(done.err), "--yes")

    assert (done.code, undone.code) == (0, 0)
    assert between == ["0 6 * * *", "5 5 * * *"]
    assert [method for method, _ in written(staged)] == ["PUT", "PUT"]
    assert crons(staged) == before


def test_cron_triggers_are_cleared_only_with_consent(staged: Sandbox, inv: Any) -> None:
    line = ("workers.schedules", "--script", "cron-reports", "--clear")

    refused, both = inv(*line), inv(*line, "--set", "* * * * *")
    before = written(staged)
    done = inv(*line, "--yes")

    assert (refused.code, both.code, before) == (1, 1, [])
    assert done.code == 0
    assert crons(staged) == []


def test_cron_triggers_that_already_exist_are_unchanged(staged: Sandbox, inv: Any) -> None:
    line = [word for cron in crons(staged) for word in ("--set", cron)]

    result = inv("workers.schedules", "--script", "cron-reports", *line, "--output", "json")

    assert {row["action"] for row in json.loads(result.out)} == {"unchanged"}
    assert written(staged) == []


def test_cron_triggers_of_a_missing_script_are_refused(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.schedules", "--script", "nobody", "--set", "* * * * *")

    assert result.code == 1
    assert written(staged) == []


def test_a_dry_run_shows_cron_triggers_of_a_script_that_an_earlier_task_creates(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    file = str(tmp_path / "index.js")

    result = inv(
        "--dry", "workers.deploy", "--script", "fresh", "--path", file,
        "workers.schedules", "--script", "fresh", "--set", "0 5 * * *",
        "workers.schedules", "--script", "fresh", "--set", "0 6 * * *",
    )  # fmt: skip

    assert result.code == 0, result.err
    assert "create workers.schedule 0 5 * * *" in result.err
    assert "delete workers.schedule 0 5 * * *" in result.err
    assert written(staged) == []


@pytest.mark.parametrize(
    "cron",
    [
        "* * * * *", "*/30 * * * MON-FRI", "45 * * * *", "0 17 * * sun", "0 17 * * 1", "10 7 * * mon-fri",
        "10 7 * * 2-6", "0 15 1 * *", "0 18 * * 6L", "0 18 * * friL", "59 23 LW * *", "0 0 L * *",
        "0 0 L-3 * *", "0 0 L-30W * *", "0 0 1W * *", "0 0 15W * *", "0 0 31W * *", "59 23 31 12 7",
        "0 0 * JAN,dec *", "0 0 * * fri#2", "0 0 * * 6#5", "0 0 * * L", "0 0 * * FRI-MON", "0 22-2 * * *",
        "5-1 * * * *", "1-30/5 0-23/2 * * *", "10/5 * * * *", "*/59 */23 */30 */11 */6", "*/5,7 * * * *",
        "5,* * * * *", "007 * * * *",
    ],
)  # fmt: skip
def test_cron_expressions_that_cloudflare_reads_are_accepted(cron: str) -> None:
    assert valid.cron(f" {cron} ") == cron


@pytest.mark.parametrize(
    "cron",
    [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 * ",
        "* * * 0 *", "* * * * 8", "*/0 * * * *", "*/60 * * * *", "* */24 * * *", "* * */31 * *",
        "* * * */12 *", "* * * * */7", "1-2-3 * * * *", "a * * * *", "-1 * * * *", "1- * * * *",
        "1,,2 * * * *", "*,5 * * * *", "*-5 * * * *", "* * * MON *", "@daily", "* * * * ?", "* * * * L-3",
        "* * l * *", "* * 15w * *", "* * 0W * *", "* * 32W * *", "* * W * *", "* * 1,15W * *", "* * L,15 * *",
        "* * L-0 * *", "* * L-31 * *", "* * 1-5W * *", "L * * * *", "* * * L *", "* * * * MON#0",
        "* * * * MON#6", "* * * * 0#1", "* * * * 8L", "* * * * MON,friL", "* * * * #1", "* * * * MONDAY",
        "\u0661 * * * *",
    ],
)  # fmt: skip
def test_cron_expressions_that_cloudflare_refuses_are_refused(cron: str) -> None:
    with pytest.raises(ValidationError):
        valid.cron(cron)


@pytest.mark.parametrize("day", ["0", "0-4", "MON,0", "0#1", "0L"])
def test_weekday_0_is_refused_with_the_days_that_cloudflare_counts(day: str) -> None:
    with pytest.raises(ValidationError, match="is not a weekday") as refusal:
        valid.cron(f"0 6 * * {day}")

    assert "from 1, which is Sunday" in refusal.value.hint


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("cron", "warned"),
    [
        ("0 6 * * 1", True),
        ("0 6 * * 2-6", True),
        ("0 6 * * 6L", True),
        ("0 6 * * MON-FRI", False),
        ("0 6 * * fri#2", False),
        ("0 6 * * */2", False),
    ],
)
def test_weekdays_by_number_are_warned_of(
    staged: Sandbox, inv: Any, cron: str, warned: bool, dry: tuple[str, ...]
) -> None:
    result = inv("workers.schedules", "--script", "cron-reports", "--set", cron, "--yes", *dry)

    assert result.code == 0
    assert (f"{cron}: Cloudflare counts weekdays from 1, which is Sunday" in result.err) is warned


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_cron_expression_is_checked_in_a_dry_run_too(
    staged: Sandbox, inv: Any, dry: tuple[str, ...]
) -> None:
    result = inv("workers.schedules", "--script", "cron-reports", "--set", "0 6 * * 0", *dry)

    assert result.code == 1
    assert staged.requests == []


def test_a_cron_expression_is_refused_before_any_request(staged: Sandbox, inv: Any) -> None:
    result = inv("workers.schedules", "--script", "cron-reports", "--set", "0 6 * *")

    assert result.code == 1
    assert "has 4 fields" in result.err
    assert staged.requests == []


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("example.com/*", "example.com/*"),
        ("EXAMPLE.com", "example.com"),
        ("*example.com/a*", "*example.com/a*"),
        ("*.example.com/*", "*.example.com/*"),
        ("https://www.example.com/a/b", "https://www.example.com/a/b"),
        ("*://example.com/", "*://example.com/"),
    ],
)
def test_a_pattern_of_the_zone_is_accepted(text: str, known: str) -> None:
    assert valid.pattern(text, "example.com") == known


@pytest.mark.parametrize(
    "text",
    [
        "", "/*", "other.test/*", "notexample.com/*", "*notexample.com/*", "www.*.example.com/*",
        "**example.com/*", "example.com/*/a", "example.com/a?b", "example.com/a#b", "example.com /", "ftp://example.com/",
        "*", "*/*", "example.com:8080/*", "e.com.",
    ],
)  # fmt: skip
def test_a_pattern_of_another_zone_or_form_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        valid.pattern(text, "example.com")


def test_an_internationalized_pattern_is_sent_in_a_labels() -> None:
    assert valid.pattern("bücher.example/*", "xn--bcher-kva.example") == "xn--bcher-kva.example/*"


@pytest.mark.parametrize("text", ["2023-11-15", "2023-13-01", "20231101", "yesterday", "2023-11-1", ""])
def test_an_invalid_or_future_date_is_refused(text: str) -> None:
    assert valid.compatibility_date("2023-11-14", now=NOW) == "2023-11-14"
    with pytest.raises(ValidationError):
        valid.compatibility_date(text, now=NOW)


def test_settings_and_workers_dev_are_changed_and_restored(sandbox: Sandbox, tmp_path: Path) -> None:
    account = sandbox.account_id
    owner = Owner(account, "api-gateway", {"id": "api-gateway"})
    changes: dict[str, Json] = {
        "workers.settings": {"bindings": [], "logpush": False, "tags": []},
        "workers.script_subdomain": {"enabled": True, "previews_enabled": True},
    }
    for kind, change in changes.items():
        writer = writes(kind)
        assert writer.update
        with connected(sandbox, tmp_path) as client:
            original = writer.find(client, owner, {}) or {}
            kept = [one for one in original.get("bindings", ()) if one["type"] == "secret_text"]
            wanted = original | change | ({"bindings": kept} if "bindings" in change else {})

            changed = writer.update(client, owner, original, wanted)
            writer.update(client, owner, changed, original)

            found = writer.find(client, owner, {})

        assert {name: changed[name] for name in change} == {name: wanted[name] for name in change}
        assert unstamped(found) == unstamped(original)


def test_a_custom_domain_is_detached_moved_and_attached_again(sandbox: Sandbox, tmp_path: Path) -> None:
    owner = Owner(sandbox.account_id, sandbox.account_id, {})
    writer = writes("workers.domain")
    assert writer.create
    assert writer.update
    assert writer.delete
    with connected(sandbox, tmp_path) as client:
        original = writer.find(client, owner, {"hostname": "rooms.example.com"}) or {}
        writer.delete(client, owner, original)
        gone = writer.find(client, owner, original)
        made = writer.create(client, owner, original)
        moved = writer.update(client, owner, made, made | {"service": "auth-edge"})
        writer.update(client, owner, moved, original)
        found = writer.find(client, owner, original)

    assert gone is None
    assert moved["service"] == "auth-edge"
    assert unstamped(found) == unstamped(original)


def test_kinds_of_a_missing_script_are_not_found(sandbox: Sandbox, tmp_path: Path) -> None:
    account = Owner(sandbox.account_id, sandbox.account_id, {})
    gone = account._replace(id="nobody")
    kinds = ("workers.settings", "workers.schedule", "workers.script_subdomain")

    with connected(sandbox, tmp_path) as client:
        found = [writes(kind).find(client, gone, {"cron": "* * * * *"}) for kind in kinds]
        script = writes("workers.script").find(client, account, {"id": "nobody"})

    assert [script, *found] == [None] * 4


def test_an_upload_keeps_secrets_and_assets_and_inherits_unchanged_bindings() -> None:
    live: Json = {
        "id": "shop", "has_assets": True,
        "bindings": [
            {"type": "secret_text", "name": "KEY"},
            {"type": "kv_namespace", "name": "KV", "namespace_id": "1"},
            {"type": "plain_text", "name": "STAGE", "text": "a"},
        ],
    }  # fmt: skip
    wanted = live | {
        "bindings": [*live["bindings"][:2], {"type": "plain_text", "name": "STAGE", "text": "b"}],
        "entry_point": "i.js", "media_types": {"i.js": "application/javascript+module"}, "module i.js": b"",
    }  # fmt: skip

    metadata = json.loads(dict(upload_form(wanted, live))["metadata"][1])

    assert metadata == {
        "main_module": "i.js",
        "bindings": [{"type": "inherit", "name": "KV"}, {"type": "plain_text", "name": "STAGE", "text": "b"}],
        "keep_bindings": ["secret_text", "secret_key"],
        "keep_assets": True,
    }


@pytest.mark.fault("A8")
@pytest.mark.parametrize("fault", ["drop-after", "error-after"])
def test_a_deployment_that_was_not_answered_is_found_to_be_done(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], fault: str
) -> None:
    staged.faults.parse(f"{fault} PUT */scripts/fresh times=2")

    done = deploy("fresh")
    undone = inv("undo.apply", "--id", undo_id(done.err), "--confirm", "fresh")

    assert (done.code, undone.code) == (0, 0), done.err
    assert state(staged, "fresh") is None


@pytest.mark.parametrize("fault", ["denied", "revoked", "malformed"])
@pytest.mark.parametrize("script", ["fresh", "redirects"])
def test_a_deployment_is_done_even_if_the_token_is_revoked_right_after_it(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], fault: str, script: str
) -> None:
    class OnceUploaded(Fault):
        def matches(self, method: str, target: str) -> bool:
            return bool(written(staged)) and super().matches(method, target)

    before = state(staged, script)
    staged.faults.add(OnceUploaded(fault, "GET", times=-1))

    done = deploy(script)
    staged.faults.clear()
    listed = inv("undo.list", "--output", "json")

    assert done.code == 0, done.err
    assert "warning: " in done.err
    assert json.loads(listed.out)[0]["state"] == "done"
    if fault == "revoked":
        return  # the sandbox does not accept the token any more
    undone = inv("undo.apply", "--id", undo_id(done.err), "--confirm", script)
    assert undone.code == 0, undone.err
    assert state(staged, script) == before


@pytest.mark.fault("A8")
def test_cron_triggers_whose_write_was_not_answered_are_found_to_be_set(staged: Sandbox, inv: Any) -> None:
    before = crons(staged)
    staged.faults.parse("error-after PUT */schedules times=2")

    done = inv("workers.schedules", "--script", "cron-reports", "--set", "1 1 * * *", "--yes")
    undone = inv("undo.apply", "--id", undo_id(done.err), "--yes")

    assert (done.code, undone.code) == (0, 0), done.err
    assert crons(staged) == before


def test_a_deployment_is_not_undone_after_a_later_one(
    staged: Sandbox, inv: Any, deploy: Callable[..., Any], tmp_path: Path
) -> None:
    later = tmp_path / "later.js"
    later.write_bytes(b"// later\n" + CODE)
    first = deploy("redirects")
    deploy("redirects", path=later)
    before, count = state(staged, "redirects"), len(written(staged))

    result = inv("undo.apply", "--id", undo_id(first.err))

    assert result.code == 1
    assert "module later.js" in result.err
    assert len(written(staged)) == count
    assert state(staged, "redirects") == before


def test_a_deployment_shows_the_modules_that_change(staged: Sandbox, deploy: Callable[..., Any]) -> None:
    result = deploy("redirects", "--dry-run")

    assert result.code == 0
    assert "update workers.script redirects: module index.js 125 bytes → 72 bytes\n" in result.err
    assert written(staged) == []
