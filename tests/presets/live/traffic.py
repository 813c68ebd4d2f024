"""Tiny servers on loopback that say their number, and a client that asks through a real load balancer.

All run in one event loop. A request tells its backend what to do: `x-id` names it, so that the backends it reached are
on record; `x-fail` lists the numbers that hang up on it; with `x-hold` its backend answers only when told. Behind such
a one, on the same connection, the client asks for ENDED, which the balancer answers itself: it takes one request of a
connection after the other, so that by then the one before is counted as ended.
"""

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Any, cast

from lbcore import Selector
from tests.presets.live.servers import LIMIT_S, START_S

try:
    from uvloop import new_event_loop
except ImportError:  # not for this platform: its loop only costs less
    from asyncio import new_event_loop

ENDED = "/ended"
AT_ONCE = 30  # requests in one piece: HAProxy refuses one that reaches beyond its buffer of 16 kB
END = b"\r\n\r\n"
TOLD = re.compile(rb"\r\nx-(id|fail|hold): ?([^\r]*)")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: ?(\d+)")


class Backend(asyncio.Protocol):
    """One connection of the balancer to server `number`."""

    def __init__(self, many: "Backends", number: int):
        self.many, self.number, self.buffer = many, number, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *heads, self.buffer = (self.buffer + data).split(END)
        for head in heads:
            told = dict(TOLD.findall(head))
            name = told.get(b"id", b"").decode()
            if name:
                self.many.reached[name].append(self.number)
            if str(self.number).encode() in told.get(b"fail", b"").split(b","):
                self.transport.close()
            elif b"hold" in told:
                self.many.held[name] = self
                self.many.arrived[name].set_result(None)
            else:
                self.answer()

    def answer(self) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % self.number)


