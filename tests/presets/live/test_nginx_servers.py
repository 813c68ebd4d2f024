"""A running NGINX with limits for each server, backups, servers that are down or come twice, and many addresses."""

import random
import subprocess
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from lbcore import Selector
from lbcore.presets import nginx
from tests.presets.live.account import Account
from tests.presets.live.servers import EXPLORE, free_ports, numbers, program, running
from tests.presets.live.test_nginx import SERVERS, configuration
from tests.presets.live.traffic import (
    Backends,
    Client,
    Held,
    backends,
    idle,
    random_keys,
    random_weights,
    run,
    together,
)

METHODS: dict[str, tuple[str, Callable[..., Selector]]] = {
    "turns": ("", nginx.round_robin),
    "least": ("least_conn;", nginx.least_conn),
    "hash": ("hash $http_x_key;", nginx.hash),
    "ring": ("hash $http_x_key consistent;", nginx.hash_consistent),
    "client": ("ip_hash;", nginx.ip_hash),
}
ROUNDS, STEPS = (60, 100) if EXPLORE else (1, 50)
DIGITS = "0123456789"


def method_of(name: str) -> tuple[str, Callable[..., Selector]]:
    """Of an upstream called by its method and a number."""
    return METHODS[name.rstrip(DIGITS)]


class Upstream:
    """A few of the servers in some order, one or two of them twice, each with limits of its own."""

    def __init__(self, rng: random.Random, many: Backends, method: str):
        self.numbers = rng.sample(range(SERVERS), rng.randrange(2, 6))
        self.numbers += rng.sample(self.numbers, rng.randrange(0, 2))
        n = len(self.numbers)
        self.servers, self.weights = [many.names[i] for i in self.numbers], random_weights(rng, n, 8)
        self.backup = rng.sample(range(n), rng.randrange(0, 2)) if method in ("turns", "least") else []
        self.down = rng.sample(range(n), rng.randrange(0, 2))
        self.fails = [rng.choice([0, 1, 1, 2, 3]) for _ in range(n)]
        self.conns = [rng.choice([0, 0, 1, 2, 4]) for _ in range(n)]

    def lines(self) -> list[str]:
        rows = zip(self.servers, self.weights, self.fails, self.conns, strict=True)
        return [
            f"server {name} weight={weight} max_fails={fails} fail_timeout=1000 max_conns={conns}"
            + (" backup" if i in self.backup else "")
            + (" down" if i in self.down else "")
            + ";"
            for i, (name, weight, fails, conns) in enumerate(rows)
        ]

    def selector(self, preset: Callable[..., Selector]) -> Selector:
        how: dict[str, Any] = {"backup": self.backup} if self.backup else {}
        return preset(
            self.servers,
            self.weights,
            max_fails=self.fails,
            fail_timeout_s=1000,
            max_conns=self.conns,
            down=self.down,
            **how,
        )


class Reached:
    """What a selector would have the server do: the servers that each request reaches, -1 where none is left."""

    def __init__(self, selector: Selector, numbers: list[int]):
        self.selector, self.numbers = selector, numbers
        self.open: dict[int, int] = {}

    def ask(self, number: int, key: str | None, failing: list[int]) -> list[int]:
        tried: list[int] = []
        while True:
            try:
                node = self.selector.select(key, avoid=tried)
            except LookupError:
                return [*(self.numbers[node] for node in tried), -1]
            tried.append(node)
            if self.numbers[node] not in failing:
                self.open[number] = node
                return [self.numbers[node] for node in tried]
            self.selector.release(node, ok=False)

    def end(self, number: int) -> None:
        self.selector.release(self.open.pop(number))


async def storm(
    client: Client, rng: random.Random, name: str, ours: Reached, keys: list[str], fail: bool = True
) -> tuple[list[list[int]], list[list[int]]]:
    """Requests open and close at random, and servers fail in mid-stream: all that each request reached."""
    held: dict[int, Held] = {}
    real, wanted = [], []
    for number in range(STEPS):
        while held and (len(held) == 9 or rng.random() < 0.35):
            ended = rng.choice(sorted(held))
            await held.pop(ended).end()
            ours.end(ended)
        failing = [i for i in range(SERVERS) if rng.random() < 0.2] if fail and number % 20 > 12 else []
        key = rng.choice(keys) if keys else None
        headers = {"x_fail": ",".join(map(str, failing))}
        if key is not None:
            headers["x_forwarded_for" if name.startswith("client") else "x_key"] = key
        request = await client.hold(path=f"/{name}/", **headers)
        real.append([*request.reached, *([] if request.arrived else [-1])])
        wanted.append(ours.ask(number, key, failing))
        if request.arrived:
            held[number] = request
        else:
            assert " 502 " in await request.end()
        if wanted[-1] != real[-1]:  # what follows would differ too
            break
    for request in held.values():
        await request.end()
    return real, wanted


