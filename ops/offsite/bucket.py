"""A bucket: the few things that are asked of S3.

What is written carries its SHA-256, in a header that S3 and R2 check and in the signature, so that what has
arrived is what was sent.
"""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar
from urllib.parse import urlsplit

from ops.errors import Interrupted, MalformedAnswer, NetworkError, NotFound
from ops.http.parallel import each
from ops.offsite import boto
from ops.telemetry.log import Log
from ops.telemetry.redact import Redactor

if TYPE_CHECKING:
    from ops.config.settings import Settings
    from ops.snapshots.scratch import Readable
    from ops.snapshots.writer import StoredFile

T = TypeVar("T")

WHOLE = 64 << 20
"""Up to so many bytes an object is sent in one request."""

PART = 8 << 20
MOST = 1_000_000
"""Objects in one listing: no place of ours has more."""

_HASH = "sha256"


class Object(NamedTuple):
    """What lies under a key: its size in bytes, when it was written, in seconds since 1970."""

    key: str
    size: int
    written: float


class Bucket:
    """The bucket *name*, for several threads.

    Each call raises NetworkError where there is no answer, what ops.offsite.boto gives for one that
    refuses, and Interrupted once *stop* is set.
    """

    def __init__(self, name: str, settings: Settings, stop: threading.Event) -> None:
        self._name, self._stop = name, stop
        self._host = urlsplit(settings.s3_endpoint).netloc or "S3"
        self._log = Log(Redactor(settings.secrets())) if settings.debug else None
        self._attempts = settings.attempts
        self._client = boto.client(settings)

    def objects(self, prefix: str) -> Iterator[Object]:
        """Yield all that lies below *prefix*, in the order of the keys."""
        for page in self._pages(prefix, Prefix=prefix):
            yield from map(_object, page.get("Contents", ()))

    def shelf(self, prefix: str) -> tuple[list[str], list[Object]]:
        """Return the names of the folders in the folder *prefix*, and the objects in it."""
        folders: list[str] = []
        objects: list[Object] = []
        for page in self._pages(prefix, Prefix=prefix, Delimiter="/"):
            folders += (
                found["Prefix"].removeprefix(prefix).removesuffix("/")
                for found in page.get("CommonPrefixes", ())
            )
            objects += map(_object, page.get("Contents", ()))
        return folders, objects

    def _pages(self, prefix: str, **asked: Any) -> Iterator[dict[str, Any]]:
        token: dict[str, Any] = {}
        for _ in range(MOST // 1000):
            page = self._call("list", prefix, "list_objects_v2", **asked, **token)
            if "IsTruncated" not in page:
                # Not one of S3's: an empty list of it would be taken for an empty bucket.
                raise MalformedAnswer(f"list s3://{self._name}/{prefix}: the answer is no list of objects")
            yield page
            if not page["IsTruncated"]:
                return
            token = {"ContinuationToken": page.get("NextContinuationToken", "")}
        raise MalformedAnswer(f"list s3://{self._name}/{prefix}: the list does not come to its end")

    def hash_of(self, key: str) -> str:
        """Return the SHA-256 in hex that was told when the object was written, "" where none was."""
        return str(self._call("look at", key, "head_object", Key=key).get("Metadata", {}).get(_HASH, ""))

    @contextmanager
    def reading(self, key: str) -> Iterator[tuple[Readable, int]]:
        """Return the object as a stream and its size in bytes, -1 where that is not told.

        Not to be used where signals are raised: see apart.
        """
        with self._explained("read", key):
            answer = self._client.get_object(Bucket=self._name, Key=key)
            with closing(answer["Body"]) as body:
                yield _Stoppable(body, self._stop), int(answer.get("ContentLength", -1))

    def get(self, key: str, most: int) -> bytes:
        """Return a small object. Raises MalformedAnswer for one of more than *most* bytes."""

        def read() -> bytes:
            with self.reading(key) as (stream, _):
                data = b""
                while piece := stream.read(PART):
                    data += piece
                    if len(data) > most:
                        raise MalformedAnswer(f"s3://{self._name}/{key} is larger than {most:,} bytes")
            return data

        return self.apart(lambda: self.again(read))

    def again(self, read: Callable[[], T]) -> T:
        """Do *read*, and do it again where the stream broke off: that is not among what botocore repeats."""
        for _ in range(self._attempts - 1):
            with suppress(NetworkError):
                return read()
        return read()

    def put(self, key: str, file: Path, stored: StoredFile) -> None:
        """Write *file*, whose size and hash are *stored*, under *key*: whole, or not at all."""
        with file.open("rb") as source:
            if stored.bytes > WHOLE:
                self.apart(lambda: self._put_in_parts(key, source, stored))
                return
            told = {
                "ChecksumSHA256": _base64(bytes.fromhex(stored.sha256)),
                "Metadata": {_HASH: stored.sha256},
            }
            self._call("write", key, "put_object", Key=key, Body=source, ContentLength=stored.bytes, **told)

    def _put_in_parts(self, key: str, source: BinaryIO, stored: StoredFile) -> None:
        told = {"ChecksumAlgorithm": "SHA256", "Metadata": {_HASH: stored.sha256}}
        upload = {
            "Key": key,
            "UploadId": self._call("write", key, "create_multipart_upload", Key=key, **told)["UploadId"],
        }
        try:
            pieces = enumerate(iter(lambda: source.read(PART), b""), 1)
            parts = [self._put_part(upload, number, piece) for number, piece in pieces]
            self._call("write", key, "complete_multipart_upload", MultipartUpload={"Parts": parts}, **upload)
        except BaseException:
            with suppress(Exception):
                self._client.abort_multipart_upload(Bucket=self._name, **upload)
            raise

    def _put_part(self, upload: dict[str, str], number: int, piece: bytes) -> dict[str, Any]:
        if self._stop.is_set():
            raise Interrupted("stopped before everything was sent")
        told = {"PartNumber": number, "ChecksumSHA256": _base64(sha256(piece).digest())}
        answer = self._call("write", upload["Key"], "upload_part", Body=piece, **upload, **told)
        return {"ETag": answer["ETag"], **told}

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no failure."""
        self._call("delete", key, "delete_object", Key=key)

    def uploads(self, prefix: str) -> Iterator[tuple[str, str, float]]:
        """Yield the unfinished uploads in parts below *prefix*: key, id, when they were begun."""
        page = self._call("list", prefix, "list_multipart_uploads", Prefix=prefix)
        for found in page.get("Uploads", ()):
            if found.keys() >= {"Key", "UploadId", "Initiated"}:
                yield found["Key"], found["UploadId"], found["Initiated"].timestamp()

    def abort(self, key: str, upload: str) -> None:
        """Throw away the parts of an upload; one that is gone is no failure."""
        with suppress(NotFound):
            self._call("abort", key, "abort_multipart_upload", Key=key, UploadId=upload)

    def _call(self, verb: str, key: str, name: str, **asked: Any) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            with self._explained(verb, key):
                answer: dict[str, Any] = getattr(self._client, name)(Bucket=self._name, **asked)
                return answer

        return self.apart(call)

    def apart(self, work: Callable[[], T]) -> T:
        """Do *work* in a thread where no signal is raised: botocore would take one for a broken line.

        Raises Interrupted once the run shall stop.
        """
        if threading.current_thread() is not threading.main_thread():
            return work()
        [done] = each(lambda _: work(), (None,), workers=1, stop=self._stop)
        return done

    @contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[None]:
        began, what = time.monotonic(), f"{verb} s3://{self._name}/{key}"
        try:
            with boto.explained(what, self._host):
                yield
        finally:
            if self._log:
                self._log(
                    "bucket", host=self._host, request=what, ms=round(1000 * (time.monotonic() - began))
                )


class _Stoppable:
    """A stream that ends with Interrupted once the run shall stop."""

    def __init__(self, stream: Any, stop: threading.Event) -> None:
        self._stream, self._stop = stream, stop

    def read(self, size: int) -> bytes:
        if self._stop.is_set():
            raise Interrupted("stopped before everything was read")
        data: bytes = self._stream.read(size)
        return data


def _object(found: dict[str, Any]) -> Object:
    try:
        return Object(found["Key"], int(found["Size"]), found["LastModified"].timestamp())
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MalformedAnswer("the list of a bucket holds what is no object") from None


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()
