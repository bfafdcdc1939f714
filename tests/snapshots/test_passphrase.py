"""A passphrase instead of keys: the same files that age writes and opens."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from ops.errors import Damaged, UsageError
from ops.sandbox.server import Sandbox
from ops.snapshots.sealed import passphrase
from tests.conftest import Result
from tests.snapshots.checking import leftovers

AGE = shutil.which("age")
ROOT = Path(__file__).parent.parent.parent
LIGHT = 10
SECRET = b"correct horse"
Inv = Callable[..., Result]


def sealed(data: bytes) -> bytes:
    target = io.BytesIO()
    passphrase.encrypt(io.BytesIO(data), target, SECRET, LIGHT)
    return target.getvalue()


def opened(data: bytes, secret: bytes = SECRET) -> bytes:
    target = io.BytesIO()
    passphrase.decrypt(io.BytesIO(data), target, secret)
    return target.getvalue()


@pytest.mark.fault("P12")
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_another_implementation_opens_ours_and_we_open_ours(size: int) -> None:
    data = os.urandom(size)

    made = sealed(data)

    assert pyrage.passphrase.decrypt(made, SECRET.decode()) == data
    assert opened(made) == data


@pytest.mark.fault("P12")
@pytest.mark.long
def test_we_open_what_another_implementation_made() -> None:
    data = os.urandom(70_000)

    assert opened(pyrage.passphrase.encrypt(data, SECRET.decode())) == data


def test_equal_plaintexts_are_encrypted_differently() -> None:
    assert sealed(b"data") != sealed(b"data")


def test_a_wrong_passphrase_is_an_error_message() -> None:
    with pytest.raises(UsageError, match="does not open"):
        opened(sealed(b"data"), b"wrong")


@pytest.mark.fault("F21")
def test_no_changed_byte_and_no_cut_passes() -> None:
    made = sealed(os.urandom(66_000))
    positions = [*range(300), 30_000, len(made) - 300, len(made) - 1]

    for position in positions:
        data = bytearray(made)
        data[position] ^= 1
        with pytest.raises((Damaged, UsageError)):
            opened(bytes(data))
    for length in (0, 30, 180, 190, 65_900, len(made) - 1, len(made) - 480):
        with pytest.raises((Damaged, UsageError)):
            opened(made[:length])


def test_swapped_pieces_are_noticed() -> None:
    made = sealed(bytes(4 * 65_536))
    start = made.index(b"\n", made.index(b"---")) + 1 + 16
    piece = 65_536 + 16
    swapped = made[:start] + made[start + piece : start + 2 * piece] + made[start : start + piece]

    with pytest.raises(Damaged):
        opened(swapped + made[start + 2 * piece :])


def test_a_too_high_work_factor_is_refused_before_it_is_used() -> None:
    made = sealed(b"data").replace(f" {LIGHT}\n".encode(), b" 30\n", 1)

    with pytest.raises(Damaged, match="work factor is too high"):
        opened(made)


def test_a_file_encrypted_for_keys_is_reported_as_such() -> None:
    made = pyrage.encrypt(b"data", [pyrage.x25519.Identity.generate().to_public()])

    with pytest.raises(UsageError, match="public keys") as error:
        opened(made)

    assert "--identity" in error.value.hint


def typed(line: list[str], cwd: Path) -> None:
    """Run *line* on a new terminal and type the passphrase at each prompt."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(cwd)
        os.execv(line[0], line)
    try:
        while said := os.read(terminal, 1024):
            if b"passphrase" in said:
                os.write(terminal, SECRET + b"\n")
    except OSError:
        pass  # the terminal closed with its process
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


@pytest.mark.long
@pytest.mark.fault("P12")
@pytest.mark.skipif(AGE is None, reason="the age program is not installed")
def test_the_age_program_opens_ours_and_we_open_its(tmp_path: Path) -> None:
    data = os.urandom(100_000)
    (tmp_path / "plain").write_bytes(data)
    (tmp_path / "ours").write_bytes(sealed(data))

    typed([str(AGE), "-d", "-o", "back", "ours"], tmp_path)
    typed([str(AGE), "-p", "-o", "theirs", "plain"], tmp_path)

    assert (tmp_path / "back").read_bytes() == data
    assert opened((tmp_path / "theirs").read_bytes()) == data


