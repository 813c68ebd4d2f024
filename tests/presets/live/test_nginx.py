"""A running NGINX picks what the presets pick, request for request."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lbcore.presets import nginx
from tests.presets.live.account import Account
from tests.presets.live.servers import free_ports, numbers, program, running
from tests.presets.live.traffic import (
    Backends,
    Client,
    backends,
    idle,
    random_keys,
    random_script,
    random_weights,
    run,
)
from tests.presets.recordings import replayed, tried

SERVERS = 8


def configuration(folder: Path, port: int, upstreams: dict[str, list[str]]) -> str:
    """A server whose path /name/ leads to upstream `name`."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    blocks = "".join(f"upstream {name} {{ {' '.join(lines)} }}\n" for name, lines in upstreams.items())
    places = "".join(f"location /{name}/ {{ proxy_pass http://{name}; }}\n" for name in upstreams)
    return f"""daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; {temporary} keepalive_timeout 0; proxy_http_version 1.1; proxy_set_header Connection "";
    set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; proxy_next_upstream error timeout;
    {blocks}
    server {{ listen 127.0.0.1:{port}; {places} }}
}}
"""


def lines(method: str, names: list[str], weights: list[int], more: str = "") -> list[str]:
    servers = [f"server {name} weight={weight} {more};" for name, weight in zip(names, weights, strict=True)]
    return ([method + ";"] if method else []) + servers


def some(rng: random.Random, many: Backends, least: int = 1) -> tuple[list[int], list[str], list[int]]:
    """A few of the servers in some order: their numbers, names and weights."""
    numbers = rng.sample(range(SERVERS), rng.randrange(least, SERVERS + 1))
    return numbers, [many.names[i] for i in numbers], random_weights(rng, len(numbers))


def in_numbers(numbers: list[int], picks: list[int]) -> list[int]:
    return [numbers[pick] for pick in picks]


def test_nginx(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("nginx", "apt-get install nginx"), Account()

    async def work() -> None:
        rng = numbers()
        async with backends(SERVERS) as many:
            [port] = free_ports(1)  # the backends have theirs
            sets = {f"u{i}": some(rng, many, 1 if i < 4 else 3) for i in range(28)}
            methods = {
                name: ["", "hash $http_x_key", "hash $http_x_key consistent", "ip_hash", "least_conn", "", "", ""][
                    int(name[1:]) % 8
                ]
                for name in sets
            }
            # The sixth kind has failures, the seventh hashes with some servers down, the eighth has backups.
            fails = {name: rng.choice([0, 1, 2, 3]) for name in sets}
            upstreams = {}
            for name, (_, names, weights) in sets.items():
                kind = int(name[1:]) % 8
                upstreams[name] = lines(methods[name], names, weights)
                if kind == 5:
                    upstreams[name] = lines("", names, weights, f"max_fails={fails[name]} fail_timeout=1000")
                if kind == 6:
                    method = "hash $http_x_key" + (" consistent" if int(name[1:]) % 16 == 6 else "")
                    upstreams[name] = lines(method, names, weights)
                    upstreams[name][1] = upstreams[name][1].replace(" ;", " down;")
                if kind == 7:
                    upstreams[name] = lines("", names, weights)
                    upstreams[name][-1] = upstreams[name][-1].replace(" ;", " backup;")
            recovering = random_weights(rng, SERVERS)
            upstreams["recover"] = lines("", many.names, recovering, "max_fails=1 fail_timeout=1")
            (tmp_path / "nginx.conf").write_text(configuration(tmp_path, port, upstreams))
            command = [binary, "-p", str(tmp_path), "-c", "nginx.conf", "-e", str(tmp_path / "error.log")]
            with running(command, [port], tmp_path):
                client = Client(port, many)
                for name, servers in sets.items():
                    await compare(account, client, rng, name, servers, fails[name])
                await recover(account, client, many.names, recovering)

    run(work)
    account.close(record_property, "nginx")


async def recover(account: Account, client: Client, names: list[str], weights: list[int]) -> None:
    """A server fails, is left out, and after the timeout is tried again: `fail_timeout` here is one second."""
    selector = nginx.round_robin(names, weights, 1, 1)
    while not 0.05 < time.time() % 1 < 0.3:  # the failure and the picks behind it fall within one whole second
        await asyncio.sleep(0.01)
    real, ours = [], []
    for i in range(60):
        if i == 30:
            await asyncio.sleep(2.2)  # two whole seconds later, which is more than one
        failing = [0] if i < 15 else []
        real.append(await client.tried(path="/recover/", x_fail=",".join(map(str, failing))))
        ours.append(tried(selector, None, failing))
    account.compare(f"recover {weights}", real, ours)


async def compare(
    account: Account, client: Client, rng: random.Random, name: str, servers: Any, max_fails: int
) -> None:
    numbers, names, weights = servers
    kind, what = int(name[1:]) % 8, f"{name} {servers}"
    keys = random_keys(rng, 100)
    keyed = [{"path": f"/{name}/", "x_key": key} for key in keys]
    match kind:
        case 0:
            real = await client.picks([{"path": f"/{name}/"}] * 150)
            account.compare(what, real, in_numbers(numbers, idle(nginx.round_robin(names, weights), 150)))
        case 1 | 2:
            selector = (nginx.hash if kind == 1 else nginx.hash_consistent)(names, weights)
            ours = selector.select_many(keys).tolist()
            empty = [selector.select("") for _ in range(20)]
            real = await client.picks([*keyed, *[{"path": f"/{name}/"}] * 20])
            account.compare(what, real, in_numbers(numbers, ours + empty))
        case 3:
            ips = [".".join(str(rng.randrange(256)) for _ in range(4)) for _ in range(80)]
            ips += [":".join(f"{rng.randrange(1, 65536):x}" for _ in range(8)) for _ in range(40)]
            real = await client.picks([{"path": f"/{name}/", "x_forwarded_for": ip} for ip in ips])
            account.compare(what, real, in_numbers(numbers, nginx.ip_hash(names, weights).select_many(ips).tolist()))
        case 4:
            real = await client.picks([{"path": f"/{name}/"}] * 40)
            selector = nginx.least_conn(names, weights)
            account.compare(what, real, in_numbers(numbers, idle(selector, 40)))
            script = random_script(rng, 40)
            real = await client.in_flight(script, lambda _: {"path": f"/{name}/"})
            account.compare(what, real, in_numbers(numbers, replayed(selector, [list(step) for step in script])))
        case 5 | 6 | 7:
            if kind == 5:
                selector = nginx.round_robin(names, weights, max_fails, 1000)
            elif kind == 7:
                selector = nginx.round_robin(names, weights, backup=[names[-1]])
            else:
                selector = (nginx.hash_consistent if int(name[1:]) % 16 == 6 else nginx.hash)(names, weights)
                selector.mark_down(0)
            real, ours = [], []
            for i, key in enumerate(keys[:60]):
                failing = [n for n in numbers if rng.random() < (0.3 if i % 20 < 10 else 0)]
                request = {"path": f"/{name}/", "x_fail": ",".join(map(str, failing))}
                key_or_none = key if kind == 6 else None
                real.append(await client.tried(**request, **({"x_key": key} if kind == 6 else {})))
                indices = [numbers.index(n) for n in failing]
                ours.append(in_numbers(numbers, tried(selector, key_or_none, indices)))
            account.compare(what, real, ours)
