"""Every recorded pick that a preset can express, as cases: what the system picked, and how to ask the preset.

Longer than 300 lines: one function for each kind of recording, of which every system has some.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lbcore import Selector
from lbcore.presets import envoy, grpc, haproxy, ketama, nginx, redis

RECORDED = Path(__file__).parent / "recorded"


def load(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


@dataclass(frozen=True)
class Case:
    """One run of a system."""

    system: str
    name: str
    wanted: list[Any]
    picks: Callable[[], list[Any]]

    def mismatches(self) -> int:
        picks = self.picks()
        assert len(picks) == len(self.wanted)
        return sum(pick != wanted for pick, wanted in zip(picks, self.wanted, strict=True))


def many(selector: Selector, requests: Any) -> list[int]:
    return selector.select_many(requests).tolist()


def idle(selector: Selector, requests: int) -> list[int]:
    """Picks of requests that have ended before the next begins."""
    picks = []
    for _ in range(requests):
        picks.append(selector.select())
        selector.release(picks[-1])
    return picks


def replaying(selector: Selector, script: list[list[Any]]) -> Iterator[int]:
    """Picks while requests are opened ('o', number, maybe a key) in their order and closed ('c', number)."""
    node: dict[int, int] = {}
    for step, number, *key in script:
        if step == "o":
            node[number] = selector.select(*key)
            yield node[number]
        else:
            selector.release(node[number])


def replayed(selector: Selector, script: list[list[Any]]) -> list[int]:
    """All of them."""
    return list(replaying(selector, script))


def tried(selector: Selector, key: str | None, failing: Iterable[int]) -> list[int]:
    """The nodes that one request tries until one answers."""
    nodes: list[int] = []
    while True:
        try:
            node = selector.select(key, avoid=nodes)
        except LookupError:
            return nodes
        nodes.append(node)
        selector.release(node, ok=node not in failing)
        if node not in failing:
            return nodes


def fitted(make: Callable[[int], Iterable[int]], starts: Iterable[int], wanted: list[int]) -> list[int]:
    """The picks from a start that gives what is wanted, or else from the first; for systems that draw theirs at random.

    The picks of a start are asked for only as long as they fit: of a thousand starts nearly all part at once.
    """
    first = None
    for start in starts:
        first = start if first is None else first
        if all(ours == theirs for ours, theirs in zip(make(start), wanted, strict=True)):
            return wanted
    return [] if first is None else list(make(first))


def addresses(n: int, first: int) -> list[str]:
    return [f"127.0.0.1:{first + i}" for i in range(n)]


def nginx_cases() -> Iterator[Case]:
    data = load("nginx")
    for name, run in data["wrr"].items():
        servers = addresses(len(run["weights"]), 18081)
        make = partial(nginx.round_robin, servers, run["weights"])
        yield Case("nginx", name, run["picks"], lambda make=make, run=run: many(make(), len(run["picks"])))
    for name, run in data["hash"].items():
        preset = nginx.hash_consistent if name.startswith("chash") else nginx.hash
        numbers = [int(server.rpartition(":")[2]) - 18081 for server in run["servers"]]

        def hashed(preset: Any = preset, run: Any = run, numbers: list[int] = numbers) -> list[int]:
            selector = preset(run["servers"], run["weights"])
            for node in run["down"]:
                selector.mark_down(node)
            return [numbers[node] for node in many(selector, data["keys"])]

        yield Case("nginx", name, run["picks"], hashed)
    for name, run in data["ip_hash"].items():
        make = partial(nginx.ip_hash, addresses(len(run["weights"]), 18081), run["weights"])
        yield Case("nginx", name, run["picks"], lambda make=make: many(make(), data["ips"]))
    for name, run in data["least_conn_idle"].items():
        make = partial(nginx.least_conn, addresses(len(run["weights"]), 18081), run["weights"])
        yield Case("nginx", name, run["picks"], lambda make=make, run=run: idle(make(), len(run["picks"])))
    yield from in_flight("nginx", "least_conn", data["least_conn"], partial(with_ports, nginx.least_conn, 18081))
    for name, run in data["failures"].items():
        yield Case("nginx", name, [row[3] for row in run["rows"]], partial(failures, run))


def failures(run: dict[str, Any]) -> list[list[int]]:
    now = [1000.0]
    if "weights" in run:
        servers, how = addresses(len(run["weights"]), 18081), {"clock": lambda: now[0]}
        timeout = run.get("fail_timeout", 10)
        selector = nginx.round_robin(servers, run["weights"], run["max_fails"], timeout, **how)
    else:
        selector = nginx.hash(addresses(5, 18081))
    rows = []
    for key, time, failing, _ in run["rows"]:
        now[0] = 1000 + time
        rows.append(tried(selector, key, failing))
    return rows


def with_ports(preset: Callable[..., Selector], first: int, weights: list[int]) -> Selector:
    return preset(addresses(len(weights), first), weights)


def in_flight(system: str, name: str, runs: dict[str, Any], make: Callable[[list[int]], Selector]) -> Iterator[Case]:
    scripts = load("scripts")
    scripts = {**scripts["scripts"], **scripts["key_scripts"]}
    for shape, run in runs.items():
        for script, wanted in run.items():
            if script != "weights":
                yield Case(
                    system,
                    f"{name} {shape} {script}",
                    wanted,
                    lambda run=run, script=script: replayed(make(run["weights"]), scripts[script]),
                )


def hash_type(words: str) -> dict[str, Any]:
    """HAProxy's directive as arguments."""
    method, *rest = words.split()
    return {
        "method": method,
        "function": rest[0] if rest else "sdbm",
        "avalanche": "avalanche" in rest if rest else None,
    }


