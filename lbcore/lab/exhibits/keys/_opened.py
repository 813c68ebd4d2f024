"""A file as it lies on the disk: plain or gzip, and whether it is text at all."""

import gzip
import io
from pathlib import Path
from typing import Any

__all__ = ["Source", "no_text"]

_NOT_TEXT = {
    b"\x04\x22\x4d\x18": "an lz4 file: unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z file: unpack it first",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF-": "a PDF file",
    b"PK\x03\x04": "a zip file: unpack it first",
    b"BZh91AY&SY": "a bzip2 file: unpack it first",
    b"\xfd7zXZ": "an xz file: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd file: unpack it first",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
}


def no_text(head: bytes) -> str:
    """What a file is that begins so and is no text; else ""."""
    for magic, what in _NOT_TEXT.items():
        if head.startswith(magic):
            return what
    if head[257:262] == b"ustar":
        return "a tar archive: unpack it first"
    if b"\0" in head:
        zeros = head[::2].count(0), head[1::2].count(0)
        return "UTF-16 text: save it as UTF-8" if 4 * max(zeros) > len(head) > 4 * min(zeros) else "not a file of text"
    if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        return "text whose lines end in CR alone: save it with LF at the end of a line"
    return ""


class Source:
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
