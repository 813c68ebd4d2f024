"""Keys from a file of the reader's own: one key a line, or a field of an access log, gzip too.

The file is a stream: it is read in pieces of 256 KiB and may be larger than memory. A line that cannot be used is
counted, not fatal, as long as there is one that can.
"""

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lbcore.lab.exhibits.keys._opened import Source, no_text
from lbcore.lab.exhibits.keys._records import records, shown

__all__ = ["FIELDS", "KeyFileError", "KeyReader", "read_keys"]

_PIECE_BYTES = 256 * 1024
_LONGEST_LINE_BYTES = 32 * 1024
_FIRST_BAD = 5
_HEAD_BYTES = 64 * 1024
_SNIFFED_LINES = 100

# Possessive quantifiers: no line, however odd, makes the match slower than linear.
_QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_LOG_LINE = re.compile(
    rf"(\S++) (\S++) (\S++) \[([^\]\[]*+)\] {_QUOTED} (\d{{3}}|-) (\d++|-)(?: {_QUOTED} {_QUOTED})?(?: .*)?", re.DOTALL
)
# A blank within the target belongs to it where a protocol follows: the target ends at the last blank.
_REQUEST = re.compile(r"([A-Za-z]++) (?:(.+) ([A-Za-z]++/\S++)|(\S++)(?: (\S++))?)")
_SITE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://[^/?]*+")
_LOG_GROUPS = {
    "client": 1, "identity": 2, "user": 3, "time": 4, "request": 5, "status": 6, "bytes": 7, "referrer": 8, "agent": 9,
}  # fmt: skip
_REQUEST_FIELDS = ("method", "url", "path", "protocol")
#: The whole line, whatever it looks like.
_LINE = "line"
FIELDS = (*_LOG_GROUPS, *_REQUEST_FIELDS, _LINE)

