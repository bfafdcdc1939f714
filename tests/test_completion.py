"""What a shell offers at Tab, asked through the script that `inv completion` prints."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import completion
from ops.completion import KINDS, PAGES, PROFILES, SNAPSHOTS, UNDO, _words
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _one_index(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests share an index, which takes half a second to write."""
    monkeypatch.setenv("CFOPS_CACHE_DIR", str(shared_cache))


def offered(inv: Inv, line: str) -> list[str]:
    """Return what bash would show for *line* with the cursor at its end."""
    script = inv("completion", "bash").out
    ask = f"{script}\nCOMP_LINE={shlex.quote(line)}\nCOMP_POINT={len(line)}\n_cfops_complete\n"
    done = subprocess.run(
        ["bash", "--norc", "-c", ask + 'printf "%s\\n" "${COMPREPLY[@]}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [word for word in done.stdout.split("\n") if word]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("inv dns.l", ["dns.list"]),
        ("cfops dns.l", ["dns.list"]),
        ("inv dns.list --zo", ["--zone"]),
        ("inv dns.list --output js", ["json", "jsonl"]),
        ("inv dns.list -o y", ["yaml"]),
        ("inv dns.list -qo y", ["yaml"]),
        ("inv dns.list --output=js", ["json", "jsonl"]),
        ("inv schedule --for ", ["cron", "systemd", "github", "kubernetes"]),
        ("inv scan.export --only kv.n", ["kv.namespace"]),
        ("inv snapshots.diff l", ["latest", "live"]),
        ("inv --list-d", ["--list-depth"]),
        ("inv dns.list example.com zones.li", ["zones.list"]),
        ("inv completion ", ["bash", "zsh", "fish"]),
        ("inv rulesets.rules http_rate", ["http_ratelimit"]),
        ("inv --pt", ["--pty"]),
        ("cfops --pt", []),
        ("cfops --ver", ["--version"]),
    ],
)
def test_tasks_options_and_fixed_values(inv: Inv, line: str, first: list[str]) -> None:
    assert offered(inv, line)[: len(first) or None] == first


def test_names_come_from_the_newest_snapshot(inv: Inv, staged: Sandbox) -> None:
    assert inv("scan.export").code == 0
    sent = len(staged.requests)

    assert "example.com" in offered(inv, "inv dns.list exa")
    assert "example.com" in offered(inv, "inv zones.info --zone=exa")
    assert "sessions" in offered(inv, "inv kv.get ")
    assert "api-gateway" in offered(inv, "inv workers.info api")
    assert offered(inv, "inv rulesets.rule-delete --rule no") == ["'no traffic from nowhere'"]
    assert "Account firewall" in offered(inv, "inv rulesets.rule-add --after 'Acc")
    assert "pool-west" in offered(inv, "inv load-balancers.pool-delete pool-")
    assert len(offered(inv, "inv snapshots.restore 2")) == 1
    assert len(staged.requests) == sent


def test_names_of_the_sandbox_are_offered_on_its_lines_alone(inv: Inv) -> None:
    assert inv("sandbox", "scan.export").code == 0

    assert "example.com" in offered(inv, "inv sandbox dns.list exa")
    assert offered(inv, "inv sandbox snapshots.diff 2")[0][:1] == "2"
    assert offered(inv, "inv dns.list exa") == []


def test_ids_of_changes_come_from_the_journal(inv: Inv, staged: Sandbox) -> None:
    first, second = (
        inv("dns.put", "--zone=example.org", "--type=A", f"--name={name}", "--content=192.0.2.1")
        for name in ("one", "two")
    )
    old, new = (re.findall("undo.apply ([0-9a-f]+-1)", made.err)[0] for made in (first, second))
    assert inv("undo.apply", new, "--yes").code == 0
    sent = len(staged.requests)

    # The undo of the second one can be undone too.
    assert offered(inv, "inv undo.apply ")[2:] == [old, f"{old}.1"]
    assert f"{new}.1" in offered(inv, "inv undo.show --id=")
    assert offered(inv, "inv sandbox undo.apply ") == []  # they were made on another server
    assert len(staged.requests) == sent


def listed(capsys: pytest.CaptureFixture[str], line: str) -> list[str]:
    """Return the candidates for *line*, as zsh gets them."""
    capsys.readouterr()
    completion.main("zsh", line)
    return capsys.readouterr().out.splitlines()


def test_profiles_tasks_and_names_of_the_account_in_force_are_offered(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").mkdir()
    (home / "config" / "profiles.toml").write_text("[shop]\n[staging]\n")
    names = ["one.example", "two\nlines", None, "three.example"]
    zones = "".join(f"{json.dumps({'item': {'id': n, 'name': name}})}\n" for n, name in enumerate(names))
    for account, text in (("a" * 32, zones), ("b" * 32, '{"item": {"name": "other.example"}}\n')):
        folder = home / "exports" / account / "2026-11-22T06-10-00Z-beef"
        folder.mkdir(parents=True)
        (folder / "zones.zone.jsonl").write_text(text)

    every = listed(capsys, "inv dns.list ")
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "a" * 32)
    one = listed(capsys, "inv dns.list ")
    monkeypatch.setattr(completion, "LARGEST", 10)
    large = listed(capsys, "inv dns.list ")

    assert every[:3] == ["one.example", "three.example", "other.example"]
    assert one[:2] == ["one.example", "three.example"]
    assert "other.example" not in one
    assert "one.example" not in large
    assert listed(capsys, "inv profile --name ") == ["shop", "staging"]
    assert listed(capsys, "inv zones.list --profile s") == ["shop", "staging"]
    assert listed(capsys, "inv metrics --task zones.li") == ["zones.list"]


