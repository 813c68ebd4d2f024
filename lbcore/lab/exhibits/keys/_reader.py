"""Keys from a file of the reader's own: one key a line, or a field of an access log, gzip too.

The file is a stream: it is read in pieces of 256 KiB and may be larger than memory. A line that cannot be used is
counted, not fatal.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["FIELDS", "KeyFileError", "KeyReader", "read_keys"]

_PIECE_BYTES = 256 * 1024
_LONGEST_LINE_BYTES = 32 * 1024
_FIRST_BAD = 5
_SNIFFED_LINES = 20

# Possessive quantifiers: no line, however odd, makes the match slower than linear.
_QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_LOG_LINE = re.compile(
    rf"(\S++) (\S++) (\S++) \[([^\]\[]*+)\] {_QUOTED} (\d{{3}}|-) (\d++|-)(?: {_QUOTED} {_QUOTED})?(?: .*)?", re.DOTALL
)
_REQUEST = re.compile(r"([A-Z]++) (([^ ?]++)[^ ]*+)(?: (\S++))?")
_LOG_GROUPS = {
    "client": 1, "identity": 2, "user": 3, "time": 4, "request": 5, "status": 6, "bytes": 7, "referrer": 8, "agent": 9,
}  # fmt: skip
_REQUEST_GROUPS = {"method": 1, "url": 2, "path": 3, "protocol": 4}
FIELDS = (*_LOG_GROUPS, *_REQUEST_GROUPS)

_NOT_TEXT = {
    b"PK\x03\x04": "a zip file: unpack it first",
    b"BZh91AY&SY": "a bzip2 file: unpack it first",
    b"\xfd7zXZ": "an xz file: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd file: unpack it first",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
}


class KeyFileError(ValueError):
    """A file of keys that cannot be used; the message is a sentence that names the file."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows this instead of a stack of lbcore's own lines, which would not help a student.
        return [str(self)]


def read_keys(path: str | Path, field: str | None = None) -> "KeyReader":
    """Open a file of keys: every line is a key, or (with `field`) a line of an access log.

    Args:
        path: a text file, plain or gzip (told by its content, not its name).
        field: None for one key a line; else which field of a log in the common or combined format is the key,
            one of `FIELDS`. `path` is the request's target up to its `?`, `url` is all of it.

    Raises:
        KeyFileError: no such file, not a text file, or it looks like an access log and `field` is None.
        ValueError: `field` is not one of `FIELDS`.

    A key is the line as it stands, without its line end (LF or CRLF). Empty lines are skipped. A line is bad, and
    counted, when it is not UTF-8, is longer than 32 KiB, or has no such field.
    """
    return KeyReader(path, field)


