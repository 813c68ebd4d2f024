"""Tiny servers on loopback that say their number, and a client that asks through a real load balancer.

All run in one event loop. A request tells its backend what to do: `x-id` names it, so that the backends it reached are
on record; `x-fail` lists the numbers that hang up on it; with `x-hold` its backend answers only when told.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

from lbcore import Selector

Headers = dict[str, str]
SETTLE_S = 0.02  # for a balancer to count a request as ended, once its answer is here


async def read_head(reader: asyncio.StreamReader) -> tuple[str, Headers]:
    """The first line and the headers of a request or an answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in head[1:] if line)
    return head[0], {name.strip().lower(): value.strip() for name, value in pairs}


class Backends:
    """n servers on ports of their own."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.ids = count()
        self.reached: dict[str, list[int]] = defaultdict(list)
        self.arrived: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.free: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def answer(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                _, headers = await read_head(reader)
                name = headers.get("x-id", "")
                self.reached[name].append(number)
                if str(number) in headers.get("x-fail", "").split(","):
                    break
                self.arrived[name].set()
                if "x-hold" in headers:
                    await self.free[name].wait()
                body = str(number).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                await writer.drain()
        writer.close()

    @property
    def names(self) -> list[str]:
        return [f"127.0.0.1:{port}" for port in self.ports]


@asynccontextmanager
async def backends(n: int) -> AsyncIterator[Backends]:
    many = Backends()
    servers = []
    for number in range(n):
        server = await asyncio.start_server(lambda r, w, number=number: many.answer(number, r, w), "127.0.0.1", 0)
        servers.append(server)
        many.ports.append(server.sockets[0].getsockname()[1])
    try:
        yield many
    finally:
        for server in servers:
            server.close()


class Client:
    """Sends requests to one port, each on a connection of its own."""

    def __init__(self, port: int, many: Backends):
        self.port, self.backends, self.ids = port, many, many.ids

    async def get(self, path: str = "/", source: str | None = None, name: str | None = None, **headers: str) -> str:
        """The body of the answer; the request's x-id is `name`, or a new one."""
        name = name or f"r{next(self.ids)}"
        where = {"local_addr": (source, 0)} if source else {}
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **where)
        try:
            lines = [
                f"GET {path} HTTP/1.1",
                f"Host: {headers.pop('host', 'test')}",
                "Connection: close",
                f"x-id: {name}",
            ]
            lines += [f"{header.replace('_', '-')}: {value}" for header, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            status, answer = await asyncio.wait_for(read_head(reader), 20)
            if " 200 " not in status:
                return status
            return (await reader.readexactly(int(answer["content-length"]))).decode()
        finally:
            writer.close()

    async def picks(self, requests: list[dict[str, Any]]) -> list[int]:
        """The numbers that answered, one request after the other."""
        return [int(await self.get(**request)) for request in requests]

    async def tried(self, **request: Any) -> list[int]:
        """The numbers that one request reached."""
        name = f"r{next(self.ids)}"
        await self.get(name=name, **request)
        return self.backends.reached[name]

    async def in_flight(self, script: list[tuple[Any, ...]], request: Callable[[str], dict[str, Any]]) -> list[int]:
        """The numbers reached while requests are opened and closed as the script says."""
        base, open_, picks = f"s{next(self.ids)}-", {}, []
        for step, number, *key in script:
            name = base + str(number)
            if step == "o":
                extra = request(*key) if key else request("")
                open_[number] = asyncio.create_task(self.get(name=name, x_hold="1", **extra))
                await asyncio.wait_for(self.backends.arrived[name].wait(), 20)
                picks.append(self.backends.reached[name][-1])
            else:
                self.backends.free[name].set()
                await open_.pop(number)
                await asyncio.sleep(SETTLE_S)
        for number in list(open_):
            self.backends.free[base + str(number)].set()
            await open_.pop(number)
        await asyncio.sleep(SETTLE_S)
        return picks


def random_script(
    rng: random.Random, opens: int, keys: list[str] | None = None, most: int = 12
) -> list[tuple[Any, ...]]:
    """Requests that open and close at random, at most so many at a time."""
    script: list[tuple[Any, ...]] = []
    open_: list[int] = []
    number = 0
    while number < opens:
        if open_ and (len(open_) == most or rng.random() < 0.4):
            script.append(("c", open_.pop(rng.randrange(len(open_)))))
        else:
            script.append(("o", number, *([rng.choice(keys)] if keys else [])))
            open_.append(number)
            number += 1
    return script


def random_keys(rng: random.Random, n: int) -> list[str]:
    """Words of all lengths, made of what a header may hold."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/{}?=&%+~!"
    return ["".join(rng.choices(letters, k=rng.randrange(1, 70))) for _ in range(n)]


def random_weights(rng: random.Random, n: int, most: int = 20) -> list[int]:
    return [rng.randrange(1, most + 1) for _ in range(n)]


def idle(selector: Selector, m: int) -> list[int]:
    """Picks of requests that end before the next begins."""
    picks = []
    for _ in range(m):
        picks.append(selector.select())
        selector.release(picks[-1])
    return picks


def run(work: Callable[[], Awaitable[None]], limit_s: float = 80) -> None:
    """A whole test in one event loop, with an end. The loop has a thread: a browser's may run in the one that asks."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asyncio.wait_for(work(), limit_s)).result()
