"""A bucket: the few operations of S3 that are used, and the addresses of snapshots in it.

Each object is sent with its SHA-256, in a header that S3 and R2 check and in the signature, so a change in
transit is detected. s3://bucket/prefix is where snapshots are stored, s3://bucket/prefix/NAME one of them; a
prefix contains what exports/ contains on this machine: a folder per account, with its snapshots.
"""

from __future__ import annotations

import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar
from urllib.parse import urlsplit

from ops.cli.app import App
from ops.config.settings import Settings
from ops.errors import Interrupted, MalformedAnswer, NetworkError, NotFound, UsageError
from ops.files.disk import open_regular
from ops.http.parallel import each
from ops.offsite import boto
from ops.snapshots.layout import is_plain_id
from ops.snapshots.sealed.passphrase import ByteSource
from ops.snapshots.writer import StoredFile
from ops.telemetry.log import Log

T = TypeVar("T")
R = TypeVar("R")

WHOLE = 64 << 20
"""The largest object in bytes that is sent in one request."""

PART = 8 << 20
MOST = 1_000_000
"""The limit of objects in one listing, more than any of ours has."""

_HASH = "sha256"


class Object(NamedTuple):
    """An object: its key, its size in bytes, and when it was written, in seconds since 1970."""

    key: str
    size: int
    written: float


