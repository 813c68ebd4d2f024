"""A running HAProxy picks what the presets pick, request for request."""

import random
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lbcore import Selector
from lbcore.presets import haproxy
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
    run,
    together,
)
from tests.presets.recordings import replayed

SERVERS = 7
HASHES = [
    ("map-based", {}),
    ("map-based djb2", {"function": "djb2"}),
    ("map-based wt6 avalanche", {"function": "wt6", "avalanche": True}),
    ("map-based crc32", {"function": "crc32"}),
    ("consistent", {"method": "consistent"}),
    ("consistent sdbm", {"method": "consistent", "avalanche": False}),
    ("consistent djb2 avalanche", {"method": "consistent", "function": "djb2", "avalanche": True}),
    ("consistent wt6", {"method": "consistent", "function": "wt6"}),
    ("consistent crc32 avalanche", {"method": "consistent", "function": "crc32", "avalanche": True}),
]
FACTORS = [105, 125, 180]

# Every failure is tried again at once, at another server than the last.
REDISPATCH = ["retries 3", "option redispatch 1", "retry-on conn-failure empty-response", "timeout connect 5s"]
REDISPATCHED: list[tuple[Callable[..., Selector], list[str]]] = [
    (haproxy.roundrobin, ["balance roundrobin"]),
    (haproxy.static_rr, ["balance static-rr"]),
    (haproxy.leastconn, ["balance leastconn"]),
    (partial(haproxy.hash, header=True), ["balance hdr(x-key)"]),
    (partial(haproxy.hash, header=True, method="consistent"), ["balance hdr(x-key)", "hash-type consistent"]),
]


def lists(rng: random.Random) -> str:
    """A header of one element or several, with quotes and blanks, some of the first ones empty."""
    parts = [rng.choice(["", " ", "a b", '"a,b"', '"a\\",b"', "a\\", '"', f"k{rng.randrange(40)}"]) for _ in range(3)]
    return ",".join(parts[: rng.randrange(1, 4)])


class Group:
    """A few servers in some order, with weights and ids, and where it is said, what names their points."""

    def __init__(self, rng: random.Random, many: Backends, hash_keys: bool = False):
        self.numbers = rng.sample(range(SERVERS), rng.randrange(2, SERVERS + 1))
        self.names = [many.names[i] for i in self.numbers]
        self.weights = [rng.choice([1, 1, 2, 3, 5, 10, rng.randrange(1, 257)]) for _ in self.numbers]
        if rng.random() < 0.3:
            self.weights[rng.randrange(1, len(self.weights))] = 0
        self.ids = rng.sample(range(1, 2000), len(self.numbers)) if rng.random() < 0.5 else None
        self.words = [rng.choice(["id", "addr", "addr-port"]) if hash_keys else "" for _ in self.numbers]
        hosts = zip(self.words, self.names, strict=True)
        self.hash_key = [{"addr": name.split(":")[0], "addr-port": name}.get(word) for word, name in hosts]

    def lines(self) -> list[str]:
        ids = self.ids or [None] * len(self.names)
        return [
            f"server s{number} {name} weight {weight}"
            + (f" id {number_id}" if number_id else "")
            + (f" hash-key {word}" if word else "")
            for number, name, weight, number_id, word in zip(
                self.numbers, self.names, self.weights, ids, self.words, strict=True
            )
        ]

    def picks(self, indices: list[int]) -> list[int]:
        return [self.numbers[i] for i in indices]


