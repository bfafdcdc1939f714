"""The only module that knows boto3: a client for the one endpoint, and what its failures mean.

Keys come from our settings alone: neither `~/.aws` nor the metadata of an instance is asked, no proxy and no
endpoint of the environment is taken, and attempts and times are bounded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

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
from ops.version import VERSION

if TYPE_CHECKING:
    from ops.config.settings import Settings

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


_URL = re.compile(r'( URL)?: "[^"]*"')
_ENDPOINT = "`inv config` shows s3_endpoint; try again later"
# Each is: in a file, in the environment, by default, conversion; see botocore.configprovider.
_NOTHING_OF_OTHERS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def check(settings: Settings) -> bool:
    """Check, without a request, that a bucket can be asked; gives whether that is a server on this machine.

    Raises UsageError for an endpoint that is not https, and where boto3 is wanting; CredentialsError.
    """
    here = bool(settings.s3_endpoint) and check_plain(settings.s3_endpoint, "s3_endpoint")
    settings.s3_keys.required()
    try:
        import boto3  # type: ignore[import-untyped]  # noqa: F401  (no types; it is only looked for)
    except ImportError:
        raise UsageError(
            "a bucket needs the extra s3, which is not installed", hint="`pip install 'cfops[s3]'`"
        ) from None
    if settings.proxy:
        check_proxy(settings.proxy)
    return here


def client(settings: Settings) -> Any:
    """Open boto3's client for S3 as *settings* say; raises as check does."""
    here = check(settings)
    import botocore.session  # type: ignore[import-untyped]  # it ships no types
    from boto3.session import Session  # type: ignore[import-untyped]  # it ships no types

    keys = settings.s3_keys
    ground = botocore.session.Session(session_vars=_NOTHING_OF_OTHERS)
    ground.register_component("data_loader", _models())
    session = Session(
        botocore_session=ground,
        aws_access_key_id=keys.id,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.session or None,
        region_name=settings.s3_region,
    )
    return session.client(
        "s3",
        endpoint_url=settings.s3_endpoint or None,
        verify=settings.ca_file or True,
        config=_config(settings, here=here),
    )


@cache
def _models() -> Any:
    """Return the loader of what describes S3 to botocore: it is large, so it is read once."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]  # it ships no types

    return create_loader()


def _config(settings: Settings, *, here: bool) -> Any:
    from botocore.config import Config  # type: ignore[import-untyped]  # it ships no types

    # A proxy would take what is meant for this machine elsewhere.
    proxies = {} if here or not settings.proxy else {"http": settings.proxy, "https": settings.proxy}
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
        # What botocore would add by itself is not known to every S3; ours comes with each object.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra=f"cfops/{VERSION}",
    )


@contextmanager
def explained(what: str, host: str) -> Iterator[None]:
    """Turn a failure of boto3's, met at *what*, into one of ours."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]  # it ships no types

    # A number that is none raises ValueError; redirects, which botocore follows, end in RecursionError.
    senseless = (exceptions.BotoCoreError, ResponseParserError, ValueError, RecursionError)
    broken = (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError)
    try:
        yield
    except exceptions.ClientError as error:
        raise refused(what, error.response) from None
    except broken as error:
        raise NetworkError(f"{what}: no answer from {host}: {_reason(error)}", hint=_ENDPOINT) from None
    except senseless as error:
        raise MalformedAnswer(f"{what}: {host} answered nonsense: {error}", hint=_ENDPOINT) from None


def _reason(error: Any) -> str:
    """Return what *error* says without the URL, which only repeats what was asked, and with its cause."""
    told = _URL.sub("", str(error))
    cause = str(error.kwargs.get("error") or "").rpartition(": ")[2]
    return f"{told} ({cause})" if cause and cause not in told else told
