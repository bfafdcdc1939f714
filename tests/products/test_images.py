"""Variants of Cloudflare Images, which the API keeps in objects instead of lists."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import responses
from responses.matchers import json_params_matcher

from ops.errors import MalformedAnswer
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.images import api
from ops.products.images.resources import RESOURCES
from ops.sandbox.routes import written_whole
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import envelope

Inv = Callable[..., Result]
ACCOUNT = "a" * 32
URL = f"{API}/accounts/{ACCOUNT}/images/v1/variants"
OWNER = Owner(ACCOUNT, ACCOUNT, {})
HERO = {"id": "hero", "options": {"width": 100}, "neverRequireSignedURLs": True}


def test_variants_are_listed_from_an_object_by_their_names(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(URL, json=envelope({"variants": {"hero": HERO}}))

    assert list(RESOURCES[0].list(client, OWNER)) == [HERO]


@pytest.mark.parametrize("result", [{}, {"variants": []}, {"variants": {"hero": 1}}])
def test_another_form_is_a_malformed_answer(
    client: Client, http: responses.RequestsMock, result: object
) -> None:
    http.get(URL, json=envelope(result))

    with pytest.raises(MalformedAnswer):
        list(RESOURCES[0].list(client, OWNER))


def test_a_variant_is_changed_without_its_name(client: Client, http: responses.RequestsMock) -> None:
    body = {"options": {"width": 100}, "neverRequireSignedURLs": True}
    http.patch(f"{URL}/hero", json=envelope({"variant": HERO}), match=[json_params_matcher(body)])

    assert api.update_variant(client, OWNER, HERO, HERO) == HERO


def test_a_changed_variant_is_restored_and_the_restore_undone(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--only", "images", "--quiet")
    kept = staged.store.get_document(written_whole.VARIANTS, staged.account_id, "hero")
    wide = {**kept, "options": {**kept["options"], "width": 4000}}
    staged.store.put_document(written_whole.VARIANTS, staged.account_id, "hero", wide)

    restored = inv("snapshots.restore", "--yes", "--force")
    now = staged.store.get_document(written_whole.VARIANTS, staged.account_id, "hero")
    undone = inv("undo.last", "--yes")

    assert (restored.code, undone.code) == (0, 0), restored.err + undone.err
    assert now == kept
    assert staged.store.get_document(written_whole.VARIANTS, staged.account_id, "hero") == wide


def test_variants_are_read_from_a_snapshot(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--only", "images", "--quiet")

    past = inv("items.list", "images.variant", "--offline", "--output", "json")

    assert [item["id"] for item in json.loads(past.out)] == ["hero"]
