"""What a configuration says of one upstream, backend or cluster, and the selector that picks as the server would."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from lbcore.selectors import Selector

MOST_TOLD = 400  # characters of a reason


class ConfigError(ValueError):
    """What is wrong with a configuration: `file`, `line` (from 1; 0 where it is the whole file) and `reason`."""

    def __init__(self, reason: str, file: str, line: int = 0):
        super().__init__(reason, file, line)
        reason = " ".join(reason.split())  # words of the file may hold anything
        reason = reason if len(reason) <= MOST_TOLD else reason[: MOST_TOLD - 3] + "..."
        self.reason, self.file, self.line = reason, file, line

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class EmptyPool(ConfigError):
    """The configuration is right, and has no server to pick: a table, a page of statistics, hosts from discovery."""


@dataclass(frozen=True)
class Unread:
    """A setting that changes picks and that no preset has. name: its word in the configuration, for `ignore`."""

    name: str
    text: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Server:
    """One server as it is configured. weight: what it counts for; down: configured to take nothing."""

    name: str
    address: str
    line: int
    weight: int = 1
    down: bool = False
    backup: bool = False


@dataclass(frozen=True)
class Pool:
    """An upstream, a backend, a listen section or a cluster.

    context: what it stands in, "http" or "stream" for NGINX, the section's kind for HAProxy, "static_resources" for
    Envoy. key: what is hashed, in the words of the configuration; None where no key counts. servers: in the order of
    the configuration; nodes of the selector have their names. unread: what changes picks and is not understood.
    assumed: what was taken for granted, as sentences. fault: why the server itself would not start with it, or would
    have nobody to pick.
    """

    name: str
    context: str
    file: str
    line: int
    system: str
    key: str | None
    servers: tuple[Server, ...]
    unread: tuple[Unread, ...] = ()
    assumed: tuple[str, ...] = ()
    fault: ConfigError | None = None
    preset: Callable[..., Selector] | None = field(default=None, repr=False)
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def draws(self) -> bool:
        """Whether its preset draws at random, and takes a seed."""
        return self.preset is not None and takes(self.preset, "seed")

    def selector(self, ignore: Iterable[str] = (), **arguments: Any) -> Selector:
        """A selector with the picks of the real server; its nodes are the servers, in their order.

        ignore: names of settings in `unread` to go on without; else they are refused with a ConfigError. arguments:
        more of the preset's own, such as `seed`, `start` or `clock`.
        """
        if isinstance(ignore, (str, bytes)):
            raise TypeError(f"ignore: {ignore!r} is of type {type(ignore).__name__}; give a list of names")
        if self.fault is not None:
            raise self.fault
        passed = set(ignore)
        left = [setting for setting in self.unread if setting.name not in passed]
        if left:
            names = sorted({setting.name for setting in left})
            also = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
            raise ConfigError(
                f"{self.name}: `{left[0].text}` changes picks and is not understood{also}; "
                f"to go on without, ignore {', '.join(names)}",
                left[0].file,
                left[0].line,
            )
        assert self.preset is not None
        try:
            selector = self.preset(**{**self.arguments, **arguments})
        except ValueError as error:
            raise ConfigError(f"{self.name}: {error}", self.file, self.line) from None
        for i, server in enumerate(self.servers):
            if server.down:
                selector.mark_down(i)
        return selector


class Configuration(tuple[Pool, ...]):
    """The pools of a file, in its order."""

    __slots__ = ()

    def pool(self, name: str | None = None, context: str | None = None) -> Pool:
        """The only pool of that name, or of that context, or of all; a LookupError says which there are."""
        fitting = [pool for pool in self if name in (None, pool.name) and context in (None, pool.context)]
        if len(fitting) == 1:
            return fitting[0]
        wanted = " of that name" if name is not None else ""
        told = ", ".join(f"{pool.name} ({pool.context}, line {pool.line})" for pool in fitting or self)
        if not self:
            raise LookupError("the configuration has no pool of servers")
        raise LookupError(
            f"{'name' if name is None else 'context'}: {len(fitting)} pools{wanted} fit; say which: {told}"
            if fitting
            else f"name: no pool is called {name!r}{f' in {context}' if context else ''}; there are: {told}"
        )


def takes(preset: Callable[..., Selector], argument: str) -> bool:
    """Whether a preset has an argument of that name."""
    return argument in signature(preset).parameters


def in_order(notes: Iterable[Unread]) -> tuple[Unread, ...]:
    """Each once, by its line."""
    return tuple(sorted(dict.fromkeys(notes), key=lambda note: note.line))