def test_nginx_servers(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("nginx", "apt-get install nginx"), Account()
    command = [binary, "-p", str(tmp_path), "-c", "nginx.conf", "-e", str(tmp_path / "error.log")]

    async def work() -> None:
        rng = numbers()
        async with backends(SERVERS) as many:
            [port] = free_ports(1)  # the backends have theirs
            upstreams = {f"{method}{i}": Upstream(rng, many, method) for i in range(ROUNDS) for method in METHODS}
            blocks = {name: [method_of(name)[0], *upstream.lines()] for name, upstream in upstreams.items()}
            weights = random_weights(rng, 3, 5)
            blocks["random"] = ["random;", *(f"server {many.names[i]} weight={weights[i]};" for i in range(3))]
            blocks["two"] = ["random two least_conn;", *(f"server {many.names[i]};" for i in range(3))]
            (tmp_path / "nginx.conf").write_text(configuration(tmp_path, port, blocks))
            with running(command, [port], tmp_path):
                client = Client(port, many)
                jobs = []
                for name, upstream in upstreams.items():
                    ours = Reached(upstream.selector(method_of(name)[1]), upstream.numbers)
                    jobs.append(compare(account, client, random.Random(rng.random()), name, ours, upstream))
                await together(jobs)
                await drawn(client, weights)

    run(work)
    account.close(record_property, "nginx")


async def compare(
    account: Account, client: Client, rng: random.Random, name: str, ours: Reached, upstream: Upstream
) -> None:
    keys = random_keys(rng, 12) if name.startswith(("hash", "ring")) else []
    if name.startswith("client"):
        keys = [".".join(str(rng.randrange(256)) for _ in range(4)) for _ in range(12)]
    what = f"{name.rstrip(DIGITS)}-servers {upstream.servers} {upstream.lines()}"
    account.compare(what, *await storm(client, rng, name, ours, keys))


async def drawn(client: Client, weights: list[int]) -> None:
    """Draws follow the weights; and of three servers the one with a request in flight gets none of the others."""
    picks = await client.picks([{"path": "/random/"}] * 600)
    ours = nginx.random(["a:1", "b:1", "c:1"], weights, seed=len(picks)).select_many(600).tolist()
    for node in range(3):
        share = weights[node] / sum(weights)
        for counted in (picks.count(node), ours.count(node)):
            assert abs(counted / 600 - share) < 5 * (share * (1 - share) / 600) ** 0.5
    held = await client.hold(path="/two/")
    [busy] = held.reached
    picks = await client.picks([{"path": "/two/"}] * 60)
    await held.end()
    selector = nginx.random(["a:1", "b:1", "c:1"], two=True, seed=1)
    mine = selector.select()
    for counted, kept in ((picks, busy), (idle(selector, 60), mine)):
        assert set(counted) == {0, 1, 2} - {kept}


def test_nginx_names(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Names of several addresses, which only a process of its own may see: its /etc/hosts is another."""
    binary, account = program("nginx", "apt-get install nginx"), Account()
    unshare = program("unshare", "apt-get install util-linux")
    if subprocess.run([unshare, "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs mount namespaces")
    port, behind = free_ports(2)
    given = {"one.test": [0, 2], "two.test": [3, 1, 4]}
    hosts = [f"127.0.0.{i + 1} {name}" for name, known in given.items() for i in known]
    (tmp_path / "hosts").write_text("\n".join(hosts) + "\n")
    (tmp_path / "host.conf").write_text("multi on\n")
    mounts = " && ".join(f"mount --bind {tmp_path}/{name} /etc/{name}" for name in ("hosts", "host.conf"))
    inside = [unshare, "-rm", "sh", "-c"]
    script = f"{mounts} && exec {binary} -p {tmp_path} -c nginx.conf -e {tmp_path}/error.log"
    names = {}
    for name, known in given.items():  # the resolver sorts them
        ask = f"{mounts} && getent ahostsv4 {name}"
        answer = subprocess.run([*inside, ask], check=True, capture_output=True, text=True).stdout
        names[name] = [int(line.split()[0].rpartition(".")[2]) - 1 for line in answer.splitlines() if "STREAM" in line]
        assert sorted(names[name]) == sorted(known)

    async def work() -> None:
        rng, many = numbers(), Backends()
        async with AsyncExitStack() as stack:
            for i in range(5):
                await stack.enter_async_context(await many.listen(i, f"127.0.0.{i + 1}", behind))
            servers = [f"{name}:{behind}" for name in names]
            known = [i for each in names.values() for i in each]
            weights = {f"{method}{i}": random_weights(rng, 2, 5) for i in range(ROUNDS) for method in METHODS}
            blocks = {
                block: [method_of(block)[0], *(f"server {s} weight={w};" for s, w in zip(servers, each, strict=True))]
                for block, each in weights.items()
            }
            (tmp_path / "nginx.conf").write_text("user root; " + configuration(tmp_path, port, blocks))
            with running([*inside, script], [port], tmp_path):
                addresses = {
                    server: [f"127.0.0.{i + 1}:{behind}" for i in each]
                    for server, each in zip(servers, names.values(), strict=True)
                }
                client = Client(port, many)

                async def compare(name: str, rng: random.Random) -> None:
                    selector = method_of(name)[1](servers, weights[name], fail_timeout_s=10, addresses=addresses)
                    keys = random_keys(rng, 12) if name.startswith(("hash", "ring")) else ["10.1.2.3", "10.9.8.7"]
                    keys = keys if selector.keyed else []
                    real, ours = await storm(client, rng, name, Reached(selector, known), keys, fail=False)
                    account.compare(f"{name.rstrip(DIGITS)}-names {weights[name]}", real, ours)

                await together(compare(name, random.Random(rng.random())) for name in blocks)

    run(work)
    account.close(record_property, "nginx")
