"""Keys from a file of the reader's own: one key a line, or a field of an access log, gzip too.

The file is a stream: it is read in pieces of 256 KiB and may be larger than memory. A line that cannot be used is
counted, not fatal. `read_keys` gives the keys in batches; `count_keys` sends them through a selector.
"""

import gzip
import io
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PIECE_BYTES = 256 * 1024
_LONGEST_LINE_BYTES = 32 * 1024
_HOT_KEYS = 20_000
_HOT_CHARACTERS = 16_000_000
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
            raise ValueError(f"field must be None or one of {', '.join(FIELDS)}, not {field!r}")
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


class _HotKeys:
    """The keys asked for most, in bounded memory: a Misra-Gries summary, pruned a batch at a time.

    Exact up to 20,000 different keys. Beyond that a count may be too small by at most `error`
    (Misra and Gries 1982; merged as in Agarwal and others, "Mergeable summaries", 2012).
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.error = 0

    def add(self, keys: list[str]) -> None:
        self.counts.update(keys)
        if len(self.counts) > 2 * _HOT_KEYS:
            self._keep(_HOT_KEYS)
        while sum(map(len, self.counts)) > _HOT_CHARACTERS:
            self._keep(len(self.counts) // 2)

    def _keep(self, most: int) -> None:
        cut = nlargest(most + 1, self.counts.values())[-1]
        self.counts = Counter({key: count - cut for key, count in self.counts.items() if count > cut})
        self.error += cut


@dataclass(frozen=True, eq=False, repr=False)
class KeyCounts:
    """How a selector shared out the keys of a file; printing it gives the summary.

    Attributes:
        source: the file's name. field: the log field taken as key, or None.
        nodes: names of the nodes. counts: requests of each, in that order.
        requests: keys read. unplaced: those that no node took, because all were down.
        lines, empty_lines, bad_lines: what the file held. first_bad: numbers of the first bad lines.
        top: the keys asked for most, each with its count, which may be too small by `top_error` (0: exact).
        hottest: requests for the first of them at each node; all zero for a selector that takes no key.
        distinct: number of different keys, or None where there were too many to keep.
        problem: None, or why reading stopped early.
    """

    source: str
    field: str | None
    nodes: tuple[str, ...]
    counts: NDArray[np.int64]
    requests: int
    unplaced: int
    lines: int
    empty_lines: int
    bad_lines: int
    first_bad: tuple[int, ...]
    top: tuple[tuple[str, int], ...]
    top_error: int
    hottest: NDArray[np.int64]
    distinct: int | None
    problem: str | None

    @property
    def mean(self) -> float:
        """The requests a node gets in the mean."""
        return self.requests / len(self.nodes)

    def __str__(self) -> str:
        return " ".join(self._sentences())

    __repr__ = __str__

    def _sentences(self) -> Iterator[str]:
        if self.problem:
            yield self.problem
        bad = ""
        if self.bad_lines:
            numbers = ", ".join(map(str, self.first_bad))
            more = ", ..." if self.bad_lines > len(self.first_bad) else ""
            bad = f"; {_some(self.bad_lines, 'line')} could not be used (line {numbers}{more})"
        key = "" if self.field is None else f", key: {self.field}"
        yield f"{_some(self.requests, 'request')} from {self.source}{key}{bad}."
        if not self.requests:
            if self.bad_lines and self.field:
                yield f"No line has the field {self.field}: is it an access log in the common or combined format?"
            return
        if self.unplaced:
            yield f"{_some(self.unplaced, 'request')} found no node up."
        if self.counts.any():
            busiest = int(self.counts.argmax())
            times = self.counts[busiest] / self.counts.mean()
            got = f"{self.nodes[busiest]}, got {self.counts[busiest]:,}: {times:.2f} times the mean."
            yield f"The busiest of {_some(len(self.nodes), 'node')}, {got}"
        if self.top:
            key, count = self.top[0]
            if (count + self.top_error) / self.requests < 0.01:
                yield "No key is as much as 1 % of them."
            else:
                least = "at least " if self.top_error else ""
                yield f"The key asked for most, {_short(key)}, is {least}{100 * count / self.requests:.1f} % of them."


def count_keys(
    selector: Any, path: str | Path, field: str | None = None, *, top: int = 10, progress: bool = True
) -> KeyCounts:
    """Send every key of a file through a copy of `selector` and count what each node gets.

    Memory stays flat however large the file is. In a notebook, a bar appears after two seconds. Interrupting the
    kernel keeps what was counted so far, to within one batch.

    Args:
        selector: an lbcore selector, or any object with `nodes` and `select_many`.
        path, field: as in `read_keys`.
        top: how many of the keys asked for most to keep.
        progress: whether to show the bar.

    Raises:
        KeyFileError: the file cannot be used. TypeError, ValueError: another argument is wrong.
    """
    if not hasattr(selector, "select_many") or not hasattr(selector, "nodes"):
        raise TypeError(f"selector must be an lbcore selector, not {type(selector).__name__}")
    if top < 0:
        raise ValueError(f"top must not be negative, not {top}")
    reader = read_keys(path, field)
    selector = selector.copy() if hasattr(selector, "copy") else selector
    nodes = tuple(selector.nodes)
    keyed = getattr(selector, "keyed", True)
    hot = _HotKeys()
    # The first place is for -1: no node was up.
    tally = np.zeros(len(nodes) + 1, dtype=np.int64)
    bar = _Bar(reader.path.name) if progress else None
    problem = None
    try:
        for batch in reader.batches():
            picks = np.asarray(selector.select_many(batch if keyed else len(batch)))
            tally += np.bincount(picks + 1, minlength=len(tally))
            hot.add(batch)
            if bar:
                bar.show(reader.bytes_read, reader.bytes_total)
    except KeyboardInterrupt:
        done = reader.bytes_read / max(reader.bytes_total, 1)
        problem = f"Interrupted after {done:.0%} of the file: what follows is about that part."
    finally:
        if bar:
            bar.close()
    ranked = tuple(hot.counts.most_common(max(top, 1)))
    hottest = np.zeros(len(nodes), dtype=np.int64)
    if keyed and ranked and (node := int(selector.select_many([ranked[0][0]])[0])) >= 0:
        hottest[node] = ranked[0][1]
    return KeyCounts(
        source=reader.path.name,
        field=field,
        nodes=nodes,
        counts=tally[1:],
        requests=int(tally.sum()),
        unplaced=int(tally[0]),
        lines=reader.lines,
        empty_lines=reader.empty_lines,
        bad_lines=reader.bad_lines,
        first_bad=tuple(reader.first_bad),
        top=ranked[:top],
        top_error=hot.error,
        hottest=hottest,
        distinct=None if hot.error else len(hot.counts),
        problem=problem or reader.problem,
    )


class _Bar:
    """A progress bar in a notebook, drawn only when the work lasts over two seconds; nothing elsewhere."""

    _PATIENCE_S = 2.0
    _INTERVAL_S = 0.2

    def __init__(self, name: str) -> None:
        self._name = name
        self._next = time.monotonic() + self._PATIENCE_S
        self._widget: Any = None

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next or not total:
            return
        self._next = now + self._INTERVAL_S
        if self._widget is None:
            self._widget = _new_bar(self._name)
        if self._widget is not None:
            self._widget.value = done / total

    def close(self) -> None:
        if self._widget is not None:
            self._widget.close()


def _new_bar(name: str) -> Any:
    from IPython import get_ipython
    from IPython.display import display
    from ipywidgets import FloatProgress, Layout

    if get_ipython() is None:
        return None
    bar = FloatProgress(min=0.0, max=1.0, description=name, layout=Layout(width="90%"))
    display(bar)
    return bar


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _short(key: str) -> str:
    return repr(key if len(key) <= 60 else key[:57] + "...")
