"""A running Redis Cluster has the slots that the preset has."""

import random
import re
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lbcore.presets import redis
from tests.presets.live.account import Account
from tests.presets.live.servers import TIMES, free_ports, numbers, program, running
from tests.presets.live.traffic import random_keys

ADDRESSES = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]


class Connection:
    """Just enough of Redis's protocol."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def ask(self, *words: bytes) -> Any:
        parts = [b"*%d\r\n" % len(words), *[b"$%d\r\n%s\r\n" % (len(word), word) for word in words]]
        self.socket.sendall(b"".join(parts))
        return self.answer()

    def answer(self) -> Any:
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        raise RuntimeError(line)


def compare_addresses(account: Account, client: str, ports: list[int], rng: random.Random) -> None:
    """Several masters an address: what redis-cli would do, and is not told to."""
    for _ in range(5):
        names = [f"{rng.choice(ADDRESSES)}:{port}" for port in ports]
        plan = subprocess.run(
            [client, "--cluster", "create", *names],
            input="no\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stdout
        owner = [-1] * redis.SLOTS
        for name, ranges in re.findall(r"^M: \S+ (\S+)\n +slots:(\S+)", plan, re.MULTILINE):
            for first, last in re.findall(r"\[(\d+)-(\d+)\]", ranges):
                owner[int(first) : int(last) + 1] = [names.index(name)] * (int(last) + 1 - int(first))
        account.compare(f"addresses of {names}", owner, redis.slots(names).owners.tolist())  # type: ignore[attr-defined]


def test_redis(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    server = program("redis-server", "apt-get install redis-server")
    client, account = program("redis-cli", "apt-get install redis-tools"), Account()
    rng = numbers()
    with ExitStack() as stack:
        n = rng.randrange(3, 6)
        ports = [port for port in free_ports(4 * n) if port < 55_000][:n]  # its bus listens on a port 10000 above
        ports += list(range(20_011, 30_000, 97))[: n - len(ports)]
        for port in ports:
            folder = tmp_path / str(port)
            folder.mkdir()
            command = [server, "--port", str(port), "--cluster-enabled", "yes", "--bind", *ADDRESSES, "--save", ""]
            stack.enter_context(running(command, [port], folder))
        keys: list[str | bytes] = random_keys(rng, 200 * TIMES)
        keys += ["{" + key for key in random_keys(rng, 20)] + [key + "{}" + key for key in random_keys(rng, 20)]
        keys += [f"{a}{{{b}}}{c}" for a, b, c in zip(*(random_keys(rng, 60) for _ in range(3)), strict=True)]
        keys += [rng.randbytes(rng.randrange(40)) for _ in range(100)]
        keys += [b"".join(rng.choice([b"{", b"}", b"a", b"\xff"]) for _ in range(6)) for _ in range(200)]
        with Connection(ports[0]) as connection:
            slots = [connection.ask(b"CLUSTER", b"KEYSLOT", k.encode() if isinstance(k, str) else k) for k in keys]
            account.compare("key_slot", slots, [redis.key_slot(key) for key in keys])
            compare_addresses(account, client, ports, rng)
            names = [f"127.0.0.1:{port}" for port in ports]
            made = subprocess.run(
                [client, "--cluster", "create", *names, "--cluster-yes"],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert made.returncode == 0, made.stdout + made.stderr
            owner = [-1] * redis.SLOTS
            for first, last, (_, port, *_), *_ in connection.ask(b"CLUSTER", b"SLOTS"):
                owner[first : last + 1] = [ports.index(port)] * (last + 1 - first)
        selector = redis.slots(names)
        account.compare(f"slots of {n}", [owner[slot] for slot in slots], selector.select_many(keys).tolist())
        account.compare(f"owners of {n}", owner, selector.owners.tolist())
    account.close(record_property, "redis")
