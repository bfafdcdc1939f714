"""The keys of one namespace: a cursor leads from page to page, so no page can be requested early.

If the prefixes are known, their ranges are read concurrently.
"""

from __future__ import annotations

from ops.sandbox.seed import scale_namespace
from tests.tools.bench import job, limits
from tests.tools.bench.job import Job, Peers, Rows, lines
from tests.tools.bench.jobs.records import growth

KEYS, MANY, DELAY, WORKERS = 200_000, 1_000_000, 0.02, 16
# MiB that five times as many keys may take in addition.
GROWTH = 8.0
ANSWER = f"/accounts/{{account}}/storage/kv/namespaces/{scale_namespace(1)}/keys?limit=1000"
LINE = ("kv.keys", "--namespace", "scale-0001", "--output", "jsonl", "--quiet")
# Each is the prefix of 10,000 of the keys key-00000001 to key-00200000, except the first and the last.
PREFIXES = tuple(f"key-{number:04}" for number in range(21))


def _job(keys: int, delay: float) -> Job:
    requests = 1 + limits.cursors(keys, limits.KEYS_PAGE)
    return Job(
        title=f"{keys:,} keys" + ("" if delay else ", without delay"),
        scale={"zones": 1, "records": 1, "keys": keys},
        ours=lambda sandbox: sandbox.inv(*LINE, budget=0),
        counted=lines,
        items=keys,
        least=requests,
        limit=limits.seconds(requests, delay=delay, steps=requests),
        peer="keys",
        arguments=lambda _sandbox, _number: {"namespace": scale_namespace(1)},
        delay=delay,
        rounds=1,
        latency=ANSWER if delay else "",
    )


def _ranges() -> Job:
    # 9,999 keys, nineteen times 10,000, and one.
    pages = 20 * limits.cursors(10_000, limits.KEYS_PAGE) + 1
    return _job(KEYS, DELAY)._replace(
        title=f"{KEYS:,} keys by {len(PREFIXES)} prefixes",
        ours=lambda sandbox: sandbox.inv(
            *LINE, *(f"--prefix={prefix}" for prefix in PREFIXES), budget=0, workers=WORKERS
        ),
        least=1 + pages,
        limit=limits.seconds(1 + pages, delay=DELAY, workers=WORKERS, steps=11),
        latency="",
    )


def measure(start: float, peers: Peers) -> Rows:
    few = job.carry_out(_job(KEYS, DELAY), start, peers)
    yield few
    yield job.carry_out(_ranges(), start, ())
    many = job.carry_out(_job(MANY, 0.0), start, ())
    yield many
    yield growth(f"memory of {KEYS:,} and of {MANY:,} keys", few, many, most=GROWTH)
