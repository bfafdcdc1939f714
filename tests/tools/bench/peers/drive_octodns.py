"""octodns-dump, with the base URL and page size in its configuration: JOB ARGUMENTS."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

SETTINGS = {
    "class": "octodns_cloudflare.CloudflareProvider",
    "token": os.environ["BENCH_TOKEN"],
    "account_id": os.environ["BENCH_ACCOUNT"],
    "api_url": os.environ["BENCH_URL"],
    "pagerules": False,
    "records_per_page": 5000,
}


def dump(zone: str) -> int:
    """Dump *zone*, or all zones for `*`; return how many values the files hold."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "config.yaml"
        zones = {zone: {"sources": ["cloudflare"]}}
        config.write_text(
            json.dumps(
                {
                    "manager": {"max_workers": int(os.environ["BENCH_WORKERS"])},
                    "providers": {"cloudflare": SETTINGS},
                    "zones": zones,
                }
            )
        )
        from octodns.cmds.dump import main  # type: ignore[import-not-found]  # the peer's own environment

        sys.argv[1:] = [
            "--config-file", str(config), "--output-dir", str(folder / "to"), "--lenient", zone, "cloudflare",
        ]  # fmt: skip
        main()
        return sum(_values(file) for file in (folder / "to").glob("*.yaml"))


def _values(file: Path) -> int:
    """Count the records of a zone file: octoDNS groups those of one name and type."""
    return file.read_text().count("type: ")


if __name__ == "__main__":
    job, arguments = sys.argv[1], json.loads(sys.argv[2])
    if job not in ("records", "zones"):
        print("it knows DNS alone" if job != "restore" else "it cannot read what it has not written")
        sys.exit(3)
    print(dump(f"{arguments['zone']}." if job == "records" else "*"))
