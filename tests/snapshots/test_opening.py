"""An encrypted snapshot is opened completely or not at all, and only valid members are unpacked."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyrage
import pytest

from ops.errors import Damaged, OpsError, Refused, UsageError
from ops.snapshots.sealed import encrypt, passphrase
from ops.snapshots.sealed.opening import Caps, decryption, unsealed
from ops.snapshots.sealed.passphrase import Passphrase
from tests.conftest import Result
from tests.snapshots.checking import bytes_of
from tests.snapshots.kept import ACCOUNT_ID, made

AGE = shutil.which("age")
Inv = Callable[..., Result]


@pytest.fixture(scope="module")
def identity() -> Any:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def key(tmp_path: Path, identity: Any) -> str:
    file = tmp_path / "key.txt"
    file.write_text(f"# created: 2026-11-23\n# public key: {identity.to_public()}\n{identity}\n")
    return str(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "made")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sealed(folder: Path, identity: Any, target: Path) -> Path:
    with target.open("wb") as file:
        encrypt.pack(folder, folder.name, file, encrypt.recipients([str(identity.to_public())]))
    return target


def archived(target: Path, identity: Any, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """Create an encrypted archive of any members."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:gz") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    target.write_bytes(pyrage.encrypt(plain.getvalue(), [identity.to_public()]))
    return target


def named(name: str, data: bytes = b"x", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "2026-11-23T06-10-02Z-beef.tar.gz.age"


def test_it_opens_as_the_packed_folder_and_close_removes_it(
    folder: Path, identity: Any, key: str, state: Path, file: Path
) -> None:
    snapshot = unsealed(sealed(folder, identity, file), key, state)

    assert bytes_of(snapshot.path) == bytes_of(folder)
    assert snapshot.manifest.account_id == ACCOUNT_ID
    assert snapshot.name == folder.name
    assert {p.stat().st_mode & 0o077 for p in state.rglob("*")} == {0}
    snapshot.close()
    assert list(state.iterdir()) == []


@pytest.mark.skipif(AGE is None, reason="the age program is not installed")
def test_an_archive_of_tar_and_age_opens(
    folder: Path, identity: Any, key: str, state: Path, file: Path
) -> None:
    line = f"tar -C {folder.parent} -cz {folder.name} | {AGE} -r {identity.to_public()} > {file}"
    subprocess.run(line, shell=True, check=True)

    snapshot = unsealed(file, key, state)

    assert bytes_of(snapshot.path) == bytes_of(folder)


@pytest.mark.fault("F21")
@pytest.mark.parametrize("where", [-1, -40, 500, 300, 10])
def test_a_flipped_byte_leaves_no_plaintext(
    folder: Path, identity: Any, key: str, state: Path, file: Path, where: int
) -> None:
    data = bytearray(sealed(folder, identity, file).read_bytes())
    data[where] ^= 1
    file.write_bytes(data)

    with pytest.raises((Damaged, UsageError)):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


@pytest.mark.fault("F21")
def test_a_flipped_byte_near_the_end_leaves_no_plaintext_either(
    tmp_path: Path, folder: Path, identity: Any, key: str, state: Path, file: Path
) -> None:
    (folder / "zz.jsonl").write_bytes(os.urandom(2_000_000))
    data = bytearray(sealed(folder, identity, file).read_bytes())
    data[-70_000] ^= 1
    file.write_bytes(data)

    with pytest.raises(Damaged, match="is damaged: decryption error"):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


@pytest.mark.parametrize("length", [0, 20, 250, -1, -100])
def test_a_truncated_file_is_damaged(
    folder: Path, identity: Any, key: str, state: Path, file: Path, length: int
) -> None:
    file.write_bytes(sealed(folder, identity, file).read_bytes()[:length])

    with pytest.raises(Damaged):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


def test_a_wrong_identity_is_an_error_message(
    folder: Path, identity: Any, state: Path, file: Path, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.txt"
    stranger.write_text(f"{pyrage.x25519.Identity.generate()}\n")

    with pytest.raises(UsageError, match="was not encrypted for this key"):
        unsealed(sealed(folder, identity, file), str(stranger), state)

    assert list(state.iterdir()) == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "AGE-SECRET-KEY-1QQQQ\n", "age1public\n", "\xff\xfe"])
def test_an_invalid_identity_is_refused_without_repeating_it(
    folder: Path, identity: Any, state: Path, file: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "bad.txt").write_text(text, encoding="latin-1")

    with pytest.raises(UsageError) as error:
        unsealed(sealed(folder, identity, file), str(tmp_path / "bad.txt"), state)

    assert "QQQQ" not in error.value.message


def test_without_an_identity_the_hint_names_it(state: Path, file: Path) -> None:
    file.write_bytes(b"")

    with pytest.raises(UsageError) as error:
        unsealed(file, "", state)

    assert "--identity" in error.value.hint


