"""Main arguments without their names: for every task, alone and in a chain."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from invoke.exceptions import ParseError
from invoke.parser.context import ParserContext

from ops.cli.command import Command
from ops.cli.parsing import TaskContext
from ops.cli.words import flag_of, option_name, place
from ops.program import collection
from tests.conftest import Result

Inv = Callable[..., Result]

ROOT = collection()
TASKS: dict[str, Command] = {name: ROOT[name] for name in ROOT.task_names}
CONTEXTS: dict[str, ParserContext] = {name: TaskContext(name, (), task) for name, task in TASKS.items()}
CORE = ParserContext()
WITH_ARGUMENTS = sorted(name for name, task in TASKS.items() if task.arguments)


def placed(*words: str) -> list[str]:
    return place(words, CONTEXTS, TASKS, CORE)


def values(task: Command, count: int) -> list[str]:
    return [f"value-{number}" for number in range(count)] if task.arguments else []


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
def test_words_after_a_task_are_its_main_arguments_in_order(name: str) -> None:
    task = TASKS[name]
    for count in range(1, len(task.arguments) + 1):
        words = values(task, count)

        options = [f"{flag_of(a)}={w}" for a, w in zip(task.arguments, words, strict=False)]
        assert placed(name, *words) == [name, *options]


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
def test_a_main_argument_given_by_name_is_left_out_of_the_order(name: str) -> None:
    task = TASKS[name]
    for named in task.arguments:
        others = [a for a in task.arguments if a != named]
        words = values(task, len(others))

        options = [f"{flag_of(a)}={w}" for a, w in zip(others, words, strict=True)]
        assert placed(name, *words, flag_of(named), "x") == [name, *options, flag_of(named), "x"]
        assert placed(name, f"{flag_of(named)}=x", *words) == [name, f"{flag_of(named)}=x", *options]


@pytest.mark.parametrize("name", sorted(TASKS))
def test_the_name_of_a_task_is_the_next_task(name: str) -> None:
    task = TASKS[name]
    if {"task", "page"} & set(task.arguments):
        return  # its words are the names of tasks or of pages
    required = values(task, len(task.required)) if task.arguments else []
    full = values(task, len(task.arguments))

    for given in (required, full):
        line = placed(name, *given, "dns.list", "example.com")

        assert line[len(given) + 1 :] == ["dns.list", "--zone=example.com"]


@pytest.mark.parametrize(("name", "other"), list(itertools.product(WITH_ARGUMENTS, ["doctor", "zones.list"])))
def test_a_word_that_may_be_a_task_or_a_needed_argument_is_refused(name: str, other: str) -> None:
    task = TASKS[name]
    for count, argument in enumerate(task.arguments):
        if argument not in task.required:
            continue
        with pytest.raises(ParseError) as problem:
            placed(name, *values(task, count), other)

        assert (
            str(problem.value) == f"{other} is the name of a task, and {name} still needs {flag_of(argument)}"
        )
        assert f"{flag_of(argument)}={other}" in problem.value.hint  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
def test_options_and_their_values_are_never_main_arguments(name: str) -> None:
    first = flag_of(TASKS[name].arguments[0])
    before = ["--output", "json", "-q", "-o", "csv"]

    assert placed(name, *before, "-qo", "tsv", "x") == [name, *before, "-q", "-o", "tsv", f"{first}=x"]


@pytest.mark.parametrize("name", [name for name in sorted(TASKS) if "output" in TASKS[name].shared])
def test_json_is_short_for_output_json(name: str) -> None:
    assert placed(name, "--json") == [name, "--output=json"]


def test_words_before_the_first_task_stay() -> None:
    assert placed("staging", "dns.list", "example.com") == ["staging", "dns.list", "--zone=example.com"]


def test_words_after_two_dashes_are_main_arguments_even_with_a_dash() -> None:
    assert placed("kv.get", "a", "--", "-1")[:3] == ["kv.get", "--namespace=a", "--key=-1"]
    assert placed("dns.list", "--", "doctor")[:2] == ["dns.list", "--zone=doctor"]
    with pytest.raises(ParseError, match=r"kv\.get has no main argument left for --yes"):
        placed("kv.get", "a", "b", "--", "--yes")


def test_the_line_passes_words_after_two_dashes_on(inv: Inv) -> None:
    assert "no zone -x" in inv("sandbox", "zones.info", "--", "-x").err


@pytest.mark.parametrize("word", ["-qojson", "-qo=json"])
def test_short_options_in_one_word_may_end_with_a_value(word: str) -> None:
    line = placed("dns.list", word, "a.example")

    assert line in (
        ["dns.list", "-q", "-ojson", "--zone=a.example"],
        ["dns.list", "-q", "-o=json", "--zone=a.example"],
    )


def test_a_value_in_the_word_of_its_short_option_reaches_the_task(inv: Inv) -> None:
    assert inv("sandbox", "zones.list", "-qojson").out.startswith("[")


def test_help_of_a_task_ignores_the_rest_of_the_line(inv: Inv) -> None:
    for line in (
        ["sandbox", "dns.list", "example.com", "-h", "zones.list"],
        ["help", "sandbox", "dns.list"],
        ["sandbox", "help", "dns.list"],
    ):
        assert inv(*line).out.startswith("Usage: inv dns.list ZONE")


def test_help_after_a_collection_lists_its_tasks(inv: Inv) -> None:
    assert ".list" in inv("dns", "-h").out


def test_the_last_main_argument_may_be_repeated_if_its_option_may() -> None:
    assert placed("doctor", "dns", "kv") == ["doctor", "--product=dns", "--product=kv"]


def test_surplus_words_are_left_for_the_parser_to_refuse() -> None:
    assert placed("zones.info", "a.example", "b.example") == ["zones.info", "--zone=a.example", "b.example"]


@pytest.mark.parametrize("name", sorted(TASKS))
@pytest.mark.parametrize("how", [("help", "{}"), ("{}", "--help"), ("{}", "-h"), ("--help", "{}")])
def test_every_task_has_help_however_it_is_asked_for(name: str, how: tuple[str, ...], inv: Inv) -> None:
    result = inv(*(word.format(name) for word in how))

    task = TASKS[name]
    usage = " ".join(
        option_name(a).upper() if a in task.required else f"[{option_name(a).upper()}]"
        for a in task.arguments
    )
    assert result.code == 0, result.err
    assert result.out.startswith(" ".join(f"Usage: inv {name} {usage} [options]".split()))
    assert "--help shared" in result.out
    assert all(f"* {flag_of(n)} " in result.out for n in task.required)
    assert ("Exit codes: 5" in result.out) == ("exit_code" in task.function.__annotations__)


def test_help_fits_the_width_of_the_terminal(inv: Inv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")

    lines = [*inv().out.splitlines(), *inv("help", "snapshots.diff").out.splitlines()]

    assert [line for line in lines if len(line) > 50 and not line.startswith(("  inv ", "Usage"))] == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (
            "zones.info a.example more",
            "`inv --list` shows the tasks, `inv --help zones.info` what zones.info",
        ),
        ("kv.info sessions", "`inv --list kv` shows the tasks"),
        ("zones.lst", "did you mean zones.list? `inv --list zones` shows the tasks"),
    ],
)
def test_the_hint_for_an_unknown_word_fits_the_line(words: str, hint: str, inv: Inv) -> None:
    assert f"\nhint: {hint}" in inv(*words.split()).err


def test_help_of_the_shared_options_explains_each_and_the_exit_codes(inv: Inv) -> None:
    from ops.cli.options import EVERYWHERE, ON_LISTS, ON_READS, ON_WRITES

    result = inv("--help", "shared")

    assert result.code == 0
    for name in EVERYWHERE | ON_LISTS | ON_READS | ON_WRITES:
        assert f"{flag_of(name)}" in result.out
    assert "143  terminated" in result.out


def test_help_of_a_collection_lists_its_tasks(inv: Inv) -> None:
    result = inv("help", "dns")

    assert result.code == 0
    assert ".list" in result.out
    assert "Show the records of a zone" in result.out or "records" in result.out


def test_inv_alone_shows_the_first_commands_the_account_and_the_newest_snapshot(inv: Inv) -> None:
    result = inv()

    assert result.code == 0
    assert "inv sandbox scan.export" in result.out
    assert "no token is set" in result.out or "account" in result.out
    assert "Newest snapshot:  none yet" in result.out


def test_main_arguments_reach_the_task(inv: Inv, staged: object) -> None:
    named = inv("kv.get", "--namespace", "config", "--key", "feature-flags")
    bare = inv("kv.get", "--namespace=config", "feature-flags")

    assert (bare.code, bare.out) == (named.code, named.out)
