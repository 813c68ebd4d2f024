"""A running NGINX picks what the presets pick, request for request."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lbcore.presets import nginx
from tests.presets.live.account import Account
from tests.presets.live.servers import TIMES, free_ports, numbers, program, running
from tests.presets.live.traffic import (
    ENDED,
    Backends,
    Client,
    backends,
    idle,
    random_keys,
    random_script,
    random_weights,
    run,
    together,
)
from tests.presets.recordings import replayed, tried

SERVERS = 8
# The last three are round robin with failures, hashes with some servers down, and round robin with a backup.
KINDS = ["turns", "hash", "ring", "client", "least", "fails", "down", "backup"]
METHODS = {
    "hash": "hash $http_x_key",
    "ring": "hash $http_x_key consistent",
    "client": "ip_hash",
    "least": "least_conn",
    "down": "hash $http_x_key",
    "down-ring": "hash $http_x_key consistent",
}
ROUNDS = 3 * TIMES


def configuration(folder: Path, port: int, upstreams: dict[str, list[str]]) -> str:
    """A server whose path /name/ leads to upstream `name`."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    blocks = "".join(f"upstream {name} {{ {' '.join(lines)} }}\n" for name, lines in upstreams.items())
    places = "".join(f"location /{name}/ {{ proxy_pass http://{name}; }}\n" for name in upstreams)
    return f"""daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off; {temporary} keepalive_requests 1000000; proxy_http_version 1.1; proxy_set_header Connection "";
    set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; proxy_next_upstream error timeout;
    {blocks}
    server {{ listen 127.0.0.1:{port}; {places} location = {ENDED} {{ return 204; }} }}
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
            sets = {
                (kind, i): some(rng, many, 1 if i % 3 == 0 and n < 4 else 3)
                for i in range(ROUNDS)
                for n, kind in enumerate(KINDS)
            }
            fails = [rng.choice([0, 1, 2, 3]) for _ in range(ROUNDS)]
            upstreams = {}
            for (kind, i), (_, names, weights) in sets.items():
                method = METHODS.get("down-ring" if kind == "down" and i % 2 == 0 else kind, "")
                limits = f"max_fails={fails[i]} fail_timeout=1000" if kind == "fails" else ""
                block = lines(method, names, weights, limits)
                if kind == "down":
                    block[1] = block[1].replace(" ;", " down;")
                if kind == "backup":
                    block[-1] = block[-1].replace(" ;", " backup;")
                # Where no server fails, connections to them may stay: it changes no pick, and costs less.
                upstreams[f"{kind}{i}"] = block if kind in KINDS[5:] else [*block, "keepalive 4;"]
            recovering = [random_weights(rng, SERVERS) for _ in range(TIMES)]
            for i, weights in enumerate(recovering):
                upstreams[f"recover{i}"] = lines("", many.names, weights, "max_fails=1 fail_timeout=1")
            (tmp_path / "nginx.conf").write_text(configuration(tmp_path, port, upstreams))
            command = [binary, "-p", str(tmp_path), "-c", "nginx.conf", "-e", str(tmp_path / "error.log")]
            with running(command, [port], tmp_path):
                client = Client(port, many)
                jobs = [
                    compare(account, client, random.Random(rng.random()), kind, i, servers, fails[i])
                    for (kind, i), servers in sets.items()
                ]
                await together(jobs)
                await together(recover(account, client, i, many.names, weights) for i, weights in enumerate(recovering))

    run(work)
    account.close(record_property, "nginx")


async def recover(account: Account, client: Client, number: int, names: list[str], weights: list[int]) -> None:
    """A server fails, is left out, and after the timeout is tried again: `fail_timeout` here is one second."""
    selector = nginx.round_robin(names, weights, 1, 1)
    while not 0.05 < time.time() % 1 < 0.3:  # the failure and the picks behind it fall within one whole second
        await asyncio.sleep(0.01)
    second = int(time.time())
    real, ours = [], []
    for i in range(30 + 30 * TIMES):
        if i == 30:
            if int(time.time()) != second:  # too late to tell
                return
            await asyncio.sleep(2.2)  # two whole seconds later, which is more than one
        failing = [0] if i < 15 else []
        real.append(await client.tried(path=f"/recover{number}/", x_fail=",".join(map(str, failing))))
        ours.append(tried(selector, None, failing))
    account.compare(f"recover {weights}", real, ours)


async def compare(
    account: Account, client: Client, rng: random.Random, kind: str, i: int, servers: Any, max_fails: int
) -> None:
    numbers, names, weights = servers
    path, what = f"/{kind}{i}/", f"{kind} {servers}"
    keys = random_keys(rng, 100)
    match kind:
        case "turns":
            real = await client.picks([{"path": path}] * 150)
            account.compare(what, real, in_numbers(numbers, idle(nginx.round_robin(names, weights), 150)))
        case "hash" | "ring":
            selector = (nginx.hash if kind == "hash" else nginx.hash_consistent)(names, weights)
            ours = selector.select_many(keys).tolist()
            empty = [selector.select("") for _ in range(20)]
            keyed = [{"path": path, "x_key": key} for key in keys]
            real = await client.picks([*keyed, *[{"path": path}] * 20])
            account.compare(what, real, in_numbers(numbers, ours + empty))
        case "client":
            ips = [".".join(str(rng.randrange(256)) for _ in range(4)) for _ in range(80)]
            ips += [":".join(f"{rng.randrange(1, 65536):x}" for _ in range(8)) for _ in range(40)]
            real = await client.picks([{"path": path, "x_forwarded_for": ip} for ip in ips])
            account.compare(what, real, in_numbers(numbers, nginx.ip_hash(names, weights).select_many(ips).tolist()))
        case "least":
            real = await client.picks([{"path": path}] * 40)
            selector = nginx.least_conn(names, weights)
            account.compare(what, real, in_numbers(numbers, idle(selector, 40)))
            script = random_script(rng, 80)
            real = await client.in_flight(script, lambda _: {"path": path})
            account.compare(what, real, in_numbers(numbers, replayed(selector, [list(step) for step in script])))
        case "fails" | "down" | "backup":
            if kind == "fails":
                selector = nginx.round_robin(names, weights, max_fails, 1000)
            elif kind == "backup":
                selector = nginx.round_robin(names, weights, backup=[names[-1]])
            else:
                selector = (nginx.hash_consistent if i % 2 == 0 else nginx.hash)(names, weights)
                selector.mark_down(0)
            real, ours = [], []
            for n, key in enumerate(keys):
                failing = [server for server in numbers if rng.random() < (0.3 if n % 20 < 10 else 0)]
                request = {"path": path, "x_fail": ",".join(map(str, failing))}
                key_or_none = key if kind == "down" else None
                real.append(await client.tried(**request, **({"x_key": key} if kind == "down" else {})))
                indices = [numbers.index(server) for server in failing]
                ours.append(in_numbers(numbers, tried(selector, key_or_none, indices)))
            account.compare(what, real, ours)
