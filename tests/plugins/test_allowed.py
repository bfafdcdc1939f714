"""The allow-list as a file: what is read from it, and what of it a change leaves as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.errors import UsageError
from ops.plugins import allowed
from ops.plugins.allowed import AllowList, Entry

TEXT = """# mine
[plugins."Cfops_Mail"]
version = "1.0" # checked
region = "eu"

[hooks.ours]
on = ["on_change"]
run = ["/bin/true"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plugins.toml"


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_without_a_file_nothing_is_enabled(file: Path) -> None:
    assert allowed.read(file) == AllowList()


def test_a_name_is_compared_as_packaging_tools_do_and_other_keys_are_settings(file: Path) -> None:
    (entry,) = allowed.read(written(file, TEXT)).plugins

    assert entry == Entry("cfops-mail", "1.0", "", (), {"region": "eu"})


def test_enabling_again_changes_only_what_is_ours(file: Path) -> None:
    allowed.write(written(file, TEXT), "cfops-mail", {"version": "2.0", "brings": ["tasks: mail.list"]})

    new = file.read_text()
    assert new.startswith(
        '# mine\n[plugins."Cfops_Mail"]\nversion = "2.0"\nbrings = ["tasks: mail.list"]\nregion = "eu"\n'
    )
    assert new.endswith('[hooks.ours]\non = ["on_change"]\nrun = ["/bin/true"]\n')


def test_disabling_keeps_the_settings_and_a_table_without_any_goes(file: Path) -> None:
    allowed.write(written(file, TEXT), "cfops-mail", {})
    kept = file.read_text()
    allowed.write(file, "cfops-other", {"version": "1"})
    allowed.write(file, "cfops-other", {})

    assert 'region = "eu"' in kept
    assert "version" not in kept
    assert file.read_text() == kept


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('plugins = {cfops-mail = {version = "1.0"}}\n', {"version": "2.0"}),
        # Without a table of its own nothing of it is found, and it would stay enabled.
        ('[plugins]\ncfops-mail.version = "1.0"\n', {}),
    ],
)
def test_a_file_that_cannot_be_changed_safely_is_left_as_it_is(
    file: Path, text: str, values: dict[str, str]
) -> None:
    with pytest.raises(UsageError, match=r"plugins\.toml cannot be changed safely"):
        allowed.write(written(file, text), "cfops-mail", values)

    assert file.read_text() == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("plugins = 1\n", "is not a table of tables"),
        ("[plugins.x]\nversion = 1\n", "version and record of 'x' are text"),
        ("[other]\n", "there is no table 'other'"),
        ("[plugins\n", "plugins.toml"),
        ('[hooks.x]\non = ["on_change"]\n', "needs on and run"),
        ('[hooks.x]\non = ["on_change"]\nrun = ["true"]\n', "needs the whole path"),
        ('[hooks.x]\non = ["on_change"]\nrun = ["/bin/true"]\nseconds = 0\n', "are from 0 to 60"),
        (
            '[hooks.x]\non = ["on_change"]\nrun = ["/bin/true"]\nshell = true\n',
            "there is no 'shell' in a hook",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_named(file: Path, text: str, why: str) -> None:
    with pytest.raises(UsageError) as error:
        allowed.read(written(file, text))

    assert why in error.value.message
