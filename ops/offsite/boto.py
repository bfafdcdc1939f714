"""The only module that uses boto3: a client for the one endpoint, and the meaning of its failures.

Keys come only from our settings: `~/.aws`, instance metadata, and proxies and endpoints in the environment
are not used. Attempts and times are bounded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from ops.config.settings import Settings
from ops.errors import (
    ApiError,
    MalformedAnswer,
    NetworkError,
    NotFound,
    OpsError,
    PermissionDenied,
    UsageError,
)
from ops.http.origin import check_plain, check_proxy
from ops.http.session import trust
from ops.version import VERSION

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: `inv config` shows their origin"
_HINTS = {
    "InvalidAccessKeyId": f"the endpoint does not know this key; {_KEYS}",
    "SignatureDoesNotMatch": f"the secret does not match the key; {_KEYS}",
    "InvalidToken": "AWS_SESSION_TOKEN is invalid or does not match the key",
    "ExpiredToken": "the temporary key has expired: get a new one, with its AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "correct this machine's clock",
    "AccessDenied": "the key needs permission to list, read, write and delete objects in this bucket",
}
_ELSEWHERE = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_CHANGED = ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch")


def refused(what: str, response: Mapping[str, Any]) -> OpsError:
    """Return the error for the *response* to *what*, as parsed by botocore."""
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    error = response.get("Error", {})
    code, message = str(error.get("Code") or status), str(error.get("Message") or "")
    text = f"{what}: {message[:300] or 'refused'} ({code}, {status})"
    if code == "NoSuchBucket":
        return NotFound(text, status, hint="create the bucket, or correct its name or CFOPS_S3_ENDPOINT")
    if status == 404:
        return NotFound(text, status)
    if code in _ELSEWHERE or status == 301:
        return UsageError(text, status, hint="the bucket is in another region: set AWS_REGION")
    if code in _CHANGED:
        return ApiError(text, status, hint="it was changed in transit: try again")
    if code in _HINTS or status in (401, 403):
        return PermissionDenied(text, status, hint=_HINTS.get(code, _HINTS["AccessDenied"]))
    return ApiError(text, status, hint="the endpoint may have a problem: try again later")


_URL = re.compile(r'( URL)?: "[^"]*"')
_ENDPOINT = "`inv config` shows s3_endpoint; try again later"
# (name in a file, in the environment, default, conversion); see botocore.configprovider.
_NO_OTHER_SOURCES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def check(settings: Settings) -> bool:
    """Check the settings for a bucket offline; True if it is local. Raises UsageError, CredentialsError."""
    local = bool(settings.s3_endpoint) and check_plain(settings.s3_endpoint, "s3_endpoint")
    settings.s3_keys.required()
    try:
        import boto3  # type: ignore[import-untyped]  # noqa: F401  (no types; only to check that it is installed)
    except ImportError:
        hint = "`pip install 'cfops[s3]'`"
        raise UsageError("a bucket needs the extra s3, which is not installed", hint=hint) from None
    if settings.proxy:
        check_proxy(settings.proxy)
    if settings.ca_file:
        trust(settings.ca_file)
    return local


def client(settings: Settings) -> Any:
    """Return boto3's client for S3 with *settings*; raises as check does."""
    local = check(settings)
    import botocore.session  # type: ignore[import-untyped]  # it ships no types
    from boto3.session import Session  # type: ignore[import-untyped]  # it ships no types

    keys = settings.s3_keys
    core = botocore.session.Session(session_vars=_NO_OTHER_SOURCES)
    core.register_component("data_loader", _models())
    session = Session(
        botocore_session=core,
        aws_access_key_id=keys.id,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.session or None,
        region_name=settings.s3_region,
    )
    return session.client(
        "s3",
        endpoint_url=settings.s3_endpoint or None,
        verify=settings.ca_file or True,
        config=_config(settings, local=local),
    )


@cache
def _models() -> Any:
    """Return the loader of botocore's model of S3, which is large, so it is read once."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]  # it ships no types

    return create_loader()


def _config(settings: Settings, *, local: bool) -> Any:
    from botocore.config import Config  # type: ignore[import-untyped]  # it ships no types

    # A proxy cannot reach this machine's own addresses.
    proxies = {} if local or not settings.proxy else {"http": settings.proxy, "https": settings.proxy}
    return Config(
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        max_pool_connections=settings.workers + 1,
        proxies=proxies,
        ignore_configured_endpoint_urls=True,
        defaults_mode="legacy",
        signature_version="s3v4",
        s3={
            "addressing_style": "path" if settings.s3_endpoint else "auto",
            "payload_signing_enabled": True,
        },
        # Not every S3 knows the checksums that botocore adds; each object has ours.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra=f"cfops/{VERSION}",
    )


@contextmanager
def explained(what: str, host: str) -> Iterator[None]:
    """Turn a failure of boto3 during *what* into one of our errors."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]  # it ships no types

    # An invalid number raises ValueError; redirects, which botocore follows, end in RecursionError.
    malformed = (exceptions.BotoCoreError, ResponseParserError, ValueError, RecursionError)
    broken = (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError)
    try:
        yield
    except exceptions.ClientError as error:
        raise refused(what, error.response) from None
    except broken as error:
        raise NetworkError(f"{what}: no answer from {host}: {_reason(error)}", hint=_ENDPOINT) from None
    except malformed as error:
        raise MalformedAnswer(f"{what}: the answer of {host} is not valid: {error}", hint=_ENDPOINT) from None


def _reason(error: Any) -> str:
    """Return the message of *error* without the URL, which repeats the request, and with its cause."""
    text = _URL.sub("", str(error))
    cause = str(error.kwargs.get("error") or "").rpartition(": ")[2]
    return f"{text} ({cause})" if cause and cause not in text else text
