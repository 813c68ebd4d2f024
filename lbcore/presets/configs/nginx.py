"""The upstreams of an nginx.conf, read with crossplane:
https://nginx.org/en/docs/http/ngx_http_upstream_module.html and .../stream/ngx_stream_upstream_module.html

Of everything else only `http`, `stream` and `include` count. What stock NGINX refuses inside an upstream is its fault.
"""

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lbcore.presets import nginx
from lbcore.presets.configs.pool import ConfigError, Configuration, Pool, Server, Unread, in_order
from lbcore.presets.configs.text import numeric, short, text_of

Addresses = Mapping[str, Sequence[str]]

MOST_INCLUDES = 1000
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}
NO_BACKUP = {"hash", "ip_hash", "random"}
METHODS = {"hash", "ip_hash", "least_conn", "random", "least_time"}
# What changes no pick: connections that are kept, and memory that workers share.
PASSED = {"zone", "keepalive", "keepalive_timeout", "keepalive_requests", "keepalive_time"}
# Settings of NGINX Plus, of newer versions, and of times when names are looked up again.
UNREAD_PARAMETERS = {"slow_start", "resolve", "service", "route", "drain"}
USUAL = {"max_fails": 1, "fail_timeout_s": 10, "max_conns": 0}
STICKY = {"cookie", "route", "learn"}


@dataclass(frozen=True)
class Directive:
    """One directive, wherever an include has it from."""

    name: str
    words: list[str]
    file: str
    line: int
    block: list["Directive"] | None

    def wrong(self, reason: str) -> ConfigError:
        return ConfigError(reason, self.file, self.line)

    def unread(self, name: str, text: str | None = None) -> Unread:
        return Unread(name, short(text or " ".join([self.name, *self.words])), self.file, self.line)


def read(path: str, addresses: Addresses) -> Configuration:
    """Every upstream, those of `http` and those of `stream`."""
    pools: dict[tuple[str, str], Pool] = {}
    for context in Includes(path).directives():
        if context.name == "upstream":
            raise context.wrong('"upstream" directive is not allowed here')
        for directive in context.block or () if context.name in ("http", "stream") else ():
            if directive.name == "upstream":
                pool = Upstream(directive, context.name, addresses).pool()
                if (context.name, pool.name) in pools:
                    raise directive.wrong(f'duplicate upstream "{pool.name}"')
                pools[context.name, pool.name] = pool
    return Configuration(pools.values())


class Includes:
    """A file and what it includes."""

    def __init__(self, path: str):
        try:
            import crossplane
        except ImportError:
            raise ImportError('NGINX files need crossplane: pip install "lbcore[configs]"') from None
        self.parse, self.path, self.left, self.open = crossplane.parse, path, MOST_INCLUDES, [os.path.realpath(path)]

    def directives(self) -> list[Directive]:
        return self._file(self.path)

    def _file(self, path: str) -> list[Directive]:
        text = text_of(path)
        try:
            payload = self.parse(path, single=True, check_ctx=False, check_args=False)
        except (Exception, RecursionError) as error:  # of the parser, which expects well-formed files
            raise ConfigError(f"it cannot be parsed ({type(error).__name__}: {error})", path) from None
        for found in payload["errors"]:
            reason = found["error"].removesuffix(f" in {path}:{found['line']}")
            if not reason:
                reason = "the file ends within a directive or a quote"
            if "recursion" in reason:
                reason = "blocks are nested too deeply"
            raise ConfigError(reason, path, found["line"] or text.count("\n") + 1)
        return list(self._block(payload["config"][0]["parsed"], path, text.split("\n")))

    def _block(self, parsed: list[dict[str, Any]], path: str, lines: list[str]) -> Iterator[Directive]:
        for found in parsed:
            words = [word for given in found["args"] for word in _parted(given, lines[found["line"] - 1])]
            block = list(self._block(found["block"], path, lines)) if "block" in found else None
            directive = Directive(found["directive"], words, path, found["line"], block)
            if directive.name in ("{", "}"):
                raise directive.wrong('unexpected "{"')
            if directive.name == "include":
                yield from self._included(directive)
            else:
                yield directive

    def _included(self, directive: Directive) -> Iterator[Directive]:
        if len(directive.words) != 1:
            raise directive.wrong('invalid number of arguments in "include" directive')
        pattern = os.path.join(os.path.dirname(self.path), directive.words[0])
        for path in sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern]:
            real = os.path.realpath(path)
            if real in self.open:
                raise directive.wrong(f"{path} is included while it is read: a loop")
            self.left -= 1
            if self.left < 0:
                raise directive.wrong(f"more than {MOST_INCLUDES} files are included")
            self.open.append(real)
            try:
                yield from self._file(path)
            except OSError as error:
                raise directive.wrong(f"{path} cannot be opened ({error.strerror})") from None
            self.open.pop()


