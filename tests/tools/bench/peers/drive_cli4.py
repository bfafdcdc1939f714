"""cli4, which reads one page each time it is run: its commands, looped over as in a shell script.

Zones are given by id, because cli4 would look up a name again for each page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CLI4 = str(Path(sys.executable).parent / "cli4")
ENVIRONMENT = {
    **os.environ,
    "CLOUDFLARE_API_URL": os.environ["BENCH_URL"],
    "CLOUDFLARE_API_TOKEN": os.environ["BENCH_TOKEN"],
}
ACCOUNT = os.environ["BENCH_ACCOUNT"]


def call(*arguments: str) -> Any:
    run = subprocess.run(
        [CLI4, "--json", "--raw", "--warnings", "False", *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(run.stdout)


def pages(path: str, size: int) -> list[Any]:
    """Read pages until one is not full."""
    items: list[Any] = []
    page = 1
    while True:
        found = call(f"per_page={size}", f"page={page}", path)["result"]
        items += found
        if len(found) < size:
            return items
        page += 1


def records(zone: str) -> int:
    found = call(f"name={zone}", "/zones")["result"][0]
    return len(pages(f"/zones/:{found['id']}/dns_records", 5000))


def zones() -> int:
    return sum(len(pages(f"/zones/:{zone['id']}/dns_records", 5000)) for zone in pages("/zones", 50))


def scan() -> int:
    count = 0
    for zone in pages("/zones", 50):
        where = f"/zones/:{zone['id']}"
        for part in ("settings", "dnssec", "workers/routes", "ssl/certificate_packs"):
            call(f"{where}/{part}")
        count += len(pages(f"{where}/dns_records", 5000))
    return count


def _keys(namespace: str) -> list[Any]:
    path = f"/accounts/:{ACCOUNT}/storage/kv/namespaces/:{namespace}/keys"
    items, cursor = [], ""
    while True:
        answer = call("limit=1000", *([f"cursor={cursor}"] if cursor else []), path)
        items += answer["result"]
        cursor = answer["result_info"].get("cursor", "")
        if not cursor:
            return items


def keys(namespace: str) -> int:
    return len(_keys(namespace))


def values(namespace: str) -> int:
    """Read the values one by one: cli4 has no bulk get."""
    where = f"/accounts/:{ACCOUNT}/storage/kv/namespaces/:{namespace}/values"
    read = 0
    for key in _keys(namespace):
        value = subprocess.run(
            [CLI4, f"{where}/:{key['name']}"], env=ENVIRONMENT, check=True, stdout=subprocess.PIPE
        )
        read += bool(value.stdout)
    return read


def write(namespace: str, file: str) -> int:
    lines = Path(file).read_text().splitlines()
    pairs = [pair for pair in map(json.loads, lines) if "dump" not in pair]
    for at in range(0, len(pairs), 10_000):
        part = Path(f"{file}.part")
        part.write_text(json.dumps(pairs[at : at + 10_000]))
        call("--put", f"@{part}", f"/accounts/:{ACCOUNT}/storage/kv/namespaces/:{namespace}/bulk")
    return len(pairs)


if __name__ == "__main__":
    job = globals().get(sys.argv[1])
    if job is None:
        print("no command of it")
        sys.exit(3)
    print(job(**json.loads(sys.argv[2])))