TOO_LONG, NO_LOG_LINE, NO_FIELD = "too long", "no line of a log", "no such field"


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
            one of `FIELDS`. `path` is the request's target from its first `/` up to its `?`, `url` is all of it;
            `line` is the whole line, also where the lines look like records.

    Raises:
        KeyFileError: no such file, not a text file, or its lines look like records and `field` is None; at the end of
            an iteration, that no line could be used.
        ValueError: `field` is not one of `FIELDS`.

    A key is the line as it stands, without its line end (LF or CRLF). Empty lines are skipped. A line that is not
    UTF-8 is read as Latin-1. A line is bad, and counted, when it is longer than 32 KiB or has no such field.
    """
    return KeyReader(path, field)


class KeyReader:
    """A file of keys as a stream: iterate over `batches()` (lists of str) or over the reader itself (single keys).

    Each iteration starts at the top of the file and counts anew: `lines`, `keys`, `empty_lines`, `bad_lines` and
    `reasons` (how many for each), and `first_bad`, the numbers (from 1) of the first five bad lines. `problem` is None,
    or a sentence on why reading stopped before the end (a damaged or cut-off gzip file); the keys before that point
    have been given.
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
        kind = "one key a line" if self.field in (None, _LINE) else f"field {self.field!r} of an access log"
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
                    self.lines += 1
                    self._bad(self.lines, _text(rest))
                    rest, skipping = b"", True
                if keys:
                    yield keys
            if rest and (keys := self._keys(rest)):
                yield keys
        if not self.keys:
            raise KeyFileError(self._nothing())

    def _start(self) -> None:
        self.lines = self.keys = self.empty_lines = self.bad_lines = self.bytes_read = 0
        self.reasons: Counter[str] = Counter()
        self.first_bad: list[int] = []
        self._first_bad_line = ""
        self.problem: str | None = None

    def _open(self) -> "Source":
        try:
            if not self.path.exists():
                raise KeyFileError(f"There is no file {str(self.path)!r}. Check the spelling, and the folder.")
            if not self.path.is_file():
                raise KeyFileError(f"{str(self.path)!r} is not a file of keys but a folder or a device.")
            source = Source(self.path)
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
        head, piece = b"", b"\n"
        with self._open() as (raw, data):
            while piece and len(head) < _HEAD_BYTES:
                piece = self._read(raw, data)
                head += piece
        if self.problem and not head:
            raise KeyFileError(self.problem)
        if what := no_text(head):
            raise KeyFileError(f"{str(self.path)!r} is {what}.")
        if self.field is None:
            whole, _, rest = head.removeprefix(b"\xef\xbb\xbf").rpartition(b"\n")
            # The last line may go on behind the head.
            self._refuse_records(whole + b"\n" + rest if not piece or not whole else whole)
        self._start()

    def _refuse_records(self, head: bytes) -> None:
        """No line of a log is taken for a key without a word."""
        lines = [line for piece in head.split(b"\n") if (line := _text(piece[:_LONGEST_LINE_BYTES]).strip())]
        # A log may begin with comments; keys may all begin with '#'.
        lines = ([line for line in lines if not line.startswith("#")] or lines)[:_SNIFFED_LINES]
        if 2 * sum(_LOG_LINE.fullmatch(line) is not None for line in lines) > len(lines):
            raise KeyFileError(
                f"{str(self.path)!r} looks like an access log. Say which field is the key, for example "
                f"field='path' or field='client'."
            )
        if why := records(lines):
            raise KeyFileError(
                f"{str(self.path)!r} looks like records, not like one key a line: {why}. It begins {shown(lines[0])}. "
                "A field can be taken from a log in the common or combined format alone; of any other file, write the "
                "keys into a file of their own, one a line. If the whole line is the key, say field='line'."
            )

    def _keys(self, block: bytes) -> list[str]:
        """Turn whole lines into keys, and count."""
        try:
            lines = block.decode().split("\n")
        except UnicodeDecodeError:
            lines = [_text(line) for line in block.split(b"\n")]
        # None is a bad line, "" an empty one.
        found = [self._key(line) for line in lines]
        keys = [key for key in found if key]
        if len(keys) < len(found):
            for number, (key, line) in enumerate(zip(found, lines, strict=True), self.lines + 1):
                if key is None:
                    self._bad(number, line)
                elif not key:
                    self.empty_lines += 1
        self.lines += len(found)
        self.keys += len(keys)
        return keys

    def _key(self, line: str) -> str | None:
        if len(line) > _LONGEST_LINE_BYTES:
            return None
        if line.endswith("\r"):
            line = line[:-1]
        if not line or line.isspace():
            return ""
        if self.field is None or self.field == _LINE:
            return line
        match = _LOG_LINE.fullmatch(line)
        if match and self.field in _REQUEST_FIELDS:
            return _of_request(match[_LOG_GROUPS["request"]], self.field)
        return (match and match[_LOG_GROUPS[self.field]]) or None

    def _bad(self, number: int, line: str) -> None:
        self.bad_lines += 1
        if len(line) > _LONGEST_LINE_BYTES:
            reason = TOO_LONG
        else:
            reason = NO_FIELD if _LOG_LINE.fullmatch(line.removesuffix("\r")) else NO_LOG_LINE
        if not self.reasons:
            self._first_bad_line = f"line {number} is {reason}: {shown(line)}".replace(
                NO_FIELD, f"without {self.field}"
            )
        self.reasons[reason] += 1
        if len(self.first_bad) < _FIRST_BAD:
            self.first_bad.append(number)

    def _nothing(self) -> str:
        """Why no line could be used, and what to try."""
        if self.problem:
            return self.problem
        if not self.bad_lines:
            return f"{str(self.path)!r} is empty: there is no key in it."
        if NO_LOG_LINE in self.reasons:
            way = (
                "A field can be taken from a log in the common or combined format alone. If each line is a key, leave "
                "`field` out; of any other file, write the keys into a file of their own, one a line."
            )
        elif NO_FIELD in self.reasons:
            way = f"Take another field: {', '.join(FIELDS)}."
        else:
            way = "A key is at most 32 KiB long: is it a file of text, with line ends?"
        return f"No line of {str(self.path)!r} can be used: {self._first_bad_line}. {way}"


def _of_request(request: str, field: str) -> str | None:
    """A field of a request line; None where it has none."""
    match = _REQUEST.fullmatch(request)
    if match is None:
        return None
    url, protocol = (match[2], match[3]) if match[2] is not None else (match[4], match[5])
    if field == "path":
        return _SITE.sub("", url, count=1).partition("?")[0] or ("/" if _SITE.match(url) else None)
    return {"method": match[1], "url": url, "protocol": protocol}[field] or None


def _text(line: bytes) -> str:
    """A line as text. One that is not UTF-8 is a line all the same: in Latin-1 every byte is a letter."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
