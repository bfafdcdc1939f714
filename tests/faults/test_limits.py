"""Each limit is tested at one less, at itself, and at one more."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.errors import MalformedAnswer, OpsError
from ops.http.client import Client
from ops.http.exchange import JSON_LIMIT, Call, Reply
from ops.http.paths import path
from ops.kinds.resource import Change, Owner
from ops.products.dns.plan import packed
from ops.sandbox.server import Sandbox
from ops.snapshots.layout import content_file, slug
from tests.conftest import Result
from tests.http.conftest import opened, settings  # noqa: F401  (fixtures)
from tests.wire import Wire, answer
from tests.writes.test_duplicates import kind

Open = Callable[..., Client]
MIB = 1 << 20


def at(limit: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("size", "fits"), [(limit - 1, True), (limit, True), (limit + 1, False)])


@pytest.mark.long
@at(64 * MIB)
@pytest.mark.fault("P13", "A19")
def test_a_body_has_at_most_64_mib(opened: Open, size: int, fits: bool) -> None:  # noqa: F811
    body = b'{"success":true,"result":{"a":"' + b"x" * (size - 34) + b'"}}'
    assert (len(body), JSON_LIMIT) == (size, 64 * MIB)

    with Wire(answer(200, gzip.compress(body, 1), content_encoding="gzip")) as wire:
        if fits:
            assert len(opened(wire.url).get(path("/x"))["a"]) == size - 34
        else:
            with pytest.raises(OpsError, match="larger than 67,108,864 bytes"):
                opened(wire.url).get(path("/x"))


def nested(levels: int) -> bytes:
    """Return an answer with *levels* of nesting, lists and objects in turn."""
    openings = ["[" if level % 2 else '{"a":' for level in range(levels - 1)]
    closings = ["]" if level % 2 else "}" for level in reversed(range(levels - 1))]
    return f'{{"success":true,"result":{"".join(openings)}1{"".join(closings)}}}'.encode()


@at(100)
@pytest.mark.fault("P13", "A11")
def test_an_answer_has_at_most_a_hundred_levels(opened: Open, size: int, fits: bool) -> None:  # noqa: F811
    with Wire(answer(200, nested(size))) as wire:
        if fits:
            assert json.dumps(opened(wire.url).get(path("/x"))).count("1") == 1
        else:
            with pytest.raises(MalformedAnswer, match="nested too deeply"):
                opened(wire.url).get(path("/x"))


@pytest.mark.fault("P13", "A11")
@pytest.mark.parametrize("form", ["json", "jsonl", "yaml", "table", "csv", "tsv"])
def test_an_answer_with_the_deepest_nesting_is_shown_in_every_format(
    inv: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """YAML's writer fails at about a hundred levels, which the parser accepts."""
    deep = "[" * 96 + "]" * 96
    zone = f'{{"id":"1","name":"a","deep":{deep}}}'
    zones = f'{{"success":true,"result":[{zone}],"result_info":{{"total_count":1}}}}'
    with Wire(answer(200, zones)) as wire:
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "sandbox_" + "x" * 40)
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", wire.url)

        result = inv("zones.list", "--fields", "name,deep", "--output", form)

    assert result.code == 0, result.err
    assert result.out.count("- " if form == "yaml" else "[") >= 96


@pytest.mark.long
@at(10_000)
@pytest.mark.fault("P13", "B6")
def test_a_list_has_at_most_ten_thousand_pages(size: int, fits: bool) -> None:
    def send(call: Call) -> Reply:
        turn = int(dict(call.params).get("cursor", "0")) + 1
        reply = Reply(200)
        more = {"cursor": str(turn)} if turn < size else {}
        reply.data = {"result": [{"name": f"{turn:09}"}], "result_info": more}
        return reply

    listing = Client(send).cursor(path("/keys"), ordered_by="name")

    assert sum(1 for _ in listing) == min(size, 10_000)
    assert bool(listing.problem) is not fits


@pytest.mark.long
@at(25 * MIB)
@pytest.mark.fault("P13", "E1")
def test_a_value_has_at_most_25_mib(
    sandbox: Sandbox, inv: Callable[..., Result], staged: Sandbox, size: int, fits: bool
) -> None:
    file = Path("value")
    file.write_bytes(bytes(size))

    result = inv("kv.put", "--namespace", "config", "--key", "large", "--file", str(file))

    puts = [target for method, target in staged.requests if method == "PUT"]
    assert (result.code == 0, len(puts)) == (fits, int(fits)), result.err


@at(200)
@pytest.mark.fault("P13", "E11")
def test_a_batch_has_at_most_200_records(size: int, fits: bool) -> None:
    record, owner = kind("dns.record"), Owner("a", "z", {"name": "example.com"})
    changes = [
        Change(record, owner, None, {"type": "A", "name": f"n{n}.example.com", "content": "192.0.2.1"})
        for n in range(size)
    ]
    assert record.writes

    batches = -(-len(packed(changes)) // record.writes.batch_size)

    assert batches == (1 if fits else 2)


@pytest.mark.parametrize("size", [79, 80, 81, 99, 100, 101, 255, 256, 100_000])
@pytest.mark.fault("P13", "C10")
def test_a_file_name_has_at_most_a_hundred_characters(size: int) -> None:
    names: list[Any] = [
        slug("n" * size),
        *content_file("workers.script", "a", "s" * size, "m" * size + ".js").split("/"),
    ]

    assert max(map(len, names)) <= 100
    assert slug("n" * size) != slug("n" * (size + 1))
