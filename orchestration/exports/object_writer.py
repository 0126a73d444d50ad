"""One object of the store, written part by part, and there only when the store has confirmed all of it."""

import asyncio
import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from orchestration.exports.leftovers import StoreFailed, abort_upload, told_as_store_failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 5 * 1024 * 1024  # the least that S3 takes; its ten thousand parts are 50 GB
_PARTS_UNDER_WAY = 2  # with the one being filled, 15 MB at most, whatever the file's size


class ObjectWriter:
    """Collects bytes into parts and sends them while more are collected.

    Each part is sent with its MD5, which the store checks, and must be answered with the same one. A file of
    less than one part is put in one request.
    """

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._target: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._content_type = content_type
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._under_way: dict[int, asyncio.Task[str]] = {}
        self._tags: dict[int, str] = {}
        self._size = 0

    async def write(self, data: bytes) -> None:
        """Take more of the file; waits while too many parts are under way.

        Raises:
            StoreFailed: a part could not be stored.
        """
        self._buffer += data
        while len(self._buffer) >= PART_BYTES:
            part = bytes(memoryview(self._buffer)[:PART_BYTES])
            del self._buffer[:PART_BYTES]
            await self._send(part)

    async def finish(self) -> None:
        """Send the rest, and have the store confirm the whole.

        Raises:
            StoreFailed: it is not there as it was sent.
        """
        if self._upload_id is None:
            self._size = len(self._buffer)
            await asyncio.to_thread(self._put_whole, bytes(self._buffer))
        else:
            if self._buffer:
                await self._send(bytes(self._buffer))
            await self._wait_until_under_way(0)
            parts = [{"PartNumber": number, "ETag": tag} for number, tag in sorted(self._tags.items())]
            await self._ask("complete_multipart_upload", UploadId=self._upload_id, MultipartUpload={"Parts": parts})
        stored = (await self._ask("head_object"))["ContentLength"]
        if stored != self._size:
            raise StoreFailed(f"the store has {stored} bytes of {self._size}")

    async def discard(self) -> None:
        """Take away whatever was sent.

        Raises:
            StoreFailed: the store could not be asked.
        """
        # threads cannot be cancelled: a part that is still being sent would come after the end of the upload
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        if self._upload_id is not None:
            bucket, key = self._target["Bucket"], self._target["Key"]
            await asyncio.to_thread(abort_upload, self._client, bucket, key, self._upload_id)
        await self._ask("delete_object")

    async def _send(self, part: bytes) -> None:
        if self._upload_id is None:
            self._upload_id = (await self._ask("create_multipart_upload", ContentType=self._content_type))["UploadId"]
        await self._wait_until_under_way(_PARTS_UNDER_WAY - 1)
        self._size += len(part)
        number = len(self._tags) + len(self._under_way) + 1
        self._under_way[number] = asyncio.create_task(asyncio.to_thread(self._put_part, number, part))

    async def _wait_until_under_way(self, most: int) -> None:
        while len(self._under_way) > most:
            await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
            for number, task in list(self._under_way.items()):
                if task.done():
                    del self._under_way[number]
                    self._tags[number] = task.result()

    def _put_part(self, number: int, part: bytes) -> str:
        options = {"UploadId": self._upload_id, "PartNumber": number}
        return self._put("upload_part", part, **options)

    def _put_whole(self, content: bytes) -> None:
        self._put("put_object", content, ContentType=self._content_type)

    def _put(self, operation: str, content: bytes, **options: Any) -> str:
        digest = hashlib.md5(content, usedforsecurity=False)
        answer = self._call(operation, Body=content, ContentMD5=b64encode(digest.digest()).decode(), **options)
        tag = str(answer.get("ETag", ""))
        # an object encrypted by a key service has another tag; the store has checked the MD5 all the same
        if tag.strip('"') != digest.hexdigest() and "SSEKMSKeyId" not in answer:
            raise StoreFailed(f"{operation} was answered with the tag {tag or 'of nothing'}, not the content's")
        return tag

    async def _ask(self, operation: str, **options: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._call, operation, **options)

    def _call(self, operation: str, **options: Any) -> dict[str, Any]:
        with told_as_store_failed(operation):
            answer: dict[str, Any] = getattr(self._client, operation)(**self._target, **options)
        return answer
