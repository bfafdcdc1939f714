"""A route that the sandbox does not have: the lifecycle rules of a bucket, which a new bucket begins with."""

from ops.sandbox.router import getter
from ops.sandbox.wire import Refusal

RULE = {
    "id": "Default Multipart Abort Rule",
    "enabled": True,
    "conditions": {"prefix": ""},
    "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
}


@getter("/accounts/{account_id}/r2/buckets/{bucket_name}/lifecycle", "r2:read")
def lifecycle(request, store):
    buckets = store.list_documents("r2.bucket", request.account)
    if not any(one["name"] == request.args["bucket_name"] for one in buckets):
        raise Refusal(404, 10006, "The specified bucket does not exist.")
    return {"rules": [RULE]}
