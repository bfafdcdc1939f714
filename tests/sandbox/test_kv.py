"""Workers KV in the sandbox: namespaces, listings, values, bulk calls and their limits."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.seed_workers import AWKWARD_NAMES, BINARY_VALUES, EXPIRES, SESSIONS, namespace_id
from ops.sandbox.server import Sandbox

from .conftest import Api, Clock
from .kv_calls import names, value

MIB = 1024 * 1024


@pytest.fixture
def spaces(api: Api) -> str:
    return f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces"


@pytest.fixture
def space(api: Api, spaces: str) -> str:
    """Return the path of an empty namespace."""
    made = api.result("POST", spaces, json={"title": "empty"})
    return f"{spaces}/{made['id']}"


def test_the_default_page_has_twenty_namespaces(api: Api, spaces: str) -> None:
    for number in range(20):
        api.result("POST", spaces, json={"title": f"n{number:02}"})

    first = api("GET", spaces).json()
    second = api("GET", spaces, params={"page": 2}).json()

    assert first["result_info"] == {
        "page": 1,
        "per_page": 20,
        "count": 20,
        "total_count": 24,
        "total_pages": 2,
    }
    assert second["result_info"]["count"] == 4


def test_namespaces_can_be_ordered(api: Api, spaces: str) -> None:
    titles = [
        one["title"] for one in api.result("GET", spaces, params={"order": "title", "direction": "desc"})
    ]
    ids = [one["id"] for one in api.result("GET", spaces, params={"order": "id"})]

    assert titles == ["sessions", "feature-flags", "config", "assets"]
    assert ids == sorted(ids)
    assert api.refused("GET", spaces, params={"order": "sort; DROP TABLE document"}) == (400, 10001)


def test_a_namespace_is_created_renamed_and_deleted_with_its_keys(api: Api, spaces: str) -> None:
    made = api.result("POST", spaces, json={"title": "new", "jurisdiction": "eu"})
    path = f"{spaces}/{made['id']}"
    api.result("PUT", value(path, "k"), data=b"v")

    renamed = api.result("PUT", path, json={"title": "renamed"})
    api.result("DELETE", path)

    assert made == {"id": made["id"], "title": "new", "supports_url_encoding": True, "jurisdiction": "eu"}
    assert renamed == {**made, "title": "renamed"}
    assert api.refused("GET", path) == (404, 10013)
    assert api.refused("GET", value(path, "k")) == (404, 10013)
    assert api.sandbox.store.value("SELECT count(*) FROM kv_pair WHERE namespace = ?", (made["id"],)) == 0


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": "  "}, {"title": 1}, {"title": "é" * 257}])
def test_a_namespace_needs_a_title(api: Api, spaces: str, body: dict[str, object]) -> None:
    assert api.refused("POST", spaces, json=body) == (400, 10019)


def test_a_title_is_unique(api: Api, spaces: str) -> None:
    config = f"{spaces}/{namespace_id('config')}"

    assert api.refused("POST", spaces, json={"title": "config"}) == (400, 10014)
    assert api.refused("PUT", config, json={"title": "assets"}) == (400, 10014)
    assert api.result("PUT", config, json={"title": "config"})["title"] == "config"


def test_an_unknown_jurisdiction_is_refused(api: Api, spaces: str) -> None:
    assert api.refused("POST", spaces, json={"title": "x", "jurisdiction": "moon"}) == (400, 9207)


def test_a_malformed_namespace_id_is_not_routable(api: Api, spaces: str) -> None:
    assert api.refused("GET", f"{spaces}/short/keys") == (404, 7003)


def test_keys_are_listed_by_the_bytes_of_their_names(api: Api, spaces: str) -> None:
    found = names(api, f"{spaces}/{namespace_id('config')}", limit=10)

    assert found == sorted(AWKWARD_NAMES, key=str.encode)


def test_a_key_is_listed_with_its_expiration_and_metadata(api: Api, spaces: str) -> None:
    sessions = api.result("GET", f"{spaces}/{namespace_id('sessions')}/keys", params={"limit": 10})
    config = api.result("GET", f"{spaces}/{namespace_id('config')}/keys", params={"limit": 10})

    assert sessions[0].keys() == {"name", "expiration", "metadata"}
    assert sessions[0]["expiration"] == EXPIRES + sessions[0]["metadata"]["user"]
    assert config[0].keys() == {"name"}


def test_a_page_has_at_most_a_thousand_keys(api: Api, spaces: str) -> None:
    path = f"{spaces}/{namespace_id('sessions')}/keys"

    first = api("GET", path).json()
    second = api("GET", path, params={"cursor": first["result_info"]["cursor"]}).json()

    assert (first["result_info"]["count"], second["result_info"]["count"]) == (1000, SESSIONS - 1000)
    assert second["result_info"]["cursor"] == ""


@pytest.mark.parametrize("limit", ["0", "9", "1001", "-1", "ten", "1e2"])
def test_a_limit_beyond_10_to_1000_is_refused(api: Api, space: str, limit: str) -> None:
    assert api.refused("GET", f"{space}/keys", params={"limit": limit}) == (400, 1004)


def test_a_prefix_is_compared_as_plain_text(api: Api, space: str) -> None:
    expected = ["a%b", "a%b\U0010ffff", "a%b\U0010ffff\U0010ffffz", "a%bc"]
    for name in [*expected, "a", "a%", "a%a", "a%c", "axb", "b"]:
        api.result("PUT", value(space, name), data=b"v")

    found = names(api, space, prefix="a%b")

    assert sorted(found) == sorted(expected)


@pytest.mark.long
def test_a_page_of_a_thousand_keys_is_served_in_a_few_milliseconds(api: Api, spaces: str) -> None:
    path = f"{spaces}/{namespace_id('sessions')}/keys"
    times = []

    for _ in range(15):
        start = time.perf_counter()
        api("GET", path)
        times.append(time.perf_counter() - start)

    assert min(times) < 0.01


@pytest.mark.parametrize("name", AWKWARD_NAMES)
@pytest.mark.fault("E3")
def test_an_awkward_name_is_one_path_segment(api: Api, spaces: str, name: str) -> None:
    path = value(f"{spaces}/{namespace_id('config')}", name)

    before = api("GET", path)
    api.result("PUT", path, data=b"changed")
    after = api("GET", path)
    api.result("DELETE", path)

    assert before.content == f"value of {name!r}".encode()
    assert after.content == b"changed"
    assert api.refused("GET", path) == (404, 10009)


@pytest.mark.parametrize("name", BINARY_VALUES)
@pytest.mark.fault("E2")
def test_a_value_may_be_any_bytes(api: Api, spaces: str, name: str) -> None:
    answer = api("GET", value(f"{spaces}/{namespace_id('assets')}", name))

    assert answer.content == BINARY_VALUES[name]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "expiration" not in answer.headers


def test_dots_in_a_path_address_the_parent_as_at_the_real_edge(api: Api, space: str) -> None:
    api.result("PUT", value(space, "k"), data=b"v")
    parent = space.rsplit("/", 1)[1]

    deleted = api("DELETE", f"{space}/values/%2e%2e")

    assert deleted.status_code == 200
    assert api.sandbox.store.document_text("kv.namespace", api.sandbox.account_id, parent) is None


def test_metadata_is_written_with_a_form(api: Api, space: str) -> None:
    form = {"value": (None, b"\x00\xff"), "metadata": (None, '{"a": [1, "\\u00e9"]}')}

    api.result("PUT", value(space, "k"), files=form)

    assert api("GET", value(space, "k")).content == b"\x00\xff"
    assert api.result("GET", f"{space}/metadata/k") == {"a": [1, "é"]}
    assert api.result("GET", f"{space}/keys") == [{"name": "k", "metadata": {"a": [1, "é"]}}]


def test_a_write_replaces_metadata_and_expiration_too(api: Api, space: str) -> None:
    form = {"value": (None, "v"), "metadata": (None, "[1]")}
    api.result("PUT", value(space, "k"), files=form, params={"expiration_ttl": 60})

    api.result("PUT", value(space, "k"), data=b"w")

    assert api.result("GET", f"{space}/metadata/k") is None
    assert api.result("GET", f"{space}/keys") == [{"name": "k"}]


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({"metadata": (None, "{}")}, (400, 10024)),
        ({"value": (None, "v"), "metadata": (None, "{")}, (400, 10024)),
        ({"value": (None, "v"), "metadata": (None, '"' + "x" * 1023 + '"')}, (413, 10024)),
        ({"value": (None, "v"), "metadata": (None, '"' + "é" * 512 + '"')}, (413, 10024)),
    ],
)
def test_an_invalid_form_is_refused(
    api: Api, space: str, form: dict[str, object], refusal: tuple[int, int]
) -> None:
    assert api.refused("PUT", value(space, "k"), files=form) == refusal


def test_metadata_of_1024_bytes_is_accepted(api: Api, space: str) -> None:
    form = {"value": (None, "v"), "metadata": (None, '"' + "é" * 511 + '"')}

    api.result("PUT", value(space, "k"), files=form)

    assert api.result("GET", f"{space}/metadata/k") == "é" * 511


def test_a_name_has_at_most_512_bytes(api: Api, space: str) -> None:
    api.result("PUT", value(space, "é" * 256), data=b"v")

    assert api.refused("PUT", value(space, "é" * 256 + "x"), data=b"v") == (414, 10022)
    assert names(api, space) == ["é" * 256]


@pytest.mark.fault("E1")
def test_a_value_has_at_most_25_mib(api: Api, space: str) -> None:
    whole = b"\xff" * (25 * MIB)

    api.result("PUT", value(space, "k"), data=whole)

    assert api("GET", value(space, "k")).content == whole
    assert api.refused("PUT", value(space, "k"), data=whole + b"x") == (413, 10024)


def test_a_pair_expires(start: Callable[..., Sandbox], clock: Clock) -> None:
    api = Api(start(clock=clock))
    space = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces/{namespace_id('assets')}"
    api.result("PUT", value(space, "k"), data=b"v", params={"expiration_ttl": 60})
    expires = int(clock.time) + 60

    answer = api("GET", value(space, "k"))
    listed = api.result("GET", f"{space}/keys", params={"prefix": "k"})
    clock.time += 60

    assert answer.headers["expiration"] == str(expires)
    assert listed == [{"name": "k", "expiration": expires}]
    assert api.refused("GET", value(space, "k")) == (404, 10009)
    assert api.refused("GET", f"{space}/metadata/k") == (404, 10009)
    assert api.result("GET", f"{space}/keys", params={"prefix": "k"}) == []


def test_a_ttl_takes_precedence_over_a_time(api: Api, space: str) -> None:
    api.result("PUT", value(space, "k"), data=b"v", params={"expiration_ttl": 3600, "expiration": EXPIRES})

    expiration = int(api("GET", value(space, "k")).headers["expiration"])

    assert abs(expiration - time.time() - 3600) < 10


@pytest.mark.parametrize(
    "params",
    [
        {"expiration_ttl": "59"},
        {"expiration_ttl": "0"},
        {"expiration_ttl": "-60"},
        {"expiration_ttl": "soon"},
        {"expiration_ttl": "60.5"},
        {"expiration": "1000"},
        {"expiration": str(int(time.time()) + 30)},
        {"expiration": "nan"},
        {"expiration": "inf"},
    ],
)
def test_an_expiration_less_than_a_minute_ahead_is_refused(
    api: Api, space: str, params: dict[str, str]
) -> None:
    assert api.refused("PUT", value(space, "k"), data=b"v", params=params) == (400, 10024)


def test_deleting_an_unknown_key_is_not_an_error(api: Api, space: str) -> None:
    assert api.result("DELETE", value(space, "absent")) == {}


@pytest.mark.fault("B11")
def test_a_lagging_listing_has_old_keys_and_not_new_ones(start: Callable[..., Sandbox], clock: Clock) -> None:
    api = Api(start(clock=clock))
    space = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces/{namespace_id('feature-flags')}"
    api.sandbox.faults.add(Fault("lag", "GET", "*/keys", times=-1, seconds=60))
    api.result("PUT", value(space, "new"), data=b"v")
    api.result("DELETE", value(space, "sso"))

    lagging = names(api, space)
    read = api("GET", value(space, "new")).content
    clock.time += 60
    settled = names(api, space)

    assert "new" not in lagging
    assert "sso" in lagging
    assert read == b"v"
    assert "new" in settled
    assert "sso" not in settled


@pytest.mark.fault("B8")
def test_an_empty_page_with_a_cursor_loses_no_keys(api: Api, spaces: str) -> None:
    path = f"{spaces}/{namespace_id('config')}"
    api.sandbox.faults.add(Fault("empty-page", "GET", "*/keys*", nth=2, times=1))

    found = names(api, path, limit=10)

    assert sorted(found) == sorted(AWKWARD_NAMES)
    assert len(api.sandbox.requests) == 5


def test_a_read_only_token_cannot_write(api: Api, space: str) -> None:
    api.sandbox.store.add_token("sandbox_" + "r" * 40, scopes=("kv:read",))
    api.session.headers["Authorization"] = "Bearer sandbox_" + "r" * 40

    assert api.result("GET", f"{space}/keys") == []
    assert api.result("POST", f"{space}/bulk/get", json={"keys": ["k"]}) == {"values": {"k": None}}
    assert api.refused("PUT", value(space, "k"), data=b"v") == (403, 10000)