def version(binary: str) -> tuple[int, ...]:
    said = subprocess.run([binary, "-v"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[2].split("-")[0].split(".")[:2])


def configuration(groups: dict[str, tuple[list[str], Group]], ports: dict[str, int]) -> str:
    parts = [
        """global
    nbthread 1
    log stdout format raw local0 emerg
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    retries 0
"""
    ]
    for name, (options, group) in groups.items():
        ended = f"http-request return status 200 if {{ path {ENDED} }}"
        lines = [f"listen {name}", f"bind 127.0.0.1:{ports[name]}", ended, *options, *group.lines()]
        parts.append("\n    ".join(lines) + "\n")
    return "".join(parts)


def test_haproxy(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("haproxy", "apt-get install haproxy"), Account()

    async def work() -> None:
        rng = numbers()
        newer, listed = (
            version(binary) >= (3, 0),
            version(binary) < (3, 2),
        )  # `leastconn` is not the preset's from 3.2 on
        async with backends(SERVERS, apart=newer) as many:
            groups: dict[str, tuple[list[str], Group]] = {}
            for i in range(4 * TIMES):
                groups[f"roundrobin-{i}"] = ["balance roundrobin"], Group(rng, many)
                groups[f"static_rr-{i}"] = ["balance static-rr"], Group(rng, many)
            for i in range(2 * TIMES * listed):
                groups[f"leastconn-{i}"] = ["balance leastconn"], Group(rng, many)
            for i, (words, _) in enumerate(HASHES * TIMES):
                by_address = newer and words.startswith("consistent")
                groups[f"hash-{i}"] = ["balance hdr(x-key)", f"hash-type {words}"], Group(rng, many, by_address)
                if i % len(HASHES) in (0, 2, 4, 5):
                    groups[f"source-{i}"] = ["balance source", f"hash-type {words}"], Group(rng, many)
            for i, factor in enumerate(FACTORS * TIMES):
                options = ["balance hdr(x-key)", "hash-type consistent", f"hash-balance-factor {factor}"]
                groups[f"bounded-{i}"] = options, Group(rng, many)
            for i, (make, options) in enumerate(REDISPATCHED * 2 * TIMES):
                if make is haproxy.leastconn and not listed:
                    continue
                groups[f"redispatch-{i}"] = [*options, *REDISPATCH], Group(rng, many)
            ports = dict(zip(groups, free_ports(len(groups)), strict=True))
            (tmp_path / "haproxy.cfg").write_text(configuration(groups, ports))
            with running([binary, "-db", "-f", "haproxy.cfg"], list(ports.values()), tmp_path):
                await together(
                    # After a failure HAProxy may end a connection on which there was a request before.
                    compare(
                        account,
                        Client(ports[name], many, own=name.startswith("redispatch")),
                        random.Random(rng.random()),
                        name,
                        group,
                    )
                    for name, (_, group) in groups.items()
                )

    run(work)
    account.close(record_property, "haproxy")


async def compare(account: Account, client: Client, rng: random.Random, name: str, group: Group) -> None:
    preset, number = name.split("-")[0], int(name.split("-")[1])
    what = f"{preset} {name} {group.weights} {group.ids}"
    hashed = HASHES[number % len(HASHES)][1] if preset in ("hash", "source") else {}
    factor = FACTORS[number % len(FACTORS)]
    make: dict[str, Callable[[], Selector]] = {
        "roundrobin": partial(haproxy.roundrobin, group.names, group.weights),
        "static_rr": partial(haproxy.static_rr, group.names, group.weights),
        "leastconn": partial(haproxy.leastconn, group.names, group.weights),
        "hash": partial(haproxy.hash, group.names, group.weights, ids=group.ids, hash_key=group.hash_key, **hashed),
        "source": partial(haproxy.source, group.names, group.weights, ids=group.ids, **hashed),
        "bounded": partial(
            haproxy.hash, group.names, group.weights, method="consistent", ids=group.ids, balance_factor=factor
        ),
    }
    if preset == "redispatch":
        await redispatch(account, client, rng, what, group, REDISPATCHED[number % len(REDISPATCHED)][0])
        return
    selector = make[preset]()
    if preset in ("roundrobin", "static_rr"):
        real = await client.picks([{}] * 150)
        account.compare(what, real, group.picks(idle(selector, 150)))
    elif preset == "hash":
        keys = random_keys(rng, 100)
        real = await client.picks([{"x_key": key} for key in keys])
        account.compare(what, real, group.picks(selector.select_many(keys).tolist()))
    elif preset == "source":
        ips = [f"127.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}" for _ in range(60)]
        real = await client.picks([{"source": ip} for ip in ips])
        account.compare(what, real, group.picks(selector.select_many(ips).tolist()))
    else:
        keys = random_keys(rng, 4) if preset == "bounded" else None
        script = random_script(rng, 50, keys)
        request: Callable[[str], dict[str, Any]] = lambda key: {"x_key": key} if key else {}  # noqa: E731
        real = await client.in_flight(script, request)
        account.compare(what, real, group.picks(replayed(selector, [list(step) for step in script])))


async def redispatch(
    account: Account, client: Client, rng: random.Random, what: str, group: Group, preset: Callable[..., Selector]
) -> None:
    """Requests whose servers fail at random, in mid-stream: all the servers that each one reached."""
    hashed = {"ids": group.ids} if isinstance(preset, partial) else {}
    selector = preset(group.names, group.weights, **hashed)
    real, ours = [], []
    for _ in range(100):
        failing = [number for number in group.numbers if rng.random() < 0.3]
        key = lists(rng) if selector.keyed else None
        header = {} if key is None else {"x_key": key}
        real.append(await client.tried(x_fail=",".join(map(str, failing)), **header))
        tried: list[int] = []
        while len(tried) < 4:
            tried.append(selector.select(key, avoid=tried))
            selector.release(tried[-1])
            if group.numbers[tried[-1]] not in failing:
                break
        ours.append(group.picks(tried))
    account.compare(what, real, ours)
