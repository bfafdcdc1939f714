"""A route that the sandbox does not have: how much R2 stores, for the account."""

from ops.sandbox.router import getter

NOTHING = {"objects": 0, "payloadSize": 0, "metadataSize": 0}


@getter("/accounts/{account_id}/r2/metrics", "r2:read")
def metrics(request, store):
    count, size = store.one("SELECT count(*), coalesce(sum(length(value)), 0) FROM r2_object")
    published = {"objects": count, "payloadSize": size, "metadataSize": 0}
    unused = {"published": NOTHING, "uploaded": NOTHING}
    return {"standard": {"published": published, "uploaded": NOTHING}, "infrequentAccess": unused}