def _parted(word: str, line: str) -> list[str]:
    """The words in one of crossplane's: it takes no note of the blank behind `${name}`."""
    if not re.search(r"\}\s", word) or f'"{word}"' in line or f"'{word}'" in line:
        return [word]
    return word.split()


class Upstream:
    """One block, read directive by directive."""

    def __init__(self, directive: Directive, context: str, addresses: Addresses):
        self.directive, self.context, self.addresses = directive, context, addresses
        self.method: Directive | None = None
        self.servers: list[Server] = []
        self.limits: list[dict[str, int]] = []
        self.notes: list[Unread] = []
        self.assumed: list[str] = []

    def pool(self) -> Pool:
        directive = self.directive
        if len(directive.words) != 1:
            raise directive.wrong('invalid number of arguments in "upstream" directive')
        if directive.block is None:
            raise directive.wrong('directive "upstream" has no opening "{"')
        where = (directive.words[0], self.context, directive.file, directive.line, "nginx")
        try:
            for inner in directive.block:
                self._take(inner)
            if not any(not server.backup for server in self.servers):
                raise directive.wrong(f'no servers are inside upstream "{directive.words[0]}"')
            name, key, arguments = self._method()
        except ConfigError as fault:
            return Pool(*where, None, tuple(self.servers), in_order(self.notes), fault=fault)
        arguments |= self._settings()
        servers = self._nodes(arguments["addresses"])
        notes, assumed = in_order(self.notes), tuple(self.assumed)
        return Pool(*where, key, servers, notes, assumed, preset=getattr(nginx, name), arguments=arguments)

    def _take(self, inner: Directive) -> None:
        if inner.block is not None:
            raise inner.wrong(f'directive "{inner.name}" is not terminated by ";"')
        if inner.name == "server":
            self._server(inner)
        elif inner.name in METHODS:
            self.method = inner
        elif inner.name == "sticky" and not (inner.words and inner.words[0] in STICKY):
            raise inner.wrong('unknown directive "sticky" before 1.29.6, and parameters that it does not know after')
        elif inner.name not in PASSED:
            self.notes.append(inner.unread(inner.name))

    def _method(self) -> tuple[str, str | None, dict[str, Any]]:
        """The preset, its key and its own arguments."""
        found = self.method
        if found is None:
            return "round_robin", None, {}
        words = found.words
        match found.name:
            case "hash":
                if not words or words[1:] not in ([], ["consistent"]):
                    raise found.wrong(f'invalid parameter "{words[-1] if words else ""}" of "hash"')
                return ("hash_consistent" if words[1:] else "hash"), words[0], {}
            case "ip_hash" | "least_conn":
                if words or (found.name == "ip_hash" and self.context == "stream"):
                    raise found.wrong(f'"{found.name}" is not allowed so')
                return found.name, "$remote_addr" if found.name == "ip_hash" else None, {}
            case "random":
                if words not in ([], ["two"], ["two", "least_conn"]) and not words[-1].startswith("least_time="):
                    raise found.wrong(f'invalid parameter "{words[-1]}" of "random"')
                if words and words[-1].startswith("least_time="):
                    self.notes.append(found.unread("least_time"))
                return "random", None, {"two": bool(words)}
            case _:
                self.notes.append(found.unread(found.name))
        return "round_robin", None, {}

    def _server(self, inner: Directive) -> None:
        if not inner.words:
            raise inner.wrong('invalid number of arguments in "server" directive')
        name, limits = inner.words[0], dict(USUAL)
        server = Server(name, self._address(inner), inner.line)
        for word in inner.words[1:]:
            option, equals, value = word.partition("=")
            if option == "weight" and equals:
                server = replace(server, weight=_number(inner, word, value, 1))
            elif option in ("max_fails", "max_conns") and equals:
                limits[option] = _number(inner, word, value, 0)
            elif option == "fail_timeout" and equals:
                limits["fail_timeout_s"] = _seconds(inner, word, value)
            elif word == "down":
                server = replace(server, down=True)
            elif word == "backup":
                if self.method is not None and self.method.name in NO_BACKUP:
                    raise inner.wrong('balancing method does not support parameter "backup"')
                server = replace(server, backup=True)
            elif option in UNREAD_PARAMETERS:
                self.notes.append(inner.unread(option, f"server {name} {word}"))
            else:
                raise inner.wrong(f'invalid parameter "{word}"')
        self.servers.append(server)
        self.limits.append(limits)

    def _address(self, inner: Directive) -> str:
        """With the port that NGINX takes where none is written."""
        name = inner.words[0]
        if name.startswith("unix:") and name != "unix:":
            return name
        host, port = re.fullmatch(r"(\[[^]]*\]|[^:]*)(?::(.*))?", name, re.DOTALL).groups() or ("", "")  # type: ignore[union-attr]
        if port is None and self.context == "stream":
            raise inner.wrong(f'no port in upstream "{name}"')
        if not host or "/" in host or (port is not None and not re.fullmatch(r"0*[1-9]\d{0,4}", port)):
            raise inner.wrong(f'invalid host or port in upstream "{name}"')
        if port is not None and int(port) > 65535:
            raise inner.wrong(f'invalid port in upstream "{name}"')
        return f"{host}:{port or 80}"

    def _settings(self) -> dict[str, Any]:
        """What the servers say, as the presets take it."""
        given: dict[str, Any] = {
            "servers": [server.name for server in self.servers],
            "weights": [server.weight for server in self.servers],
            "addresses": {},
        }
        for option, usual in USUAL.items():
            values = [limits[option] for limits in self.limits]
            if set(values) != {usual}:
                given[option] = values
        backups = [i for i, server in enumerate(self.servers) if server.backup]
        if backups and self.method is not None and self.method.name in NO_BACKUP:  # a method that stands behind them
            self.notes += [self._note("backup", f"server {self.servers[i].name} backup", i) for i in backups]
        elif backups:
            given["backup"] = backups
        for server in self.servers:
            host, _, port = server.address.rpartition(":")
            known = self.addresses.get(server.name, self.addresses.get(host, ()))
            if len(known) > 1:
                given["addresses"][server.name] = [f"{one}:{port}" for one in known]
            elif not known and not server.name.startswith("unix:") and not numeric(host):
                self.assumed.append(f"{host} stands for one address")
        return given

    def _nodes(self, addresses: dict[str, list[str]]) -> tuple[Server, ...]:
        """A server for each address, where a name stands for several."""
        return tuple(
            one
            for server in self.servers
            for one in (
                [replace(server, name=address, address=address) for address in addresses[server.name]]
                if server.name in addresses
                else [server]
            )
        )

    def _note(self, name: str, text: str, i: int) -> Unread:
        return Unread(name, short(text), self.directive.file, self.servers[i].line)


def _number(inner: Directive, word: str, value: str, least: int) -> int:
    if not re.fullmatch(r"\d+", value, re.ASCII) or not least <= int(value[:20]) < 2**63:
        raise inner.wrong(f'invalid parameter "{word}"')
    return int(value)


def _seconds(inner: Directive, word: str, value: str) -> int:
    """NGINX's times: `30`, `10s`, `1m30s`; the longer units first."""
    if not value or not re.fullmatch(
        "".join(rf"(?:\d{{1,9}}{unit})?" for unit in "yMwdhm") + r"(?:\d{1,9}s?)?", value, re.ASCII
    ):
        raise inner.wrong(f'invalid parameter "{word}"')
    return sum(int(number) * SECONDS[unit or "s"] for number, unit in re.findall(r"(\d+)([a-zA-Z]?)", value))