def haproxy_cases() -> Iterator[Case]:
    data = load("haproxy")
    for name, preset in (("roundrobin", haproxy.roundrobin), ("static_rr", haproxy.static_rr)):
        for shape, run in data[name].items():
            make = partial(with_ports, preset, 18281, run["weights"])
            yield Case(
                "haproxy", f"{name} {shape}", run["picks"], lambda make=make, run=run: many(make(), len(run["picks"]))
            )
    for name, run in data["maps"].items():
        preset = haproxy.source if run["balance"] == "source" else haproxy.hash
        make = partial(
            with_ports, partial(preset, ids=run["ids"], **hash_type(run["hash_type"])), 18281, run["weights"]
        )

        def hashed(make: Any = make, run: Any = run) -> list[int]:
            return [run["ids"][node] - 1 for node in many(make(), run.get("keys", data["keys"]))]

        yield Case("haproxy", name, run["picks"], hashed)
    yield from in_flight("haproxy", "leastconn", data["leastconn"], partial(with_ports, haproxy.leastconn, 18281))
    for name, runs in data["balance_factor"].items():
        preset = partial(haproxy.hash, method="consistent", balance_factor=int(name.removeprefix("hb")))
        yield from in_flight("haproxy", name, runs, partial(with_ports, preset, 18281))

    named = load("haproxy_hash_key")  # of HAProxy 3.2
    for name, run in named["runs"].items():
        pairs = zip(run["servers"], run["hash_key"], strict=True)
        hashed_keys = [{"id": None, "addr": at.rpartition(":")[0], "addr-port": at}[kind] for at, kind in pairs]
        ring = partial(haproxy.hash, method="consistent", function="crc32", hash_key=hashed_keys)
        make = partial(ring, run["servers"], run["weights"])
        yield Case("haproxy", f"hash-key {name}", run["picks"], lambda make=make: many(make(), named["keys"]))
        if len(set(run["hash_key"])) == 1:
            make = partial(ring, run["servers"], run["weights"], hash_key=run["hash_key"][0])
            yield Case(
                "haproxy", f"hash-key {name} of all", run["picks"], lambda make=make: many(make(), named["keys"])
            )


def envoy_arguments(cluster: dict[str, Any]) -> dict[str, Any]:
    """An Envoy cluster's policy as arguments."""
    ring = cluster.get("ring_hash_lb_config", {})
    arguments = {name: ring[name] for name in ("minimum_ring_size", "maximum_ring_size") if name in ring}
    if "hash_function" in ring:
        arguments["function"] = ring["hash_function"].lower()
    return arguments | cluster.get("maglev_lb_config", {})


def envoy_cases() -> Iterator[Case]:
    data = load("envoy")
    for name, cluster in data["wrr"].items():
        make = partial(envoy.round_robin, addresses(len(cluster["weights"]), 18381), cluster["weights"])
        for i, run in enumerate(cluster["runs"]):
            yield Case("envoy", f"round_robin {name} {i}", run, partial(from_any_start, make, run))
    for name, run in {**data["panic"], "nopanic_rr_8": data["nopanic_rr_8"]}.items():
        threshold = 0 if name.startswith("no") else 50
        preset = partial(envoy.round_robin, addresses(10, 18381), healthy_panic_threshold=threshold)
        make = partial(without, range(int(name.rpartition("_")[2])), preset)
        yield Case("envoy", name, run, partial(from_any_start, make, run))
    for name, cluster in data["maps"].items():
        yield Case("envoy", name, cluster["picks"], partial(envoy_map, data["keys"], cluster))
    ring, parts = envoy.ring_hash(addresses(5, 18381), hashed=True), data["multi_keys"]
    keys = [envoy.policy_key(*both) for both in parts]
    yield Case("envoy", "two hash policies", data["multi"], lambda: many(ring, keys))
    for name, preset in (("retry_ring_hash", envoy.ring_hash), ("retry_maglev", envoy.maglev)):
        rows = data["retries"][name]

        def retried(preset: Any = preset, rows: Any = rows) -> list[list[int]]:
            selector = preset(addresses(5, 18381))
            return [[selector.select(key), selector.select(key, avoid=[first])] for key, first, _ in rows]

        yield Case("envoy", name, [row[1:] for row in rows], retried)
    scripts = load("scripts")
    for shape, run in data["inflight"]["lr"].items():
        for script in ("s1", "s2", "s3", "open12"):
            least = partial(envoy.least_request, addresses(len(run["weights"]), 18481), run["weights"])
            make_run = lambda seed, least=least, script=script: replayed(least(seed=seed), scripts["scripts"][script])  # noqa: E731
            yield Case(
                "envoy",
                f"least_request {shape} {script}",
                run[script],
                partial(fitted, make_run, range(40), run[script]),
            )
    for name, runs in data["inflight"].items():
        if name.startswith("hb"):
            factor, policy = int(name[2:5]), name[5:]
            preset = partial(envoy.ring_hash if policy == "RING_HASH" else envoy.maglev, balance_factor=factor)
            yield from in_flight("envoy", name, runs, partial(with_ports, preset, 18481))