class Bucket:
    """The bucket *name*, for several threads.

    Each call raises NetworkError without an answer, the error of ops.offsite.boto for a refusal, and
    Interrupted after *stop* is set.
    """

    def __init__(self, name: str, settings: Settings, stop: threading.Event, log: Log) -> None:
        self._name, self._stop = name, stop
        self._host = urlsplit(settings.s3_endpoint).netloc or "S3"
        self._log = log if settings.debug else None
        self._attempts = settings.attempts
        self._client = boto.client(settings)

    def objects(self, prefix: str) -> Iterator[Object]:
        """Yield all objects below *prefix*, in the order of the keys."""
        for page in self._pages(prefix, Prefix=prefix):
            yield from map(_object, page.get("Contents", ()))

    def list_folder(self, prefix: str) -> tuple[list[str], list[Object]]:
        """Return the names of the folders in the folder *prefix*, and the objects in it."""
        folders: list[str] = []
        objects: list[Object] = []
        for page in self._pages(prefix, Prefix=prefix, Delimiter="/"):
            below = (found["Prefix"] for found in page.get("CommonPrefixes", ()))
            folders += (name.removeprefix(prefix).removesuffix("/") for name in below)
            objects += map(_object, page.get("Contents", ()))
        return folders, objects

    def _pages(self, prefix: str, **params: Any) -> Iterator[dict[str, Any]]:
        token: dict[str, Any] = {}
        for _ in range(MOST // 1000):
            page = self._call("list", prefix, "list_objects_v2", **params, **token)
            if "IsTruncated" not in page:
                # Not an answer of S3: it must not be mistaken for an empty bucket.
                raise MalformedAnswer(f"list s3://{self._name}/{prefix}: the answer is not a list of objects")
            yield page
            if not page["IsTruncated"]:
                return
            token = {"ContinuationToken": page.get("NextContinuationToken", "")}
        raise MalformedAnswer(f"list s3://{self._name}/{prefix}: the list does not end")

    def hash_of(self, key: str) -> str:
        """Return the SHA-256 in hex that was sent with the object, "" if there is none."""
        head = self._call("read the head of", key, "head_object", Key=key)
        return str(head.get("Metadata", {}).get(_HASH, ""))

    @contextmanager
    def reading(self, key: str) -> Iterator[tuple[ByteSource, int]]:
        """Yield the object as a stream, and its size in bytes, -1 if it is unknown.

        Not for a thread where signals are raised: see in_thread.
        """
        with self._explained("read", key):
            answer = self._client.get_object(Bucket=self._name, Key=key)
            with closing(answer["Body"]) as body:
                yield _Stoppable(body, self._stop), int(answer.get("ContentLength", -1))

    def get(self, key: str, most: int) -> bytes:
        """Return a small object. Raises MalformedAnswer if it has more than *most* bytes."""

        def read() -> bytes:
            with self.reading(key) as (stream, _):
                data = b""
                while piece := stream.read(PART):
                    data += piece
                    if len(data) > most:
                        raise MalformedAnswer(f"s3://{self._name}/{key} is larger than {most:,} bytes")
            return data

        return self.in_thread(lambda: self.retried(read))

    def retried(self, read: Callable[[], T]) -> T:
        """Return the result of *read*, retried if the stream was cut off, which botocore does not retry."""
        for _ in range(self._attempts - 1):
            with suppress(NetworkError):
                return read()
        return read()

    def put(self, key: str, file: Path, stored: StoredFile, *, media_type: str = "") -> None:
        """Write *file*, whose size and hash are *stored*, under *key*: completely or not at all."""
        about: dict[str, Any] = {"Metadata": {_HASH: stored.sha256}}
        about |= {"ContentType": media_type} if media_type else {}
        with open_regular(file) as source:
            if stored.bytes > WHOLE:
                self.in_thread(lambda: self._put_in_parts(key, source, about))
                return
            digest = _base64(bytes.fromhex(stored.sha256))
            checks = {"ContentLength": stored.bytes, "ChecksumSHA256": digest}
            self._call("write", key, "put_object", Key=key, Body=source, **checks, **about)

    def _put_in_parts(self, key: str, source: BinaryIO, about: dict[str, Any]) -> None:
        started = self._call(
            "write", key, "create_multipart_upload", Key=key, ChecksumAlgorithm="SHA256", **about
        )
        upload = {"Key": key, "UploadId": started["UploadId"]}
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
        part = {"PartNumber": number, "ChecksumSHA256": _base64(sha256(piece).digest())}
        answer = self._call("write", upload["Key"], "upload_part", Body=piece, **upload, **part)
        return {"ETag": answer["ETag"], **part}

    def delete(self, key: str) -> None:
        """Delete an object; it is not a failure if it does not exist."""
        self._call("delete", key, "delete_object", Key=key)

    def uploads(self, prefix: str) -> Iterator[tuple[str, str, float]]:
        """Yield (key, id, start time) of the unfinished multipart uploads below *prefix*."""
        page = self._call("list", prefix, "list_multipart_uploads", Prefix=prefix)
        for found in page.get("Uploads", ()):
            if found.keys() >= {"Key", "UploadId", "Initiated"}:
                yield found["Key"], found["UploadId"], found["Initiated"].timestamp()

    def abort(self, key: str, upload: str) -> None:
        """Delete the parts of an upload; it is not a failure if it does not exist."""
        with suppress(NotFound):
            self._call("abort", key, "abort_multipart_upload", Key=key, UploadId=upload)

    def _call(self, verb: str, key: str, name: str, **params: Any) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            with self._explained(verb, key):
                answer: dict[str, Any] = getattr(self._client, name)(Bucket=self._name, **params)
                return answer

        return self.in_thread(call)

    def in_thread(self, work: Callable[[], T]) -> T:
        """Return *work*'s result, from a thread because botocore misreads signals. Raises Interrupted."""
        if threading.current_thread() is not threading.main_thread():
            return work()
        [done] = each(lambda _: work(), (None,), workers=1, stop=self._stop)
        return done

    @contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[None]:
        start, what = time.monotonic(), f"{verb} s3://{self._name}/{key}"
        try:
            with boto.explained(what, self._host):
                yield
        finally:
            if self._log:
                took = round(1000 * (time.monotonic() - start))
                self._log.detail("bucket", what, call={"host": self._host, "ms": took})


class _Stoppable:
    """A stream that raises Interrupted after the run was stopped."""

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
        raise MalformedAnswer("the list of a bucket contains an invalid object") from None


def transfer(app: App, what: str, move: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """Yield the results of *move* for each item, in order, with a progress bar. Raises Interrupted."""
    with app.progress(what, len(items)) as progress:
        for result in app.parallel(move, items, at_once=app.settings.workers):
            progress.done()
            yield result


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()


SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# What needs no escaping in a key; a segment of only dots means another folder to many programs.
_SEGMENT = re.compile(r"(?!\.+$)[A-Za-z0-9!_.*'()=@+,-]{1,200}")
_NAME = re.compile(r"latest|previous|\d{4}-\d\d-\d\d[0-9A-Za-z.:-]*")


class BucketPrefix(NamedTuple):
    """A prefix in a bucket; *prefix* is empty, or ends in a slash."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, *parts: str) -> str:
        """Return the key of *parts* below the prefix."""
        return self.prefix + "/".join(parts)


def read_prefix(text: str, option: str) -> BucketPrefix:
    """Return the prefix in *text*, the value of *option*; raises UsageError if it is not one."""
    bucket, segments = _split(text, f"{option} {text}", f"{option} s3://BUCKET/PREFIX")
    if segments and is_plain_id(segments[-1]):
        raise UsageError(
            f"{option} {text} names an account: each account gets its own folder below the prefix",
            hint=f"{option} {text.rstrip('/').rpartition('/')[0]}, and --account-id for the account",
        )
    return BucketPrefix(bucket, "".join(f"{segment}/" for segment in segments))


def read_snapshot(text: str) -> tuple[BucketPrefix, str, str]:
    """Return (prefix, account or "", name) of the snapshot's address *text*. Raises UsageError."""
    hint = f"{text.rstrip('/')}/latest is the newest snapshot below that prefix"
    where, _, name = text.rpartition("/")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{text} does not name a snapshot", hint=hint)
    bucket, above = _split(where, text, hint)
    account = above.pop() if above and is_plain_id(above[-1]) else ""
    return BucketPrefix(bucket, "".join(f"{segment}/" for segment in above)), account, name


def _split(text: str, shown: str, hint: str) -> tuple[str, list[str]]:
    if not text.startswith(SCHEME):
        raise UsageError(f"{shown}: not an address in a bucket", hint=hint)
    bucket, _, rest = text.removeprefix(SCHEME).partition("/")
    segments = rest.removesuffix("/").split("/") if rest else []
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(f"{shown}: {bucket!r} is not a valid name of a bucket", hint=hint)
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise UsageError(f"{shown}: {segment!r} has characters that need escaping", hint=hint)
    return bucket, segments
