"""From PostgreSQL's COPY to the bytes of a file: RFC 4180 line ends, compression, length and hash."""

import hashlib
import zlib

_GZIP = 31  # zlib's window of 32 kB, in a gzip file
_COMPRESSION_LEVEL = 6


class CsvBytes:
    """Turns chunks of COPY into chunks of the file, and knows what passed.

    Attributes:
        lines: CSV lines so far, the header too.
        size_bytes: of the file so far.
    """

    def __init__(self, compressed: bool) -> None:
        self.lines = self.size_bytes = 0
        self._is_quoted = False
        self._hash = hashlib.sha256()
        self._compressor = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, _GZIP) if compressed else None

    def feed(self, chunk: bytes) -> bytes:
        """Return what the chunk adds to the file."""
        lines = self._with_line_ends(chunk)
        return self._noted(self._compressor.compress(lines) if self._compressor else lines)

    def finish(self) -> bytes:
        """Return the file's last bytes."""
        return self._noted(self._compressor.flush() if self._compressor else b"")

    @property
    def sha256(self) -> str:
        """Hash of the file so far, in hexadecimal."""
        return self._hash.hexdigest()

    def _noted(self, data: bytes) -> bytes:
        self._hash.update(data)
        self.size_bytes += len(data)
        return data

    def _with_line_ends(self, chunk: bytes) -> bytes:
        """COPY ends a line with LF, and RFC 4180 with CRLF; an LF inside quotes is the value's own."""
        pieces = chunk.split(b'"')
        for position, piece in enumerate(pieces):
            if position:
                self._is_quoted = not self._is_quoted
            if not self._is_quoted:
                self.lines += piece.count(b"\n")
                pieces[position] = piece.replace(b"\n", b"\r\n")
        return b'"'.join(pieces)
