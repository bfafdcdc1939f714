"""A restore of what was deleted while it was read, and of what was in a zone that is gone."""

from __future__ import annotations

import pytest

from ops.sandbox.faults import Fault
from tests.restore.conftest import Inv, Stage
from tests.restore.world import ZONES

ALPHA, BETA = ZONES


def test_a_zone_that_was_deleted_while_it_was_read_is_not_created_again(unsaved: Stage, inv: Inv) -> None:
    zone = unsaved.world.zones()[BETA]
    unsaved.sandbox.faults.add(Fault("gone", path=f"/zones/{zone}*", times=-1))
    assert inv("scan.export", "--only", "zones,dns", "--quiet").code == 0
    unsaved.sandbox.faults.clear()
    unsaved.world.call("DELETE", f"/zones/{zone}")
    unsaved.forget()

    result = inv("snapshots.restore", "--yes", "--force")

    assert result.code == 0, result.err
    assert list(unsaved.world.zones()) == [ALPHA]
    assert unsaved.wrote() == []


def test_a_zone_that_is_gone_concerns_only_a_restore_of_what_was_in_it(unsaved: Stage, inv: Inv) -> None:
    assert inv("scan.export", "--only", "zones,dns", "--quiet").code == 0
    zones = unsaved.world.zones()
    unsaved.world.call("DELETE", f"/zones/{zones[BETA]}")

    alpha, beta = (
        inv("snapshots.restore", "--kind", "dns.record", "--item", f"host0.{name}", "--yes") for name in ZONES
    )

    assert (alpha.code, beta.code) == (0, 0), alpha.err + beta.err
    assert "no longer exists" not in alpha.err
    assert f"dns.record in {BETA}: the zones.zone no longer exists; restore it as well" in beta.err


def test_a_zone_that_is_gone_and_had_nothing_of_a_kind_is_not_reported(unsaved: Stage, inv: Inv) -> None:
    zone = unsaved.world.zones()[BETA]
    for route in unsaved.world.call("GET", f"/zones/{zone}/workers/routes"):
        unsaved.world.call("DELETE", f"/zones/{zone}/workers/routes/{route['id']}")
    assert inv("scan.export", "--only", "zones,workers", "--quiet").code == 0
    unsaved.world.call("DELETE", f"/zones/{zone}")

    result = inv("snapshots.restore", "--kind", "workers.route", "--yes")

    assert result.code == 0, result.err
    assert "no longer exists" not in result.err


@pytest.mark.parametrize(
    "settings", ['{"success": true, "result": {"bindings": 5}}', '{"success": true, "result": {}}']
)
def test_a_live_script_that_is_answered_in_another_form_is_not_overwritten(
    stage: Stage, inv: Inv, settings: str
) -> None:
    stage.world.upload("jobs", "export default {}", [])
    stage.forget()
    stage.sandbox.faults.add(Fault("malformed", "GET", "*/scripts/jobs/settings", times=-1, body=settings))

    result = inv("snapshots.restore", "--kind", "workers.script", "--yes")

    assert result.code in (1, 2, 4)
    assert "Traceback" not in result.err
    assert stage.wrote() == []


def test_a_script_without_settings_in_the_snapshot_is_not_created(unsaved: Stage, inv: Inv) -> None:
    assert inv("scan.export", "--skip", "workers.settings", "--quiet").code == 0
    unsaved.world.account("DELETE", "/workers/scripts/site?force=true")
    unsaved.forget()

    result = inv("snapshots.restore", "--kind", "workers.script", "--item", "site", "--yes")

    assert "the snapshot has no settings of the script site" in result.err
    assert unsaved.wrote() == []
