"""One encrypted file, written as a stream, that the `age` program opens."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pyrage
import pytest

from ops.errors import UsageError
from ops.snapshots.sealed import encrypt
from tests.timing import Within, timed

AGE = shutil.which("age")
ROOT = Path(__file__).parent.parent.parent
FILES = {"manifest.json": b"{}", "kv.key.jsonl": os.urandom(700_000), "scripts/a-0/empty.js": b""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        path = tmp_path / "made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "made"


@pytest.fixture
def identity() -> Any:
    return pyrage.x25519.Identity.generate()


def packed(folder: Path, *identities: Any) -> bytes:
    target = io.BytesIO()
    encrypt.pack(folder, "2026-a", target, encrypt.recipients(str(i.to_public()) for i in identities))
    return target.getvalue()


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]


def test_every_recipient_can_open_it_and_nobody_else(folder: Path, identity: Any) -> None:
    other, stranger = (pyrage.x25519.Identity.generate() for _ in range(2))

    sealed = packed(folder, identity, other)

    expected = {f"2026-a/{name}": data for name, data in FILES.items()}
    assert unpacked(pyrage.decrypt(sealed, [identity])) == expected
    assert unpacked(pyrage.decrypt(sealed, [other])) == expected
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [stranger])


@pytest.mark.skipif(AGE is None, reason="the age program is not installed")
def test_the_age_program_opens_it(folder: Path, identity: Any, tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text(f"{identity}\n")
    (tmp_path / "sealed").write_bytes(packed(folder, identity))

    line = f"{AGE} --decrypt --identity key.txt sealed | tar --extract --gzip"
    subprocess.run(line, shell=True, check=True, cwd=tmp_path)

    assert {n: (tmp_path / "2026-a" / n).read_bytes() for n in FILES} == FILES
    assert (tmp_path / "2026-a" / "kv.key.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.fault("F21")
def test_a_flipped_byte_is_noticed(folder: Path, identity: Any) -> None:
    sealed = bytearray(packed(folder, identity))
    sealed[-100] ^= 1

    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(bytes(sealed), [identity])


@pytest.mark.parametrize("key", ["", "age1nonsense", "AGE-SECRET-KEY-1QQQQ", "ssh-ed25519 AAAA"])
def test_an_invalid_public_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(UsageError) as error:
        encrypt.recipients([key])

    assert "QQQQ" not in error.value.message
    assert "age-keygen" in error.value.hint


def test_the_keys_may_be_in_a_file(folder: Path, identity: Any, tmp_path: Path) -> None:
    other = pyrage.x25519.Identity.generate()
    (tmp_path / "keys.txt").write_text(f"# the team\n{identity.to_public()}\n\n{other.to_public()}\n")

    found = encrypt.recipients([str(tmp_path / "keys.txt")])

    assert [str(recipient) for recipient in found] == [str(identity.to_public()), str(other.to_public())]


@pytest.mark.parametrize("text", ["", "# nothing\n", "AGE-SECRET-KEY-1QQQQ\n", "\xff"])
def test_a_file_without_public_keys_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.txt").write_text(text, encoding="latin-1")

    with pytest.raises(UsageError) as error:
        encrypt.recipients([str(tmp_path / "keys.txt")])

    assert "QQQQ" not in error.value.message


class Full(io.RawIOBase):
    """A full disk."""

    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_reported_as_such(folder: Path, identity: Any) -> None:
    with pytest.raises(OSError, match="No space"):
        encrypt.pack(folder, "n", Full(), encrypt.recipients([str(identity.to_public())]))


def test_a_file_that_disappears_is_reported_as_such(folder: Path, identity: Any) -> None:
    (folder / "gone").symlink_to("nowhere")

    with pytest.raises(FileNotFoundError):
        packed(folder, identity)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@timed
@pytest.mark.fault("D1")
def test_ctrl_c_ends_it_at_once(tmp_path: Path, identity: Any, within: Within) -> None:
    (tmp_path / "made").mkdir()
    with (tmp_path / "made" / "large").open("wb") as large:
        large.truncate(4 << 30)
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)

    try:
        with within(2.1), pytest.raises(KeyboardInterrupt):
            packed(tmp_path / "made", identity)
    finally:
        signal.signal(signal.SIGALRM, before)


STREAM = """
import re, sys
from pathlib import Path
from ops.snapshots.sealed import encrypt
with open(sys.argv[2], "wb") as target:
    encrypt.pack(Path(sys.argv[1]), "n", target, encrypt.recipients([sys.argv[3]]))
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_it_is_streamed(tmp_path: Path, identity: Any) -> None:
    (tmp_path / "made").mkdir()
    with (tmp_path / "made" / "large").open("wb") as large:
        large.truncate(100 << 20)

    key = str(identity.to_public())
    line = [sys.executable, "-c", STREAM, str(tmp_path / "made"), str(tmp_path / "sealed"), key]
    memory = int(subprocess.run(line, capture_output=True, check=True, cwd=ROOT).stdout)

    assert memory < 60_000


def test_equal_snapshots_make_equal_archives(folder: Path) -> None:
    one, other = (b"".join(encrypt.archive(folder, "n")) for _ in range(2))

    assert one == other
    assert re.fullmatch(rb"\x1f\x8b", one[:2])


def test_an_error_of_age_is_passed_on_unchanged(
    folder: Path, identity: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise pyrage.EncryptError("no entropy")

    monkeypatch.setattr(pyrage, "encrypt_io", refuse)

    with pytest.raises(pyrage.EncryptError, match="no entropy"):
        packed(folder, identity)


def test_the_encryption_may_flush_its_target() -> None:
    class Target(io.BytesIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    target = Target()

    encrypt._Stream(iter(()), target).flush()

    assert target.flushed == 1