@pytest.mark.fault("C12")
@pytest.mark.parametrize(
    "member",
    [
        named("../outside"),
        named("/tmp/outside"),
        named("top/../../outside"),
        named("top/.hidden"),
        named("top/a/b/c/d"),
        named("top/UPPER"),
        named("top/a\\b"),
        named("other/manifest.json"),
        named("manifest.json"),
        named("top/link", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        named("top/link", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
        named("top/pipe", b"", type=tarfile.FIFOTYPE),
        named("top/device", b"", type=tarfile.CHRTYPE),
    ],
)
def test_a_member_that_no_snapshot_contains_is_refused_and_nothing_is_written(
    identity: Any, key: str, state: Path, file: Path, tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]
) -> None:
    archived(file, identity, named("top/dns.record.jsonl"), member)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(Refused, match="is not a snapshot: it contains"):
        unsealed(file, key, state)

    assert sorted(p for p in tmp_path.rglob("*") if p != state) == before


def test_a_duplicate_file_is_refused(identity: Any, key: str, state: Path, file: Path) -> None:
    archived(file, identity, named("top/a.jsonl"), named("top/a.jsonl"))

    with pytest.raises(OpsError):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


@pytest.mark.fault("F20")
def test_a_bomb_is_refused(identity: Any, key: str, state: Path, file: Path) -> None:
    archived(file, identity, named("top/a.jsonl", bytes(8 << 20)))

    with pytest.raises(Refused, match="unpacks to far more"):
        unsealed(file, key, state, Caps(bytes=1 << 20))

    assert list(state.iterdir()) == []


@pytest.mark.fault("F20")
def test_a_bomb_behind_the_end_of_the_archive_is_refused(
    identity: Any, key: str, state: Path, file: Path
) -> None:
    plain = gzip.compress(bytes(8 << 20))
    file.write_bytes(pyrage.encrypt(plain, [identity.to_public()]))

    with pytest.raises(OpsError):
        unsealed(file, key, state, Caps(bytes=1 << 20))

    assert list(state.iterdir()) == []


@pytest.mark.fault("F20")
def test_a_sparse_file_with_a_large_size_is_refused(identity: Any, key: str, state: Path, file: Path) -> None:
    headers = {"GNU.sparse.major": "0", "GNU.sparse.size": str(1 << 40), "GNU.sparse.map": "0,1"}
    archived(file, identity, named("top/a.jsonl", pax_headers=headers))

    with pytest.raises(Refused, match="is not a snapshot: it contains"):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


@pytest.mark.fault("F20")
def test_a_header_that_would_fill_the_memory_is_refused(
    identity: Any, key: str, state: Path, file: Path
) -> None:
    archived(file, identity, named("top/a.jsonl", pax_headers={"comment": "x" * 100_000}))

    with pytest.raises(Refused, match="a larger header than"):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


@pytest.mark.fault("F20")
def test_too_many_files_are_refused(identity: Any, key: str, state: Path, file: Path) -> None:
    archived(file, identity, *(named(f"top/{number}.jsonl") for number in range(12)))

    with pytest.raises(Refused):
        unsealed(file, key, state, Caps(files=10))


def test_an_archive_without_a_snapshot_is_damaged(identity: Any, key: str, state: Path, file: Path) -> None:
    archived(file, identity, named("top/a.jsonl"))

    with pytest.raises(Damaged, match="does not contain a snapshot"):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


def test_the_folder_of_a_killed_run_is_removed_by_the_next(
    folder: Path, identity: Any, key: str, state: Path, file: Path
) -> None:
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    (state / f".opened-{gone.pid}-aaaaaaaa" / "plain").mkdir(parents=True)

    unsealed(sealed(folder, identity, file), key, state).close()

    assert list(state.iterdir()) == []


def test_the_commands_open_encrypted_ones(
    inv: Inv, home: Path, folder: Path, identity: Any, key: str
) -> None:
    kept = home / "exports" / ACCOUNT_ID
    kept.mkdir(parents=True)
    sealed(folder, identity, kept / f"{folder.name}.tar.gz.age")

    shown = inv("snapshots.show", "--identity", key, "--output", "json")
    verified = inv("snapshots.verify", "--name", folder.name, "--identity", key)
    without = inv("snapshots.verify")

    assert (shown.code, verified.code, without.code) == (0, 0, 1)
    assert any(row["kind"] == "dns.record" for row in json.loads(shown.out))
    assert "--identity" in without.err
    assert list((home / "state").glob(".opened-*")) == []


def padded(folder: Path, identity: Any, file: Path) -> bytearray:
    """Encrypt *folder* with much padding after the archive, as tar writes to a tape."""
    plain = b"".join(encrypt.archive(folder, folder.name)) + gzip.compress(os.urandom(1 << 16) * 8, 0)
    data = pyrage.encrypt(plain, [identity.to_public()])
    file.write_bytes(data)
    return bytearray(data)


def test_data_after_the_archive_is_read_and_ignored(
    folder: Path, identity: Any, key: str, state: Path, file: Path
) -> None:
    padded(folder, identity, file)

    assert bytes_of(unsealed(file, key, state).path) == bytes_of(folder)


@pytest.mark.fault("F21")
def test_a_flipped_byte_after_the_archive_is_noticed(
    folder: Path, identity: Any, key: str, state: Path, file: Path
) -> None:
    data = padded(folder, identity, file)
    data[-10] ^= 1
    file.write_bytes(data)

    with pytest.raises(Damaged):
        unsealed(file, key, state)

    assert list(state.iterdir()) == []


@pytest.mark.fault("F19")
def test_an_encrypted_one_of_another_account_is_refused(
    inv: Inv, home: Path, folder: Path, identity: Any, key: str
) -> None:
    other = home / "exports" / ("b" * 32)
    other.mkdir(parents=True)
    sealed(folder, identity, other / f"{folder.name}.tar.gz.age")

    result = inv("snapshots.show", "--identity", key)

    assert result.code == 1
    assert ACCOUNT_ID in result.err
    assert list((home / "state").glob(".opened-*")) == []


def test_a_missing_or_binary_identity_file_is_an_error_message(
    state: Path, folder: Path, identity: Any, file: Path, tmp_path: Path
) -> None:
    sealed(folder, identity, file)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    with pytest.raises(UsageError, match="cannot be read: No such file"):
        unsealed(file, str(tmp_path / "none"), state)
    with pytest.raises(UsageError, match="is not an age identity"):
        unsealed(file, str(tmp_path / "binary"), state)


def test_a_top_folder_with_an_invalid_name_is_refused(
    identity: Any, key: str, state: Path, file: Path
) -> None:
    archived(file, identity, named(".ssh/dns.record.jsonl"))

    with pytest.raises(Refused, match="is not a snapshot: it contains"):
        unsealed(file, key, state)


def test_a_file_that_is_not_an_archive_is_damaged(identity: Any, key: str, state: Path, file: Path) -> None:
    file.write_bytes(pyrage.encrypt(b"no archive", [identity.to_public()]))

    with pytest.raises(Damaged, match="is damaged: Not a gzipped file"):
        unsealed(file, key, state)
    assert list(state.iterdir()) == []


def test_a_failure_after_the_last_byte_is_raised(
    folder: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plain"
    with file.open("wb") as target:
        for piece in encrypt.archive(folder, folder.name):
            target.write(piece)

    def decrypt(source: IO[bytes], target: IO[bytes]) -> None:
        target.write(source.read())
        raise Damaged("the last piece is missing")

    monkeypatch.setattr("ops.snapshots.sealed.opening.decryption", lambda *_: decrypt)

    with pytest.raises(Damaged, match="the last piece is missing"):
        unsealed(file, "", state)
    assert list(state.iterdir()) == []


@pytest.fixture
def for_a_passphrase(
    folder: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """A snapshot encrypted with "right", with little work; call it for a file with a passphrase."""
    monkeypatch.setattr(passphrase, "encrypt", partial(passphrase.encrypt, work=2))
    with file.open("wb") as target:
        encrypt.pack(folder, folder.name, target, Passphrase(b"right"))

    def written(secret: str) -> str:
        (tmp_path / secret).write_text(secret + "\n")
        return str(tmp_path / secret)

    return written


def test_a_passphrase_opens_what_was_packed_for_it(
    for_a_passphrase: Callable[[str], str], folder: Path, state: Path, file: Path
) -> None:
    snapshot = unsealed(file, "", state, passphrase_file=for_a_passphrase("right"))

    assert bytes_of(snapshot.path) == bytes_of(folder)
    snapshot.close()


def test_another_passphrase_opens_nothing_and_names_the_file(
    for_a_passphrase: Callable[[str], str], state: Path, file: Path
) -> None:
    with pytest.raises(UsageError, match=f"^{file}: "):
        unsealed(file, "", state, passphrase_file=for_a_passphrase("wrong"))
    assert list(state.iterdir()) == []


def test_a_changed_byte_under_a_passphrase_is_damage(
    for_a_passphrase: Callable[[str], str], state: Path, file: Path
) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    with pytest.raises(Damaged, match=f"^{file} is damaged: "):
        unsealed(file, "", state, passphrase_file=for_a_passphrase("right"))


def test_a_key_and_a_passphrase_together_are_refused(key: str, state: Path, file: Path) -> None:
    with pytest.raises(UsageError, match="not both"):
        unsealed(file, key, state, passphrase_file=key)


def test_a_full_disk_is_reported_as_that_and_not_as_damage(
    folder: Path, identity: Any, key: str, file: Path
) -> None:
    class Full(io.BytesIO):
        def write(self, _data: object, /) -> int:
            raise OSError(28, "No space left on device")

    with sealed(folder, identity, file).open("rb") as source, pytest.raises(OSError, match="No space left"):
        decryption(file, key, "")(source, Full())
