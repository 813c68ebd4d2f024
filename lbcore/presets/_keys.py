"""What HAProxy cuts out of a request before it hashes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from lbcore.presets._checks import TextHash

NO_KEY = 2**64 - 1  # a hash that says so to the selector
ELEMENT = re.compile(rb'(?:[^",]|"(?:[^"\\]|\\.?)*"?)*', re.DOTALL)


@dataclass(frozen=True)
class PartHash:
    """A hash of a part of the key; of None, what says that there is no key."""

    hash: TextHash
    cut: Callable[[bytes], bytes | None]
    text_only: ClassVar[bool] = True

    def __call__(self, data: bytes) -> int:
        part = self.cut(data)
        return NO_KEY if part is None else self.hash(part)


def first_element(header: bytes) -> bytes | None:
    """What stands before the first comma that is not within double quotes, without blanks around it; None for nothing.

    >>> first_element(b' "a, b" , c')
    b'"a, b"'
    """
    found = ELEMENT.match(header)
    return (found[0].strip(b" \t\r\n") if found else b"") or None


def domain(header: bytes) -> bytes | None:
    """Of the first element of a header, what stands between the last dot and the one before: `use_domain_only`.

    >>> domain(b"haproxy.1wt.eu:80")
    b'1wt'
    """
    element = first_element(header)
    if element is None:
        return None
    end = element.rfind(b".", 1)
    # Of two dots side by side HAProxy takes the first for a letter.
    return element if end < 0 else element[element.rfind(b".", 0, max(end - 1, 0)) + 1 : end]


@dataclass(frozen=True)
class UriPart:
    """A URI up to `?`, or with `whole` beyond; at most `length` bytes, and `depth` directories; 0: all."""

    length: int
    depth: int
    whole: bool
    path_only: bool

    def __call__(self, uri: bytes) -> bytes:
        if self.path_only and not uri.startswith(b"/"):
            found = re.match(rb"[^:/?#]*://[^/?#]*", uri)
            uri = uri[found.end() :] if found else b""
        if self.length:
            uri = uri[: self.length]
        if not self.whole:
            uri = uri.partition(b"?")[0]
        if self.depth:
            uri = b"/".join(uri.split(b"/")[: self.depth + 1])
        return uri


@dataclass(frozen=True)
class Parameter:
    """The value of the first parameter of this name in a URI's query; None where it has none."""

    name: bytes

    def __call__(self, uri: bytes) -> bytes | None:
        for pair in uri.partition(b"?")[2].split(b"&"):
            if pair.startswith(self.name + b"="):
                return pair[len(self.name) + 1 :]
        return None


def number_of(data: bytes) -> int:
    """The low 32 bits of the integer at the front of a text: `hash-type ... none`."""
    found = re.match(rb"-?\d*", data)
    digits = found[0] if found else b""
    value = int(digits) if digits.strip(b"-") else 0
    return max(-(2**63), min(value, 2**63 - 1)) & 0xFFFFFFFF