def test_cfops_answers_a_shell_that_completes_a_line_and_runs_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops.__main__ import main

    monkeypatch.setenv("CFOPS_COMPLETE", "1")
    monkeypatch.setattr(sys, "argv", ["cfops", "zsh", "cfops zones.li"])

    main()

    assert capsys.readouterr().out == "zones.list\n"


def test_pages_of_the_documentation_are_offered(inv: Inv) -> None:
    assert offered(inv, "inv docs dns")[0] == "dns-files"
    assert "reference/dns" in offered(inv, "inv docs ref")


def test_a_required_main_argument_is_offered_before_any_task(inv: Inv, staged: Sandbox) -> None:
    assert inv("scan.export").code == 0

    assert "zones.list" not in offered(inv, "inv dns.list ")
    assert "zones.list" in offered(inv, "inv dns.list example.com ")


def test_without_names_and_in_unknown_places_nothing_is_offered(inv: Inv) -> None:
    assert offered(inv, "inv dns.list --zone ") == []
    assert offered(inv, "inv dns.list --zone x --nonsense=") == []
    assert offered(inv, "ls ") == []
    assert offered(inv, "inv 'unclosed") == []


def test_a_name_with_special_characters_is_one_quoted_word(inv: Inv, staged: Sandbox) -> None:
    assert inv("kv.create", "--title", "two words; $(x)", "--yes").code == 0
    assert inv("scan.export").code == 0

    assert offered(inv, "inv kv.keys two") == [shlex.quote("two words; $(x)")]


def test_a_candidate_for_bash_starts_after_the_last_word_break(inv: Inv, staged: Sandbox) -> None:
    for title in ("two words", "a=b", "part:two", "it's $5"):
        assert inv("kv.create", "--title", title, "--yes").code == 0
    assert inv("scan.export").code == 0

    assert offered(inv, 'inv kv.keys "two') == ["two words"]
    assert offered(inv, "inv kv.keys --namespace='two") == ["two words"]
    assert offered(inv, "inv kv.keys --namespace=a=") == ["b"]
    assert offered(inv, "inv kv.keys part:") == ["two"]
    assert offered(inv, 'inv kv.keys "it') == ["it's \\$5"]
    assert offered(inv, "inv kv.keys 'it") == ["it'\\''s $5"]


def test_a_damaged_index_or_snapshot_is_silent(inv: Inv, staged: Sandbox, tmp_path: Path) -> None:
    assert offered(inv, "inv dns.l") == ["dns.list"]
    index = next(Path(os.environ["CFOPS_CACHE_DIR"]).glob("completion-*.json"))

    index.write_text('{"stamp": 1}')
    assert offered(inv, "inv dns.l") == ["dns.list"]
    index.write_text("[")
    assert offered(inv, "inv dns.l") == ["dns.list"]

    assert inv("scan.export").code == 0
    next(Path(os.environ["CFOPS_EXPORTS"]).glob("*/2*/zones.zone.jsonl")).write_text("{")
    assert offered(inv, "inv dns.list --zone e") == []


def test_without_a_folder_for_the_index_tasks_are_offered_all_the_same(
    inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CFOPS_CACHE_DIR", str(tmp_path / "file" / "cache"))

    assert offered(inv, "inv dns.l") == ["dns.list"]


def test_tasks_of_the_repository_itself_are_offered(
    inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tasks.py").write_text(
        "from invoke import task\nfrom ops.program import collection\n\n\n@task\n"
        "def rollout(c, wave=1):\n    pass\n\n\nns = collection()\nns.add_task(rollout)\n"
    )

    assert offered(inv, "inv roll") == ["rollout"]
    assert offered(inv, "inv rollout --w") == ["--wave"]


def test_no_module_of_a_task_is_imported_once_the_index_exists(inv: Inv) -> None:
    offered(inv, "inv dns.l")
    code = (
        "import sys; from ops.completion import main; main('bash', 'inv dns.list --zone ')\n"
        "print(sorted({'invoke', 'requests', 'ops.program', 'ops.cli', 'tabulate'} & set(sys.modules)))"
    )

    environ = {**os.environ, "PYTHONPATH": str(Path(completion.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_scripts_of_other_shells_are_valid(inv: Inv, shell: str, tmp_path: Path) -> None:
    script = inv("completion", shell).out
    assert "-m ops.completion" in script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    file = tmp_path / "script"
    file.write_text(script)

    done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_shell_is_refused(inv: Inv) -> None:
    result = inv("completion", "powershell")

    assert result.code == 1
    assert "bash" in result.err


def test_every_option_with_known_values_exists() -> None:
    from ops.completion import CHOICES, NAMES
    from ops.program import collection

    contexts = {context.name: context for context in collection().to_contexts()}
    for known in (*CHOICES, *NAMES, *SNAPSHOTS, *KINDS, *PROFILES, *UNDO, *PAGES):
        task, _, flag = known.rpartition(" ")
        assert any(flag in context.flags for name, context in contexts.items() if task in ("", name)), known


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("inv a ", ["a", ""]),
        ("inv ", [""]),
        ("FOO=1 /usr/bin/inv a b", ["a", "b"]),
        ("inv kv.get 'a b", ["kv.get", "a b"]),
        ('inv kv.get "a b" c', ["kv.get", "a b", "c"]),
    ],
)
def test_the_words_of_a_line_up_to_the_cursor(line: str, words: list[str]) -> None:
    assert _words(line)[1] == words