def from_any_start(make: Callable[..., Selector], wanted: list[int]) -> list[int]:
    """Sums of 1 / w in float64 differ a little from start to start, so more than one round is tried."""
    return fitted(lambda start: many(make(start=start), len(wanted)), range(3000), wanted)


def without(down: Iterable[int], make: Callable[..., Selector], **arguments: Any) -> Selector:
    selector = make(**arguments)
    for node in down:
        selector.mark_down(node)
    return selector


def envoy_map(keys: list[str], cluster: dict[str, Any]) -> list[int]:
    policy = cluster["cluster"]["lb_policy"]
    hosts = [f"127.0.0.1:{18381 + host}" for host in cluster["hosts"]]
    preset = partial(envoy.ring_hash if policy == "RING_HASH" else envoy.maglev, **envoy_arguments(cluster["cluster"]))
    if cluster.get("hash_key"):
        hosts = cluster["hash_key"]
    selector = without(cluster.get("down", []), partial(preset, hosts, cluster["weights"]))
    return [cluster["hosts"][node] for node in many(selector, keys)]


def grpc_cases() -> Iterator[Case]:
    data = load("grpc")
    for name, n, how in (
        ("ring_hash_5", 5, {}),
        ("ring_hash_4", 4, {}),
        ("ring_hash_5_min64_max64", 5, {"min_ring_size": 64, "max_ring_size": 64}),
    ):
        yield Case(
            "grpc",
            name,
            data[name],
            lambda n=n, how=how: many(grpc.ring_hash(addresses(n, 18701), **how), data["keys"]),
        )
    for i, run in enumerate(data["wrr"]):
        weights = [100 * weight for weight in run["weights"]]
        make = lambda start, weights=weights: many(grpc.weighted_round_robin(weights, start), 100)  # noqa: E731
        yield Case("grpc", f"wrr {i} {run['weights']}", run["picks"], partial(fitted, make, range(100), run["picks"]))


def redis_cases() -> Iterator[Case]:
    pairs = load("redis")["pairs"]
    yield Case("redis", "keyslot", [slot for _, slot in pairs], lambda: [redis.key_slot(key) for key, _ in pairs])
    selector = redis.slots([f"node-{i}" for i in range(redis.SLOTS)])
    yield Case("redis", "slots", [slot for _, slot in pairs], lambda: many(selector, [key for key, _ in pairs]))


def ketama_cases() -> Iterator[Case]:
    data = load("ketama")
    proxy = data["twemproxy"]
    for name, pool in proxy["pools"].items():
        make = partial(ketama.twemproxy, pool["servers"], None, pool["hash"], pool["hash_tag"], pool["distribution"])
        keys = proxy["keys"] if len(pool["picks"]) == len(proxy["keys"]) else proxy["tag_keys"]
        yield Case("twemproxy", name, pool["picks"], lambda make=make, keys=keys: many(make(), keys))
    client = data["libmemcached"]
    for name, run in client["maps"].items():
        weighted = "ketama_weighted" in run["behaviors"]
        how = {"distribution": "modula"} if name.startswith("modula") else {}
        hash_name = run["behaviors"].get("hash", "default")
        make = partial(ketama.libmemcached, run["servers"], hash_name, weighted, **how)
        yield Case("libmemcached", name, run["picks"], lambda make=make: many(make(), client["keys"]))
    for i, run in enumerate(data["hash_ring"]):  # the package's own code, read with Python 3's integer division
        make = partial(ketama.hash_ring, run["servers"], run["weights"])
        yield Case("hash_ring", f"{i}", run["picks"], lambda make=make, run=run: many(make(), run["keys"]))
    python = data["packages"]
    for name, wanted in python.items():
        if "ketama" in name:
            system, shape = name.split("_")[0], name.rpartition("_")[2]
            weights = [int(digit) for digit in shape[1:]] if shape.startswith("w") else [1] * int(shape)
            make = partial(getattr(ketama, system), python["nodes"][: len(weights)], weights)
            yield Case(system, name, wanted, lambda make=make: many(make(), python["keys"]))


def cases() -> list[Case]:
    return [
        *nginx_cases(),
        *haproxy_cases(),
        *envoy_cases(),
        *grpc_cases(),
        *redis_cases(),
        *ketama_cases(),
    ]
