"""A snapshot that is only in a bucket, restored into the account."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.restore.conftest import Inv, Stage, copies, start, unsaved  # noqa: F401  (fixtures)
from tests.restore.world import ZONES


def test_a_snapshot_in_a_bucket_is_restored(
    unsaved: Stage,  # noqa: F811  (the fixture)
    inv: Inv,
    place: str,
    home: Path,
) -> None:
    pushed = inv("scan.export", "--kv", "values", "--quiet", "--push", place)
    shutil.rmtree(home / "exports")
    before = unsaved.world.state()
    id = unsaved.world.zones()[ZONES[0]]
    unsaved.world.call("DELETE", f"/zones/{id}/dns_records/{unsaved.world.records(id)[0]['id']}")

    restored = inv("snapshots.restore", "--name", f"{place}/latest", "--yes")

    assert pushed.code == 0, pushed.err
    assert restored.code == 0, restored.err
    assert unsaved.world.state() == before
    assert not list((home / "state").glob(".opened-*"))