STREAM = """
import re, sys
from pathlib import Path
from ops.snapshots.sealed import passphrase
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    passphrase.encrypt(source, target, b"secret", 10)
with open(sys.argv[2], "rb") as source, open("/dev/null", "wb") as target:
    passphrase.decrypt(source, target, b"secret")
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_it_is_streamed(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as large:
        large.truncate(100 << 20)

    line = [sys.executable, "-c", STREAM, str(tmp_path / "large"), str(tmp_path / "sealed")]
    memory = int(subprocess.run(line, capture_output=True, check=True, cwd=ROOT).stdout)

    assert memory < 60_000


@pytest.mark.parametrize("text", ["", "\n", "\nsecond line"])
def test_a_file_without_a_passphrase_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pass").write_text(text)

    with pytest.raises(UsageError, match="no passphrase"):
        passphrase.read(tmp_path / "pass")


def test_a_passphrase_is_never_printed(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("hunter2\n")

    read = passphrase.read(tmp_path / "pass")

    assert read.secret == b"hunter2"
    assert "hunter2" not in f"{read} {read!r}"


@pytest.mark.long
def test_an_export_for_a_passphrase_is_opened_by_it(staged: Sandbox, inv: Inv, home: Path) -> None:
    Path("pass").write_text("correct horse\n")
    Path("wrong").write_text("battery staple\n")

    made = inv("scan.export", "--only", "zones", "--passphrase-file", "pass", "--output", "json")
    shown = inv("snapshots.verify", "--passphrase-file", "pass", "--output", "json")
    refused = inv("snapshots.verify", "--passphrase-file", "wrong")

    file = Path(json.loads(made.out)["snapshot"])
    assert (made.code, shown.code, refused.code) == (0, 0, 1)
    assert any(row["kind"] == "zones.zone" and row["items"] for row in json.loads(shown.out))
    assert "does not open it" in refused.err
    plain = pyrage.passphrase.decrypt(file.read_bytes(), "correct horse")
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:gz") as tar:
        assert any(re.fullmatch(r".*/manifest\.json", member.name) for member in tar)
    assert leftovers(home / "exports") == []


def test_keys_and_a_passphrase_are_refused_together(staged: Sandbox, inv: Inv) -> None:
    Path("pass").write_text("correct horse\n")
    key = str(pyrage.x25519.Identity.generate().to_public())

    result = inv("scan.export", "--passphrase-file", "pass", "--encrypt-to", key)

    assert result.code == 1
    assert staged.requests == []


def test_a_missing_passphrase_file_is_an_error_message(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        passphrase.read(tmp_path / "none")


@pytest.mark.parametrize("left", [0, 1, 15])
def test_a_file_that_ends_in_its_nonce_is_damaged(left: int) -> None:
    whole = sealed(b"")
    header = len(whole) - 16 - 16  # the nonce, and the one empty piece with its tag

    with pytest.raises(Damaged, match="is cut off"):
        opened(whole[: header + left])


@pytest.mark.long
def test_a_key_and_a_passphrase_do_not_open_together(
    inv: Inv, home: Path, staged: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "pass").write_text("correct horse\n")
    inv("scan.export", "--only", "zones.zone", "--passphrase-file", str(tmp_path / "pass"), "--quiet")
    (file,) = (home / "exports").rglob("*.age")

    result = inv(
        "snapshots.show", "--name", str(file), "--identity", "k", "--passphrase-file", str(tmp_path / "pass")
    )
    changed = file.with_name("changed.tar.gz.age")
    changed.write_bytes(file.read_bytes()[:-1] + b"\0")
    damaged = inv("snapshots.show", "--name", str(changed), "--passphrase-file", str(tmp_path / "pass"))

    assert (result.code, damaged.code) == (1, 2)
    assert "--identity or --passphrase-file, not both" in result.err
    assert "changed.tar.gz.age is damaged" in damaged.err
