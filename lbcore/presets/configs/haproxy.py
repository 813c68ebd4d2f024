"""The backends and listen sections of a haproxy.cfg, after its manual: https://docs.haproxy.org/2.6/configuration.html

A variable that is unset is an empty word, as HAProxy has it, and unread where the word counts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from lbcore.presets import haproxy
from lbcore.presets._haproxy_ring import host_and_port
from lbcore.presets.configs.haproxy_lines import Line, line_of
from lbcore.presets.configs.haproxy_servers import Settings, atol, server_of, servers_of, settings_of
from lbcore.presets.configs.haproxy_words import PASSED, PASSED_OPTIONS, words_of
from lbcore.presets.configs.pool import ConfigError, Configuration, EmptyPool, Pool, Server, Unread, in_order, takes
from lbcore.presets.configs.text import text_of
from lbcore.selectors import Selector

PROXIES = {"backend", "listen", "frontend", "defaults"}
SECTIONS = PROXIES | words_of(
    """
    global acme cache crt-store fcgi-app http-errors log-forward log-profile mailers peers program resolvers ring traces
    userlist
    """
)
CONDITIONS = {".if", ".elif", ".else", ".endif"}
METHODS = ("map-based", "consistent")
FUNCTIONS = ("sdbm", "djb2", "wt6", "crc32", "none")
HASHED = {"source", "uri", "url_param", "hdr"}
PRESETS = {"roundrobin": "roundrobin", "static-rr": "static_rr", "leastconn": "leastconn", "first": "first"}


@dataclass(frozen=True)
class Rules:
    """What a proxy says of all its servers, or has from its defaults."""

    balance: Line | None = None
    hash_type: Line | None = None
    factor: Line | None = None
    allbackups: bool = False
    cookie: Line | None = None
    servers: Settings = field(default_factory=Settings)
    unread: tuple[Unread, ...] = ()


@dataclass
class Section:
    """A proxy while it is read."""

    line: Line
    name: str
    rules: Rules
    servers: list[Settings] = field(default_factory=list)
    fault: ConfigError | None = None


def read(path: str, addresses: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> Configuration:
    """Every backend and listen section, those without servers too."""
    return Configuration(
        pool_of(section, addresses)
        for section in sections(path, dict(env))
        if section.line.words[0] in ("backend", "listen")
    )


def sections(path: str, env: dict[str, str]) -> list[Section]:
    """The proxies of a file, each with what it has from the defaults before it, or from those that it names."""
    found: list[Section] = []
    named: dict[str, Section] = {}
    latest, now, kind = Rules(), None, ""
    for number, text in enumerate(text_of(path).split("\n"), 1):
        line = line_of(text, path, number, env, kind)
        if line is None:
            continue
        word = line.words[0]
        if word in CONDITIONS:
            raise line.wrong(f"blocks of {word} are not read: write the file without them")
        if word in SECTIONS:
            if isinstance(now, Section) and now.line.words[0] == "defaults":
                latest = now.rules
            kind, now = word, None
            if word in PROXIES:
                now = _opened(line, latest, named)
                if word == "defaults":
                    named[now.name] = now
                elif word != "frontend" and any(s.name == now.name and s.line.words[0] != "frontend" for s in found):
                    raise line.wrong(f"there is a proxy of the name {now.name!r} before")
                found.append(now)
        elif not kind:
            raise line.wrong(f"unknown keyword {word!r} out of section")
        elif kind == "global":
            _environment(line, env)
        elif now is not None and kind != "frontend" and now.fault is None:
            try:
                take(now, line)
            except ConfigError as fault:
                if kind == "defaults":
                    raise
                now.fault = fault
    return found


def _opened(line: Line, latest: Rules, named: dict[str, Section]) -> Section:
    kind, *words = line.words
    origin = None
    if len(words) > 1 and words[-2] == "from":
        *words, _, origin = words
    if len(words) > 1 or (not words and kind != "defaults"):
        raise line.wrong(f"a {kind} section has one name")
    if origin is not None and origin not in named:
        raise line.wrong(f"there is no defaults section {origin!r} before")
    rules = named[origin].rules if origin is not None else Rules() if kind == "defaults" else latest
    return Section(line, words[0] if words else "", rules)


def _environment(line: Line, env: dict[str, str]) -> None:
    """What the global section does to variables."""
    word, *given = line.words
    if word in ("setenv", "presetenv") and len(given) == 2:
        if word == "setenv" or given[0] not in env:
            env[given[0]] = given[1]
    elif word in ("unsetenv", "resetenv"):
        for name in list(env):
            if (name in given) == (word == "unsetenv"):
                del env[name]


def take(section: Section, line: Line) -> None:
    """One line of a proxy."""
    rules, (word, *given) = section.rules, line.words
    if word in ("server", "server-template"):
        if section.line.words[0] == "defaults":
            raise line.wrong(f"{word!r} not allowed in 'defaults' section")
        section.servers += [server_of(line, rules.servers)] if word == "server" else servers_of(line, rules.servers)
        return
    match word:
        case "default-server":
            rules = replace(rules, servers=settings_of(line, line.words[1:], rules.servers))
        case "balance":
            rules = replace(rules, balance=line if given else None)
        case "hash-type":
            rules = replace(rules, hash_type=line)
        case "hash-balance-factor":
            rules = replace(rules, factor=line)
        case "cookie":
            rules = replace(rules, cookie=line)
        case "option" if given[:1] == ["allbackups"]:
            rules = replace(rules, allbackups=True)
        case "no" if given[:2] == ["option", "allbackups"]:
            rules = replace(rules, allbackups=False)
        case "no" if given[:1] != ["option"]:
            raise line.wrong(f"'no' is for options, not for {' '.join(given)!r}")
        case "no":
            rules = replace(rules, unread=tuple(note for note in rules.unread if note.name not in given[1:2]))
        case "option" if given and given[0] not in PASSED_OPTIONS:
            rules = replace(rules, unread=(*rules.unread, line.unread(given[0])))
        case _ if any(re.match(r"lua\.", name) for name in given):
            rules = replace(rules, unread=(*rules.unread, line.unread("lua")))
        case _ if word not in PASSED and word != "default":
            rules = replace(rules, unread=(*rules.unread, line.unread(word)))
    section.rules = rules


def pool_of(section: Section, addresses: Mapping[str, Sequence[str]]) -> Pool:
    """A section as it stands when all is read."""
    line, rules = section.line, section.rules
    where = (section.name, line.words[0], line.file, line.number, "haproxy")
    servers = tuple(_server(one, addresses) for one in section.servers)
    fault, key, name = section.fault, None, ""
    arguments: dict[str, Any] = {}
    notes = [*rules.unread, *(note for one in section.servers for note in one.unread)]
    if rules.cookie and (any(one.cookie for one in section.servers) or "insert" in rules.cookie.words):
        notes.append(rules.cookie.unread("cookie"))
    try:
        if fault is None and not servers:
            raise EmptyPool(f"{line.words[0]} {section.name!r} has no server to pick", line.file, line.number)
        if fault is None:
            name, key, arguments = _algorithm(rules, notes)
    except ConfigError as wrong:
        fault = wrong
    if fault is not None:
        return Pool(*where, key, servers, in_order(notes), fault=fault)
    preset = getattr(haproxy, name)
    arguments |= _settings(section, preset)
    arguments |= {"servers": [one.name for one in servers], "weights": [one.weight for one in servers]}
    assumed = []
    if any(one.hash_key != "id" for one in section.servers) and takes(preset, "hash_key"):
        arguments["hash_key"] = hash_keys = _hash_keys(section, servers)
        lacks = [one.hash_key != "id" and key is None for one, key in zip(section.servers, hash_keys, strict=True)]
        names = [server.name for server, lack in zip(servers, lacks, strict=True) if lack]
        if names:
            notes.append(
                line.unread(
                    "hash-key", f"the address of {', '.join(names)} of {section.name}: no IP address, or no port"
                )
            )
    if any(one.maxconn for one in section.servers) and not takes(preset, "maxconn"):
        assumed.append("no server reaches its maxconn")
    return Pool(*where, key, servers, in_order(notes), tuple(assumed), preset=preset, arguments=arguments)


def _server(one: Settings, addresses: Mapping[str, Sequence[str]]) -> Server:
    host, colon, port = one.address.rpartition(":")
    known = addresses.get(one.address) or addresses.get(host) or ()
    address = f"{known[0]}{colon}{port}" if known else one.address  # HAProxy takes the first of several
    return Server(one.name, address, one.line, one.weight, one.down, one.backup)


def _algorithm(rules: Rules, notes: list[Unread]) -> tuple[str, str | None, dict[str, Any]]:
    """The preset, its key and its own arguments."""
    line, arguments = rules.balance, _hash_type(rules)
    words = list(line.words[1:]) if line else ["roundrobin"]
    found = re.fullmatch(r"([a-z_-]+)(?:\((.*)\))?", words[0], re.DOTALL)
    method, inner = (found[1], found[2]) if found else (words[0], None)
    if method in PRESETS and inner is None:
        return PRESETS[method], None, {}
    assert line is not None
    if method == "random":
        if inner and not re.fullmatch(r"[1-9]\d{0,8}", inner, re.ASCII):
            raise line.wrong(f"'balance random' takes a number of draws, not {inner!r}")
        return "random", None, {"draws": int(inner)} if inner else {}
    if method in HASHED:
        return _hashed(line, method, inner, arguments, notes)
    if method in ("rdp-cookie", "hash", "log-hash", "sticky"):
        notes.append(line.unread("balance"))
        return "roundrobin", None, {}
    raise line.wrong(f"unknown balance algorithm {words[0]!r}")


def _hashed(
    line: Line, method: str, inner: str | None, arguments: dict[str, Any], notes: list[Unread]
) -> tuple[str, str | None, dict[str, Any]]:
    """A hash of a key: its preset, the key, and what `hash-type` and the words behind the method say."""
    words, key = list(line.words[2:]), " ".join(line.words[1:])
    if (inner is not None) != (method == "hdr") or (method == "hdr" and not inner):
        raise line.wrong(f"'balance {method}' {'takes a header in parentheses' if method == 'hdr' else 'takes none'}")
    if method == "hdr":
        if words not in ([], ["use_domain_only"]):
            raise line.wrong(f"'balance hdr(name)' only accepts 'use_domain_only', not {' '.join(words)!r}")
        return "hash", key, {**arguments, "header": True, **({"use_domain_only": True} if words else {})}
    if method == "url_param":
        if not words or words[1:2] not in ([], ["check_post"]):
            raise line.wrong("'balance url_param' takes the name of a parameter")
        if words[1:]:
            notes.append(line.unread("check_post"))
        return "url_param", key, {**arguments, "name": words[0]}
    if method == "uri":
        return "uri", key, {**arguments, **_cuts(line, words)}
    return "source", "source", arguments


def _cuts(line: Line, words: list[str]) -> dict[str, Any]:
    """What `balance uri` takes of a URI."""
    cuts: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word in ("len", "depth") and words and re.fullmatch(r"[1-9]\d{0,8}", words[0], re.ASCII):
            cuts[word] = int(words.pop(0))
        elif word in ("whole", "path-only"):
            cuts[word.replace("-", "_")] = True
        else:
            raise line.wrong(f"'balance uri' takes no {word!r}, or it is no number")
    return cuts


def _hash_type(rules: Rules) -> dict[str, Any]:
    """`hash-type METHOD [FUNCTION [avalanche]]` and `hash-balance-factor`."""
    method, arguments = "map-based", {}
    if rules.hash_type is not None:
        method, *more = rules.hash_type.words[1:] or [""]
        if method not in METHODS or (more and more[0] not in FUNCTIONS) or more[1:] not in ([], ["avalanche"]):
            raise rules.hash_type.wrong(f"unknown {' '.join(rules.hash_type.words)!r}")
        if more:
            arguments = {"function": more[0], "avalanche": len(more) > 1}
    if rules.factor is not None:
        factor = atol("".join(rules.factor.words[1:2]))
        if factor and factor <= 100:
            raise rules.factor.wrong("'hash-balance-factor' is 0 or above 100")
        if method == "consistent" and factor:
            arguments["balance_factor"] = factor
    return {"method": method, **arguments}


def _hash_keys(section: Section, servers: Sequence[Server]) -> list[str | None]:
    """What names each server's points instead of its id, where that is an IP address."""
    keys: list[str | None] = []
    for one, server in zip(section.servers, servers, strict=True):
        host, port = host_and_port(server.address.removeprefix("ipv4@").removeprefix("ipv6@"))
        try:
            ip_address(host)
            keys.append({"id": None, "addr": host, "addr-port": f"[{host}]:{port}" if port else None}[one.hash_key])
        except ValueError:
            keys.append(None)
    return keys


def _settings(section: Section, preset: Callable[..., Selector]) -> dict[str, Any]:
    """What the servers say, where the preset takes it."""
    servers, given = section.servers, dict[str, Any]()
    if any(one.id for one in servers) and takes(preset, "ids"):
        given["ids"] = [one.id for one in servers]
    if any(one.maxconn for one in servers) and takes(preset, "maxconn"):
        given["maxconn"] = [one.maxconn for one in servers]
    if any(one.backup for one in servers):
        given["backup"] = [i for i, one in enumerate(servers) if one.backup]
        given["allbackups"] = section.rules.allbackups
    return given
