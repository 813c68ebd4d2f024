"""What a configured pool will do with its requests: shares, hot keys, and what moves when a server goes or comes.

Requests end before the next begins, so that no server is ever full. Everything here is a plain dict, as `--json` prints
it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lbcore.presets.configs import Pool
from lbcore.selectors import Selector

Requests: TypeAlias = int | Sequence[str]
Progress: TypeAlias = Callable[[int], object]
Picks: TypeAlias = NDArray[np.int32]

BATCH = 65_536
HOT = 5  # keys that are told


def requests_for(pool: Pool, keys: Sequence[str] | None, count: int, seed: int) -> Requests:
    """The keys of a file; else drawn ones that all differ, addresses where addresses are hashed."""
    if pool.key is None:
        return len(keys) if keys is not None else count
    if keys is not None:
        return keys
    if pool.key in ("$remote_addr", "source", "source_ip", "$binary_remote_addr"):
        drawn = np.random.default_rng(seed).permutation(np.arange(2**24, 2**24 + 4 * count, dtype=np.uint32) * 7919)
        return [".".join(map(str, address.to_bytes(4, "big"))) for address in drawn[:count].tolist()]
    start = "key-"
    if pool.key.startswith("uri"):
        start = "/key-"
    elif pool.key.startswith("url_param "):  # the key is the URI
        start = f"/?{pool.key.split()[1]}=key-"
    return [f"{start}{i}" for i in range(count)]


def picks_of(selector: Selector, requests: Requests, progress: Progress) -> Picks:
    """The pick of each request; -1 where no server is left."""
    count = requests if isinstance(requests, int) else len(requests)
    picks = np.empty(count, np.int32)
    for start in range(0, count, BATCH):
        end = min(start + BATCH, count)
        part: Any = end - start if isinstance(requests, int) else requests[start:end]
        if hasattr(selector, "in_flight"):  # load is kept: each request ends before the next is picked
            for i in range(start, end):
                picks[i] = one(selector, None if isinstance(requests, int) else requests[i])
        else:
            picks[start:end] = selector.select_many(part)
        progress(end - start)
    return picks


def one(selector: Selector, key: str | None) -> int:
    """One pick, whose request has ended; -1 where no server is left."""
    try:
        node = selector.select(key)
    except LookupError:
        return -1
    selector.release(node)
    return node


def shares(selector: Selector, picks: Picks) -> dict[str, Any]:
    """Requests of each node, and the busiest against the mean of the nodes that take any."""
    counts = np.bincount(picks[picks >= 0], minlength=len(selector.nodes))
    taking = int(np.count_nonzero(counts))
    busiest = int(counts.argmax())
    return {
        "requests": {name: int(count) for name, count in zip(selector.nodes, counts, strict=True)},
        "unserved": int(np.count_nonzero(picks < 0)),
        "busiest": selector.nodes[busiest] if taking else None,
        "busiest_over_mean": float(counts[busiest] * taking / counts.sum()) if taking else None,
    }


def prediction(pool: Pool, selector: Selector, requests: Requests, progress: Progress) -> dict[str, Any]:
    """Shares, hot keys, and for each server what its going would move."""
    picks = picks_of(selector.copy(), requests, progress)
    told = {**about(pool, requests), **shares(selector, picks)}
    told["weights"] = dict(zip(selector.nodes, selector.weights.tolist(), strict=True))
    told["down"] = [name for name, up in zip(selector.nodes, selector.up, strict=True) if not up]
    told["hot_keys"] = hot_keys(selector, requests, picks)
    told["if_it_goes"] = {}
    for i, name in enumerate(selector.nodes):
        if np.count_nonzero(picks == i):
            without = selector.copy()
            without.mark_down(i)
            then = picks_of(without, requests, progress)
            told["if_it_goes"][name] = {
                "moved": float(np.mean(then != picks)) if pool.key is not None else None,
                **{word: shares(without, then)[word] for word in ("busiest", "busiest_over_mean", "unserved")},
            }
    return told


def hot_keys(selector: Selector, requests: Requests, picks: Picks) -> list[dict[str, Any]]:
    """The keys that come more than once, the most frequent first."""
    if isinstance(requests, int):
        return []
    node_of = dict(zip(requests, picks.tolist(), strict=True))
    return [
        {"key": key, "requests": count, "server": selector.nodes[node_of[key]] if node_of[key] >= 0 else None}
        for key, count in Counter(requests).most_common(HOT)
        if count > 1
    ]


def change(
    before: tuple[Pool, Selector], after: tuple[Pool, Selector], requests: Requests, progress: Progress
) -> dict[str, Any]:
    """What moves between two states of a pool: by name for keys, and the shares of both."""
    told = {**about(after[0], requests), "moved": None, "servers": {}}
    picks = [picks_of(selector.copy(), requests, progress) for _, selector in (before, after)]
    names = [np.array([*selector.nodes, "nobody"]) for _, selector in (before, after)]
    old, new = (names_of[pick] for names_of, pick in zip(names, picks, strict=True))
    keyed = before[0].key is not None and after[0].key is not None
    moved = old != new
    if keyed:
        told["moved"] = float(np.mean(moved)) if len(moved) else 0.0
    for name in dict.fromkeys(
        [*before[1].nodes, *after[1].nodes, *(["nobody"] if "nobody" in old or "nobody" in new else [])]
    ):
        told["servers"][name] = {
            "before": int(np.count_nonzero(old == name)),
            "after": int(np.count_nonzero(new == name)),
            "gains": int(np.count_nonzero(moved & (new == name))) if keyed else None,
            "loses": int(np.count_nonzero(moved & (old == name))) if keyed else None,
        }
    if before[0].key != after[0].key:
        told["key_before"] = before[0].key
    told["busiest_over_mean_before"] = shares(before[1], picks[0])["busiest_over_mean"]
    told["busiest_over_mean"] = shares(after[1], picks[1])["busiest_over_mean"]
    return told


def path_of(pool: Pool, selector: Selector, key: str) -> dict[str, Any]:
    """Where a key goes, and where it goes on to while one server after the other is lost."""
    left, path = selector.copy(), list[str]()
    while len(path) < len(left.nodes):
        node = one(left, key)
        if node < 0 or left.nodes[node] in path:
            break
        path.append(left.nodes[node])
        left.mark_down(node)
    return {**about(pool, 1), "looked_up": key, "path": path}


def about(pool: Pool, requests: Requests) -> dict[str, Any]:
    return {
        "pool": pool.name,
        "context": pool.context,
        "file": pool.file,
        "line": pool.line,
        "system": pool.system,
        "method": getattr(pool.preset, "__name__", None),
        "key": pool.key,
        "requests_in_all": requests if isinstance(requests, int) else len(requests),
        "assumed": list(pool.assumed),
    }


def altered(pool: Pool, selector: Selector, down: Iterable[str], add: Iterable[str]) -> Selector:
    """The selector with servers down, and others added as `NAME` or `NAME=WEIGHT`.

    A LookupError says where a server is not there, a ValueError where one cannot be added.
    """
    changed = selector.copy()
    for word in add:
        name, _, weight = word.partition("=")
        if weight and not weight.isdecimal():
            raise ValueError(f"--add: {word!r} has no whole number behind the =")
        try:
            changed.add(name, int(weight or 1))
        except (TypeError, AttributeError, NotImplementedError) as error:
            raise ValueError(f"--add: {pool.name} cannot take {name!r} ({error})") from None
    for word in down:
        fitting = [server.name for server in pool.servers if word in (server.name, server.address)]
        name = fitting[0] if fitting else word
        if name not in changed.nodes:
            raise LookupError(f"--down: {pool.name} has no server {word!r}; there are {', '.join(changed.nodes)}")
        changed.mark_down(name)
    return changed
