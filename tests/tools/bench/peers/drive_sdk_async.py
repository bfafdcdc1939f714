"""The async client of Cloudflare's SDK, with as many concurrent requests as ours: JOB ARGUMENTS."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from cloudflare import AsyncCloudflare, NotFoundError
from drive_sdk import (  # type: ignore[import-not-found]  # a driver is run in its own folder
    ACCOUNT,
    BATCH,
    BULK_GET,
    BULK_PUT,
    read,
)

T = TypeVar("T")

AT_ONCE = int(os.environ["BENCH_WORKERS"])


class Driver:
    """The jobs, each a coroutine that returns the number of items that it got."""

    def __init__(self, client: AsyncCloudflare) -> None:
        self._client = client
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def _all(self, calls: Iterable[Awaitable[T]]) -> list[T]:
        async def one(call: Awaitable[T]) -> T:
            async with self._turn:
                return await call

        return await asyncio.gather(*map(one, calls))

    async def records(self, zone: str) -> int:
        found = await self._client.zones.list(name=zone)
        return await self._pages_of(found.result[0].id)

    async def _pages_of(self, zone_id: str) -> int:
        """Gather the pages that the first one announces."""
        first: Any = await self._client.dns.records.list(zone_id=zone_id, per_page=5000)
        info: Any = first.result_info
        last = -(-info.total_count // 5000)
        rest = (
            self._client.dns.records.list(zone_id=zone_id, per_page=5000, page=page)
            for page in range(2, last + 1)
        )
        return sum(len(page.result) for page in [first, *await self._all(rest)])

    async def _records_of(self, zone_id: str) -> int:
        return len([one async for one in self._client.dns.records.list(zone_id=zone_id, per_page=5000)])

    async def _zones(self) -> list[str]:
        return [zone.id async for zone in self._client.zones.list(per_page=50)]

    async def zones(self) -> int:
        return sum(await self._all([self._records_of(id) for id in await self._zones()]))

    async def scan(self) -> int:
        client = self._client
        lists: list[Awaitable[Any]] = [
            client.workers.scripts.list(account_id=ACCOUNT),
            client.workers.domains.list(account_id=ACCOUNT),
            self._subdomain(),
            client.kv.namespaces.list(account_id=ACCOUNT, per_page=100),
            client.durable_objects.namespaces.list(account_id=ACCOUNT, per_page=1000),
            client.r2.buckets.list(account_id=ACCOUNT, per_page=1000),
            client.d1.database.list(account_id=ACCOUNT, per_page=10_000),
            client.queues.list(account_id=ACCOUNT),
            client.pages.projects.list(account_id=ACCOUNT, per_page=10),
            client.rulesets.list(account_id=ACCOUNT),
            client.load_balancers.pools.list(account_id=ACCOUNT),
            client.load_balancers.monitors.list(account_id=ACCOUNT),
        ]
        ids: list[str] = (await asyncio.gather(self._all(lists), self._zones()))[1]
        others = [call for id in ids for call in self._of_zone(id)]
        calls: list[Awaitable[Any]] = [*map(self._records_of, ids), *others]
        counts = await self._all(calls)
        return int(sum(counts[: len(ids)]))

    async def _subdomain(self) -> None:
        with suppress(NotFoundError):
            await self._client.workers.subdomains.get(account_id=ACCOUNT)

    def _of_zone(self, id: str) -> list[Awaitable[Any]]:
        return [
            self._client.get(f"/zones/{id}/settings", cast_to=object),
            self._client.dns.dnssec.get(zone_id=id),
            _awaited(self._client.workers.routes.list(zone_id=id)),
            _awaited(self._client.ssl.certificate_packs.list(zone_id=id, status="all")),
        ]

    async def keys(self, namespace: str) -> int:
        return len(await self._names(namespace))

    async def _names(self, namespace: str) -> list[str]:
        listing = self._client.kv.namespaces.keys.list(namespace, account_id=ACCOUNT, limit=1000)
        return [key.name async for key in listing]

    async def values(self, namespace: str) -> int:
        return len(await self._values(namespace, await self._names(namespace)))

    async def _values(self, namespace: str, names: list[str], *, whole: bool = False) -> dict[str, Any]:
        more: Any = {"with_metadata": True} if whole else {}
        batches = [names[at : at + BULK_GET] for at in range(0, len(names), BULK_GET)]
        answers: list[Any] = await self._all(
            [
                self._client.kv.namespaces.bulk_get(namespace, account_id=ACCOUNT, keys=some, **more)
                for some in batches
            ]
        )
        return {key: value for answer in answers for key, value in answer.values.items()}

    async def write(self, namespace: str, file: str) -> int:
        return len(await self._written(namespace, file))

    async def load(self, namespace: str, file: str) -> int:
        """Write, and read everything back: values and their metadata, which is empty."""
        pairs = await self._written(namespace, file)
        got = await self._values(namespace, [pair["key"] for pair in pairs], whole=True)
        return sum(1 for pair in pairs if _is_whole(got.get(pair["key"]), pair["value"]))

    async def _written(self, namespace: str, file: str) -> list[dict[str, Any]]:
        pairs: Any = read(file)
        await self._all(
            [
                self._client.kv.namespaces.bulk_update(
                    namespace, account_id=ACCOUNT, body=pairs[at : at + BULK_PUT]
                )
                for at in range(0, len(pairs), BULK_PUT)
            ]
        )
        return list(pairs)

    async def restore(self, zone: str, file: str) -> int:
        found = await self._client.zones.list(name=zone)
        wanted: Any = read(file)
        id = found.result[0].id
        batches = [wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH)]
        await self._all([self._client.dns.records.batch(zone_id=id, posts=some) for some in batches])
        return await self._pages_of(id)


def _is_whole(got: Any, value: str) -> bool:
    return got is not None and (got.value, got.metadata) == (value, None)


async def _awaited(paginator: Awaitable[T]) -> T:
    """Await an awaitable that is not a coroutine."""
    return await paginator


async def main(job: str, arguments: dict[str, Any]) -> int:
    async with AsyncCloudflare(
        api_token=os.environ["BENCH_TOKEN"], base_url=os.environ["BENCH_URL"]
    ) as client:
        done: int = await getattr(Driver(client), job)(**arguments)
        return done


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]))))