class KeyReader:
    """A file of keys as a stream: iterate over `batches()` (lists of str) or over the reader itself (single keys).

    Each iteration starts at the top of the file and counts anew: `lines`, `keys`, `empty_lines`, `bad_lines`, and
    `first_bad`, the numbers (from 1) of the first five bad lines. `problem` is None, or a sentence on why reading
    stopped before the end (a damaged or cut-off gzip file); the keys before that point have been given.
    """

    def __init__(self, path: str | Path, field: str | None = None) -> None:
        if field is not None and field not in FIELDS:
            raise ValueError(f"field: {field!r} is none of {', '.join(FIELDS)}")
        self.path = Path(path).expanduser()
        self.field = field
        self.bytes_total = 0
        self._start()
        self._check()

    def __repr__(self) -> str:
        kind = "one key a line" if self.field is None else f"field {self.field!r} of an access log"
        return f"<keys of {self.path.name}: {kind}>"

    def __iter__(self) -> Iterator[str]:
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[str]]:
        """Yield the keys in order, as lists of str; none is empty."""
        self._start()
        with self._open() as (raw, data):
            rest = b""
            skipping = False
            first = True
            while True:
                piece = self._read(raw, data)
                if first:
                    piece = piece.removeprefix(b"\xef\xbb\xbf")
                    first = False
                if not piece:
                    break
                if skipping:
                    _, newline, piece = piece.partition(b"\n")
                    if not newline:
                        continue
                    skipping = False
                whole, newline, tail = (rest + piece).rpartition(b"\n")
                rest = tail
                keys = self._keys(whole) if newline else []
                if len(rest) > _LONGEST_LINE_BYTES:
                    rest, skipping = b"", True
                    self.lines += 1
                    self._bad(self.lines)
                if keys:
                    yield keys
            if rest and (keys := self._keys(rest)):
                yield keys

    def _start(self) -> None:
        self.lines = self.keys = self.empty_lines = self.bad_lines = self.bytes_read = 0
        self.first_bad: list[int] = []
        self.problem: str | None = None

    def _open(self) -> "_Source":
        try:
            if not self.path.exists():
                raise KeyFileError(f"There is no file {str(self.path)!r}. Check the spelling, and the folder.")
            if not self.path.is_file():
                raise KeyFileError(f"{str(self.path)!r} is not a file of keys but a folder or a device.")
            source = _Source(self.path)
        except OSError as error:
            raise KeyFileError(f"{str(self.path)!r} cannot be read: {error.strerror or error}.") from None
        self.bytes_total = source.size
        return source

    def _read(self, raw: io.BufferedReader, data: Any) -> bytes:
        try:
            # read1 hands over what was decompressed before the damage; read would lose it.
            piece: bytes = data.read1(_PIECE_BYTES)
        except (OSError, EOFError, zlib.error):
            kind = "its gzip data is damaged or cut off" if data is not raw else "the disk reported an error"
            self.problem = f"{self.path.name} could not be read to its end: {kind}."
            piece = b""
        self.bytes_read = raw.tell()
        return piece

    def _check(self) -> None:
        with self._open() as (raw, data):
            head = self._read(raw, data)
        if self.problem and not head:
            raise KeyFileError(self.problem)
        for magic, what in _NOT_TEXT.items():
            if head.startswith(magic):
                raise KeyFileError(f"{str(self.path)!r} is {what}.")
        lines = [text for line in head.split(b"\n")[:_SNIFFED_LINES] if (text := line.decode(errors="replace").strip())]
        if self.field is None and 2 * sum(_LOG_LINE.fullmatch(line) is not None for line in lines) > len(lines):
            raise KeyFileError(
                f"{str(self.path)!r} looks like an access log. Say which field is the key, for example "
                f"field='path' or field='client'."
            )
        self._start()

    def _keys(self, block: bytes) -> list[str]:
        """Turn whole lines into keys, and count."""
        raw_lines: list[str] | list[bytes]
        try:
            raw_lines = block.decode().split("\n")
        except UnicodeDecodeError:
            raw_lines = block.split(b"\n")
        # None is a bad line, "" an empty one.
        found = [self._key(line) for line in raw_lines]
        keys = [key for key in found if key]
        if len(keys) < len(found):
            for number, key in enumerate(found, self.lines + 1):
                if key is None:
                    self._bad(number)
                elif not key:
                    self.empty_lines += 1
        self.lines += len(found)
        self.keys += len(keys)
        return keys

    def _key(self, line: str | bytes) -> str | None:
        if len(line) > _LONGEST_LINE_BYTES:
            return None
        if isinstance(line, bytes):
            try:
                line = line.decode()
            except UnicodeDecodeError:
                return None
        if line.endswith("\r"):
            line = line[:-1]
        if not line or line.isspace():
            return ""
        if self.field is None:
            return line
        match = _LOG_LINE.fullmatch(line)
        if match and self.field in _REQUEST_GROUPS:
            match = _REQUEST.fullmatch(match[_LOG_GROUPS["request"]])
            return match and match[_REQUEST_GROUPS[self.field]]
        return (match and match[_LOG_GROUPS[self.field]]) or None

    def _bad(self, number: int) -> None:
        self.bad_lines += 1
        if len(self.first_bad) < _FIRST_BAD:
            self.first_bad.append(number)


class _Source:
    """The open file and, for gzip, the stream of what it holds (the same object otherwise)."""

    def __init__(self, path: Path) -> None:
        self.raw = path.open("rb")
        self.size = path.stat().st_size
        is_gzip = self.raw.peek(2)[:2] == b"\x1f\x8b"
        self.data: Any = gzip.GzipFile(fileobj=self.raw) if is_gzip else self.raw

    def __enter__(self) -> tuple[io.BufferedReader, Any]:
        return self.raw, self.data

    def __exit__(self, *_: object) -> None:
        self.data.close()
        self.raw.close()
