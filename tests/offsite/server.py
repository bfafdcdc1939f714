"""moto's S3 server on loopback, as strict as S3 is about keys and checksums, with faults on demand."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections.abc import Callable, Iterable
from itertools import chain
from types import TracebackType
from typing import Any, NamedTuple, Self

import boto3
from moto.moto_api._internal import moto_api_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEY_ID, SECRET = "AKIAIOSFODNN7TESTING", "wJalrXUtnFEMIbPxRfiCYzTESTINGKEYmore9999"

Start = Callable[..., Any]
Environ = dict[str, Any]
Fault = Callable[[Environ], "Answer | None"]


class Answer(NamedTuple):
    """A response that the server sends instead of moto's.

    With *length* it promises another size than it has, none at all with -1.
    """

    status: int
    body: bytes = b""
    length: int | None = None
    stream: Iterable[bytes] = ()
    """More of the body, streamed."""


class Asked(NamedTuple):
    """One received request; *key* is the path below the bucket."""

    method: str
    key: str
    query: str


def refusal(status: int, code: str) -> Answer:
    """Return a refusal of S3 with the error *code*."""
    return Answer(status, f"<Error><Code>{code}</Code><Message>the server says no</Message></Error>".encode())


class Server:
    """The server; each request is passed to *faults* first, and the first response counts.

    `asked` holds what came in.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._http = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        # moto keeps its buckets for the process, so the next server would have them.
        moto_api_backend.reset()

    def client(self) -> Any:
        """Return a client for the test, which meets faults too."""
        return boto3.client(
            "s3", endpoint_url=self.url, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )  # fmt: skip

    def keys(self, bucket: str) -> dict[str, bytes]:
        """Return all objects of *bucket*."""
        client = self.client()
        found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {at["Key"]: client.get_object(Bucket=bucket, Key=at["Key"])["Body"].read() for at in found}

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.client().put_object(Bucket=bucket, Key=key, Body=body)

    def sent(self, method: str) -> list[str]:
        """Return the keys of the requests with *method*, in order."""
        return [asked.key for asked in self.asked if asked.method == method and asked.key]

    def _answer(self, environ: Environ, start: Start) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        environ["test.body"] = environ["wsgi.input"].read(size)
        environ["wsgi.input"] = io.BytesIO(environ["test.body"])
        key = environ["PATH_INFO"].lstrip("/").partition("/")[2]
        self.asked.append(Asked(environ["REQUEST_METHOD"], key, environ.get("QUERY_STRING", "")))
        for fault in (*self.faults, _strict):
            if (answer := fault(environ)) is not None:
                length = len(answer.body) if answer.length is None else answer.length
                start(f"{answer.status} Test", [("Content-Length", str(length))] if length >= 0 else [])
                return chain([answer.body], answer.stream)
        return self._moto(environ, start)  # type: ignore[no-any-return]  # moto has no types


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.0"

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def _strict(environ: Environ) -> Answer | None:
    """Refuse what S3 refuses and moto accepts: an unknown key, a body with another hash than its header."""
    if f"Credential={KEY_ID}/" not in environ.get("HTTP_AUTHORIZATION", ""):
        return refusal(403, "InvalidAccessKeyId")
    digest = hashlib.sha256(environ["test.body"])
    shown = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256", "")
    if shown and shown != base64.b64encode(digest.digest()).decode():
        return refusal(400, "BadDigest")
    signed = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if len(signed) == 64 and signed != digest.hexdigest():
        return refusal(400, "XAmzContentSHA256Mismatch")
    return None
