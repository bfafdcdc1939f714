"""The line as a user types it, where Invoke's own program would do the wrong thing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result

ROOT = Path(__file__).parents[1]

Inv = Callable[..., Result]


def test_an_unknown_task_names_the_nearest_one(inv: Inv) -> None:
    result = inv("dns.lst")

    assert result.code == 1
    assert "there is no task dns.lst" in result.err
    assert "did you mean dns.list?" in result.err


def test_an_unknown_option_names_the_nearest_one(inv: Inv) -> None:
    result = inv("dns.list", "--zonee", "example.com")

    assert result.code == 1
    assert "dns.list has no option --zonee" in result.err
    assert "did you mean --zone?" in result.err


def test_help_for_an_unknown_task_names_the_nearest_one(inv: Inv) -> None:
    result = inv("--help", "zones.lsit")

    assert result.code == 1
    assert "did you mean zones.list?" in result.err


def test_a_value_that_is_not_a_number_is_reported_in_a_sentence(inv: Inv) -> None:
    result = inv("zones.list", "--limit", "ten")

    assert result.code == 1
    assert "--limit takes a number, not 'ten'" in result.err
    assert "Traceback" not in result.err


def test_an_option_without_its_value_is_reported_in_a_sentence(inv: Inv) -> None:
    result = inv("dns.list", "--zone")

    assert result.code == 1
    assert "--zone" in result.err
    assert "Traceback" not in result.err


def test_a_missing_option_is_named(inv: Inv, staged: Sandbox) -> None:
    result = inv("dns.list")

    assert result.code == 1
    assert "dns.list needs --zone\nhint: write `inv dns.list ZONE`; `inv --help dns.list`" in result.err
    assert staged.requests == []
    assert "hint: write `inv sandbox dns.list ZONE`" in inv("sandbox", "dns.list").err


def test_a_task_written_twice_runs_twice(inv: Inv, staged: Sandbox) -> None:
    result = inv("accounts.list", "--output", "json", "accounts.list", "--output", "json")

    assert result.code == 0
    assert result.out.count('"type"') == 2


def test_export_may_precede_another_task(inv: Inv, staged: Sandbox) -> None:
    result = inv("accounts.list", "--export", "zones.list", "--output", "json")

    assert result.code == 0, result.err
    assert len(json.loads(result.out.splitlines()[-1] if "[" not in result.out[:1] else result.out)) > 1


def test_durable_objects_is_an_alias_of_do(inv: Inv, staged: Sandbox) -> None:
    short = inv("do.list", "--output", "json")
    long = inv("durable-objects.list", "--output", "json")

    assert short.code == long.code == 0
    assert json.loads(short.out) == json.loads(long.out) != []


def test_the_help_of_an_alias_is_the_help_of_the_task(inv: Inv) -> None:
    result = inv("--help", "durable-objects.list")

    assert result.code == 0
    assert "Usage: inv do.list" in result.out


def test_the_first_failure_ends_the_line_with_its_exit_code(inv: Inv, staged: Sandbox) -> None:
    result = inv("dns.list", "--zone", "nowhere.example", "accounts.list")

    assert result.code == 1
    assert result.out == ""


@pytest.mark.fault("F3")
@pytest.mark.parametrize("flag", ["--token", "--api-token", "--api-key", "--key-file"])
def test_no_task_takes_a_secret_as_an_option(flag: str) -> None:
    from ops.program import collection

    takers = [context.name for context in collection().to_contexts() if flag in context.flags]

    assert takers == []


def test_the_help_of_every_task_has_a_sentence_and_an_example() -> None:
    from ops.program import collection

    root = collection()

    for name in root.task_names:
        text = root[name].__doc__
        first = text.split("\n")[0]
        assert first.endswith("."), name
        assert f"inv {name}" in text or name.partition(".")[0] in text, name
        assert "inv " in text, name


def test_every_option_has_a_help_text() -> None:
    from ops.program import collection

    silent = [
        f"{context.name} {argument.name}"
        for context in collection().to_contexts()
        for argument in context.args.values()
        if not argument.help
    ]

    assert silent == []


def test_a_write_reads_the_current_state_even_if_reads_may_be_cached(inv: Inv, staged: Sandbox) -> None:
    line = (
        "zones.set",
        "--zone",
        "example.com",
        "--setting",
        "ipv6",
        "--value",
        "off",
        "--cache",
        "600",
        "--dry-run",
    )
    inv(*line)
    before = len(staged.requests)

    inv(*line)

    assert any("/settings" in target for _, target in staged.requests[before:])


@pytest.mark.parametrize(
    ("line", "loaded"),
    [
        (("dns.list", "--zone", "example.com"), ["dns"]),
        (("zones.list", "--output=json", "durable-objects.list"), ["zones", "do"]),
        (("--help=kv.put",), ["kv"]),
    ],
)
def test_a_line_loads_only_the_tasks_that_it_names(
    line: tuple[str, ...], loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops.program import OpsProgram, collection

    monkeypatch.setattr(sys, "setswitchinterval", lambda _seconds: None)
    root = collection()

    with pytest.raises(SystemExit):
        OpsProgram(name="inv", binary="inv", namespace=root).run(["inv", *line])

    folders = root.collections.items()
    assert [name for name, folder in folders if "tasks" in vars(folder)] == loaded


@pytest.mark.unmeasured
def test_listing_the_tasks_loads_none_of_their_work() -> None:
    code = (
        "import sys; from ops.program import collection; "
        "[folder.tasks for folder in collection().collections.values()]; print(*sys.modules)"
    )
    rooms = "doctor|export|files|http|offsite|past|restore|sandbox|scan|schedule|snapshots|telemetry|writes"
    work = re.compile(
        rf"ops\.({rooms})|ops\.(cli\.app|kinds\.(?!catalog))|ops\.products\.\w+\.(?!tasks)|hashlib|tarfile"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert [name for name in found.stdout.split() if work.match(name)] == []


@pytest.mark.parametrize("line", [("--list",), ("--help", "dns.list"), ("--version",)], ids=" ".join)
def test_a_line_without_tasks_loads_nothing_of_a_run(line: tuple[str, ...]) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "ops", *line]

    found = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)

    loaded = [row.rpartition("|")[2].strip() for row in found.stderr.splitlines()]
    assert "ops.program" in loaded
    assert [
        name for name in loaded if re.match(r"ops\.(cli\.(run|app|outside)|telemetry|http\.stack)", name)
    ] == []


def test_every_product_with_tasks_is_in_the_collection() -> None:
    from ops.cli.command import collection_of
    from ops.kinds.catalog import PRODUCTS
    from ops.program import collection

    written = {name for name in PRODUCTS if find_spec(f"ops.products.{name}.tasks")}
    shown = collection()

    assert {collection_of(f"ops.products.{name}.tasks") for name in written} - {""} <= set(shown.collections)
    assert "audit" in shown.tasks
    assert not (set(PRODUCTS) - written) & set(shown.collections)


def test_a_collection_that_is_not_a_task_shows_its_tasks(inv: Inv) -> None:
    result = inv("kv")

    assert result.code == 1
    assert "error: kv is a collection of tasks, not a task" in result.err
    assert "kv.get, kv.keys" in result.err


def test_a_guess_is_made_only_when_it_is_close(inv: Inv) -> None:
    assert "did you mean" not in inv("zones.list", "--json").err
    assert "did you mean --zone?" in inv("dns.list", "--zoen", "a.example").err
    assert "did you mean --type?" in inv("dns.list", "a.example", "--typ", "MX").err


def test_a_value_of_the_wrong_kind_is_answered_with_what_the_option_takes(inv: Inv) -> None:
    result = inv("dns.create", "--ttl", "1h")

    assert result.code == 1
    assert "error: --ttl takes a number, not '1h'" in result.err
    assert "hint: --ttl: seconds" in result.err


def test_a_hint_keeps_the_stage_of_the_line(staged: Sandbox, inv: Inv) -> None:
    assert "`inv sandbox zones.list`" in inv("sandbox", "zones.info", "--zone", "nowhere.example").err
    assert "`inv zones.list`" in inv("zones.info", "--zone", "nowhere.example").err


def test_an_argument_that_is_not_required_may_be_given_without_its_name(inv: Inv) -> None:
    plain, named = inv("docs", "undo"), inv("docs", "--page", "undo")

    assert plain.code == 0
    assert plain.out == named.out != ""


def test_the_name_of_a_task_is_the_next_task_and_not_an_argument(inv: Inv) -> None:
    result = inv("profile", "version", "--output", "json")

    assert result.code == 0
    assert result.out.startswith("name\tin_force")
    assert '"cfops"' in result.out


def test_a_page_that_is_called_like_a_task_is_shown(inv: Inv) -> None:
    result = inv("docs", "sandbox")

    assert result.code == 0
    assert result.out.startswith("# The sandbox\n")
    assert result.err == ""


def test_a_word_after_all_arguments_is_an_unknown_task(inv: Inv) -> None:
    result = inv("docs", "undo", "finding")

    assert result.code == 1
    assert "there is no task finding" in result.err


def test_the_earlier_names_of_options_still_work() -> None:
    from ops.program import collection

    names = {
        option.names
        for task in ("dns.plan", "workers.deploy")
        for option in collection()[task].get_arguments()
    }

    assert {("to", "save"), ("file", "path")} <= names


def test_an_option_that_was_not_typed_is_not_in_the_audit_log() -> None:
    from ops.products.zones.tasks import list_zones

    assert list_zones.typed({"name": "", "filter": [], "limit": 0}) == {}
    assert list_zones.typed({"name": "x", "filter": ["a=b"]}) == {"name": "x", "filter": ("a=b",)}


@pytest.mark.parametrize("line", [("--help",), ("-h",), ("help",)])
def test_the_help_without_a_task_says_how_a_line_is_typed_and_names_every_task(
    inv: Inv, line: tuple[str, ...]
) -> None:
    from ops.program import collection

    shown = inv(*line).out

    assert shown.startswith("Usage: inv [options] task [its options] [next task …]\n")
    assert "-R, --dry          rehearse the whole line" in shown
    assert {name.partition(".")[0] for name in collection().task_names} <= set(shown.split())
    assert "--write-pyc" not in shown
    assert max(map(len, shown.splitlines())) <= 80
