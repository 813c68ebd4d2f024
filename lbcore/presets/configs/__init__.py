"""Presets from the configuration that is there: `nginx.conf`, `haproxy.cfg`, `envoy.yaml` or `.json`."""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from os import PathLike, fspath

from lbcore.presets._checks import choice
from lbcore.presets.configs.pool import ConfigError, Configuration, EmptyPool, Pool, Server, Unread
from lbcore.presets.configs.text import text_of

__all__ = ["ConfigError", "Configuration", "EmptyPool", "Pool", "Server", "Unread", "read"]

SYSTEMS = ("nginx", "haproxy", "envoy")


def read(
    path: str | PathLike[str],
    env: Mapping[str, str] | None = None,
    addresses: Mapping[str, str | Sequence[str]] | None = None,
    system: str | None = None,
) -> Configuration:
    """Every upstream, backend, listen section and cluster of a configuration file, as a `Pool`.

    env: the environment that HAProxy's variables are taken from; None is an empty one. addresses: what a name stands
    for, one address or several; no name is looked up, and one that is not there stands for one address. system:
    "nginx", "haproxy" or "envoy"; None goes by the file's ending and text.

    A file that the server would not load is a ConfigError, with file, line and reason; where the fault is in one pool
    alone, that pool has it as its `fault`. An ImportError names the extra to install.
    """
    name = fspath(path)
    if not isinstance(name, str):
        raise TypeError(f"path: {name!r} is of type {type(name).__name__}; give a str or a Path")
    if system is None:
        system = system_of(name, text_of(name))
    choice(system, "system", SYSTEMS)
    known = {host: [one] if isinstance(one, str) else list(one) for host, one in (addresses or {}).items()}
    for host, several in known.items():
        if not several:
            raise ValueError(f"addresses[{host!r}]: the list is empty; give one address at least")
    reader = import_module(f"lbcore.presets.configs.{system}")
    pools: Configuration = reader.read(name, known, env or {}) if system == "haproxy" else reader.read(name, known)
    return pools


def system_of(path: str, text: str) -> str:
    """Which system a file is for."""
    if path.endswith((".yaml", ".yml", ".json")) or re.search(
        r"^[\s{\"]*(static_r|staticR)esources\"?\s*:", text, re.M
    ):
        return "envoy"
    if path.endswith(".cfg") or re.search(r"^[ \t]*(global|defaults|listen|backend|frontend)\b[^{};]*$", text, re.M):
        return "haproxy"
    return "nginx"
