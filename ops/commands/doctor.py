"""The task `doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App


@command(
    "doctor",
    help={"product": "only what the token may do with this product, e.g. dns; may be repeated"},
)
def doctor(app: App, product: tuple[str, ...] = ()) -> Rows:
    """Check the settings, the way to Cloudflare, the token, and what it may do.

    inv doctor
    inv doctor --product dns --product kv --output json
    """
    from ops.doctor.examination import examine
    from ops.doctor.findings import verdict
    from ops.doctor.probes import check_products

    findings = examine(app, check_products(product))
    report = Rows([finding.row() for finding in findings], ("check", "status", "meaning", "hint"))
    if failure := verdict(findings):
        app.show(report)
        raise failure
    return report
