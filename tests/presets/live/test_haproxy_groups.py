"""A running HAProxy with backups, servers that go and return, `first` and `random`, and keys that are cut from URIs."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

from lbcore import AllFull, Selector
from lbcore.presets import haproxy
from tests.presets.live.account import Account
from tests.presets.live.servers import EXPLORE, START_S, TIMES, free_ports, numbers, program, running
from tests.presets.live.test_haproxy import SERVERS, configuration, version
from tests.presets.live.test_haproxy import Group as Servers
from tests.presets.live.traffic import Backends, Client, Held, backends, idle, random_keys, run, together

Make = Callable[..., Selector]
METHODS: dict[str, tuple[str, Make]] = {
    "roundrobin": ("balance roundrobin", haproxy.roundrobin),
    "static": ("balance static-rr", haproxy.static_rr),
    "leastconn": ("balance leastconn", haproxy.leastconn),
    "first": ("balance first", haproxy.first),
    "map": ("balance hdr(x-key)", partial(haproxy.hash, header=True)),
    "ring": ("balance hdr(x-key)\n    hash-type consistent", partial(haproxy.hash, header=True, method="consistent")),
}
LIMITED = ("roundrobin", "static", "leastconn", "first")  # the others pick as without a limit, and let it wait there
CUTS: list[tuple[str, Make]] = [
    ("balance uri", haproxy.uri),
    ("balance uri len 12", partial(haproxy.uri, len=12)),
    ("balance uri depth 2", partial(haproxy.uri, depth=2)),
    ("balance uri whole", partial(haproxy.uri, whole=True)),
    ("balance uri path-only", partial(haproxy.uri, path_only=True)),
    ("balance uri depth 1 whole path-only len 20", partial(haproxy.uri, depth=1, whole=True, path_only=True, len=20)),
    ("balance url_param id", partial(haproxy.url_param, name="id")),
    ("balance hdr(x-key) use_domain_only", partial(haproxy.hash, header=True, use_domain_only=True)),
]
ROUNDS, KEYS = (50, 400) if EXPLORE else (1, 120)
STEPS = 90


def consistent(number: int) -> bool:
    """Of every cut in turn."""
    return (number + number // len(CUTS)) % 2 == 1


class Group(Servers):
    """A few servers, maybe with backups among them, and maybe with a limit for each."""

    def __init__(self, rng: random.Random, many: Backends, limited: bool = False, backup: bool = True):
        super().__init__(rng, many)
        n = len(self.numbers)
        self.backup = rng.sample(range(n), rng.randrange(1, n + 1)) if backup else []
        self.serving = [i for i in range(n) if i not in self.backup]
        self.everyone = rng.random() < 0.5
        self.limits = [rng.choice([0, 1, 2, 3]) for _ in range(n)] if limited else [0] * n

    def lines(self) -> list[str]:
        lines = [
            line + (" backup" if i in self.backup else "") + (f" maxconn {limit}" if limit else "")
            for i, (line, limit) in enumerate(zip(super().lines(), self.limits, strict=True))
        ]
        return (["option allbackups"] if self.everyone else []) + lines

    def selector(self, make: Make, **how: Any) -> Selector:
        return make(self.names, self.weights, backup=self.backup, allbackups=self.everyone, **how)


async def tell(socket: Path, command: str) -> str:
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(str(socket))
            break
        except BlockingIOError:  # too many ask at once
            await asyncio.sleep(0.001)
    writer.write(command.encode() + b"\n")
    answer = (await reader.read()).decode().strip()
    writer.close()
    return answer


async def queued(socket: Path, name: str) -> int:
    """How many requests wait for any server of a proxy."""
    head, row = (await tell(socket, f"show stat {name} 2 -1")).splitlines()[:2]
    return int(row.split(",")[head.split(",").index("qcur")])


def test_haproxy_groups(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("haproxy", "apt-get install haproxy"), Account()
    socket = tmp_path / "s"

    async def work() -> None:
        rng = numbers()
        async with backends(SERVERS) as many:
            groups: dict[str, tuple[list[str], Any]] = {}
            for i in range(ROUNDS):
                for method, (words, _) in METHODS.items():
                    if method == "leastconn" and version(binary) >= (3, 2):
                        continue
                    groups[f"{method}-{i}"] = [words], Group(rng, many, method in LIMITED, rng.random() < 0.7)
            for i, (words, _) in enumerate(CUTS * TIMES):
                method = "hash-type consistent" if consistent(i) else "hash-type map-based"
                groups[f"cut-{i}"] = [words, method], Servers(rng, many)
            groups["random-2"] = ["balance random"], Servers(rng, many)
            groups["random-1"] = ["balance random(1)"], Servers(rng, many)
            ports = dict(zip(groups, free_ports(len(groups)), strict=True))
            text = configuration(groups, ports).replace("global\n", f"global\n    stats socket {socket} level admin\n")
            (tmp_path / "haproxy.cfg").write_text(text)
            with running([binary, "-db", "-f", "haproxy.cfg"], list(ports.values()), tmp_path):

                def compare(name: str, group: Any, rng: random.Random) -> Awaitable[None]:
                    client, (method, number) = Client(ports[name], many), name.split("-")
                    if method == "cut":
                        return cut(account, client, rng, int(number), group)
                    if method == "random":
                        return drawn(client, group, int(number))
                    return storm(account, client, rng, name, group, socket, waits=version(binary) < (3, 2))

                jobs = [compare(name, group, random.Random(rng.random())) for name, (_, group) in groups.items()]
                await together(jobs)

    run(work)
    account.close(record_property, "haproxy")


async def storm(
    account: Account, client: Client, rng: random.Random, name: str, group: Group, socket: Path, waits: bool
) -> None:
    """Requests open and close while servers go and return; where all are full, some wait for the next with room."""
    method = name.split("-")[0]
    how: dict[str, Any] = {"maxconn": group.limits} if method in LIMITED else {}
    if method in ("first", "ring"):
        how["ids"] = group.ids
    selector = group.selector(METHODS[method][1], **how)
    keys = random_keys(rng, 8) if selector.keyed else [None]
    held: list[tuple[Held, int]] = []
    waiting: deque[Held] = deque()
    real, ours = [], []

    async def arrived(request: Held, node: int) -> None:
        await request.there()
        ours.append(group.numbers[node])
        real.append(request.reached[-1])
        held.append((request, node))

    async def admit(node: int) -> None:
        """Who waits goes to a server that has room again."""
        while waiting and selector.accept(node):  # type: ignore[attr-defined]
            await arrived(waiting.popleft(), node)

    async def end(one: tuple[Held, int]) -> None:
        held.remove(one)
        await one[0].end()
        selector.release(one[1])
        await admit(one[1])

    for step in range(2 * STEPS if method in LIMITED else STEPS):  # of which it refuses many
        while held and (len(held) == 7 or rng.random() < 0.4):
            await end(rng.choice(held))
        i = rng.randrange(len(group.numbers))
        up = not selector.up[i]
        # HAProxy 2.6 does not count the requests that waited and go to a server that returns.
        if step % 9 == 8 and not (up and waiting):
            # A server in maintenance ends its connections; what is in flight there is ended first.
            while on_it := [one for one in held if one[1] == i]:
                await end(on_it[0])
            answer = await tell(socket, f"{'enable' if up else 'disable'} server {name}/s{group.numbers[i]}")
            assert not answer, answer
            (selector.mark_up if up else selector.mark_down)(i)
        key, before = rng.choice(keys), copy(selector)
        try:
            if waiting:  # while others wait HAProxy picks for nobody
                raise AllFull
            node = selector.select(key)
        except AllFull:
            # Not compared: of a map of backups alone HAProxy serves several, and lets one take who waits.
            alone = (
                method == "static"
                and not group.everyone
                and not any(selector.up[i] and group.weights[i] for i in group.serving)
            )
            if len(waiting) == 3 or not waits or alone:
                selector = before
                continue
            waiting.append(await client.send())
            async with asyncio.timeout(START_S):
                while await queued(socket, name) < len(waiting):
                    await asyncio.sleep(0.001)
            continue
        except LookupError:  # HAProxy answers that at once, and is not asked
            continue
        if 0 < group.limits[node] <= sum(at == node for _, at in held):
            selector = before  # the only backup is full, and the request would wait for it
            continue
        await arrived(await client.send(**({} if key is None else {"x_key": key})), node)
        if real != ours:  # what follows would differ too
            break
    while held and real == ours:
        await end(held[0])
    account.compare(f"{method}-groups {group.weights} {group.ids} {group.lines()}", real, ours)


async def cut(account: Account, client: Client, rng: random.Random, number: int, group: Servers) -> None:
    words, preset = CUTS[number % len(CUTS)]
    how: dict[str, Any] = {"method": "consistent"} if consistent(number) else {}
    selector = preset(group.names, group.weights, ids=group.ids, **how)
    hosts = ["a.b", "www.example.com", "localhost", "a..b", ".x", "x.", "1.2.3.4", "", "b.a.co.uk, other.org", "x.y.:8"]
    parts = ["", "a", "bb", "id=1", "id=2&x=3", "x=1&id=7", "xid=3", "id=", "id", "&id=5", "?id=6", "c/d?e"]
    keys = []
    for _ in range(KEYS):
        path = "/" + "/".join(rng.choice(parts) for _ in range(rng.randrange(4)))
        path += "?" + "&".join(rng.choice(parts) for _ in range(rng.randrange(3))) if rng.random() < 0.6 else ""
        if "x-key" in words:
            keys.append(rng.choice(hosts) if rng.random() < 0.7 else ".".join(random_keys(rng, rng.randrange(1, 4))))
        else:
            keys.append(("http://test" if rng.random() < 0.3 else "") + path)
    # HAProxy 2.6 looks at the byte behind the header too, so that another header is behind it here.
    asked = [{"x_key": key, "x_next": "1"} if "x-key" in words else {"path": key} for key in keys]
    real = await client.picks(asked)
    what = f"{words.replace(' ', '-')} {group.weights} {group.ids}"
    account.compare(what, real, group.picks([selector.select(key) for key in keys]))


async def drawn(client: Client, group: Servers, draws: int) -> None:
    """Where nothing is in flight, shares are those of the ring, whose law is the preset's over many draws."""
    selector = haproxy.random(group.names, group.weights, draws, seed=1, ids=group.ids)
    ours, real = group.picks(idle(selector, 6000)), await client.picks([{}] * 500)
    for number in group.numbers:
        share = ours.count(number) / 6000
        assert abs(real.count(number) / 500 - share) < 5 * (share * (1 - share) / 500) ** 0.5 + 0.01
