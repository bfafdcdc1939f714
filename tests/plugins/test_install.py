"""The line that installs or upgrades a plugin, for each way in which cfops may have been installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.plugins.install import install_line

RECEIPT = """
[tool]
requirements = [{ name = "cfops" }, { name = "cfops-dns" }]
"""


@pytest.mark.parametrize(
    ("upgrade", "line"),
    [
        (False, "uv tool install cfops --with cfops-dns --with cfops-mail"),
        (True, "uv tool install cfops --with cfops-dns --with cfops-mail --upgrade-package cfops-mail"),
    ],
)
def test_uv_keeps_the_plugins_of_its_receipt(tmp_path: Path, upgrade: bool, line: str) -> None:
    (tmp_path / "uv-receipt.toml").write_text(RECEIPT)

    assert install_line("cfops-mail", upgrade=upgrade, prefix=tmp_path) == line


def test_a_receipt_that_cannot_be_read_names_the_plugin_alone(tmp_path: Path) -> None:
    (tmp_path / "uv-receipt.toml").write_text("[tool]\n")

    assert install_line("cfops-mail", prefix=tmp_path) == "uv tool install cfops --with cfops-mail"


@pytest.mark.parametrize(
    ("upgrade", "line"),
    [(False, "pipx inject cfops cfops-mail"), (True, "pipx upgrade --include-injected cfops")],
)
def test_pipx_injects_it(tmp_path: Path, upgrade: bool, line: str) -> None:
    (tmp_path / "pipx_metadata.json").write_text("{}")

    assert install_line("cfops-mail", upgrade=upgrade, prefix=tmp_path) == line


@pytest.mark.parametrize(
    ("installer", "line"),
    [
        ("pip", "/venv/bin/python -m pip install --upgrade cfops-mail"),
        ("uv", "uv pip install --upgrade cfops-mail --python /venv/bin/python"),
    ],
)
def test_an_environment_is_named_by_its_python(installer: str, line: str) -> None:
    assert install_line("cfops-mail", upgrade=True, prefix=Path("/venv"), installer=installer) == line