class Backends:
    """At most ten servers on ports of their own."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.ports: list[int] = []
        self.ids = count()
        self.reached: dict[str, list[int]] = defaultdict(list)
        self.arrived: dict[str, asyncio.Future[None]] = {}
        self.held: dict[str, Backend] = {}

    async def listen(self, number: int, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        server = await asyncio.get_running_loop().create_server(partial(Backend, self, number), host, port)
        self.ports.append(server.sockets[0].getsockname()[1])
        self.names.append(f"{host}:{self.ports[-1]}")
        return server


@asynccontextmanager
async def backends(n: int, apart: bool = False) -> AsyncIterator[Backends]:
    """So many servers; apart: on addresses of their own."""
    many = Backends()
    servers = [await many.listen(number, f"127.0.0.{1 + number * apart}") for number in range(n)]
    try:
        yield many
    finally:
        for server in servers:
            server.close()


class Connection(asyncio.Protocol):
    """A client's connection: any number of requests at once, whose answers come one after the other."""

    def __init__(self) -> None:
        self.buffer, self.answers = b"", list[str]()
        self.done: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, requests: list[bytes]) -> asyncio.Future[list[str]]:
        """The bodies of the answers, or the first line of one that is not 200; fewer where one ends the connection."""
        self.answers, self.wanted = [], len(requests)
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(b"".join(requests))
        return self.done

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        start = 0
        while (end := self.buffer.find(END, start)) >= 0:
            head = self.buffer[start:end]
            length = LENGTH.search(head)
            behind = end + len(END) + (int(length[1]) if length else 0)
            if behind > len(self.buffer):
                break
            status = head.partition(b"\r\n")[0]
            self.answers.append((self.buffer[end + len(END) : behind] if b" 200 " in status else status).decode())
            start = behind
            if b" 200 " not in status and b" 204 " not in status:  # Envoy answers nothing behind it, and hangs up late
                self.transport.close()
                break
        self.buffer = self.buffer[start:]
        if len(self.answers) == self.wanted and not self.done.done():
            self.done.set_result(self.answers)

    def connection_lost(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if self.answers:
            self.done.set_result(self.answers)
        else:
            self.done.set_exception(ConnectionError(f"hung up: {error}"))


class Held:
    """A request that its backend answers when told, or that the balancer has answered itself."""

    def __init__(self, client: "Client", name: str, connection: Connection, answer: asyncio.Future[list[str]]):
        self.client, self.name, self.connection, self.answer = client, name, connection, answer

    async def there(self) -> "Held":
        """Waits until it has arrived, or is answered."""
        backends = self.client.backends
        async with asyncio.timeout(START_S):
            await backends.arrived[self.name]
        del backends.arrived[self.name]
        self.reached = backends.reached.pop(self.name, [])
        self.arrived = self.name in backends.held
        return self

    async def end(self) -> str:
        """Its answer, once the balancer counts it as ended."""
        if self.arrived:
            self.client.backends.held.pop(self.name).answer()
        answer, *_ = await self.answer
        self.client.free.append(self.connection)
        return answer


class Client:
    """Sends requests to one port on connections that stay, or with `own` each on one of its own."""

    def __init__(self, port: int, many: Backends, own: bool = False):
        self.port, self.backends, self.own = port, many, own
        self.free: list[Connection] = []

    def request(self, path: str = "/", host: str = "test", name: str = "", own: bool = False, **headers: str) -> bytes:
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(["Connection: close"] if own else []), f"x-id: {name}"]
        lines += [f"{header.replace('_', '-')}: {value}" for header, value in headers.items()]
        return ("\r\n".join(lines)).encode() + END

    async def connection(self, source: str | None = None) -> Connection:
        while self.free and not source:
            if not (connection := self.free.pop()).transport.is_closing():
                return connection
        where = (source, 0) if source else None
        made = asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port, local_addr=where)
        return (await made)[1]

    async def answers(self, requests: list[dict[str, Any]]) -> list[str]:
        """The answers to requests one after the other."""
        if self.own or any("source" in request for request in requests):
            return [await self.alone(**request) for request in requests]
        answers: list[str] = []
        while len(answers) < len(requests):
            connection = await self.connection()
            batch = requests[len(answers) :][:AT_ONCE]
            answers += await connection.ask([self.request(**request) for request in batch])
            self.free.append(connection)
        return answers

    async def alone(self, source: str | None = None, **request: str) -> str:
        """The answer to a request on a connection of its own."""
        connection = await self.connection(source)
        [answer] = await connection.ask([self.request(own=True, **request)])
        connection.transport.close()
        return answer

    async def picks(self, requests: list[dict[str, Any]]) -> list[int]:
        """The numbers that answered requests one after the other."""
        return [int(answer) for answer in await self.answers(requests)]

    async def tried(self, **request: Any) -> list[int]:
        """The numbers that one request reached."""
        name = f"r{next(self.backends.ids)}"
        await self.answers([{"name": name, **request}])
        return self.backends.reached.pop(name, [])

    async def hold(self, **request: Any) -> Held:
        """A request that has arrived and is in flight; or one that nobody took."""
        return await (await self.send(**request)).there()

    async def send(self, **request: Any) -> Held:
        """A request on its way."""
        name = f"h{next(self.backends.ids)}"
        connection = await self.connection()
        arrived = self.backends.arrived[name] = asyncio.get_running_loop().create_future()
        answer = connection.ask([self.request(name=name, x_hold="1", **request), self.request(ENDED)])
        answer.add_done_callback(lambda _: arrived.done() or arrived.set_result(None))
        return Held(self, name, connection, answer)

    async def in_flight(self, script: list[tuple[Any, ...]], request: Callable[[str], dict[str, Any]]) -> list[int]:
        """The numbers reached while requests are opened and closed as the script says."""
        open_: dict[int, Held] = {}
        picks = []
        for step, number, *key in script:
            if step == "o":
                open_[number] = await self.hold(**request(*key or [""]))
                picks.append(open_[number].reached[-1])
            else:
                await open_.pop(number).end()
        for held in open_.values():
            await held.end()
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


async def together(jobs: Iterable[Awaitable[None]], most: int = 40) -> None:
    """Jobs that do not disturb each other, so many at a time."""
    limit = asyncio.Semaphore(most)

    async def limited(job: Awaitable[None]) -> None:
        async with limit:
            await job

    await asyncio.gather(*map(limited, jobs))


def run(work: Callable[[], Awaitable[None]]) -> None:
    """A whole test in one event loop, with an end. The loop has a thread: a browser's may run in the one that asks."""

    def whole() -> None:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(asyncio.wait_for(work(), LIMIT_S))

    with ThreadPoolExecutor(1) as thread:
        thread.submit(whole).result()
