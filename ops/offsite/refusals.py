"""What a bucket's refusal means: which of our failures it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.errors import ApiError, NotFound, OpsError, PermissionDenied, UsageError

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: `inv config` shows where they came from"
_HINTS = {
    "InvalidAccessKeyId": f"the endpoint does not know this key; {_KEYS}",
    "SignatureDoesNotMatch": f"the secret does not fit the key; {_KEYS}",
    "InvalidToken": "AWS_SESSION_TOKEN does not fit the key, or is none",
    "ExpiredToken": "the temporary key is over: get a new one, with its AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "set this machine's clock right",
    "AccessDenied": "the key has to be allowed to list, read, write and delete objects in this bucket",
}
_ELSEWHERE = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_CHANGED = ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch")


def refused(what: str, response: Mapping[str, Any]) -> OpsError:
    """Return the failure for the *response* to *what*, as botocore has read it."""
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    error = response.get("Error", {})
    code, message = str(error.get("Code") or status), str(error.get("Message") or "")
    told = f"{what}: {message[:300] or 'refused'} ({code}, {status})"
    if code == "NoSuchBucket":
        return NotFound(told, status, hint="make the bucket first, or correct its name or CFOPS_S3_ENDPOINT")
    if status == 404:
        return NotFound(told, status)
    if code in _ELSEWHERE or status == 301:
        return UsageError(told, status, hint="the bucket lies in another region: set AWS_REGION")
    if code in _CHANGED:
        return ApiError(told, status, hint="it did not arrive as it was sent: once more")
    if code in _HINTS or status in (401, 403):
        return PermissionDenied(told, status, hint=_HINTS.get(code, _HINTS["AccessDenied"]))
    return ApiError(told, status, hint="the endpoint may be in trouble: try again later")
