"""The keys of one namespace: a cursor leads from page to page, so nothing can be asked for ahead of it."""

from __future__ import annotations

from ops.sandbox.seed_scale import scale_namespace
from tests.bench import job, limits
from tests.bench.job import Job, Peers, Rows, lines
from tests.bench.jobs.records import growth

KEYS, MANY, DELAY = 200_000, 1_000_000, 0.02
GROWTH = 8.0


def _job(keys: int, delay: float) -> Job:
    requests = 1 + limits.cursors(keys, limits.KEYS_PAGE)
    return Job(
        title=f"{keys:,} keys" + ("" if delay else ", without delay"),
        scale={"zones": 1, "records": 1, "keys": keys},
        ours=lambda sandbox: sandbox.inv(
            "kv.keys", "--namespace", "scale-0001", "--output", "jsonl", "--quiet", budget=0
        ),
        counted=lines,
        items=keys,
        least=requests,
        limit=limits.seconds(requests, delay=delay, steps=requests),
        peer="keys",
        arguments=lambda _sandbox, _number: {"namespace": scale_namespace(1)},
        delay=delay,
        rounds=1,
        latency=delay > 0,
    )


def measure(start: float, peers: Peers) -> Rows:
    few = job.carry_out(_job(KEYS, DELAY), start, peers)
    yield few
    many = job.carry_out(_job(MANY, 0.0), start, ())
    yield many
    yield growth(f"memory of {KEYS:,} and of {MANY:,} keys", few, many, most=GROWTH)
