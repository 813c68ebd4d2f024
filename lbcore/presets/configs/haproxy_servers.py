"""The `server`, `server-template` and `default-server` lines of a haproxy.cfg."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lbcore.presets._haproxy_ring import HASH_KEYS
from lbcore.presets.configs.haproxy_lines import Line
from lbcore.presets.configs.haproxy_words import FLAGS, UNREAD_WORDS, VALUES
from lbcore.presets.configs.pool import Unread

MOST_SERVERS = 100_000  # that one template may stand for
NUMBERS = {"weight": (0, 256), "maxconn": (0, 2**31 - 1), "id": (1, 2**31 - 1)}


@dataclass(frozen=True)
class Settings:
    """What a line says of a server, on top of what default-server said before it."""

    name: str = ""
    address: str = ""
    line: int = 0
    weight: int = 1
    down: bool = False
    backup: bool = False
    id: int | None = None
    maxconn: int = 0
    hash_key: str = "id"
    cookie: bool = False
    unread: tuple[Unread, ...] = ()


def server_of(line: Line, default: Settings) -> Settings:
    if len(line.words) < 3:
        raise line.wrong(f"{line.words[0]!r} expects a name and an address")
    line = line.expanded(2)
    _, name, address, *words = line.words
    if not re.fullmatch(r"[\w.:-]+", name, re.ASCII):
        raise line.wrong(f"a server's name has letters, digits and -_.: alone, not {name!r}")
    port = re.fullmatch(r".*:(\d+)", address, re.DOTALL)
    if port and int(port[1][:9]) > 65535:
        raise line.wrong(f"invalid port in {address!r}")
    return settings_of(line, words, replace(default, name=name, address=address, line=line.number))


def servers_of(line: Line, default: Settings) -> list[Settings]:
    """The servers that a template stands for."""
    if len(line.words) < 4:
        raise line.wrong("'server-template' expects a prefix, a number or range, and an address")
    word, prefix, count, *rest = line.words
    found = re.fullmatch(r"(?:(\d{1,9})-)?(\d{1,9})", count, re.ASCII)
    first, last = (int(found[1] or 1), int(found[2])) if found else (0, 0)
    if not 0 < first <= last:
        raise line.wrong(f"'server-template': {count!r} is no number, and no range")
    if last - first >= MOST_SERVERS:
        raise line.wrong(f"'server-template': {last - first + 1} servers are more than {MOST_SERVERS}")
    made = server_of(replace(line, words=(word, prefix, *rest)), default)
    return [replace(made, name=f"{prefix}{number}") for number in range(first, last + 1)]


def settings_of(line: Line, words: Sequence[str], settings: Settings) -> Settings:
    """What the words of a line add."""
    if line.unset:
        text = f"{settings.name or line.words[0]}: {', '.join(line.unset)} is unset and has no default"
        settings = replace(settings, unread=(*settings.unread, line.unread("env", text)))
    left = list(words)
    while left:
        word = left.pop(0)
        if word in FLAGS or word in ("disabled", "enabled", "backup", "no-backup"):
            down = word == "disabled" or (settings.down and word != "enabled")
            backup = word == "backup" or (settings.backup and word != "no-backup")
            settings = replace(settings, down=down, backup=backup)
            continue
        if word not in VALUES and word not in NUMBERS and word not in UNREAD_WORDS and word != "hash-key":
            raise line.wrong(f"unknown keyword {word!r}")
        if UNREAD_WORDS.get(word) == 0:
            note = line.unread(word, f"{settings.name or line.words[0]}: {word}")
            settings = replace(settings, unread=(*settings.unread, note))
            continue
        if not left:
            raise line.wrong(f"{word!r} expects an argument")
        value = left.pop(0)
        if word in NUMBERS:
            least, most = NUMBERS[word]
            number = atol(value)
            if str(number) != value and not line.unset:
                note = line.unread(
                    word, f"{settings.name or line.words[0]}: {word} {value!r}, which is read as {number}"
                )
                settings = replace(settings, unread=(*settings.unread, note))
            if not least <= number <= most:
                raise line.wrong(f"{word!r}: {number} is outside {least} to {most}")
            settings = replace(settings, **{word: number})  # type: ignore[arg-type]
        elif word == "hash-key":
            if value in ("id32", "guid"):  # from 3.4 on
                note = line.unread(word, f"{settings.name or line.words[0]}: {word} {value}")
                settings = replace(settings, unread=(*settings.unread, note))
            elif value in HASH_KEYS:
                settings = replace(settings, hash_key=value)
            else:
                raise line.wrong(f"'hash-key' is {', '.join(HASH_KEYS)}, not {value!r}")
        elif word == "cookie":
            settings = replace(settings, cookie=True)
        elif word in UNREAD_WORDS:
            note = line.unread(word, f"{settings.name or line.words[0]}: {word} {value}")
            settings = replace(settings, unread=(*settings.unread, note))
    return settings


def atol(text: str) -> int:
    """The number that a text begins with, as HAProxy reads it; 0 where there is none."""
    found = re.match(r"\s*([+-]?\d{1,18})", text, re.ASCII)
    return int(found[1]) if found else 0
