"""HAProxy's lines as words: quotes, escapes, comments and variables, as section 2 of its manual has them.
https://docs.haproxy.org/2.6/configuration.html#2.2

Variables are expanded within double quotes alone; the address of a server expands its own, by `expanded`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lbcore.presets.configs.pool import ConfigError, Unread
from lbcore.presets.configs.text import short

MOST_WORDS = 64
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", **{char: char for char in " #\\\"'$"}}
VARIABLE = re.compile(
    r"\$(?:\{(?P<braced>[A-Za-z_.]\w*)(?P<several>\[\*\])?(?P<default>-[^}]*)?\}|(?P<bare>[A-Za-z_]\w*))", re.A
)
IN_ADDRESS = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)


@dataclass(frozen=True)
class Line:
    """A line that says something. unset: the variables in it that are unset and have no default."""

    words: tuple[str, ...]
    file: str
    number: int
    text: str
    unset: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    def expanded(self, i: int) -> "Line":
        """The line with the variables in one of its words expanded."""
        names = [braced or bare for braced, bare in IN_ADDRESS.findall(self.words[i])]
        word = IN_ADDRESS.sub(lambda found: self.env.get(found[1] or found[2], ""), self.words[i])
        unset = tuple(name for name in names if name not in self.env)
        return replace(self, words=(*self.words[:i], word, *self.words[i + 1 :]), unset=(*self.unset, *unset))

    def wrong(self, reason: str) -> ConfigError:
        return ConfigError(reason, self.file, self.number)

    def unread(self, name: str, text: str | None = None) -> Unread:
        return Unread(name, short(text or self.text), self.file, self.number)


def line_of(text: str, file: str, number: int, env: Mapping[str, str], section: str) -> Line | None:
    """The words of a line; None where it has none."""
    words: list[str] = []
    unset: list[str] = []
    word: str | None = None  # None between words: `""` is a word, a blank is not
    quote, i, spoken = "", 0, text
    while i < len(text):
        char = text[i]
        i += 1
        if char == quote:
            quote = ""
        elif quote == "'":
            word = (word or "") + char
        elif not quote and char in "\"'":
            quote, word = char, word or ""
        elif not quote and char == "#":
            spoken = text[: i - 1]
            break
        elif not quote and char in " \t\r":
            if word is not None:
                words.append(word)
            word = None
        elif char == "\\":
            value, i = _escaped(text, i, ConfigError(r"\x without two hexadecimal digits", file, number))
            word = (word or "") + value
        elif char == "$" and quote:
            found = VARIABLE.match(text, i - 1)
            if not found:
                raise ConfigError("a variable's name, or its brace, is not as it must be behind $", file, number)
            i = found.end()
            name = found["braced"] or found["bare"]
            inner = {".FILE": file, ".LINE": str(number), ".SECTION": section}
            value = inner.get(name, env.get(name, (found["default"] or "-")[1:]))
            if name not in inner and name not in env and found["default"] is None:
                unset.append(name)
            if found["several"]:
                *first, value = value.split() or [""]
                for part in first:
                    words.append((word or "") + part)
                    word = None
            word = (word or "") + value
        else:
            word = (word or "") + char
    if quote:
        raise ConfigError(f"a quote ({quote}) that is not closed", file, number)
    if word is not None:
        words.append(word)
    if len(words) > MOST_WORDS:
        raise ConfigError(f"more than {MOST_WORDS} words", file, number)
    return Line(tuple(words), file, number, spoken.strip(), tuple(unset), env) if words else None


def _escaped(text: str, i: int, cut: ConfigError) -> tuple[str, int]:
    """What a backslash and the characters behind it stand for, and where the text goes on; in double quotes too."""
    char = text[i : i + 1]
    if char == "x":
        digits = re.compile(r"[0-9a-fA-F]{2}").match(text, i + 1)
        if not digits:
            raise cut
        return chr(int(digits[0], 16)), i + 3
    if char in ESCAPES:
        return ESCAPES[char], i + 1
    return "\\", i
