"""Fourteen configurations as people write them: what is read, what is refused, and where."""

import subprocess
import sys

import pytest

from lbcore.presets import read
from lbcore.presets.configs import ConfigError, Server

from .wanted import DATA, FILES

POOLS = [(file, *place) for file, pools in FILES.items() for place in pools]


def shown(server: Server) -> str:
    more = [word for word in ("down", "backup") if getattr(server, word)]
    weight = f"*{server.weight}" if server.weight != 1 else ""
    return server.name + weight + (f"({','.join(more)})" if more else "")


@pytest.mark.parametrize("file", FILES)
def test_a_file_has_these_pools(file: str) -> None:
    found = read(DATA / file)
    assert [(pool.context, pool.name) for pool in found] == list(FILES[file])
    assert {pool.system for pool in found} == {file.partition("-")[0]}


@pytest.mark.parametrize(("file", "context", "name"), POOLS)
def test_a_pool_is_read_or_refused(file: str, context: str, name: str) -> None:
    wanted = FILES[file][context, name]
    pool = read(DATA / file).pool(name, context)
    assert (pool.file, pool.line) == (str(DATA / file), wanted.line)
    assert [shown(server) for server in pool.servers] == wanted.servers.split()
    assert pool.key == wanted.key
    assert tuple(sorted({setting.name for setting in pool.unread})) == wanted.unread
    if wanted.fault_line or wanted.unread:
        with pytest.raises(ConfigError) as told:
            pool.selector()
        assert told.value.file == str(DATA / file)
        assert told.value.line == (wanted.fault_line or min(setting.line for setting in pool.unread))
    if wanted.fault_line:
        assert pool.fault is not None
        return
    selector = pool.selector(ignore=wanted.unread)
    assert list(selector.nodes) == [server.name for server in pool.servers]
    assert selector.keyed == (wanted.key is not None)
    assert selector.up.tolist() == [not server.down for server in pool.servers]


def test_a_missing_extra_is_named() -> None:
    for module, package, file in (
        ("crossplane", "crossplane", "nginx-flat-braces.conf"),
        ("yaml", "PyYAML", "envoy-ring-hash.yaml"),
    ):
        code = (
            f"import sys; sys.modules[{module!r}] = None\nfrom lbcore.presets import read\nread({str(DATA / file)!r})"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
        assert f'files need {package}: pip install "lbcore[configs]"' in told.splitlines()[-1]
